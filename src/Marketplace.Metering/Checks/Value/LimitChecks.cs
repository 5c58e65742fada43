using Marketplace.Quantities;

namespace Marketplace.Metering.Checks.Value;

/// <summary>Whether single values can be at all: their sign, their size, and whether somebody has a contract for them.</summary>
public static class LimitChecks
{
    /// <summary>Less than nothing.</summary>
    public static Check Negative { get; } = new("negative-energy", CheckFamily.Value, "A register counts in one direction: energy is zero or more.");

    /// <summary>More than the connection carries.</summary>
    public static Check Capacity { get; } = new("above-capacity", CheckFamily.Value, "An hour's energy is at most what the connection can carry in an hour.");

    /// <summary>Energy that nobody has a contract for.</summary>
    public static Check Contract { get; } = new("consumption-without-contract", CheckFamily.Value, "Energy is taken only while a contract is in force.");

    /// <summary>Negative hours.</summary>
    public static IEnumerable<Finding> FindNegative(MeterSeries series) =>
        from run in HourRun.In(series, (_, at) => series.Value(at) < 0)
        select new Finding(Negative, series.Meter, series.Hours(run.First, run.Count), $"{Words.Hours(run.Count)} below zero, {Words.KWh(series.Value(run.First)!.Value)} at first.");

    /// <summary>Hours above the capacity of the class, if it has one.</summary>
    public static IEnumerable<Finding> FindAboveCapacity(MeterSeries series, MeterClass parameters) =>
        parameters.CapacityPerHour is not { } capacity
            ? []
            : from run in HourRun.In(series, (_, at) => series.Value(at) > capacity.WattHours)
              let most = Enumerable.Range(run.First, run.Count).Max(at => series.Value(at)!.Value)
              select new Finding(Capacity, series.Meter, series.Hours(run.First, run.Count), $"Up to {Words.KWh(most)} in an hour; the connection carries {Words.KWh(capacity.WattHours)}.");

    /// <summary>Hours with energy while no contract is in force.</summary>
    /// <param name="series">The series.</param>
    /// <param name="contracts">When contracts for this meter are in force.</param>
    public static IEnumerable<Finding> FindWithoutContract(MeterSeries series, IReadOnlyCollection<Interval> contracts) =>
        from run in HourRun.In(series, (_, at) => series.Value(at) > 0 && !contracts.Any(contract => contract.Contains(series.At(at))))
        let energy = Enumerable.Range(run.First, run.Count).Sum(at => series.Value(at)!.Value)
        select new Finding(Contract, series.Meter, series.Hours(run.First, run.Count), $"{Words.KWh(energy)} in {Words.Hours(run.Count)} without a contract.");
}
