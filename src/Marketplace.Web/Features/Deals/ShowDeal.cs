using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Deals;

/// <summary>A deal with its history and what it has delivered, for its parties, the loop's operators and auditors.</summary>
/// <param name="Page">Of the hours, the newest first, counted from 1.</param>
public sealed record ShowDeal(int LoopId, long DealId, int Page = 1) : IRequest<DealDetail>, IGuarded
{
    public const int PageSize = 48;

    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <param name="Hours">How many hours the terms have.</param>
/// <param name="Delivered">In all hours whose gates have closed.</param>
/// <param name="Amount">What the buyer pays for it; below zero the seller.</param>
/// <param name="SellerPlants">The seller's plants that fit, for the seller who has to choose.</param>
public sealed record DealDetail(
    Deal Deal, DealState State, string Seller, string Buyer, IReadOnlyList<DealStep> Steps, int Hours, int HoursClosed, Energy Delivered, Money Amount, IReadOnlyList<DealHour> Page,
    IReadOnlyList<PlantChoice> SellerPlants, string? Plant, DateTimeOffset MarketNow)
{
    public DealAct Last => Steps[^1].Act;

    public string NameOf(int memberId) => memberId == Deal.SellerId ? Seller : Buyer;
}

/// <summary>An act and what was written with it.</summary>
public sealed record DealStep(DealAct Act, string? Note);

public sealed record PlantChoice(string Code, string Name, long CapacityWatts);

internal sealed class ShowDealHandler(MarketplaceDb db, CurrentActor current, MarketTime marketTime) : IRequestHandler<ShowDeal, DealDetail>
{
    /// <exception cref="NotPermittedException">There is no such deal for this actor.</exception>
    public static async Task<Deal> FindAsync(MarketplaceDb db, Actor actor, int loopId, long dealId, CancellationToken cancellationToken) =>
        await db.Deals.AsNoTracking().SingleOrDefaultAsync(deal => deal.LoopId == loopId && deal.Id == dealId, cancellationToken) is { } deal
        && (actor.ActsFor(loopId, deal.SellerId) || actor.ActsFor(loopId, deal.BuyerId) || actor.Operates(loopId) || actor.Audits(loopId))
            ? deal
            : throw new NotPermittedException(nameof(ShowDeal));

    public async Task<DealDetail> Handle(ShowDeal request, CancellationToken cancellationToken)
    {
        var (loopId, dealId) = (request.LoopId, request.DealId);
        var deal = await FindAsync(db, current.Actor, loopId, dealId, cancellationToken);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var acts = await db.DealActs.AsNoTracking().Where(act => act.LoopId == loopId && act.DealId == dealId).OrderBy(act => act.Number).ToListAsync(cancellationToken);
        var notes = await db.DealNotes.AsNoTracking().Where(note => note.LoopId == loopId && note.DealId == dealId)
            .ToDictionaryAsync(note => note.Number, note => note.Text, cancellationToken);
        var names = await db.Members.AsNoTracking().Where(member => member.LoopId == loopId && (member.Id == deal.SellerId || member.Id == deal.BuyerId))
            .ToDictionaryAsync(member => member.Id, member => member.Name, cancellationToken);
        var hours = db.DealHours.AsNoTracking().Where(hour => hour.LoopId == loopId && hour.DealId == dealId);
        var all = await hours.Select(hour => new { hour.Delivered, hour.Price }).ToListAsync(cancellationToken);
        var now = await marketTime.NowAsync(loopId, cancellationToken);
        var plants = (await DealPlants.OfAsync(db, loopId, deal.SellerId, cancellationToken)).Where(plant => plant.Definition.DealsIn(deal.Carrier)).ToList();
        return new DealDetail(
            deal, DealStates.Of(acts[^1], loop.Calendar, now), names[deal.SellerId], names[deal.BuyerId],
            [.. acts.Select(act => new DealStep(act, notes.GetValueOrDefault(act.Number)))],
            DealTerms.Of(acts[^1]).Hours(loop.Calendar).Count(), all.Count,
            all.Aggregate(Energy.Zero, (sum, hour) => sum + hour.Delivered), all.Aggregate(Money.Zero, (sum, hour) => sum + hour.Price.Of(hour.Delivered)),
            await hours.OrderByDescending(hour => hour.Hour).Skip((Math.Max(1, request.Page) - 1) * ShowDeal.PageSize).Take(ShowDeal.PageSize).ToListAsync(cancellationToken),
            current.Actor.MayDeal(loopId, deal.SellerId) ? [.. plants.Select(plant => new PlantChoice(plant.Code, plant.Definition.DisplayName, plant.Definition.CapacityWatts))] : [],
            plants.Find(plant => plant.Code == acts[^1].PlantCode)?.Definition.DisplayName ?? acts[^1].PlantCode, now);
    }
}
