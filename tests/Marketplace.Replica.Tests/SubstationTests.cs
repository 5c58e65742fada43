using Marketplace.Quantities;
using Marketplace.Replica.Demo;
using Shouldly;
using Xunit;

namespace Marketplace.Replica.Tests;

public class SubstationTests
{
    private static readonly DemoLoop Loop = DemoLoop.Create(1);
    private static readonly DateTimeOffset Hour = new(2026, 11, 5, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("school-heat", Carrier.Heat)]
    [InlineData("home-05-heat", Carrier.Heat)]
    [InlineData("data-centre-cold", Carrier.Cold)]
    public void Water_and_temperatures_give_the_energy_that_the_meter_counted(string code, Carrier carrier)
    {
        var meter = Loop.Meters.Single(meter => meter.Id == code);
        for (var i = 0; i < 200; i++)
        {
            var energy = Loop.Reading(meter, Hour.AddHours(i));

            var water = Substation.WaterOf(Loop, meter, Hour.AddHours(i), energy);

            var taken = (carrier == Carrier.Heat ? 1 : -1) * (water.SupplyMilliCelsius - water.ReturnMilliCelsius);
            var given = water.Litres * 1.157m * taken / 1000m;
            given.ShouldBeInRange(energy.WattHours * 0.98m, energy.WattHours * 1.001m);
            water.SupplyMilliCelsius.ShouldBeInRange(carrier == Carrier.Heat ? 44_000 : 7_000, carrier == Carrier.Heat ? 63_000 : 11_000);
            Substation.WaterOf(Loop, meter, Hour.AddHours(i), energy).ShouldBe(water);
        }
    }

    [Fact]
    public void Without_energy_nothing_flows_and_electricity_has_no_water()
    {
        Substation.WaterOf(Loop, Loop.Meters.Single(meter => meter.Id == "school-heat"), Hour, Energy.Zero).Litres.ShouldBe(0);
        Should.Throw<ArgumentException>(() => Substation.WaterOf(Loop, Loop.Meters.Single(meter => meter.Id == "home-05-electricity"), Hour, Energy.Zero));
    }
}
