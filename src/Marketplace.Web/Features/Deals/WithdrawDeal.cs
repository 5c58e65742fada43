using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;

namespace Marketplace.Web.Features.Deals;

/// <summary>Takes back one's own open terms; the deal ends there.</summary>
/// <param name="Seen">The number of the act that holds these terms.</param>
public sealed record WithdrawDeal(int LoopId, int MemberId, long DealId, int Seen) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.MayDeal(LoopId, MemberId);
}

internal sealed class WithdrawDealHandler(DealBook book) : IRequestHandler<WithdrawDeal, Unit>
{
    public async Task<Unit> Handle(WithdrawDeal request, CancellationToken cancellationToken)
    {
        var held = await book.HoldAsync(request.LoopId, request.DealId, request.MemberId, cancellationToken);
        if (!DealBook.WasDone(held, request.Seen, request.MemberId, DealActKind.Withdrawn))
        {
            var loop = await book.RequireOpenAsync(held, request.Seen, request.MemberId, byOther: false, cancellationToken);
            await book.AddAsync(loop, held.Deal, request.Seen + 1, DealActKind.Withdrawn, request.MemberId, DealTerms.Of(held.Last), null, cancellationToken);
        }

        return Unit.Value;
    }
}
