using Marketplace.Quantities;

namespace Marketplace.Metering.Checks.Across;

/// <summary>Whether energy that is measured twice is the same: by intervals and register, before and after a branch, into and out of a loop.</summary>
public static class BalanceChecks
{
    /// <summary>The intervals do not add up to what the register counted.</summary>
    public static Check RegisterDifference { get; } = new("intervals-against-register", CheckFamily.AcrossMeters, "The intervals between two readings of the register add up to their difference.");

    /// <summary>The children take more than the parent, or too much is lost between.</summary>
    public static Check ParentAgainstChildren { get; } = new("parent-against-children", CheckFamily.AcrossMeters, "What a parent measures is what its children measure and a plausible loss.");

    /// <summary>What goes into a loop does not come out.</summary>
    public static Check Loop { get; } = new("loop-balance", CheckFamily.AcrossMeters, "What goes into a loop comes out, is stored or is lost.");

    /// <summary>Compares the hours between two register readings with the register.</summary>
    /// <param name="series">The hours; one without a reading makes the comparison impossible.</param>
    /// <param name="from">The earlier reading, on the hour.</param>
    /// <param name="to">The later one, on the hour.</param>
    /// <param name="parameters">The class: its tolerance, and the register's digits.</param>
    public static Finding? JudgeRegister(MeterSeries series, Value.RegisterReading from, Value.RegisterReading to, MeterClass parameters)
    {
        ArgumentNullException.ThrowIfNull(series);
        ArgumentNullException.ThrowIfNull(parameters);
        var (first, end) = (series.IndexOf(from.At), series.IndexOf(to.At));
        if (first < 0 || end > series.Count || end <= first || Value.RegisterChecks.Difference(from, to, parameters) is not { } counted)
        {
            return null;
        }

        Int128 sum = 0;
        for (var at = first; at < end; at++)
        {
            if (series.Value(at) is not { } value)
            {
                return null;
            }

            sum += value;
        }

        var difference = (long)(sum - counted.WattHours);
        return Math.Abs(difference) > counted.WattHours * parameters.RegisterTolerance
            ? new Finding(RegisterDifference, series.Meter, series.Hours(first, end - first), $"The intervals add up to {Words.KWh((long)sum)}, the register counted {Words.KWh(counted.WattHours)}.")
            : null;
    }

    /// <summary>Compares a parent with its children over the whole time in which all have readings.</summary>
    public static Finding? JudgeChildren(MeterSeries parent, IReadOnlyList<MeterSeries> children, MeterClass parameters)
    {
        ArgumentNullException.ThrowIfNull(parent);
        ArgumentNullException.ThrowIfNull(children);
        ArgumentNullException.ThrowIfNull(parameters);
        var (above, below, hours) = ((Int128)0, (Int128)0, 0);
        for (var at = 0; at < parent.Count; at++)
        {
            var values = children.Select(child => ValueAt(child, parent.At(at))).ToArray();
            if (parent.Value(at) is { } value && values.All(v => v is not null))
            {
                above += value;
                below += values.Aggregate((Int128)0, (sum, v) => sum + v!.Value);
                hours++;
            }
        }

        var loss = above - below;
        if (hours == 0 || (loss >= 0 && (decimal)loss <= (decimal)above * parameters.MostLoss))
        {
            return null;
        }

        return new Finding(ParentAgainstChildren, parent.Meter, parent.During, loss < 0
            ? $"The children took {Words.KWh((long)below)} in {Words.Hours(hours)}, more than the {Words.KWh((long)above)} of the parent."
            : $"{Words.KWh((long)loss)} of {Words.KWh((long)above)} do not arrive at the children, {Words.Percent((decimal)loss / (decimal)above)}.");
    }

    /// <summary>Hours in which a loop is out of balance: supply less demand, where storage counts as supply while it gives and as less while it takes.</summary>
    /// <param name="loop">The loop's name, for the findings.</param>
    /// <param name="supply">What goes in, storage with its sign.</param>
    /// <param name="demand">What comes out.</param>
    /// <param name="tolerance">How far an hour may be off: rounding, and losses where they are not measured.</param>
    public static IReadOnlyList<Finding> JudgeLoop(string loop, IReadOnlyList<MeterSeries> supply, IReadOnlyList<MeterSeries> demand, Energy tolerance)
    {
        ArgumentNullException.ThrowIfNull(supply);
        ArgumentNullException.ThrowIfNull(demand);
        var first = demand[0];
        return
        [
            .. from run in HourRun.In(first, (_, at) => Imbalance(at) is { } off && Int128.Abs(off) > tolerance.WattHours)
               let off = (long)Imbalance(run.First)!.Value
               select new Finding(Loop, loop, first.Hours(run.First, run.Count), $"In {Words.Hours(run.Count)} supply and demand differ, at first by {Words.KWh(off)}."),
        ];

        Int128? Imbalance(int at) => Sum(supply, first.At(at)) - Sum(demand, first.At(at));
    }

    /// <summary>The measured hours that a balance could be made of.</summary>
    public static int HoursCompared(IReadOnlyList<MeterSeries> supply, IReadOnlyList<MeterSeries> demand)
    {
        ArgumentNullException.ThrowIfNull(demand);
        return Enumerable.Range(0, demand[0].Count).Count(at => Sum(supply, demand[0].At(at)) is not null && Sum(demand, demand[0].At(at)) is not null);
    }

    private static Int128? Sum(IReadOnlyList<MeterSeries> series, DateTimeOffset hour)
    {
        Int128 sum = 0;
        foreach (var one in series)
        {
            if (ValueAt(one, hour) is not { } value)
            {
                return null;
            }

            sum += value;
        }

        return sum;
    }

    private static long? ValueAt(MeterSeries series, DateTimeOffset hour) =>
        series.IndexOf(hour) is var at && at >= 0 && at < series.Count ? series.Value(at) : null;
}
