using Marketplace.Metering.Checks;
using Marketplace.Metering.Checks.Across;
using Marketplace.Metering.Checks.Value;
using Marketplace.Quantities;
using Shouldly;
using Xunit;

namespace Marketplace.Metering.Tests.Checks;

public class AcrossCheckTests
{
    private static readonly DateTimeOffset From = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(24_000, true)]
    [InlineData(24_120, true)]
    [InlineData(24_121, false)]
    [InlineData(23_880, false)] // half a per cent of the register's 23,880 is less than 120
    public void Intervals_add_up_to_the_register_within_its_tolerance(long counted, bool holds)
    {
        var finding = BalanceChecks.JudgeRegister(
            Series("m", 48, _ => 1_000), new(From, Energy.FromWh(5)), new(From.AddDays(1), Energy.FromWh(counted + 5)), MeterClass.Heat);

        (finding is null).ShouldBe(holds);
    }

    [Fact]
    public void A_missing_hour_makes_no_comparison() =>
        BalanceChecks.JudgeRegister(Series("m", 48, hour => hour == 3 ? null : 1_000), new(From, Energy.Zero), new(From.AddDays(1), Energy.FromWh(1)), MeterClass.Heat).ShouldBeNull();

    [Theory]
    [InlineData(1_000, 600, 300, null)]
    [InlineData(1_000, 600, 401, "The children took 24.024 kWh in 24 hours, more than the 24 kWh of the parent.")]
    [InlineData(1_000, 400, 300, "7.2 kWh of 24 kWh do not arrive at the children, 30 %.")]
    public void Children_take_what_the_parent_gives_less_a_plausible_loss(long parent, long first, long second, string? words) =>
        (BalanceChecks.JudgeChildren(Series("p", 24, _ => parent), [Series("a", 24, _ => first), Series("b", 24, _ => second)], MeterClass.Heat)?.Words).ShouldBe(words);

    [Fact]
    public void A_loop_balances_with_its_storage()
    {
        var demand = Series("demand", 48, hour => 1_000 + hour);
        var plant = Series("plant", 48, _ => 1_020);
        var storage = Series("storage", 48, hour => hour - 20 + (hour == 30 ? 5 : 0));

        BalanceChecks.JudgeLoop("loop", [plant, storage], [demand], Energy.FromWh(2)).ShouldHaveSingleItem().During.Start.ShouldBe(From.AddHours(30));
        BalanceChecks.HoursCompared([plant, storage], [demand]).ShouldBe(48);
    }

    [Fact]
    public void Heat_is_volume_times_heat_capacity_times_temperature_difference()
    {
        // 1,000 litres from 70 to 30 degrees at 1.147 Wh/(l K).
        HeatChecks.HeatOf(1_000, 70_000, 30_000).ShouldBe(Energy.FromWh(45_880));
        HeatChecks.HeatOf(1_000, 30_000, 70_000).ShouldBe(Energy.FromWh(-45_880));
        HeatChecks.HeatOf(0, 70_000, 30_000).ShouldBe(Energy.Zero);
    }

    [Theory]
    [InlineData(45_880, 1_000L, 70_000, 30_000, null)]
    [InlineData(49_000, 1_000L, 70_000, 30_000, null)]
    [InlineData(55_000, 1_000L, 70_000, 30_000, "energy-against-flow")]
    [InlineData(45_880, 0L, 70_000, 30_000, "energy-without-flow")]
    [InlineData(45_880, 1_000L, 30_000, 70_000, "sign-of-difference")]
    [InlineData(10, 1_000L, 30_000, 31_000, null)] // within what sensors err
    [InlineData(0, 1_000L, 30_000, 70_000, null)]
    public void The_registers_of_a_heat_meter_fit_each_other(long wattHours, long litres, int flow, int back, string? check) =>
        (HeatChecks.Judge("m", [new(From, Energy.FromWh(wattHours), litres, flow, back)], MeterClass.Heat).SingleOrDefault()?.Check.Name).ShouldBe(check);

    [Fact]
    public void Cold_is_taken_from_a_flow_colder_than_the_return()
    {
        HeatMeterHour hour = new(From, Energy.FromWh(11_600), 1_000, 6_000, 16_000);

        HeatChecks.Judge("m", [hour], MeterClass.Cold).ShouldBeEmpty();
        HeatChecks.Judge("m", [hour], MeterClass.Heat).ShouldHaveSingleItem().Check.ShouldBe(HeatChecks.Sign);
    }

    [Fact]
    public void Meters_that_are_one_plant_times_a_key_are_found_through_rounding()
    {
        static long Plant(int hour) => 10_000 + (hour * 7_919 % 50_000);
        static long Rounded(decimal value) => (long)Math.Round(value / 100, MidpointRounding.AwayFromZero) * 100;
        var plant = Series("plant", 500, hour => Rounded(Plant(hour) * 0.31m));
        var other = Series("other", 500, hour => Rounded(Plant(hour) * 0.47m));
        var own = Series("own", 500, hour => Rounded((10_000 + (hour * 104_729 % 50_000)) * 0.31m));

        var findings = SharedPlantCheck.Find([plant, own, other]);

        findings.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            finding => (finding.OtherMeter, finding.Meter).ShouldBe(("plant", "other")),
            finding => finding.Words.ShouldStartWith("In practically every hour other is 1.516"));
        SharedPlantCheck.Groups(findings).ShouldHaveSingleItem().ShouldBe(["plant", "other"]);
    }

    [Theory]
    [InlineData(100.3, UnitVerdict.AsLabelled)] // kWh per square metre and year, with decimals
    [InlineData(10.3, UnitVerdict.CubicMetres)]
    [InlineData(0.5, UnitVerdict.Unclear)]
    [InlineData(5_000.7, UnitVerdict.Unclear)]
    public void The_unit_of_gas_is_told_by_the_floor_that_it_heats(double perSquareMetre, UnitVerdict verdict)
    {
        var year = (decimal)perSquareMetre * 1_000m * 1_000m;
        var series = Series("m", 8_760, hour => (long)(year / 8_760) + (hour % 2 == 0 ? 17 : -17));

        UnitCheck.Judge(series, 1_000m, UnitExpectation.NaturalGas).ShouldBe(verdict);
        (UnitCheck.Find(series, 1_000m, UnitExpectation.NaturalGas) is null).ShouldBe(verdict == UnitVerdict.AsLabelled);
    }

    [Fact]
    public void Whole_numbers_are_what_a_register_counts() =>
        UnitCheck.Judge(Series("m", 8_760, hour => 1_000L * (10 + (hour % 9))), 1_000m, UnitExpectation.NaturalGas).ShouldBe(UnitVerdict.CubicMetres);

    private static MeterSeries Series(string meter, int count, Func<int, long?> wattHours) =>
        new(meter, From, Enumerable.Range(0, count).Select(hour => wattHours(hour) is { } value ? (Energy?)Energy.FromWh(value) : null));
}
