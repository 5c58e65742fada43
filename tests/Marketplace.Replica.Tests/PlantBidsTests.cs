using FsCheck;
using FsCheck.Fluent;
using Marketplace.Quantities;
using Shouldly;
using Xunit;

namespace Marketplace.Replica.Tests;

public class PlantBidsTests
{
    private static readonly Config Fixed = Config.QuickThrowOnFailure.WithReplay(20261105, 1, 0).WithMaxTest(500);

    [Fact]
    public void A_heat_pump_gives_the_electricity_and_the_heat_it_took_from_the_loop()
    {
        var converter = PlantBids.For(New(PlantKind.HeatPump, Carrier.Heat, 100_000) with { RunningCost = Price.FromMicroPerKWh(4_000) }, Inputs(5m)).Converter.ShouldNotBeNull();
        var flows = converter.FlowMillionths;
        flows[Carrier.Electricity].ShouldBe(-1_000_000);
        flows[Carrier.Heat].ShouldBe(4_447_000);
        flows[Carrier.Heat].ShouldBe(flows[Carrier.Cold] - flows[Carrier.Electricity]);
        converter.Capacity.ShouldBe(Energy.FromWh(22_487));
        converter.RunningCost.ShouldBe(Price.FromMicroPerKWh(17_788));
    }

    [Fact]
    public void A_chiller_sends_what_it_moved_and_its_own_electricity_to_the_loop()
    {
        var flows = PlantBids.For(New(PlantKind.Chiller, Carrier.Cold, 40_000) with { PerformanceMillionths = 3_200_000 }, Inputs(20m)).Converter.ShouldNotBeNull().FlowMillionths;
        flows[Carrier.Cold].ShouldBe(3_200_000);
        flows[Carrier.Heat].ShouldBe(4_200_000);
    }

    [Fact]
    public void A_boiler_runs_on_electricity_of_the_loop_or_on_fuel_at_cost()
    {
        var electric = New(PlantKind.Boiler, Carrier.Heat, 98_000) with { Input = Carrier.Electricity };
        PlantBids.For(electric, Inputs(5m)).Converter.ShouldNotBeNull().Capacity.ShouldBe(Energy.FromWh(100_000));
        var fuel = New(PlantKind.Boiler, Carrier.Heat, 98_000) with { RunningCost = Price.FromMicroPerKWh(90_000) };
        PlantBids.For(fuel, Inputs(5m)).Orders.ShouldBe([new PlantOrder(Carrier.Heat, BidSide.Sell, Energy.FromWh(98_000), Price.FromMicroPerKWh(90_000))]);
    }

    [Theory]
    [InlineData(0, 10, 0)]
    [InlineData(1000, -6.25, 850)] // cells at 25 °C: exactly the performance ratio
    [InlineData(1000, -70, 1000)] // never above peak power
    public void Pv_follows_the_sun(int ghi, double airTempC, long expected)
    {
        var conditions = new Conditions(DateTimeOffset.UnixEpoch, (decimal)airTempC, ghi, Price.Zero, 0);
        PlantOutput.Pv(New(PlantKind.Pv, Carrier.Electricity, 1000), conditions).ShouldBe(Energy.FromWh(expected));
    }

    [Fact]
    public void Waste_heat_follows_the_owners_electricity_up_to_its_capacity()
    {
        var plant = New(PlantKind.WasteHeat, Carrier.Heat, 1000) with { PerformanceMillionths = 350_000 };
        PlantOutput.WasteHeat(plant, Energy.FromWh(1001)).ShouldBe(Energy.FromWh(350));
        PlantOutput.WasteHeat(plant, Energy.FromWh(9000)).ShouldBe(Energy.FromWh(1000));
        PlantBids.For(plant, Inputs(5m)).ShouldBe(PlantBid.None);
    }

    [Theory]
    [InlineData(100_000, 60_000, 60_000)]
    [InlineData(60_000, 60_000, 59_999)]
    [InlineData(-31_000, 60_000, -31_001)]
    public void The_grid_asks_the_import_price_and_never_trades_with_itself(long import, long feedIn, long takes)
    {
        var orders = PlantBids.For(New(PlantKind.GridSupplier, Carrier.Electricity, 5000), Inputs(5m, import) with { FeedIn = Price.FromMicroPerKWh(feedIn) }).Orders;
        orders.Single(order => order.Side == BidSide.Sell).Limit.ShouldBe(Price.FromMicroPerKWh(import));
        orders.Single(order => order.Side == BidSide.Buy).Limit.ShouldBe(Price.FromMicroPerKWh(takes));
    }

