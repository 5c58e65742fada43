using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Home;

/// <summary>What a member's stores hold now, and what each will do next.</summary>
public sealed record StoreOutlook(int LoopId, int MemberId) : IRequest<IReadOnlyList<StoreNext>>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId) || actor.Operates(LoopId);
}

/// <summary>Why a store will do what it will.</summary>
public enum StoreReason
{
    /// <summary>Nothing is known of the coming hours.</summary>
    None = 0,

    /// <summary>The auction has cleared so.</summary>
    Cleared = 1,

    /// <summary>The market has planned so.</summary>
    Planned = 2,

    /// <summary>It waits for a price.</summary>
    Waits = 3,
}

/// <param name="Level">At the start of the running hour; none before the first auction.</param>
/// <param name="Hour">Of the next action.</param>
/// <param name="BuysAt">It charges at this price or below in the next open hour; none where it is full or follows the market's plan.</param>
/// <param name="SellsAt">It discharges at this price or above.</param>
public sealed record StoreNext(
    string Code, string Name, Carrier Carrier, Energy? Level, Energy Capacity, StoreReason Reason, Interval? Hour, Energy Charge, Energy Discharge, Price? BuysAt, Price? SellsAt);

internal sealed class StoreOutlookHandler(MarketplaceDb db, MarketTime marketTime, LoopPlants plants) : IRequestHandler<StoreOutlook, IReadOnlyList<StoreNext>>
{
    public async Task<IReadOnlyList<StoreNext>> Handle(StoreOutlook request, CancellationToken cancellationToken)
    {
        var loopId = request.LoopId;
        var stores = (await db.Plants.AsNoTracking().Where(plant => plant.LoopId == loopId && plant.OwnerId == request.MemberId).OrderBy(plant => plant.Name).ToListAsync(cancellationToken))
            .Select(plant => (plant.Code, plant.Name, Plant: PlantDefinition.Read(plant.Definition)))
            .Where(plant => plant.Plant is { Kind: PlantKind.Store, Store: not null })
            .ToList();
        if (stores.Count == 0)
        {
            return [];
        }

        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var now = await marketTime.NowAsync(loopId, cancellationToken);
        var (hour, codes) = (MarketHour.Containing(now), stores.Select(store => store.Code).ToList());
        var before = hour - MarketHour.Length;
        var levels = await db.StoreLevels.AsNoTracking()
            .Where(level => level.LoopId == loopId && codes.Contains(level.PlantCode) && level.Hour >= before)
            .OrderBy(level => level.Hour).ToListAsync(cancellationToken);
        var known = levels.Count > 0 ? levels.Max(level => level.Hour) : before;
        var horizon = hour.AddHours(48);
        var plans = await db.StorePlans.AsNoTracking()
            .Where(plan => plan.LoopId == loopId && codes.Contains(plan.PlantCode) && plan.Hour > known && plan.Hour < horizon)
            .OrderBy(plan => plan.Hour).ToListAsync(cancellationToken);
        var bids = await BidsAsync(loop, MarketHour.FirstOpen(loop, now, known), cancellationToken);
        return [.. stores.Select(store =>
        {
            var held = levels.Find(level => level.PlantCode == store.Code && level.Hour == before)?.Level;
            var next = new StoreNext(store.Code, store.Name, store.Plant.Output, held, store.Plant.Store!.Capacity, StoreReason.None, null, Energy.Zero, Energy.Zero, null, null);
            if (levels.Find(level => level.PlantCode == store.Code && level.Hour >= hour && level.Charged != level.Discharged) is { } cleared)
            {
                return next with { Reason = StoreReason.Cleared, Hour = MarketMoment.HourOf(cleared.Hour), Charge = cleared.Charged, Discharge = cleared.Discharged };
            }

            if (plans.Find(plan => plan.PlantCode == store.Code && plan.Charge != plan.Discharge) is { } planned)
            {
                return next with { Reason = StoreReason.Planned, Hour = MarketMoment.HourOf(planned.Hour), Charge = planned.Charge, Discharge = planned.Discharge };
            }

            return bids is not { } open || open.Bids.Bids.FirstOrDefault(bid => bid.Code == store.Code) is not { Bid.Orders: { Count: > 0 } orders } ? next : next with
            {
                Reason = StoreReason.Waits,
                Hour = MarketMoment.HourOf(open.Hour),
                BuysAt = orders.FirstOrDefault(order => order.Side == BidSide.Buy)?.Limit,
                SellsAt = orders.FirstOrDefault(order => order.Side == BidSide.Sell)?.Limit,
            };
        })];
    }

    /// <summary>What the stores would bid in the next open hour; none where its weather and import price are not known.</summary>
    private async Task<(DateTimeOffset Hour, HourBids Bids)?> BidsAsync(Loop loop, DateTimeOffset hour, CancellationToken cancellationToken)
    {
        var conditions = await db.Conditions.AsNoTracking().SingleOrDefaultAsync(row => row.LoopId == loop.Id && row.Hour == hour, cancellationToken);
        var tariff = await db.Tariffs.AsNoTracking().Where(tariff => tariff.LoopId == loop.Id && tariff.ValidFrom <= hour).OrderByDescending(tariff => tariff.Version).FirstOrDefaultAsync(cancellationToken);
        return conditions is null || tariff is null ? null
            : (hour, await plants.BidsAsync(loop.Id, hour, conditions, tariff, new Dictionary<(int, Carrier), Energy>(), cancellationToken));
    }
}
