using System.Globalization;
using Marketplace.Quantities;

namespace Marketplace.Metering;

/// <summary>The rungs of the estimation ladder. The numeric values are stored and must never change; <see cref="EstimationLadder"/> has their order.</summary>
public enum EstimationMethod
{
    /// <summary>On the straight line between the readings before and after a gap of at most two hours.</summary>
    Linear = 1,

    /// <summary>The average of the same local hour on up to the last four days of the same kind.</summary>
    LikeDays = 2,

    /// <summary>The same local hour seven days before.</summary>
    LastWeek = 3,

    /// <summary>The same local hour one day before.</summary>
    Yesterday = 4,

    /// <summary>Nothing is known to estimate from: zero, and flagged as such.</summary>
    Zero = 5,

    /// <summary>What a sibling meter measured, in the proportion that both had around the gap.</summary>
    Sibling = 6,

    /// <summary>By hour of the day, kind of day and outdoor temperature, as the meter behaved in the weeks around.</summary>
    Weather = 7,

    /// <summary>The shape of another method, scaled to what the register counted over the gap.</summary>
    RegisterDifference = 8,

    /// <summary>What had been forecast for the hour before it came.</summary>
    Forecast = 9,
}

/// <summary>A substitute for a reading that did not come, with the method that the gap called for and the one that could be applied.</summary>
public sealed record Estimate(Energy Energy, EstimationMethod Requested, EstimationMethod Applied, string Explanation);

/// <summary>Estimates missing hours from what the same meter measured at other hours.</summary>
public static class Estimation
{
    /// <summary>The longest gap, in hours, that a straight line may cross.</summary>
    public const int LongestLinearGap = 2;

    /// <summary>How many like days are averaged.</summary>
    public const int LikeDayCount = 4;

    // An average of one is a copy: fewer like days than this, and the next rung says what it is.
    private const int FewestLikeDays = 2;

    // Four weeks hold four weekends, so four like days of either kind are in reach even with days missing.
    private const int DaysBack = 28;

    /// <summary>Estimates one hour of one meter.</summary>
    /// <param name="hour">The missing hour, in UTC.</param>
    /// <param name="measured">The energy this meter measured at an hour, or null. Estimates must not be among them.</param>
    /// <param name="calendar">The loop's days: a like hour is alike by local time, and weekends are unlike working days.</param>
    public static Estimate Of(DateTimeOffset hour, Func<DateTimeOffset, Energy?> measured, LoopCalendar calendar)
    {
        var before = Nearest(hour, measured, -1);
        var after = Nearest(hour, measured, +1);
        if (before is { } start && after is { } end && start.Steps + end.Steps - 1 <= LongestLinearGap)
        {
            var span = start.Steps + end.Steps;
            var energy = Rounding.DivideAwayFromZero(
                ((Int128)start.Energy.WattHours * end.Steps) + ((Int128)end.Energy.WattHours * start.Steps), span);
            return new Estimate(new Energy(energy), EstimationMethod.Linear, EstimationMethod.Linear, "on the straight line between the readings before and after");
        }

        return FromLikeHours(hour, measured, calendar);
    }

    /// <summary>Every hour that <see cref="Of"/> may ask for: what to load before estimating.</summary>
    public static IReadOnlyList<DateTimeOffset> HoursConsulted(DateTimeOffset hour, LoopCalendar calendar)
    {
        var hours = new List<DateTimeOffset>();
        for (var step = 1; step <= LongestLinearGap; step++)
        {
            hours.Add(hour.AddHours(-step));
            hours.Add(hour.AddHours(step));
        }

        for (var days = 1; days <= DaysBack; days++)
        {
            if (SameLocalHour(hour, days, calendar) is { } like)
            {
                hours.Add(like);
            }
        }

        return hours;
    }

    private static Estimate FromLikeHours(DateTimeOffset hour, Func<DateTimeOffset, Energy?> measured, LoopCalendar calendar)
    {
        const EstimationMethod requested = EstimationMethod.LikeDays;
        var isWeekend = IsWeekend(hour, calendar);
        var alike = new List<Energy>(LikeDayCount);
        for (var days = 1; days <= DaysBack && alike.Count < LikeDayCount; days++)
        {
            if (SameLocalHour(hour, days, calendar) is { } like && IsWeekend(like, calendar) == isWeekend && measured(like) is { } energy)
            {
                alike.Add(energy);
            }
        }

        if (alike.Count >= FewestLikeDays)
        {
            var sum = alike.Aggregate((Int128)0, (total, energy) => total + energy.WattHours);
            return new Estimate(
                new Energy(Rounding.DivideAwayFromZero(sum, alike.Count)),
                requested,
                EstimationMethod.LikeDays,
                isWeekend
                    ? string.Create(CultureInfo.InvariantCulture, $"average of the same hour on the last {alike.Count} weekend days")
                    : string.Create(CultureInfo.InvariantCulture, $"average of the same hour on the last {alike.Count} working days"));
        }

        if (AtDaysBack(7) is { } lastWeek)
        {
            return new Estimate(lastWeek, requested, EstimationMethod.LastWeek, "the same hour a week before");
        }

        return AtDaysBack(1) is { } yesterday
            ? new Estimate(yesterday, requested, EstimationMethod.Yesterday, "the same hour the day before")
            : new Estimate(Energy.Zero, requested, EstimationMethod.Zero, "zero, because nothing is known of this meter at such an hour");

        Energy? AtDaysBack(int days) => SameLocalHour(hour, days, calendar) is { } like ? measured(like) : null;
    }

    private static (Energy Energy, int Steps)? Nearest(DateTimeOffset hour, Func<DateTimeOffset, Energy?> measured, int direction)
    {
        for (var steps = 1; steps <= LongestLinearGap; steps++)
        {
            if (measured(hour.AddHours(direction * steps)) is { } energy)
            {
                return (energy, steps);
            }
        }

        return null;
    }

    internal static DateTimeOffset? SameLocalHour(DateTimeOffset hour, int daysBack, LoopCalendar calendar)
    {
        var local = calendar.ToLocal(hour).DateTime.AddDays(-daysBack);
        return calendar.Zone.IsInvalidTime(local)
            ? null
            : new DateTimeOffset(local, calendar.Zone.GetUtcOffset(local)).ToUniversalTime();
    }

    internal static bool IsWeekend(DateTimeOffset hour, LoopCalendar calendar) =>
        calendar.DayOf(hour).DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday;
}
