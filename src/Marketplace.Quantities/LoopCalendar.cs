namespace Marketplace.Quantities;

/// <summary>Days and months as the people of a loop count them, in the loop's time zone.
/// A day with a clock change has 23 or 25 hours.</summary>
public sealed class LoopCalendar(TimeZoneInfo zone)
{
    /// <summary>The loop's time zone.</summary>
    public TimeZoneInfo Zone { get; } = zone;

    /// <summary>The local day in which an instant falls.</summary>
    public DateOnly DayOf(DateTimeOffset instant) => DateOnly.FromDateTime(ToLocal(instant).DateTime);

    /// <summary>The instant as the loop's clocks show it.</summary>
    public DateTimeOffset ToLocal(DateTimeOffset instant) => TimeZoneInfo.ConvertTime(instant, Zone);

    /// <summary>The first instant of a local day, in UTC. Where midnight does not exist, the first instant that does.</summary>
    public DateTimeOffset StartOf(DateOnly day)
    {
        var local = day.ToDateTime(TimeOnly.MinValue, DateTimeKind.Unspecified);
        while (Zone.IsInvalidTime(local))
        {
            local = local.AddMinutes(15);
        }

        // At the autumn change a local time occurs twice; the larger offset is the earlier instant.
        var offset = Zone.IsAmbiguousTime(local) ? Zone.GetAmbiguousTimeOffsets(local).Max() : Zone.GetUtcOffset(local);
        return new DateTimeOffset(local, offset).ToUniversalTime();
    }

    /// <summary>A local day as an interval of 23, 24 or 25 hours.</summary>
    public Interval Day(DateOnly day) => new(StartOf(day), StartOf(day.AddDays(1)));

    /// <summary>The local month that contains a day.</summary>
    public Interval Month(DateOnly anyDay)
    {
        var first = new DateOnly(anyDay.Year, anyDay.Month, 1);
        return new Interval(StartOf(first), StartOf(first.AddMonths(1)));
    }

    /// <summary>How many local days an interval touches; a bill counts standing charges by it.</summary>
    public int DaysIn(Interval interval) => DayOf(interval.End.AddTicks(-1)).DayNumber - DayOf(interval.Start).DayNumber + 1;
}
