using Marketplace.Metering.Checks.Across;
using Marketplace.Metering.Checks.Delivery;
using Marketplace.Metering.Checks.Value;
using Marketplace.Quantities;

namespace Marketplace.Metering.Checks;

/// <summary>What the value checks need beside the series.</summary>
/// <param name="Calendar">Whose days.</param>
/// <param name="Contracts">When contracts for the meter are in force; null where contracts are not asked about.</param>
/// <param name="Normal">What an hour would be under equal conditions, by index; null compares as measured.</param>
public sealed record SeriesContext(LoopCalendar Calendar, IReadOnlyCollection<Interval>? Contracts = null, Func<int, decimal>? Normal = null);

/// <summary>
/// A series that has been through every check. Only <see cref="SeriesValidation"/> makes one, so whoever holds one knows what is
/// doubtful about it. The values are what was measured: findings annotate, none changes or removes a value.
/// </summary>
public sealed class ValidatedSeries
{
    private readonly bool[] _isDoubtful;
    private readonly bool[] _isGap;

    internal ValidatedSeries(MeterSeries series, MeterClass parameters, IReadOnlyList<Finding> findings)
    {
        Series = series;
        Class = parameters;
        Findings = findings;
        _isDoubtful = new bool[series.Count];
        _isGap = new bool[series.Count];
        foreach (var finding in findings)
        {
            Mark(finding.Check == ZeroGapCheck.Check ? _isGap : _isDoubtful, finding);
        }

        void Mark(bool[] marks, Finding finding)
        {
            // What only asks for a look, or speaks of a level, does not make its hours doubtful.
            if (finding.Check == RunChecks.LongZeros || finding.Check == LevelChecks.Jump || finding.Check == LimitChecks.Contract)
            {
                return;
            }

            var first = Math.Max(0, series.IndexOf(finding.During.Start));
            var end = Math.Min(series.Count, series.IndexOf(finding.During.End));
            Array.Fill(marks, true, first, end - first);
        }
    }

    /// <summary>What was measured.</summary>
    public MeterSeries Series { get; }

    /// <summary>The parameters that it was judged by.</summary>
    public MeterClass Class { get; }

    /// <summary>Everything that was found, by time.</summary>
    public IReadOnlyList<Finding> Findings { get; }

    /// <summary>Whether an hour has a value, but a finding says that it can hardly be.</summary>
    public bool IsDoubtful(int hour) => _isDoubtful[hour];

    /// <summary>Whether an hour has no reading: none came, or a zero stands for it.</summary>
    public bool IsGap(int hour) => _isGap[hour] || Series[hour] is null;

    /// <summary>The hours that can be used as measurements: neither gaps nor doubtful.</summary>
    public MeterSeries Sound() => Series.With(hour => IsGap(hour) || IsDoubtful(hour) ? null : Series[hour]);
}

/// <summary>Puts a series through every value check.</summary>
public static class SeriesValidation
{
    /// <summary>All checks, delivery, value and across meters, in the order of the documentation.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        IntervalChecks.Missing, IntervalChecks.Duplicate, IntervalChecks.Overlap, IntervalChecks.Length,
        ClockChecks.Drift, ClockChecks.ChangeDay, ClockChecks.Silent, DeviceChecks.MissingSibling, DeviceChecks.Exchange,
        LimitChecks.Negative, RegisterChecks.Decrease, RegisterChecks.Rollover, SpikeChecks.Peak, SpikeChecks.Hampel,
        RunChecks.Stuck, RunChecks.LongZeros, ZeroGapCheck.Check, LevelChecks.History, LimitChecks.Capacity,
        LevelChecks.Jump, LevelChecks.UnitJump, LimitChecks.Contract,
        BalanceChecks.RegisterDifference, BalanceChecks.ParentAgainstChildren, BalanceChecks.Loop,
        HeatChecks.FromFlow, HeatChecks.Sign, HeatChecks.WithoutFlow, SharedPlantCheck.Check, UnitCheck.Check,
    ];

    /// <summary>Judges a series. The same series, class and context always give the same result.</summary>
    public static ValidatedSeries Judge(MeterSeries series, MeterClass parameters, SeriesContext context)
    {
        ArgumentNullException.ThrowIfNull(series);
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(context);
        var gaps = ZeroGapCheck.Find(series, context.Calendar);
        var isGap = new bool[series.Count];
        foreach (var gap in gaps)
        {
            Array.Fill(isGap, true, series.IndexOf(gap.During.Start), (int)gap.During.Length.TotalHours);
        }

        // A zero that stands for nothing read would be far outside history, and drag it down for its neighbours.
        var read = series.With(hour => isGap[hour] ? null : series[hour]);
        Finding[] findings =
        [
            .. gaps,
            .. LimitChecks.FindNegative(read),
            .. LimitChecks.FindAboveCapacity(read, parameters),
            .. context.Contracts is { } contracts ? LimitChecks.FindWithoutContract(read, contracts) : [],
            .. SpikeChecks.FindPeaks(read, parameters),
            .. SpikeChecks.FindHampel(read, parameters),
            .. RunChecks.FindStuck(read, parameters),
            .. RunChecks.FindLongZeros(read, parameters),
            .. LevelChecks.FindJumps(read, parameters),
            .. LevelChecks.FindOutsideHistory(read, context.Calendar, parameters, context.Normal),
        ];
        return new ValidatedSeries(series, parameters, [.. findings.OrderBy(finding => finding.During.Start).ThenBy(finding => finding.Check.Name, StringComparer.Ordinal)]);
    }
}
