using Marketplace.Quantities;

namespace Marketplace.Replica;

/// <summary>How each kind of plant bids for an hour. Market hours of 60 minutes: W and Wh have the same number.</summary>
public static class PlantBids
{
    /// <summary>Electricity a balancing plant's free cooling needs: one part for this many parts of cold.</summary>
    private const long BalancingColdMillionths = 10_000_000;

    private const long One = 1_000_000;

    /// <summary>The plant's orders and converter for the hour. Quantities are whole Wh above zero; what would be zero is left out.</summary>
    /// <exception cref="ArgumentException">A store without its details.</exception>
    public static PlantBid For(Plant plant, BidInputs inputs) => plant.Kind switch
    {
        PlantKind.Pv => Sell(plant.Output, PlantOutput.Pv(plant, inputs.Conditions), plant.RunningCost),
        PlantKind.HeatPump => HeatPump(plant, inputs.Conditions),
        PlantKind.Chiller => Chiller(plant),
        PlantKind.Boiler => Boiler(plant),
        PlantKind.WasteHeat => Sell(plant.Output, PlantOutput.WasteHeat(plant, inputs.OwnerElectricity), plant.RunningCost),
        PlantKind.Store => Store(plant, inputs),
        PlantKind.GridSupplier => GridSupplier(plant, inputs),
        PlantKind.BalancingPlant => BalancingPlant(plant, inputs.Conditions),
        _ => throw new ArgumentOutOfRangeException(nameof(plant), plant.Kind, "Not a kind of plant"),
    };

    /// <summary>What the loop pays for surplus electricity: never more than the grid asks, else negative hours would print money.</summary>
    public static Price FeedIn(Price importPrice, Price configured) => Price.Min(importPrice, configured);

    private static PlantBid Sell(Carrier carrier, Energy quantity, Price limit) =>
        quantity > Energy.Zero ? new PlantBid([new PlantOrder(carrier, BidSide.Sell, quantity, limit)], null) : PlantBid.None;

    /// <summary>1 electricity gives COP heat; COP − 1 of it was taken from the loop's water, which is that much cold made.</summary>
    private static PlantBid HeatPump(Plant plant, Conditions conditions)
    {
        var cop = plant.PerformanceMillionths ?? HeatPumpPerformance.CopMillionths(conditions.AirTempC);
        return Converter(plant, cop, new Dictionary<Carrier, long>
        {
            [Carrier.Electricity] = -One,
            [Carrier.Heat] = cop,
            [Carrier.Cold] = cop - One,
        });
    }

    /// <summary>1 electricity moves EER of heat out of a building, which is EER cold delivered; what was moved and the electricity itself,
    /// EER + 1, reaches the loop as heat and is sold there.</summary>
    private static PlantBid Chiller(Plant plant)
    {
        var eer = plant.PerformanceMillionths ?? 4 * One;
        return Converter(plant, eer, new Dictionary<Carrier, long>
        {
            [Carrier.Electricity] = -One,
            [Carrier.Cold] = eer,
            [Carrier.Heat] = eer + One,
        });
    }

    private static PlantBid Boiler(Plant plant)
    {
        if (plant.Input is null)
        {
            return Sell(plant.Output, Energy.FromWh(plant.CapacityWatts), plant.RunningCost);
        }

        var efficiency = plant.PerformanceMillionths ?? 980_000;
        return Converter(plant, efficiency, new Dictionary<Carrier, long>
        {
            [Carrier.Electricity] = -One,
            [Carrier.Heat] = efficiency,
        });
    }

    /// <summary>Nameplate and cost are per main product, the auction's unit is electricity taken.</summary>
    private static PlantBid Converter(Plant plant, long productMillionths, Dictionary<Carrier, long> flows)
    {
        var capacity = Energy.FromWh(checked((long)((Int128)plant.CapacityWatts * One / productMillionths)));
        var cost = Price.FromMicroPerKWh(Rounding.DivideAwayFromZero((Int128)plant.RunningCost.MicroPerKWh * productMillionths, One));
        return capacity > Energy.Zero ? new PlantBid([], new PlantConverter(capacity, flows, cost)) : PlantBid.None;
    }

    private static PlantBid GridSupplier(Plant plant, BidInputs inputs)
    {
        var import = inputs.Conditions.ImportPrice;
        var feedIn = FeedIn(import, inputs.FeedIn);

        // At one and the same limit the supplier would trade with itself.
        var takes = Price.Min(feedIn, import - Price.FromMicroPerKWh(1));
        return PlantBid.Of(
            new PlantOrder(Carrier.Electricity, BidSide.Sell, Energy.FromWh(plant.CapacityWatts), import),
            new PlantOrder(Carrier.Electricity, BidSide.Buy, Energy.FromWh(plant.CapacityWatts), takes));
    }

    /// <summary>Gives heat and cold at cost (its own heat pump and pumps run on grid electricity outside the loop's market)
    /// and takes surplus of both for nothing.</summary>
    private static PlantBid BalancingPlant(Plant plant, Conditions conditions)
    {
        var size = Energy.FromWh(plant.CapacityWatts);
        return PlantBid.Of(
            new PlantOrder(Carrier.Heat, BidSide.Sell, size, Cost(plant.PerformanceMillionths ?? (5 * One / 2))),
            new PlantOrder(Carrier.Heat, BidSide.Buy, size, Price.Zero),
            new PlantOrder(Carrier.Cold, BidSide.Sell, size, Cost(BalancingColdMillionths)),
            new PlantOrder(Carrier.Cold, BidSide.Buy, size, Price.Zero));

        // Never down to what it pays for surplus, or it would trade with itself.
        Price Cost(long performance) => Price.Max(
            Price.FromMicroPerKWh(1000),
            plant.RunningCost + Price.FromMicroPerKWh(Rounding.DivideAwayFromZero((Int128)conditions.ImportPrice.MicroPerKWh * One, performance)));
    }

    /// <summary>Buys below and sells above the recent average, at least so far apart that a round trip pays for its losses and wear.
    /// Without a recent average it waits.</summary>
    private static PlantBid Store(Plant plant, BidInputs inputs)
    {
        var details = plant.Store ?? throw new ArgumentException($"{plant.Id} is a store without details", nameof(plant));
        if (!inputs.RecentAverages.TryGetValue(plant.Output, out var average))
        {
            return PlantBid.None;
        }

        var share = Rounding.DivideAwayFromZero((Int128)Math.Abs(average.MicroPerKWh) * details.SpreadMillionths, One);
        var spread = Price.Max(Price.FromMicroPerKWh(share), details.MinimumSpread);
        var buy = average - spread;
        var roundTrip = (Int128)details.ChargeEfficiencyMillionths * details.DischargeEfficiencyMillionths;
        var breakEven = Price.FromMicroPerKWh(Rounding.DivideAwayFromZero((Int128)Math.Max(0, buy.MicroPerKWh) * One * One, roundTrip));
        var sell = Price.Max(average + spread, breakEven + Price.FromMicroPerKWh(1)) + plant.RunningCost;
        var power = Energy.FromWh(plant.CapacityWatts);
        return PlantBid.Of(
            new PlantOrder(plant.Output, BidSide.Buy, Energy.Min(power, inputs.Store.Room(details)), buy),
            new PlantOrder(plant.Output, BidSide.Sell, Energy.Min(power, inputs.Store.Deliverable(details)), sell));
    }
}
