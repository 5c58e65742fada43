using Marketplace.Quantities;

namespace Marketplace.Metering.Checks.Value;

/// <summary>Whether a meter's level changes as levels do: not by itself from one week to the next, and never by a thousand.</summary>
public static class LevelChecks
{
    /// <summary>The level changes much and stays.</summary>
    public static Check Jump { get; } = new("jump", CheckFamily.Value, "What a meter takes in a week is not many times what it took the week before.");

    /// <summary>The level changes by a thousand.</summary>
    public static Check UnitJump { get; } = new("unit-jump", CheckFamily.Value, "The unit of a meter does not change: watt-hours do not become kilowatt-hours.");

    /// <summary>Hours far from like hours.</summary>
    public static Check History { get; } = new("outside-history", CheckFamily.Value, "An hour is within what like hours of the weeks around were.");

    private const int HoursOfWeek = 168;
    private const int FewestHours = 24;

    // A factor of a thousand, with what consumption itself may have changed by.
    private const int LeastUnitFactor = 300;
    private const int MostUnitFactor = 3_000;
    private const int DaysAround = 28;
    private const int FewestLikeHours = 8;

    /// <summary>Changes of the level by a thousand or more than the class allows, at the hour where they are sharpest.</summary>
    public static IReadOnlyList<Finding> FindJumps(MeterSeries series, MeterClass parameters)
    {
        ArgumentNullException.ThrowIfNull(series);
        ArgumentNullException.ThrowIfNull(parameters);
        var candidates = new List<(int At, decimal Factor, long Before, long After)>();
        var levels = Levels(series);
        for (var at = HoursOfWeek; at + HoursOfWeek <= series.Count; at++)
        {
            if (levels[at - HoursOfWeek] is { } before && levels[at] is { } after)
            {
                if (Math.Max(before, after) >= parameters.JumpFactor * Math.Min(before, after))
                {
                    candidates.Add((at, Sharpness(series, at), before, after));
                }
            }
        }

        var findings = new List<Finding>();
        for (var i = 0; i < candidates.Count;)
        {
            var end = i + 1;
            while (end < candidates.Count && candidates[end].At - candidates[end - 1].At <= HoursOfWeek)
            {
                end++;
            }

            findings.Add(JumpOf(series, candidates[i..end].MaxBy(candidate => candidate.Factor)));
            i = end;
        }

        return findings;
    }

    /// <summary>Runs of hours below or above all reason of like hours.</summary>
    /// <param name="series">The series.</param>
    /// <param name="calendar">Whose days.</param>
    /// <param name="parameters">The class: its factor is the limit.</param>
    /// <param name="normal">What an hour would be under equal conditions, for instance by degree hours: the series is compared after division by it; null compares as measured.</param>
    public static IReadOnlyList<Finding> FindOutsideHistory(MeterSeries series, LoopCalendar calendar, MeterClass parameters, Func<int, decimal>? normal = null)
    {
        ArgumentNullException.ThrowIfNull(series);
        ArgumentNullException.ThrowIfNull(parameters);
        var hours = LikeHours.Of(series, calendar);
        var normalised = new long?[series.Count];
        for (var at = 0; at < series.Count; at++)
        {
            if (normal is null)
            {
                normalised[at] = series.Value(at);
                continue;
            }

            var divisor = normal(at);
            normalised[at] = series.Value(at) is { } value && divisor > 0 ? (long)Math.Round(value / divisor, MidpointRounding.AwayFromZero) : null;
        }

        var limits = Limits(hours, normalised, parameters);
        return
        [
            .. from run in HourRun.In(series, (_, at) => limits[at] is { } limit && normalised[at] is { } value && (value < limit.Low || (limit.High > 0 && value > limit.High)))
               let limit = limits[run.First]!.Value
               select new Finding(History, series.Meter, series.Hours(run.First, run.Count),
                   normal is null
                       ? $"{Words.Hours(run.Count)} from {Words.KWh(series.Value(run.First)!.Value)} on; like hours allow {Words.KWh(limit.Low)} to {Words.KWh(limit.High)}."
                       : $"{Words.Hours(run.Count)} from {Words.KWh(series.Value(run.First)!.Value)} on; like hours allow {Words.KWh(limit.Low)} to {Words.KWh(limit.High)} under equal conditions."),
        ];
    }

