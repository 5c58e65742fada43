namespace Marketplace.Metering;

/// <summary>A rule that readings are held to: its name, stable in reports and records, and what it asks for in words.</summary>
public sealed record ReadingRule(string Name, string Explanation)
{
    /// <summary>Nobody in this loop has such a meter.</summary>
    public static ReadingRule UnknownMeter { get; } = new("unknown-meter", "A reading names a meter of this loop.");

    /// <summary>The meter was not yet, or no longer, in service.</summary>
    public static ReadingRule OutOfService { get; } = new("out-of-service", "A meter counts only while it is in service.");

    /// <summary>The interval does not begin on a full hour.</summary>
    public static ReadingRule IntervalStart { get; } = new("interval-start", "An hourly reading begins on the hour, in UTC.");

    /// <summary>The hour is not over yet.</summary>
    public static ReadingRule Future { get; } = new("future", "An hour can be read only when it is over by the market clock.");

    /// <summary>A register counts one direction only.</summary>
    public static ReadingRule Negative { get; } = new("negative", "A register counts in one direction: energy is zero or more.");

    /// <summary>Finer than the market's unit.</summary>
    public static ReadingRule WholeWattHours { get; } = new("whole-watt-hours", "Energy is a whole number of watt-hours; anything finer is refused, not rounded.");

    /// <summary>More than any meter can count in an hour.</summary>
    public static ReadingRule Plausible { get; } = new("too-large", "An hour of one meter is at most 10 GWh.");

    /// <summary>The same row came before, with the same value.</summary>
    public static ReadingRule Repeated { get; } = new("repeated", "Each hour of a meter is delivered once; an identical repeat is counted and ignored.");

    /// <summary>The same hour came before, with another value.</summary>
    public static ReadingRule Contradicted { get; } = new("contradicted", "One delivery gives one value for an hour of a meter; the first one is kept.");

    /// <summary>Nothing came.</summary>
    public static ReadingRule Complete { get; } = new("missing", "Every meter in service delivers every hour.");

    /// <summary>All rules, in the order in which a row meets them.</summary>
    public static IReadOnlyList<ReadingRule> All { get; } =
        [UnknownMeter, IntervalStart, OutOfService, Future, Negative, WholeWattHours, Plausible, Repeated, Contradicted, Complete];
}
