using System.Globalization;
using Marketplace.Quantities;
using Marketplace.Web.Shell;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Shell;

public sealed class PeriodChoiceTests
{
    private static readonly PeriodChoice s_fallback = PeriodChoice.Containing(PeriodUnit.Month, new DateOnly(2026, 11, 5));

    [Theory]
    [InlineData("2026-11-21")]
    [InlineData("2026-11")]
    [InlineData("2026")]
    [InlineData("2026-W53")]
    [InlineData("2021-W01")]
    public void An_address_reads_back_as_it_was_written(string text) => PeriodChoice.Parse(text, s_fallback).ToString().ShouldBe(text);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("2025-W53")]
    [InlineData("2026-13")]
    [InlineData("0001")]
    [InlineData("9999-12-31")]
    [InlineData("yesterday")]
    public void Anything_else_gives_the_fallback(string? text) => PeriodChoice.Parse(text, s_fallback).ShouldBe(s_fallback);

    [Fact]
    public void Steps_lead_there_and_back()
    {
        foreach (var unit in Enum.GetValues<PeriodUnit>())
        {
            var period = PeriodChoice.Containing(unit, new DateOnly(2024, 2, 29));
            period.Step(1).Step(-1).ShouldBe(period);
            period.Step(1).First.ShouldBe(period.Next);
        }
    }

    [Fact]
    public void The_day_on_which_clocks_go_back_has_25_hours() =>
        PeriodChoice.Containing(PeriodUnit.Day, new DateOnly(2026, 10, 25)).In(new LoopCalendar(TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin"))).Length.TotalHours.ShouldBe(25);

    [Theory]
    [InlineData("2026-11-21T13:59:59Z", "2026-11-21T15:00:00Z", "2026-11-21T14:00:00Z")]
    [InlineData("2026-11-21T14:00:00Z", "2026-11-21T16:00:00Z", "2026-11-21T15:00:00Z")]
    public void The_clock_names_the_next_hour_that_takes_orders(string now, string delivery, string gate)
    {
        var clock = ClockFace.At(At(now), 60, TimeSpan.FromMinutes(60));
        clock.Delivery.Start.ShouldBe(At(delivery));
        clock.GateCloses.ShouldBe(At(gate));
    }

    private static DateTimeOffset At(string iso) => DateTimeOffset.Parse(iso, CultureInfo.InvariantCulture);
}
