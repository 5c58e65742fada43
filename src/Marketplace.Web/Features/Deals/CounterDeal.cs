using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;

namespace Marketplace.Web.Features.Deals;

/// <summary>Answers a proposal with other terms. The former ones stay in the deal's history.</summary>
/// <param name="Seen">The number of the act that is answered: an answer to terms that have changed meanwhile is refused.</param>
public sealed record CounterDeal(int LoopId, int MemberId, long DealId, int Seen, DealWish Wish) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.MayDeal(LoopId, MemberId);
}

public sealed class CounterDealValidator : AbstractValidator<CounterDeal>
{
    public CounterDealValidator() => RuleFor(deal => deal.Wish).SetValidator(new DealWishValidator());
}

internal sealed class CounterDealHandler(DealBook book) : IRequestHandler<CounterDeal, Unit>
{
    public async Task<Unit> Handle(CounterDeal request, CancellationToken cancellationToken)
    {
        var held = await book.HoldAsync(request.LoopId, request.DealId, request.MemberId, cancellationToken);
        if (DealBook.WasDone(held, request.Seen, request.MemberId, DealActKind.Countered))
        {
            return Unit.Value;
        }

        var loop = await book.RequireOpenAsync(held, request.Seen, request.MemberId, byOther: true, cancellationToken);
        if (held.Acts.Count >= DealBook.MostActs)
        {
            throw new RefusedException($"This deal has gone to and fro {DealBook.MostActs} times. Accept or decline it; other terms need a new proposal.");
        }

        var terms = await book.TermsAsync(loop, held.Deal, request.Wish, request.MemberId, held.Last.PlantCode, cancellationToken);
        if (request.MemberId == held.Deal.SellerId && terms.PlantCode is null)
        {
            throw new RefusedException(nameof(DealWish.PlantCode), "Choose the plant that will deliver.");
        }

        await book.AddAsync(loop, held.Deal, request.Seen + 1, DealActKind.Countered, request.MemberId, terms, request.Wish.Note, cancellationToken);
        return Unit.Value;
    }
}
