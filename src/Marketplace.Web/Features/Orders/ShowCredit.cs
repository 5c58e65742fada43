using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Orders;

/// <summary>What covers a member's orders, and how much of it is free.</summary>
public sealed record ShowCredit(int LoopId, int MemberId) : IRequest<CreditStanding>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId) || actor.Operates(LoopId);
}

internal sealed class ShowCreditHandler(MarketplaceDb db, CreditBook credit) : IRequestHandler<ShowCredit, CreditStanding>
{
    public async Task<CreditStanding> Handle(ShowCredit request, CancellationToken cancellationToken)
    {
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == request.LoopId, cancellationToken);
        if (!await db.Members.AnyAsync(member => member.LoopId == loop.Id && member.Id == request.MemberId, cancellationToken))
        {
            throw new NotPermittedException(nameof(ShowCredit));
        }

        return await credit.OfAsync(loop, request.MemberId, await credit.TariffsAsync(loop.Id, cancellationToken), cancellationToken);
    }
}
