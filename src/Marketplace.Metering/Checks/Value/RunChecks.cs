namespace Marketplace.Metering.Checks.Value;

/// <summary>The same value for too long: a stuck register, a meter that shows nothing.</summary>
public static class RunChecks
{
    /// <summary>The same value other than zero.</summary>
    public static Check Stuck { get; } = new("stuck", CheckFamily.Value, "A value other than zero does not stay exactly the same for long.");

    /// <summary>Zeros for long.</summary>
    public static Check LongZeros { get; } = new("long-zeros", CheckFamily.Value, "A meter that shows nothing for long is looked at.");

    // A value of a few steps of the resolution repeats by itself: five steps are the least of which the same for long is odd.
    private const int FewestSteps = 5;

    /// <summary>Runs of one value other than zero, as long as the class says or longer.</summary>
    public static IEnumerable<Finding> FindStuck(MeterSeries series, MeterClass parameters)
    {
        ArgumentNullException.ThrowIfNull(series);
        ArgumentNullException.ThrowIfNull(parameters);
        var step = Statistics.Step(series.Present().Append(0));
        return from run in HourRun.In(series, (first, at) => series.Value(at) is { } value && value != 0 && value == series.Value(first))
               let value = series.Value(run.First)!.Value
               where run.Count >= parameters.StuckHours && Math.Abs(value) >= FewestSteps * step
               select new Finding(Stuck, series.Meter, series.Hours(run.First, run.Count), $"{Words.KWh(value)} in each of {Words.Hours(run.Count)}.");
    }

    /// <summary>Runs of zeros, as long as the class says or longer.</summary>
    public static IEnumerable<Finding> FindLongZeros(MeterSeries series, MeterClass parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return from run in HourRun.OfZeros(series)
               where run.Count >= parameters.LongZeroHours
               select new Finding(LongZeros, series.Meter, series.Hours(run.First, run.Count), $"Zero for {Words.Hours(run.Count)}.");
    }
}