    [Theory]
    [InlineData(-500_000)]
    [InlineData(0)]
    [InlineData(300_000)]
    public void The_balancing_plant_gives_and_takes_heat_and_cold_without_crossing_itself(long import)
    {
        var orders = PlantBids.For(New(PlantKind.BalancingPlant, Carrier.Heat, 5000) with { RunningCost = Price.FromMicroPerKWh(25_000) }, Inputs(5m, import)).Orders;
        foreach (var carrier in (Carrier[])[Carrier.Heat, Carrier.Cold])
        {
            var sell = orders.Single(order => order.Carrier == carrier && order.Side == BidSide.Sell);
            var buy = orders.Single(order => order.Carrier == carrier && order.Side == BidSide.Buy);
            buy.Limit.ShouldBe(Price.Zero);
            sell.Limit.ShouldBeGreaterThan(buy.Limit);
        }
    }

    [Fact]
    public void A_store_without_a_recent_price_waits() =>
        PlantBids.For(Battery(1000, 4000), Inputs(5m)).ShouldBe(PlantBid.None);

    [Fact]
    public void A_store_bids_within_its_power_room_and_content_and_earns_on_a_round_trip() => Prop.ForAll(
        (from power in Gen.Choose(0, 5000)
         from capacity in Gen.Choose(0, 20_000)
         from stored in Gen.Choose(0, capacity)
         from average in Gen.Choose(-100_000, 400_000)
         select (power, capacity, stored, average)).ToArbitrary(),
        sample =>
        {
            var plant = Battery(sample.power, sample.capacity) with { RunningCost = Price.FromMicroPerKWh(2_000) };
            var details = plant.Store!;
            var state = new StoreState(Energy.FromWh(sample.stored));
            var inputs = Inputs(5m) with
            {
                Store = state,
                RecentAverages = new Dictionary<Carrier, Price> { [Carrier.Electricity] = Price.FromMicroPerKWh(sample.average) },
            };
            var orders = PlantBids.For(plant, inputs).Orders;
            var buy = orders.SingleOrDefault(order => order.Side == BidSide.Buy);
            var sell = orders.SingleOrDefault(order => order.Side == BidSide.Sell);
            var fits = orders.All(order => order.Quantity > Energy.Zero && order.Quantity.WattHours <= sample.power)
                && (buy is null || state.Charge(details, buy.Quantity).State.Stored <= details.Capacity)
                && (sell is null || !state.Discharge(details, sell.Quantity).State.Stored.IsNegative);

            // 1 kWh sold needs 1/(0.95·0.95) kWh bought.
            var earns = buy is null || sell is null
                || sell.Limit.MicroPerKWh * 0.9025m > buy.Limit.MicroPerKWh;
            return fits && earns;
        }).Check(Fixed);

    [Fact]
    public void The_cop_stays_within_its_bounds_and_never_falls_as_it_gets_warmer()
    {
        long last = 0;
        for (var airTempC = -40m; airTempC <= 45m; airTempC += 0.1m)
        {
            var cop = HeatPumpPerformance.CopMillionths(airTempC);
            cop.ShouldBeInRange(HeatPumpPerformance.LeastMillionths, HeatPumpPerformance.MostMillionths);
            cop.ShouldBeGreaterThanOrEqualTo(last);
            last = cop;
        }

        HeatPumpPerformance.CopMillionths(-40m).ShouldBeInRange(2_400_000, 2_800_000);
        HeatPumpPerformance.CopMillionths(45m).ShouldBeInRange(4_800_000, 5_400_000);
    }

    private static Plant Battery(long watts, long capacityWh) => New(PlantKind.Store, Carrier.Electricity, watts) with
    {
        Store = StoreDefaults.For(Carrier.Electricity, Energy.FromWh(capacityWh)),
    };

    private static Plant New(PlantKind kind, Carrier output, long watts) =>
        new() { Id = "p", DisplayName = "P", Owner = "o", Kind = kind, Output = output, CapacityWatts = watts };

    private static BidInputs Inputs(decimal airTempC, long importMicro = 100_000) =>
        new(new Conditions(DateTimeOffset.UnixEpoch, airTempC, 0m, Price.FromMicroPerKWh(importMicro), 200));
}