    private static Finding JumpOf(MeterSeries series, (int At, decimal Factor, long Before, long After) jump)
    {
        var factor = (decimal)Math.Max(jump.Before, jump.After) / Math.Min(jump.Before, jump.After);
        var during = series.Hours(jump.At, HoursOfWeek);
        return factor is >= LeastUnitFactor and <= MostUnitFactor
            ? new Finding(UnitJump, series.Meter, during, $"From {Words.KWh(jump.Before)} to {Words.KWh(jump.After)} an hour: a factor of about a thousand, as when the unit changes.")
            : new Finding(Jump, series.Meter, during, $"From {Words.KWh(jump.Before)} to {Words.KWh(jump.After)} an hour, {Words.Number(Math.Round(factor, 1))} times, from one week to the next.");
    }

    // Of the hours at which two weeks differ enough, the change lies where the twelve hours on both sides differ most.
    private static decimal Sharpness(MeterSeries series, int at)
    {
        const int Half = 12;
        var before = Mean(series, at - Half, Half);
        var after = Mean(series, at, Half);
        return Math.Max(before, after) / Math.Max(1m, Math.Min(before, after));
    }

    private static decimal Mean(MeterSeries series, int first, int count)
    {
        var (sum, present) = ((Int128)0, 0);
        for (var at = first; at < first + count; at++)
        {
            if (series.Value(at) is { } value)
            {
                sum += value;
                present++;
            }
        }

        return present == 0 ? 0m : (decimal)sum / present;
    }

    // What like hours allow: those at the same hour of the days around, without the hour itself.
    private static (long Low, long High)?[] Limits(LikeHours hours, long?[] values, MeterClass parameters)
    {
        const int Reach = 24 * DaysAround;
        var limits = new (long Low, long High)?[values.Length];
        for (var phase = 0; phase < Math.Min(24, values.Length); phase++)
        {
            var (working, weekend) = (new SortedWindow((2 * DaysAround) + 1), new SortedWindow((2 * DaysAround) + 1));
            SortedWindow Of(int at) => hours.IsWeekend(at) ? weekend : working;
            for (var enters = phase; enters < values.Length + Reach; enters += 24)
            {
                var (at, leaves) = (enters - Reach, enters - (2 * Reach) - 24);
                if (leaves >= 0 && values[leaves] is { } leaving)
                {
                    Of(leaves).Remove(leaving);
                }

                if (enters < values.Length && values[enters] is { } entering)
                {
                    Of(enters).Add(entering);
                }

                if (at < 0)
                {
                    continue;
                }

                var like = Of(at);
                var count = like.Count - (values[at] is null ? 0 : 1);
                if (count >= FewestLikeHours)
                {
                    var (low, high) = values[at] is { } own ? like.QuantilesWithout(own, 0.05m, 0.95m) : like.Quantiles(0.05m, 0.95m);
                    limits[at] = ((long)(low / parameters.HistoryFactor), (long)(high * parameters.HistoryFactor));
                }
            }
        }

        return limits;
    }

    // By first hour, the median of the hours of a week in which something was taken; none in a week that is mostly zero or unknown.
    private static long?[] Levels(MeterSeries series)
    {
        var levels = new long?[series.Count];
        var week = new SortedWindow(HoursOfWeek);
        for (var last = 0; last < series.Count; last++)
        {
            if (last >= HoursOfWeek && series.Value(last - HoursOfWeek) is { } leaving && leaving > 0)
            {
                week.Remove(leaving);
            }

            if (series.Value(last) is { } entering && entering > 0)
            {
                week.Add(entering);
            }

            if (last >= HoursOfWeek - 1 && week.Count >= FewestHours)
            {
                levels[last - HoursOfWeek + 1] = week.Quantile(0.5m);
            }
        }

        return levels;
    }
}
