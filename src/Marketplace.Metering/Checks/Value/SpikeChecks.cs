namespace Marketplace.Metering.Checks.Value;

/// <summary>Single hours that stand far out: against the year's peaks, and against their neighbours.</summary>
public static class SpikeChecks
{
    /// <summary>Far above the third-highest peak.</summary>
    public static Check Peak { get; } = new("spike", CheckFamily.Value, "An hour is not far above the third-highest daily peak.");

    /// <summary>Far from its neighbours.</summary>
    public static Check Hampel { get; } = new("spike-hampel", CheckFamily.Value, "An hour is not far above the hours around it, by their spread, unless like hours of other days were as high.");

    // Scales the median deviation of a normal distribution to its standard deviation, in ten-thousandths (Hampel 1974).
    private const int NormalDeviation = 14_826;
    private const int TenThousand = 10_000;
    private const int FewestDays = 7;
    private const decimal UsualPeak = 0.9m;
    private const int LikeDays = 28;
    private const int FewestLike = 12;

    /// <summary>Hours above the factor of the class times the third-highest of the daily peaks.</summary>
    public static IEnumerable<Finding> FindPeaks(MeterSeries series, MeterClass parameters)
    {
        ArgumentNullException.ThrowIfNull(series);
        ArgumentNullException.ThrowIfNull(parameters);
        if (DailyPeaks(series) is not { Length: >= FewestDays } peaks)
        {
            yield break;
        }

        var third = peaks.OrderDescending().ElementAt(2);
        var limit = third * parameters.SpikeOverThirdPeak;
        for (var at = 0; at < series.Count; at++)
        {
            if (series.Value(at) is { } value && third > 0 && value > limit)
            {
                yield return new Finding(Peak, series.Meter, series.Hours(at, 1), $"{Words.KWh(value)}; the third-highest daily peak is {Words.KWh(third)}.");
            }
        }
    }

    /// <summary>
    /// Hours further above the median of their neighbours than the class allows. The spread is the median deviation, but at least a
    /// twentieth of the median and one step of the reported values: neighbours that are all alike say nothing of what is far. A value that is
    /// small for the meter is none, nor one that like hours reached: the same hour, or one beside it, of the days and weeks around. Where there
    /// are too few of these, nothing can be told.
    /// </summary>
    public static IEnumerable<Finding> FindHampel(MeterSeries series, MeterClass parameters)
    {
        ArgumentNullException.ThrowIfNull(series);
        ArgumentNullException.ThrowIfNull(parameters);
        if (DailyPeaks(series) is not { Length: >= FewestDays } peaks)
        {
            yield break;
        }

        // Not the highest: those may be the spikes looked for.
        var factor = Math.Max(parameters.HampelOverLike, parameters.SpikeOverThirdPeak);
        var least = Statistics.Quantile(peaks, UsualPeak) * parameters.HampelLeastShare;
        var around = new long[2 * parameters.HampelHours];
        long? step = null;
        for (var at = 0; at < series.Count; at++)
        {
            // Most hours are too small, or not far above each of their neighbours: these need not be sorted.
            if (series.Value(at) is not { } value || value <= least)
            {
                continue;
            }

            var (count, most) = (0, long.MinValue);
            for (var near = Math.Max(0, at - parameters.HampelHours); near <= Math.Min(series.Count - 1, at + parameters.HampelHours); near++)
            {
                if (near != at && series.Value(near) is { } neighbour)
                {
                    around[count++] = neighbour;
                    most = Math.Max(most, neighbour);
                }
            }

            if (count < parameters.HampelHours || value <= most || value <= factor * most)
            {
                continue;
            }

            step ??= Statistics.Step(series.Present());
            var neighbours = around.AsSpan(0, count);
            var median = Statistics.Median(neighbours);
            var spread = Math.Max(
                Statistics.MedianDeviation(neighbours, median) * NormalDeviation / TenThousand,
                Math.Max(step.Value, Math.Abs(median) / 20));
            if (value - median > Math.Max(least, parameters.HampelDeviations * spread) && LikeHours(series, at) is { } like && value > factor * like)
            {
                yield return new Finding(
                    Hampel, series.Meter, series.Hours(at, 1),
                    $"{Words.KWh(value)}; the hours around are {Words.KWh(median)} in the middle and {Words.KWh(most)} at most, like hours of other days were up to {Words.KWh(like)}.");
            }
        }
    }

    private static long[] DailyPeaks(MeterSeries series)
    {
        var peaks = new List<long>();
        for (var day = 0; day < series.Count; day += 24)
        {
            var values = series.Values.Slice(day, Math.Min(24, series.Count - day));
            long? peak = null;
            foreach (var value in values)
            {
                peak = value > (peak ?? long.MinValue) ? value : peak;
            }

            if (peak is { } highest)
            {
                peaks.Add(highest);
            }
        }

        return [.. peaks];
    }

    /// <summary>The third-highest of like hours, so that two that were wrong themselves hide nothing; null where there are too few.</summary>
    private static long? LikeHours(MeterSeries series, int at)
    {
        var like = new List<long>();
        for (var day = -LikeDays; day <= LikeDays; day++)
        {
            // Each day of the week before and after; further away, the same day of the week.
            if (day == 0 || (Math.Abs(day) > 7 && day % 7 != 0))
            {
                continue;
            }

            for (var beside = -1; beside <= 1; beside++)
            {
                var other = at + (24 * day) + beside;
                if (other >= 0 && other < series.Count && series.Value(other) is { } value)
                {
                    like.Add(value);
                }
            }
        }

        return like.Count < FewestLike ? null : like.OrderDescending().ElementAt(2);
    }
}
