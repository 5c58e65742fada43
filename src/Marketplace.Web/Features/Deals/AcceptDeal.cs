using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;

namespace Marketplace.Web.Features.Deals;

/// <summary>Accepts the open terms. From then on the deal binds both: each of its hours is nominated when its gate closes.</summary>
/// <param name="Seen">The number of the act whose terms are accepted.</param>
/// <param name="PlantCode">Where the seller accepts: the plant that delivers; null keeps the one named before.</param>
public sealed record AcceptDeal(int LoopId, int MemberId, long DealId, int Seen, string? PlantCode = null) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.MayDeal(LoopId, MemberId);
}

internal sealed class AcceptDealHandler(DealBook book) : IRequestHandler<AcceptDeal, Unit>
{
    public async Task<Unit> Handle(AcceptDeal request, CancellationToken cancellationToken)
    {
        var held = await book.HoldAsync(request.LoopId, request.DealId, request.MemberId, cancellationToken);
        if (DealBook.WasDone(held, request.Seen, request.MemberId, DealActKind.Accepted))
        {
            return Unit.Value;
        }

        var loop = await book.RequireOpenAsync(held, request.Seen, request.MemberId, byOther: true, cancellationToken);
        var terms = DealTerms.Of(held.Last);
        if (request.MemberId == held.Deal.SellerId)
        {
            terms = terms with { PlantCode = string.IsNullOrEmpty(request.PlantCode) ? terms.PlantCode : request.PlantCode };
        }

        if (terms.PlantCode is null)
        {
            throw new RefusedException(nameof(request.PlantCode), "Choose the plant that will deliver.");
        }

        await book.RequireAbleAsync(loop, held.Deal, terms, request.MemberId, cancellationToken);
        await book.AddAsync(loop, held.Deal, request.Seen + 1, DealActKind.Accepted, request.MemberId, terms, null, cancellationToken);
        return Unit.Value;
    }
}
