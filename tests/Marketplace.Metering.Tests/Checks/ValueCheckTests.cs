using Marketplace.Metering.Checks;
using Marketplace.Metering.Checks.Value;
using Marketplace.Quantities;
using Shouldly;
using Xunit;

namespace Marketplace.Metering.Tests.Checks;

public class ValueCheckTests
{
    private static readonly DateTimeOffset Monday = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);
    private static readonly LoopCalendar London = new(TimeZoneInfo.FindSystemTimeZoneById("Europe/London"));

    [Fact]
    public void Negative_hours_are_found_as_runs()
    {
        var finding = LimitChecks.FindNegative(Week(hour => hour is 5 or 6 ? -100 : 100)).ShouldHaveSingleItem();

        finding.During.ShouldBe(new Interval(Monday.AddHours(5), Monday.AddHours(7)));
        finding.Words.ShouldBe("2 hours below zero, -0.1 kWh at first.");
    }

    [Fact]
    public void More_than_the_connection_carries_is_found_only_where_its_capacity_is_known()
    {
        var series = Week(hour => hour == 9 ? 1_001 : 1_000);

        LimitChecks.FindAboveCapacity(series, MeterClass.Heat).ShouldBeEmpty();
        LimitChecks.FindAboveCapacity(series, MeterClass.Heat with { CapacityPerHour = Energy.FromWh(1_000) }).ShouldHaveSingleItem()
            .Words.ShouldBe("Up to 1.001 kWh in an hour; the connection carries 1 kWh.");
    }

    [Fact]
    public void Energy_outside_every_contract_is_found()
    {
        var series = Week(hour => hour < 4 ? 10 : 0);

        LimitChecks.FindWithoutContract(series, [new Interval(Monday, Monday.AddHours(3))]).ShouldHaveSingleItem().During.Start.ShouldBe(Monday.AddHours(3));
        LimitChecks.FindWithoutContract(series, [new Interval(Monday, Monday.AddHours(4))]).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(999_990, 20, "register-rollover", 30L)]
    [InlineData(500_000, 20, "register-decrease", null)]
    [InlineData(999_990, 600_000, "register-decrease", null)]
    public void A_register_that_shows_less_rolled_over_or_decreased(long before, long after, string name, long? difference)
    {
        var parameters = MeterClass.Heat with { RegisterModulus = Energy.FromWh(1_000_000) };
        RegisterReading from = new(Monday, Energy.FromWh(before));
        RegisterReading to = new(Monday.AddHours(1), Energy.FromWh(after));

        RegisterChecks.Judge("m", [to, from], parameters).ShouldHaveSingleItem().Check.Name.ShouldBe(name);
        (RegisterChecks.Difference(from, to, parameters)?.WattHours).ShouldBe(difference);
        RegisterChecks.Judge("m", [from, to], parameters with { RegisterModulus = null }).ShouldHaveSingleItem().Check.ShouldBe(RegisterChecks.Decrease);
    }

    [Fact]
    public void A_rollover_that_the_connection_cannot_carry_is_none()
    {
        var parameters = MeterClass.Heat with { RegisterModulus = Energy.FromWh(1_000_000), CapacityPerHour = Energy.FromWh(29) };

        RegisterChecks.Difference(new(Monday, Energy.FromWh(999_990)), new(Monday.AddHours(1), Energy.FromWh(20)), parameters).ShouldBeNull();
    }

    [Fact]
    public void A_spike_stands_out_of_the_third_highest_peak_and_of_its_neighbours()
    {
        var series = Hours(24 * 14, hour => hour == 100 ? 50_000 : 1_000 + (hour % 24 * 100));

        SpikeChecks.FindPeaks(series, MeterClass.Electricity).ShouldHaveSingleItem().During.Start.ShouldBe(Monday.AddHours(100));
        SpikeChecks.FindHampel(series, MeterClass.Electricity).ShouldHaveSingleItem().During.Start.ShouldBe(Monday.AddHours(100));
    }

    [Fact]
    public void What_is_small_for_the_meter_or_comes_again_each_week_is_no_spike_among_its_neighbours()
    {
        // Three hundred in a quiet night of a meter that takes a thousand by day.
        SpikeChecks.FindHampel(Hours(24 * 14, hour => hour == 99 ? 300 : hour % 24 is >= 8 and < 18 ? 1_000 : 20), MeterClass.Electricity).ShouldBeEmpty();

        // A sauna on each Monday evening, at eight or nine.
        var weekly = Hours(24 * 35, hour => hour % 168 == 20 + (hour / 168 % 2) ? 9_000 : 500 + (hour % 24 * 10));
        SpikeChecks.FindHampel(weekly, MeterClass.Electricity).ShouldBeEmpty();
        SpikeChecks.FindHampel(weekly.With(hour => hour == 500 ? Energy.FromWh(9_000) : weekly[hour]), MeterClass.Electricity).ShouldHaveSingleItem();
    }

    [Fact]
    public void Two_days_with_the_same_high_peak_are_no_spike_if_the_third_is_as_high() =>
        SpikeChecks.FindPeaks(Hours(24 * 14, hour => hour is 12 or 36 or 60 ? 50_000 : 1_000), MeterClass.Electricity).ShouldBeEmpty();

    [Fact]
    public void A_value_that_stays_exactly_the_same_is_stuck_but_zero_and_the_least_step_are_not()
    {
        RunChecks.FindStuck(Week(hour => hour is >= 20 and < 50 ? 777 : 500 + hour), MeterClass.Electricity).ShouldHaveSingleItem().Words.ShouldBe("0.777 kWh in each of 30 hours.");
        RunChecks.FindStuck(Week(hour => hour < 100 ? 0 : 500 + hour), MeterClass.Electricity).ShouldBeEmpty();
        RunChecks.FindStuck(Week(hour => hour < 100 ? 1_000 : 2_000), MeterClass.Electricity).ShouldBeEmpty();
    }

    [Fact]
    public void Long_zeros_are_found_by_the_length_of_the_class()
    {
        var series = Week(hour => hour < 12 ? 0 : 5);

        RunChecks.FindLongZeros(series, MeterClass.Electricity).ShouldHaveSingleItem();
        RunChecks.FindLongZeros(series, MeterClass.Heat).ShouldBeEmpty();
    }

    [Fact]
    public void A_zero_of_a_meter_with_a_base_load_is_a_gap()
    {
        var series = Hours(24 * 28, hour => hour is >= 100 and < 105 ? 0 : 4_000 + (hour % 7 * 100));

        ZeroGapCheck.Find(series, London).ShouldHaveSingleItem().During.ShouldBe(new Interval(Monday.AddHours(100), Monday.AddHours(105)));
    }

    [Fact]
    public void A_zero_where_like_hours_take_something_is_a_gap_and_where_they_rest_is_none()
    {
        // Eight hours of rest each night, and a day in the third week without readings.
        var series = Hours(24 * 56, hour => hour % 24 < 8 || hour / 24 == 16 ? 0 : 10 + (hour % 13 * 700));

        var gap = ZeroGapCheck.Find(series, London).ShouldHaveSingleItem();

        gap.During.Contains(Monday.AddDays(16).AddHours(12)).ShouldBeTrue();
    }

    [Fact]
    public void A_change_of_the_unit_is_told_from_a_change_of_use()
    {
        LevelChecks.FindJumps(Hours(24 * 28, hour => hour < 24 * 14 ? 1_000 : 1_000_000), MeterClass.Electricity).ShouldHaveSingleItem().Check.ShouldBe(LevelChecks.UnitJump);
        LevelChecks.FindJumps(Hours(24 * 28, hour => hour < 24 * 14 ? 1_000 : 8_000), MeterClass.Electricity).ShouldHaveSingleItem()
            .ShouldSatisfyAllConditions(
                finding => finding.Check.ShouldBe(LevelChecks.Jump),
                finding => finding.During.Start.ShouldBe(Monday.AddDays(14)));
        LevelChecks.FindJumps(Hours(24 * 28, hour => 1_000 + hour), MeterClass.Electricity).ShouldBeEmpty();
    }

    [Fact]
    public void An_hour_outside_like_hours_is_found_and_equal_conditions_explain_it()
    {
        var series = Hours(24 * 56, hour => hour / 24 == 30 ? 10_000 : 1_000);

        LevelChecks.FindOutsideHistory(series, London, MeterClass.Electricity).ShouldHaveSingleItem().During.ShouldBe(new Interval(Monday.AddDays(30), Monday.AddDays(31)));
        LevelChecks.FindOutsideHistory(series, London, MeterClass.Electricity, hour => hour / 24 == 30 ? 10m : 1m).ShouldBeEmpty();
    }

    [Fact]
    public void Validation_annotates_and_keeps_every_value()
    {
        var series = Hours(24 * 28, hour => hour switch { 50 => 90_000, >= 100 and < 105 => 0, 300 => -5, _ => 4_000 + (hour % 7 * 100) });

        var validated = SeriesValidation.Judge(series, MeterClass.Electricity, new SeriesContext(London));

        validated.Series.ShouldBeSameAs(series);
        (validated.IsDoubtful(50), validated.IsGap(50)).ShouldBe((true, false));
        (validated.IsDoubtful(102), validated.IsGap(102)).ShouldBe((false, true));
        validated.IsDoubtful(300).ShouldBeTrue();
        validated.Sound()[50].ShouldBeNull();
        validated.Sound()[51].ShouldBe(series[51]);
        validated.Findings.ShouldAllBe(finding => SeriesValidation.All.Contains(finding.Check) && finding.Words.Length > 0);
    }

    [Fact]
    public void Every_check_has_a_name_of_its_own_and_says_what_it_asks_for()
    {
        SeriesValidation.All.Select(check => check.Name).ShouldBeUnique();
        SeriesValidation.All.ShouldAllBe(check => check.Explanation.EndsWith('.'));
    }

    private static MeterSeries Week(Func<int, long> wattHours) => Hours(168, wattHours);

    private static MeterSeries Hours(int count, Func<int, long> wattHours) =>
        new("m", Monday, Enumerable.Range(0, count).Select(hour => (Energy?)Energy.FromWh(wattHours(hour))));
}
