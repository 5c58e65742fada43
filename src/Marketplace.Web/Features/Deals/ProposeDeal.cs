using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Deals;

/// <summary>Proposes a deal to another member of the loop. It binds nobody until the other accepts it.</summary>
/// <param name="SubmissionId">Made with the form: a form sent twice proposes one deal.</param>
/// <param name="Side">Whether the member wants to buy or to sell.</param>
public sealed record ProposeDeal(int LoopId, int MemberId, Guid SubmissionId, int OtherId, Carrier Carrier, OrderSide Side, DealWish Wish)
    : IRequest<long>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.MayDeal(LoopId, MemberId);
}

public sealed class ProposeDealValidator : AbstractValidator<ProposeDeal>
{
    public ProposeDealValidator()
    {
        RuleFor(deal => deal.Carrier).IsInEnum().WithMessage("Choose heat, cold or electricity.");
        RuleFor(deal => deal.Side).IsInEnum().WithMessage("Choose to buy or to sell.");
        RuleFor(deal => deal.OtherId).NotEqual(deal => deal.MemberId).WithMessage("A deal needs another member: you cannot trade with yourself.");
        RuleFor(deal => deal.Wish).SetValidator(new DealWishValidator());
    }
}

internal sealed class ProposeDealHandler(Work work, DealBook book, TimeProvider time) : IRequestHandler<ProposeDeal, long>
{
    private const int MostADay = 50;

    public async Task<long> Handle(ProposeDeal request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var sells = request.Side == OrderSide.Sell;
        var now = time.GetUtcNow();
        var deal = new Deal
        {
            LoopId = loopId, SubmissionId = request.SubmissionId, SellerId = sells ? request.MemberId : request.OtherId, BuyerId = sells ? request.OtherId : request.MemberId,
            ProposerId = request.MemberId, Carrier = request.Carrier, MadeAt = now,
        };
        if (!await db.MemberRoles.AnyAsync(role => role.LoopId == loopId && role.MemberId == request.OtherId && DealPlants.Traders.Contains(role.Role), cancellationToken))
        {
            throw new RefusedException(nameof(request.OtherId), "There is no such member here who buys or sells energy.");
        }

        await book.LockPartiesAsync(deal, cancellationToken);
        if (await db.Deals.AsNoTracking().SingleOrDefaultAsync(known => known.LoopId == loopId && known.SubmissionId == request.SubmissionId, cancellationToken) is { } before)
        {
            return before.ProposerId == request.MemberId ? before.Id : throw new NotPermittedException(nameof(ProposeDeal));
        }

        if (await db.Deals.CountAsync(known => known.LoopId == loopId && known.ProposerId == request.MemberId && known.MadeAt > now.AddDays(-1), cancellationToken) >= MostADay)
        {
            throw new RefusedException([new Problem(
                "", $"You have proposed {MostADay} deals within a day, the most there may be. Wait for answers.", "deals-a-day")]);
        }

        var terms = await book.TermsAsync(loop, deal, request.Wish, request.MemberId, null, cancellationToken);
        if (sells && terms.PlantCode is null)
        {
            throw new RefusedException(nameof(DealWish.PlantCode), "Choose the plant that will deliver.");
        }

        db.Deals.Add(deal);
        await db.SaveChangesAsync(cancellationToken);
        await book.AddAsync(loop, deal, 1, DealActKind.Proposed, request.MemberId, terms, request.Wish.Note, cancellationToken);
        return deal.Id;
    }
}
