using Marketplace.Quantities;

namespace Marketplace.Replica.Demo;

/// <summary>Which way a meter counts, seen from its member.</summary>
public enum MeterDirection
{
    /// <summary>Taken from the loop.</summary>
    Consumption = 1,

    /// <summary>Given to the loop.</summary>
    Production = 2,
}

/// <summary>A meter of the demo loop.</summary>
/// <param name="Id">Unique in the loop.</param>
/// <param name="Member">Key of the member.</param>
/// <param name="Carrier">What it measures.</param>
/// <param name="Direction">Which way.</param>
/// <param name="Plant">The plant it stands at, if any.</param>
/// <param name="IsDispatched">Its plant runs as scheduled, so that it measures what was traded.</param>
public sealed record DemoMeter(string Id, string Member, Carrier Carrier, MeterDirection Direction, string? Plant, bool IsDispatched)
{
    internal Load? Load { get; init; }

    internal LoadKeys? Keys { get; init; }
}
