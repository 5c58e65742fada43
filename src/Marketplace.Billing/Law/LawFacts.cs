using Marketplace.Quantities;

namespace Marketplace.Billing;

/// <summary>A part of where a carrier's energy came from.</summary>
/// <param name="Source">A kind of plant by its name in files, <c>members</c> for members' own plants without a name, <c>balancing</c> for what the loop made up.</param>
/// <param name="Millionths">Its part; the parts of a carrier are one million together.</param>
/// <param name="MilligramsPerKWh">Greenhouse gases that count for a kWh from it, as CO2.</param>
public sealed record SourceShare(string Source, int Millionths, long MilligramsPerKWh);

/// <summary>How hours were estimated, and how many.</summary>
/// <param name="Method">The method by its name.</param>
/// <param name="Hours">Hours of one meter.</param>
public sealed record EstimateCount(string Method, int Hours);

/// <summary>Why there is no comparison with the year before.</summary>
public enum NoLastYear
{
    /// <summary>There is one.</summary>
    None = 0,

    /// <summary>The member was not supplied in that period.</summary>
    NotSupplied = 1,

    /// <summary>The loop did not exist yet.</summary>
    BeforeTheLoop = 2,
}

/// <summary>From what a normal user's consumption is told.</summary>
public enum NormalBasis
{
    /// <summary>Not known.</summary>
    None = 0,

    /// <summary>The mean of members of the same kind in the same period.</summary>
    MembersAlike = 1,

    /// <summary>What the loop states for a year, by days.</summary>
    Stated = 2,
}

/// <summary>What the law wants to be said of one carrier. Energy in Wh.</summary>
public sealed record CarrierFacts
{
    /// <summary>The carrier.</summary>
    public required Carrier Carrier { get; init; }

    /// <summary>Metered in the period.</summary>
    public required long UsedWh { get; init; }

    /// <summary>Metered in the same period of the year before, where it is known.</summary>
    public long? LastYearWh { get; init; }

    /// <summary>The same, as it would have been in this period's weather; null where weather has no part in it or cannot be told.</summary>
    public long? LastYearCorrectedWh { get; init; }

    /// <summary>Why there is none.</summary>
    public NoLastYear NoLastYear { get; init; }

    /// <summary>Degree days of the period, in thousandths of a kelvin day.</summary>
    public long? DegreeDays { get; init; }

    /// <summary>Degree days of the same period of the year before.</summary>
    public long? LastYearDegreeDays { get; init; }

    /// <summary>Where it came from, the largest part first.</summary>
    public IReadOnlyList<SourceShare> Sources { get; init; } = [];

    /// <summary>What a normal user took in the period.</summary>
    public long? NormalWh { get; init; }

    /// <summary>How that is known.</summary>
    public NormalBasis NormalBasis { get; init; }

    /// <summary>Of how many members the mean is.</summary>
    public int NormalMembers { get; init; }

    /// <summary>How hours were estimated.</summary>
    public IReadOnlyList<EstimateCount> Estimates { get; init; } = [];

    /// <summary>Greenhouse gases of a kWh, in milligrams of CO2; none where the sources are not known.</summary>
    public long? MilligramsPerKWh => Sources.Count == 0 ? null
        : Rounding.DivideAwayFromZero(Sources.Aggregate((Int128)0, (sum, source) => sum + ((Int128)source.Millionths * source.MilligramsPerKWh)), 1_000_000);

    /// <summary>Greenhouse gases of what was used, in grams of CO2.</summary>
    public long? Grams => MilligramsPerKWh is { } rate ? Rounding.DivideAwayFromZero((Int128)rate * UsedWh, 1_000_000) : null;
}

/// <summary>What a consumer's bill for heat, cold and hot water says beside its lines (Directive (EU) 2023/1791, Annex IX): as it was when it was issued.</summary>
public sealed record LawFacts
{
    /// <summary>Each carrier that the member used.</summary>
    public required IReadOnlyList<CarrierFacts> Carriers { get; init; }

    /// <summary>Organisations of consumers.</summary>
    public required string ConsumerBodies { get; init; }

    /// <summary>Agencies that advise on saving energy.</summary>
    public required string EnergyAgencies { get; init; }

    /// <summary>How to complain.</summary>
    public required string Complaints { get; init; }

    /// <summary>Who settles a dispute.</summary>
    public required string Disputes { get; init; }
}
