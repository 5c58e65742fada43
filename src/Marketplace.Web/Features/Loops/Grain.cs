using Marketplace.Quantities;
using Marketplace.Web.Shell;

namespace Marketplace.Web.Features.Loops;

/// <summary>In how large steps a period is shown.</summary>
public enum Grain
{
    Hour,
    Day,
    Month,
}

/// <summary>Steps of periods.</summary>
public static class Grains
{
    /// <summary>Days and weeks by the hour, months by the day, years by the month.</summary>
    public static Grain Grain(this PeriodChoice period) => period.Unit switch
    {
        PeriodUnit.Day or PeriodUnit.Week => Loops.Grain.Hour,
        PeriodUnit.Month => Loops.Grain.Day,
        PeriodUnit.Year => Loops.Grain.Month,
        _ => throw new ArgumentOutOfRangeException(nameof(period), period.Unit, "Not a unit"),
    };

    /// <summary>The step that begins on a local day.</summary>
    public static Interval Step(this LoopCalendar calendar, Grain grain, DateOnly first) => grain switch
    {
        Loops.Grain.Day => calendar.Day(first),
        Loops.Grain.Month => calendar.Month(first),
        _ => throw new ArgumentOutOfRangeException(nameof(grain), grain, "An hour does not begin a day"),
    };

    /// <summary>As PostgreSQL's date_trunc calls it.</summary>
    public static string SqlName(this Grain grain) => grain switch
    {
        Loops.Grain.Hour => "hour",
        Loops.Grain.Day => "day",
        Loops.Grain.Month => "month",
        _ => throw new ArgumentOutOfRangeException(nameof(grain), grain, "Not a step"),
    };
}
