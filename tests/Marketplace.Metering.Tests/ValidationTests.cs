using Marketplace.Quantities;
using Shouldly;
using Xunit;

namespace Marketplace.Metering.Tests;

public class ValidationTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 2, 12, 0, 0, TimeSpan.Zero);

    private static readonly ValidationContext Context = new(
        new Dictionary<string, MeterService>
        {
            ["a-heat"] = new(Noon.AddDays(-1), null),
            ["b-heat"] = new(Noon.AddDays(-1), Noon.AddHours(1)),
        },
        Noon.AddHours(3));

    [Fact]
    public void A_good_row_becomes_a_validated_reading()
    {
        var result = Validation.Judge([new(7, "a-heat", Noon, 35.84m, "estimated by the building")], Context);

        result.Rejected.ShouldBeEmpty();
        var reading = result.Accepted.ShouldHaveSingleItem();
        reading.Energy.ShouldBe(Energy.FromWh(35_840));
        reading.Hour.ShouldBe(Noon);
        reading.Row.ShouldBe(7);
        reading.Note.ShouldBe("estimated by the building");
    }

    public static TheoryData<DeliveredReading, string, string> BadRows => new()
    {
        { new(1, "c-heat", Noon, 1m), "unknown-meter", "no meter 'c-heat'" },
        { new(1, "a-heat", Noon.AddMinutes(30), 1m), "interval-start", "2026-03-02T12:30:00Z is not the start of an hour" },
        { new(1, "b-heat", Noon.AddHours(1), 1m), "out-of-service", "not in service at 2026-03-02T13:00:00Z" },
        { new(1, "a-heat", Noon.AddDays(-2), 1m), "out-of-service", "not in service" },
        { new(1, "a-heat", Noon.AddHours(3), 1m), "future", "the market clock shows 2026-03-02T15:00:00Z" },
        { new(1, "a-heat", new DateTimeOffset(9999, 12, 31, 23, 0, 0, TimeSpan.Zero), 1m), "future", "the market clock shows 2026-03-02T15:00:00Z" },
        { new(1, "a-heat", DateTimeOffset.MinValue, 1m), "out-of-service", "not in service" },
        { new(1, "a-heat", Noon, -0.001m), "negative", "-0.001 kWh" },
        { new(1, "a-heat", Noon, 0.0005m), "whole-watt-hours", "0.0005 kWh is finer than one watt-hour" },
        { new(1, "a-heat", Noon, 10_000_001m), "too-large", "10 GWh" },
        { new(1, "a-heat", Noon, decimal.MaxValue), "too-large", "10 GWh" },
    };

    [Theory]
    [MemberData(nameof(BadRows))]
    public void A_bad_row_is_refused_by_its_rule_and_takes_no_good_one_with_it(DeliveredReading bad, string rule, string words)
    {
        var good = new DeliveredReading(2, "a-heat", Noon.AddHours(2), 0m);

        var result = Validation.Judge([bad, good], Context);

        var refused = result.Rejected.ShouldHaveSingleItem();
        refused.Rule.Name.ShouldBe(rule);
        refused.Reason.ShouldContain(words);
        refused.Reading.ShouldBe(bad);
        result.Accepted.ShouldHaveSingleItem().Row.ShouldBe(2);
        ReadingRule.All.ShouldContain(refused.Rule);
    }

    [Fact]
    public void A_note_is_kept_without_what_no_table_takes() =>
        Validation.Judge([new(1, "a-heat", Noon, 1m, "estimated\0by\u0007hand")], Context).Accepted.ShouldHaveSingleItem().Note.ShouldBe("estimated by hand");

    [Fact]
    public void The_last_hour_that_is_over_is_not_in_the_future() =>
        Validation.Judge([new(1, "a-heat", Noon.AddHours(2), 1m)], Context).Rejected.ShouldBeEmpty();

    [Fact]
    public void An_identical_repeat_and_a_contradiction_are_told_apart_and_the_first_is_kept()
    {
        var result = Validation.Judge(
            [new(1, "a-heat", Noon, 1.5m), new(2, "a-heat", Noon, 1.500m), new(3, "a-heat", Noon, 2m)],
            Context);

        result.Accepted.ShouldHaveSingleItem().Energy.ShouldBe(Energy.FromWh(1_500));
        result.Rejected.Select(row => row.Rule).ShouldBe([ReadingRule.Repeated, ReadingRule.Contradicted]);
        result.Rejected[1].Reason.ShouldBe("Row 1 gives 1.5 kWh for this meter and hour, this one 2 kWh.");
    }

    [Fact]
    public void The_same_hour_written_with_another_offset_is_the_same_hour() =>
        Validation.Judge([new(1, "a-heat", Noon, 1m), new(2, "a-heat", Noon.ToOffset(TimeSpan.FromHours(2)), 1m)], Context)
            .Rejected.ShouldHaveSingleItem().Rule.ShouldBe(ReadingRule.Repeated);

    [Fact]
    public void Completeness_expects_every_meter_in_service_and_counts_refused_rows_as_missing()
    {
        var context = Context with { Expected = new Interval(Noon, Noon.AddHours(2)) };

        var result = Validation.Judge([new(1, "a-heat", Noon, 1m), new(2, "b-heat", Noon, -1m)], context);

        result.Missing.ShouldBe([new("b-heat", Noon), new("a-heat", Noon.AddHours(1))]);
    }
}
