using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Parties;

/// <summary>To whom a member's bills are addressed; without an address of its own, what is known: the name.</summary>
public sealed record ShowRecipient(int LoopId, int MemberId) : IRequest<PartyDetails>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId) || actor.Operates(LoopId);
}

internal sealed class ShowRecipientHandler(Work work) : IRequestHandler<ShowRecipient, PartyDetails>
{
    public async Task<PartyDetails> Handle(ShowRecipient request, CancellationToken cancellationToken)
    {
        var known = await work.Db.BillRecipients.AsNoTracking()
            .SingleOrDefaultAsync(recipient => recipient.LoopId == request.LoopId && recipient.MemberId == request.MemberId, cancellationToken);
        if (known is not null)
        {
            return known.Details;
        }

        var member = await work.Db.Members.AsNoTracking()
            .SingleOrDefaultAsync(member => member.LoopId == request.LoopId && member.Id == request.MemberId, cancellationToken)
            ?? throw new NotPermittedException(nameof(ShowRecipient));
        var issuer = await work.Db.BillIssuers.AsNoTracking().SingleOrDefaultAsync(issuer => issuer.LoopId == request.LoopId, cancellationToken);
        return new PartyDetails { Name = member.Name, Country = issuer?.Details.Country ?? "" };
    }
}
