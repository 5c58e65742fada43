namespace Marketplace.Metering.Checks.Value;

/// <summary>Single hours that stand far out: against the year's peaks, and against their neighbours.</summary>
public static class SpikeChecks
{
    /// <summary>Far above the third-highest peak.</summary>
    public static Check Peak { get; } = new("spike", CheckFamily.Value, "An hour is not far above the third-highest daily peak.");

    /// <summary>Far from its neighbours.</summary>
    public static Check Hampel { get; } = new("spike-hampel", CheckFamily.Value, "An hour is not far from the median of the hours around it, measured by their spread.");

    // Scales the median deviation of a normal distribution to its standard deviation, in ten-thousandths (Hampel 1974).
    private const int NormalDeviation = 14_826;
    private const int TenThousand = 10_000;
    private const int FewestDays = 7;

    /// <summary>Hours above the factor of the class times the third-highest of the daily peaks.</summary>
    public static IEnumerable<Finding> FindPeaks(MeterSeries series, MeterClass parameters)
    {
        ArgumentNullException.ThrowIfNull(series);
        ArgumentNullException.ThrowIfNull(parameters);
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

        if (peaks.Count < FewestDays)
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
    /// Hours further from the median of their neighbours than the class allows. The spread is the median deviation, but at least a
    /// twentieth of the median and one step of the reported values: neighbours that are all alike say nothing of what is far.
    /// </summary>
    public static IEnumerable<Finding> FindHampel(MeterSeries series, MeterClass parameters)
    {
        ArgumentNullException.ThrowIfNull(series);
        ArgumentNullException.ThrowIfNull(parameters);
        var step = Statistics.Step(series.Present());
        var around = new long[2 * parameters.HampelHours];
        for (var at = 0; at < series.Count; at++)
        {
            if (series.Value(at) is not { } value)
            {
                continue;
            }

            var count = 0;
            for (var near = Math.Max(0, at - parameters.HampelHours); near <= Math.Min(series.Count - 1, at + parameters.HampelHours); near++)
            {
                if (near != at && series.Value(near) is { } neighbour)
                {
                    around[count++] = neighbour;
                }
            }

            if (count < parameters.HampelHours)
            {
                continue;
            }

            var neighbours = around.AsSpan(0, count);
            var median = Statistics.Median(neighbours);
            var spread = Math.Max(
                Statistics.MedianDeviation(neighbours, median) * NormalDeviation / TenThousand,
                Math.Max(step, Math.Abs(median) / 20));
            var most = Statistics.Quantile(neighbours, 1m);
            if (value > most && value - median > parameters.HampelDeviations * spread && value > parameters.SpikeOverThirdPeak * most)
            {
                yield return new Finding(Hampel, series.Meter, series.Hours(at, 1), $"{Words.KWh(value)}; the hours around are {Words.KWh(median)} in the middle and {Words.KWh(most)} at most.");
            }
        }
    }
}
