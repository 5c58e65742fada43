using System.Globalization;
using Marketplace.Quantities;

namespace Marketplace.Metering.Checks.Delivery;

/// <summary>How a source writes the hours of a day on which clocks change.</summary>
public enum WrittenClock
{
    /// <summary>No clock change lies in the time, or nothing was written near it.</summary>
    Unknown = 0,

    /// <summary>As the clocks on the wall: the hour that spring skips is not there.</summary>
    Wall = 1,

    /// <summary>The same offset all year: there is a value for an hour that no clock on the wall showed.</summary>
    Continuous = 2,
}

/// <summary>Whether clocks agree: the device's with the receiver's, and the written hours with the day's true length.</summary>
public static class ClockChecks
{
    /// <summary>A device's clock is off.</summary>
    public static Check Drift { get; } = new("clock-drift", CheckFamily.Delivery, "A device's clock is close to the receiver's.");

    /// <summary>A day of 23 or 25 hours was delivered with another number.</summary>
    public static Check ChangeDay { get; } = new("dst-day", CheckFamily.Delivery, "The day on which clocks go forward has 23 hours, the one on which they go back 25.");

    /// <summary>Nothing has come for too long.</summary>
    public static Check Silent { get; } = new("silent", CheckFamily.Delivery, "A device in service is heard of regularly.");

    /// <summary>Judges when intervals were sent against when they arrived.</summary>
    public static IReadOnlyList<Finding> JudgeDrift(IEnumerable<DeliveredInterval> intervals, MeterClass parameters)
    {
        ArgumentNullException.ThrowIfNull(intervals);
        ArgumentNullException.ThrowIfNull(parameters);
        return
        [
            .. from interval in intervals
               where interval is { ReceivedAt: not null, DeviceTime: not null }
               let drift = interval.DeviceTime!.Value - interval.ReceivedAt!.Value
               where drift.Duration() > parameters.ClockTolerance
               select new Finding(Drift, interval.Meter, interval.During, string.Create(
                   CultureInfo.InvariantCulture,
                   $"The device's clock is {drift.Duration().TotalSeconds:0} seconds {(drift < TimeSpan.Zero ? "behind" : "ahead")}.")),
        ];
    }

    /// <summary>Whether the device is silent at an instant.</summary>
    /// <param name="meter">The meter's code.</param>
    /// <param name="lastEnd">The end of the last interval that came.</param>
    /// <param name="now">The instant, by the market's clock.</param>
    /// <param name="parameters">The class of the meter.</param>
    public static Finding? JudgeSilence(string meter, DateTimeOffset lastEnd, DateTimeOffset now, MeterClass parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return now - lastEnd > parameters.SilentAfter
            ? new Finding(Silent, meter, new Interval(lastEnd.ToUniversalTime(), now.ToUniversalTime()), string.Create(
                CultureInfo.InvariantCulture, $"Nothing has come since {Instants.Iso(lastEnd)}, for {(now - lastEnd).TotalHours:0.#} hours."))
            : null;
    }

    /// <summary>Judges how many intervals each local day with a clock change has, of a register that delivers hours.</summary>
    public static IReadOnlyList<Finding> JudgeChangeDays(IEnumerable<DeliveredInterval> intervals, LoopCalendar calendar)
    {
        ArgumentNullException.ThrowIfNull(intervals);
        ArgumentNullException.ThrowIfNull(calendar);
        return
        [
            .. from day in intervals.GroupBy(interval => calendar.DayOf(interval.Start))
               let whole = calendar.Day(day.Key)
               let hours = (int)whole.Length.TotalHours
               where hours != 24
               let starts = day.Select(interval => interval.Start.UtcTicks).Distinct().Count()
               where starts != hours
               select new Finding(ChangeDay, day.First().Meter, whole, string.Create(
                   CultureInfo.InvariantCulture, $"{day.Key:yyyy-MM-dd} has {hours} hours; {starts} were delivered.")),
        ];
    }

    /// <summary>Finds out how a source that writes local times without offset means them, from the hour that spring skips.</summary>
    /// <param name="hasValueAt">Whether there is a value for a local time.</param>
    /// <param name="first">The first local day of the source.</param>
    /// <param name="last">Its last.</param>
    /// <param name="zone">The zone of its clocks.</param>
    public static WrittenClock ClockOf(Func<DateTime, bool> hasValueAt, DateOnly first, DateOnly last, TimeZoneInfo zone)
    {
        ArgumentNullException.ThrowIfNull(hasValueAt);
        ArgumentNullException.ThrowIfNull(zone);
        for (var day = first; day <= last; day = day.AddDays(1))
        {
            for (var hour = 1; hour < 23; hour++)
            {
                var skipped = day.ToDateTime(new TimeOnly(hour, 0));
                if (zone.IsInvalidTime(skipped) && hasValueAt(skipped.AddHours(-1)) && hasValueAt(skipped.AddHours(1)))
                {
                    return hasValueAt(skipped) ? WrittenClock.Continuous : WrittenClock.Wall;
                }
            }
        }

        return WrittenClock.Unknown;
    }

    /// <summary>The instant of a written local time. On a wall clock the hour that comes twice in autumn is taken as its first.</summary>
    /// <exception cref="ArgumentException">The wall clock never showed this time.</exception>
    public static DateTimeOffset InstantOf(DateTime written, WrittenClock clock, TimeZoneInfo zone)
    {
        ArgumentNullException.ThrowIfNull(zone);
        if (clock == WrittenClock.Continuous)
        {
            return new DateTimeOffset(written, zone.BaseUtcOffset).ToUniversalTime();
        }

        if (zone.IsInvalidTime(written))
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{written:yyyy-MM-dd HH:mm} does not exist in {zone.Id}"), nameof(written));
        }

        var offset = zone.IsAmbiguousTime(written) ? zone.GetAmbiguousTimeOffsets(written).Max() : zone.GetUtcOffset(written);
        return new DateTimeOffset(written, offset).ToUniversalTime();
    }
}
