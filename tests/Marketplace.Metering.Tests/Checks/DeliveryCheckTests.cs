using Marketplace.Metering.Checks;
using Marketplace.Metering.Checks.Delivery;
using Marketplace.Quantities;
using Shouldly;
using Xunit;

namespace Marketplace.Metering.Tests.Checks;

public class DeliveryCheckTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 2, 12, 0, 0, TimeSpan.Zero);
    private static readonly Interval Day = new(Noon, Noon.AddHours(4));
    private static readonly LoopCalendar London = new(TimeZoneInfo.FindSystemTimeZoneById("Europe/London"));

    [Fact]
    public void Whole_hours_one_after_the_other_are_fine() =>
        IntervalChecks.Judge([Hour(2), Hour(0), Hour(3), Hour(1)], Day, MeterClass.Heat).ShouldBeEmpty();

    [Fact]
    public void Gaps_at_the_start_in_the_middle_and_at_the_end_are_named_with_their_time()
    {
        var findings = IntervalChecks.Judge([Hour(1)], Day, MeterClass.Heat);

        findings.Select(finding => finding.Check).ShouldBe([IntervalChecks.Missing, IntervalChecks.Missing]);
        findings.Select(finding => finding.During).ShouldBe([new Interval(Noon, Noon.AddHours(1)), new Interval(Noon.AddHours(2), Noon.AddHours(4))]);
        findings[1].Words.ShouldBe("Nothing was delivered for 120 minutes from 2026-03-02T14:00:00Z.");
    }

    [Fact]
    public void Duplicates_overlaps_and_wrong_lengths_are_told_apart()
    {
        Names(Hour(0), Hour(0), Hour(1), Hour(2), Hour(3)).ShouldBe(["duplicate-interval"]);
        Names(Hour(0), Hour(0.5), Hour(1.5), Hour(2.5), Hour(3.5)).ShouldBe(["overlapping-interval"]);
        Names(Hour(0), Hour(1, minutes: 30), Hour(1.5, minutes: 30), Hour(2), Hour(3)).ShouldBe(["wrong-length", "wrong-length"]);
        Names(Hour(0), Hour(1, minutes: -5), Hour(1), Hour(2), Hour(3)).ShouldContain("wrong-length");
    }

    [Theory]
    [InlineData(119, 0)]
    [InlineData(121, 1)]
    [InlineData(-121, 1)]
    public void A_clock_may_be_off_by_the_tolerance_of_its_class(int seconds, int findings)
    {
        var interval = Hour(0) with { ReceivedAt = Noon.AddHours(1), DeviceTime = Noon.AddHours(1).AddSeconds(seconds) };

        ClockChecks.JudgeDrift([interval, Hour(1)], MeterClass.Heat).Count.ShouldBe(findings);
    }

    [Fact]
    public void A_device_is_silent_after_the_time_of_its_class()
    {
        ClockChecks.JudgeSilence("m", Noon, Noon.AddHours(3), MeterClass.Heat).ShouldBeNull();
        ClockChecks.JudgeSilence("m", Noon, Noon.AddHours(4), MeterClass.Heat)!.Words.ShouldBe("Nothing has come since 2026-03-02T12:00:00Z, for 4 hours.");
    }

    [Theory]
    [InlineData(2026, 3, 29, 23, 0)]
    [InlineData(2026, 3, 29, 22, 1)]
    [InlineData(2026, 10, 25, 25, 0)]
    [InlineData(2026, 10, 25, 24, 1)]
    [InlineData(2026, 10, 24, 20, 0)] // a day without a clock change is not this check's matter
    public void A_day_on_which_clocks_change_has_its_own_number_of_hours(int year, int month, int day, int hours, int findings)
    {
        var start = London.StartOf(new DateOnly(year, month, day));
        var intervals = Enumerable.Range(0, hours).Select(hour => new DeliveredInterval("m", "heat", start.AddHours(hour), start.AddHours(hour + 1)));

        ClockChecks.JudgeChangeDays(intervals, London).Count.ShouldBe(findings);
    }

    [Theory]
    [InlineData(false, WrittenClock.Wall)]
    [InlineData(true, WrittenClock.Continuous)]
    public void The_hour_that_spring_skips_tells_how_a_source_writes_time(bool hasSkippedHour, WrittenClock clock)
    {
        var skipped = new DateTime(2026, 3, 29, 1, 0, 0, DateTimeKind.Unspecified);

        ClockChecks.ClockOf(at => hasSkippedHour || at != skipped, new DateOnly(2026, 3, 1), new DateOnly(2026, 4, 1), London.Zone).ShouldBe(clock);
        ClockChecks.ClockOf(_ => true, new DateOnly(2026, 4, 1), new DateOnly(2026, 5, 1), London.Zone).ShouldBe(WrittenClock.Unknown);
    }

    [Fact]
    public void Written_times_become_instants_by_the_clock_they_were_written_by()
    {
        var summer = new DateTime(2026, 7, 1, 12, 0, 0, DateTimeKind.Unspecified);

        ClockChecks.InstantOf(summer, WrittenClock.Wall, London.Zone).ShouldBe(new DateTimeOffset(2026, 7, 1, 11, 0, 0, TimeSpan.Zero));
        ClockChecks.InstantOf(summer, WrittenClock.Continuous, London.Zone).ShouldBe(new DateTimeOffset(2026, 7, 1, 12, 0, 0, TimeSpan.Zero));
        Should.Throw<ArgumentException>(() => ClockChecks.InstantOf(new DateTime(2026, 3, 29, 1, 30, 0, DateTimeKind.Unspecified), WrittenClock.Wall, London.Zone))
            .Message.ShouldContain("does not exist");
    }

    [Fact]
    public void Registers_that_belong_together_are_missed_when_only_some_come()
    {
        string[] registers = ["energy", "flow", "return", "volume"];
        var whole = registers.Select(register => Hour(0) with { Register = register });
        var partial = registers[..2].Select(register => Hour(1) with { Register = register });

        DeviceChecks.JudgeSiblings([.. whole, .. partial], registers).ShouldHaveSingleItem().Words.ShouldBe("return, volume did not come with energy.");
    }

    [Fact]
    public void Another_device_is_an_exchange_unless_one_is_recorded()
    {
        DeliveredInterval[] intervals = [Hour(0) with { Device = "A" }, Hour(1) with { Device = "B" }, Hour(2) with { Device = "B" }];

        DeviceChecks.JudgeExchange(intervals, []).ShouldHaveSingleItem().During.Start.ShouldBe(Noon.AddHours(1));
        DeviceChecks.JudgeExchange(intervals, [Noon.AddMinutes(70)]).ShouldBeEmpty();
    }

    private static IEnumerable<string> Names(params DeliveredInterval[] intervals) =>
        IntervalChecks.Judge(intervals, new Interval(Noon, intervals[^1].End), MeterClass.Heat).Select(finding => finding.Check.Name);

    private static DeliveredInterval Hour(double index, int minutes = 60) =>
        new("m", "heat", Noon.AddHours(index), Noon.AddHours(index).AddMinutes(minutes));
}
