using Marketplace.Quantities;
using Shouldly;
using Xunit;

namespace Marketplace.Replica.Tests;

public class PlantRowsTests
{
    private static readonly PlantRow Good = new("hp1", "b4", "heat_pump", "electricity", "heat", "250.5", "3.8", "0.004");

    [Fact]
    public void A_row_becomes_a_plant()
    {
        var plant = PlantRows.Read(Good).Plant.ShouldNotBeNull();
        plant.Kind.ShouldBe(PlantKind.HeatPump);
        plant.Owner.ShouldBe("b4");
        plant.CapacityWatts.ShouldBe(250_500);
        plant.PerformanceMillionths.ShouldBe(3_800_000);
        plant.RunningCost.ShouldBe(Price.FromMicroPerKWh(4_000));
    }

    [Fact]
    public void Empty_fields_take_the_default_of_the_kind()
    {
        var plant = PlantRows.Read(Good with { CarrierIn = "", CarrierOut = "", EfficiencyOrCop = " ", CostPerKWh = "" }).Plant.ShouldNotBeNull();
        plant.PerformanceMillionths.ShouldBeNull();
        (plant.Input, plant.Output, plant.RunningCost).ShouldBe((Carrier.Electricity, Carrier.Heat, Price.Zero));
    }

    [Fact]
    public void A_store_loses_its_round_trip_on_charging_and_says_what_energy_was_assumed()
    {
        var read = PlantRows.Read(new PlantRow("bat", "x", "store", "electricity", "electricity", "100", "0.9", "0.01"));
        var store = read.Plant.ShouldNotBeNull().Store.ShouldNotBeNull();
        (store.Capacity, store.ChargeEfficiencyMillionths, store.DischargeEfficiencyMillionths).ShouldBe((Energy.FromWh(200_000), 900_000, 1_000_000));
        read.Note.ShouldNotBeNull().ShouldContain("2 hours");
    }

    [Fact]
    public void A_module_efficiency_is_not_counted_a_second_time()
    {
        var read = PlantRows.Read(new PlantRow("pv", "x", "pv", "", "electricity", "100", "0.18", ""));
        read.Plant.ShouldNotBeNull().PerformanceMillionths.ShouldBeNull();
        read.Note.ShouldNotBeNull().ShouldContain("pv:");
    }

    [Fact]
    public void A_boiler_with_gas_runs_on_fuel() =>
        PlantRows.Read(new PlantRow("k", "x", "boiler", "gas", "heat", "100", "0.9", "0.08")).Plant.ShouldNotBeNull().Input.ShouldBeNull();

    public static TheoryData<string, PlantRow> Bad => new()
    {
        { "plant", Good with { Plant = " " } },
        { "owner", Good with { Owner = "" } },
        { "owner", Good with { Owner = new string('x', 65) } },
        { "kind", Good with { Kind = "windmill" } },
        { "carrier_in", Good with { CarrierIn = "steam" } },
        { "carrier_out", Good with { CarrierOut = "cold" } },
        { "capacity_kw", Good with { CapacityKw = "" } },
        { "capacity_kw", Good with { CapacityKw = "-5" } },
        { "capacity_kw", Good with { CapacityKw = "1,5" } },
        { "capacity_kw", Good with { CapacityKw = "1.0005" } },
        { "capacity_kw", Good with { CapacityKw = "99999999999999999999999999999999" } },
        { "efficiency_or_cop", Good with { EfficiencyOrCop = "1" } },
        { "efficiency_or_cop", Good with { EfficiencyOrCop = "NaN" } },
        { "cost_per_kwh", Good with { CostPerKWh = "0.0000001" } },
        { "cost_per_kwh", Good with { CostPerKWh = "cheap" } },
        { "carrier_out", new PlantRow("s", "x", "store", "", "steam", "1", "", "") },
        { "carrier_in", new PlantRow("s", "x", "store", "heat", "cold", "1", "", "") },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public void A_bad_field_is_named(string field, PlantRow row)
    {
        var read = PlantRows.Read(row);
        read.Plant.ShouldBeNull();
        read.Error.ShouldNotBeNull().Field.ShouldBe(field);
    }
}
