using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Features.Network;
using Marketplace.Web.Features.Storage;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Plants;

public sealed record BidOfPlant(string Code, int OwnerId, Plant Plant, PlantBid Bid);

/// <summary>What a kWh costs from outside the loop and what it earns there.</summary>
public sealed record OutsidePrices(Price Import, Price FeedIn)
{
    /// <summary>Electricity comes from the grid at the import price; heat and cold from the balancing plant at what it asks,
    /// and go to it at what it gives.</summary>
    /// <param name="balancing">The balancing plant's orders for the carrier.</param>
    public static OutsidePrices Of(
        Carrier carrier, IReadOnlyCollection<(OrderSide Side, Price Limit)> balancing, HourConditions conditions, Tariff tariff)
    {
        if (carrier == Carrier.Electricity)
        {
            return new OutsidePrices(conditions.ImportPrice, PlantBids.FeedIn(conditions.ImportPrice, tariff.FeedIn));
        }

        var import = balancing.Where(order => order.Side == OrderSide.Sell).Select(order => (Price?)order.Limit).Max()
            ?? (carrier == Carrier.Heat ? tariff.BalancingHeat : tariff.BalancingCold);
        var feedIn = balancing.Where(order => order.Side == OrderSide.Buy).Select(order => (Price?)order.Limit).Min() ?? Price.Zero;
        return new OutsidePrices(import, Price.Min(import, feedIn));
    }
}

public sealed class HourBids(IReadOnlyList<BidOfPlant> bids)
{
    public IReadOnlyList<BidOfPlant> Bids { get; } = bids;

    public OutsidePrices Outside(Carrier carrier, HourConditions conditions, Tariff tariff) => OutsidePrices.Of(
        carrier,
        [.. Bids.Where(bid => bid.Plant.Kind == PlantKind.BalancingPlant)
            .SelectMany(bid => bid.Bid.Orders)
            .Where(order => order.Carrier == carrier)
            .Select(order => (order.Side == BidSide.Buy ? OrderSide.Buy : OrderSide.Sell, order.Limit))],
        conditions,
        tariff);
}

/// <summary>The plants of a loop and what they bid.</summary>
public sealed class LoopPlants(MarketplaceDb db)
{
    private static readonly TimeSpan Recent = TimeSpan.FromHours(24);

    /// <param name="forecasts">What each member is expected to take; waste heat follows its owner's electricity.</param>
    public async Task<HourBids> BidsAsync(
        int loopId, DateTimeOffset hour, HourConditions known, Tariff tariff,
        IReadOnlyDictionary<(int Member, Carrier Carrier), Energy> forecasts, CancellationToken cancellationToken)
    {
        var records = await db.Plants.AsNoTracking().Where(plant => plant.LoopId == loopId).OrderBy(plant => plant.Code).ToListAsync(cancellationToken);
        var levels = await LevelsAsync(loopId, hour, cancellationToken);
        var zones = await HourZones.AtAsync(db, loopId, hour, cancellationToken);
        var averagesIn = new Dictionary<string, Dictionary<Carrier, Price>>(StringComparer.Ordinal);
        foreach (var zone in zones.Codes)
        {
            averagesIn.Add(zone, await RecentAveragesAsync(loopId, hour, zone, cancellationToken));
        }

        var plans = await db.StorePlans.AsNoTracking()
            .Where(plan => plan.LoopId == loopId && plan.Hour == hour)
            .ToDictionaryAsync(plan => plan.PlantCode, plan => plan.Worth, cancellationToken);
        var conditions = new Conditions(hour, known.AirTempC, known.GhiWm2, known.ImportPrice, known.CarbonGramsPerKWh);
        return new HourBids([.. records.Select(record =>
        {
            var plant = PlantDefinition.Read(record.Definition);
            var averages = averagesIn[zones.Of(0, record.Code)];
            if (plans.TryGetValue(record.Code, out var worth))
            {
                var level = levels.GetValueOrDefault(record.Code);
                var store = MarketStore.Of(plant, record.Code, level, averages.GetValueOrDefault(plant.Output), tariff.NetworkFee(plant.Output));
                return new BidOfPlant(record.Code, record.OwnerId, plant, MarketStore.Bid(plant, store, level, worth));
            }

            return new BidOfPlant(record.Code, record.OwnerId, plant, PlantBids.For(plant, new BidInputs(conditions)
            {
                OwnerElectricity = forecasts.GetValueOrDefault((record.OwnerId, Carrier.Electricity)),
                Store = new StoreState(levels.GetValueOrDefault(record.Code)),
                RecentAverages = averages,
                FeedIn = tariff.FeedIn,
            }));
        })]);
    }

    /// <summary>What the stores hold at the start of an hour, by the trades already made.</summary>
    public async Task<Dictionary<string, Energy>> LevelsAsync(int loopId, DateTimeOffset hour, CancellationToken cancellationToken)
    {
        var before = hour - TimeSpan.FromHours(1);
        return await db.StoreLevels.AsNoTracking()
            .Where(level => level.LoopId == loopId && level.Hour == before)
            .ToDictionaryAsync(level => level.PlantCode, level => level.Level, cancellationToken);
    }

    /// <summary>The average price of each carrier in a zone over the 24 hours before; a carrier without a price is absent.</summary>
    /// <param name="zone">Empty in a loop with one zone.</param>
    public async Task<Dictionary<Carrier, Price>> RecentAveragesAsync(int loopId, DateTimeOffset hour, string zone, CancellationToken cancellationToken)
    {
        var from = hour - Recent;
        var prices = await db.Prices.AsNoTracking().In(zone)
            .Where(price => price.LoopId == loopId && price.Hour >= from && price.Hour < hour && price.Price != null)
            .Select(price => new { price.Carrier, price.Price })
            .ToListAsync(cancellationToken);
        return prices.GroupBy(price => price.Carrier).ToDictionary(
            carrier => carrier.Key,
            carrier => Price.FromMicroPerKWh(carrier.Sum(price => price.Price!.Value.MicroPerKWh) / carrier.Count()));
    }
}
