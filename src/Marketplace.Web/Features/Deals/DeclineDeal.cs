using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;

namespace Marketplace.Web.Features.Deals;

/// <summary>Declines the open terms; the deal ends there.</summary>
/// <param name="Seen">The number of the act that holds these terms.</param>
public sealed record DeclineDeal(int LoopId, int MemberId, long DealId, int Seen) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.MayDeal(LoopId, MemberId);
}

internal sealed class DeclineDealHandler(DealBook book) : IRequestHandler<DeclineDeal, Unit>
{
    public async Task<Unit> Handle(DeclineDeal request, CancellationToken cancellationToken)
    {
        var held = await book.HoldAsync(request.LoopId, request.DealId, request.MemberId, cancellationToken);
        if (!DealBook.WasDone(held, request.Seen, request.MemberId, DealActKind.Declined))
        {
            var loop = await book.RequireOpenAsync(held, request.Seen, request.MemberId, byOther: true, cancellationToken);
            await book.AddAsync(loop, held.Deal, request.Seen + 1, DealActKind.Declined, request.MemberId, DealTerms.Of(held.Last), null, cancellationToken);
        }

        return Unit.Value;
    }
}
