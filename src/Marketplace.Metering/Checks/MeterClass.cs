using Marketplace.Quantities;

namespace Marketplace.Metering.Checks;

/// <summary>
/// What is usual for a kind of meter: the parameters of the checks. An operator may give a meter its own; the classes here are
/// the defaults of a loop. All are limits of plausibility, none is a tolerance of the law.
/// </summary>
/// <param name="Name">Stable in records.</param>
/// <param name="Carrier">What is measured.</param>
public sealed record MeterClass(string Name, Carrier Carrier)
{
    /// <summary>How long an interval is.</summary>
    public TimeSpan IntervalLength { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How far a device's clock may be from the receiver's.</summary>
    public TimeSpan ClockTolerance { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long after its last interval a device is called silent.</summary>
    public TimeSpan SilentAfter { get; init; } = TimeSpan.FromHours(3);

    /// <summary>The most energy of one hour that the connection can carry; null if nobody has said.</summary>
    public Energy? CapacityPerHour { get; init; }

    /// <summary>What the register counts to before it begins again at zero; null if it does not within its life.</summary>
    public Energy? RegisterModulus { get; init; }

    /// <summary>A value is a spike if it is more than this many times the third-highest peak of the other days.</summary>
    public decimal SpikeOverThirdPeak { get; init; } = 1.5m;

    /// <summary>A value is a spike if it is further from its neighbours' median than this many scaled median deviations (Hampel).</summary>
    public decimal HampelDeviations { get; init; } = 8m;

    /// <summary>How many hours on each side Hampel's filter looks at.</summary>
    public int HampelHours { get; init; } = 12;

    /// <summary>Such a value must stand out of its neighbours by this share of the meter's usual daily peak: what is small for a meter is no spike of it.</summary>
    public decimal HampelLeastShare { get; init; } = 0.35m;

    /// <summary>And be so many times the largest of them, and of the same hours of other days and weeks; never fewer than <see cref="SpikeOverThirdPeak"/>.</summary>
    public decimal HampelOverLike { get; init; } = 2.5m;

    /// <summary>So many hours of the same value other than zero are a stuck register.</summary>
    public int StuckHours { get; init; } = 12;

    /// <summary>So many hours of zero are worth a look.</summary>
    public int LongZeroHours { get; init; } = 48;

    /// <summary>Below this share of what like hours were, or above its inverse, an hour is outside its history.</summary>
    public decimal HistoryFactor { get; init; } = 4m;

    /// <summary>A week's median that is this many times that of the week before, or this part of it, is a jump.</summary>
    public decimal JumpFactor { get; init; } = 5m;

    /// <summary>How far the sum of intervals may be from the register's difference, as a share of it.</summary>
    public decimal RegisterTolerance { get; init; } = 0.005m;

    /// <summary>The largest share of a parent's energy that may be lost before the children.</summary>
    public decimal MostLoss { get; init; } = 0.25m;

    /// <summary>How far heat may be from what flow and temperatures give, as a share.</summary>
    public decimal HeatTolerance { get; init; } = 0.1m;

    /// <summary>Below this difference in kelvin temperatures say nothing about heat: their sensors err as much.</summary>
    public decimal LeastDifference { get; init; } = 3m;

    /// <summary>Whether zeros come with the season or the night, so that only their neighbours can tell a gap.</summary>
    public bool MayRest { get; init; } = true;

    /// <summary>Electricity taken: a building is never quite off.</summary>
    public static MeterClass Electricity { get; } = new("electricity", Carrier.Electricity) { LongZeroHours = 12, StuckHours = 24, MayRest = false };

    /// <summary>Heat taken: off in summer and at night.</summary>
    public static MeterClass Heat { get; } = new("heat", Carrier.Heat) { SpikeOverThirdPeak = 2m, HistoryFactor = 8m, LongZeroHours = 24 * 7 };

    /// <summary>Cold taken: off in winter.</summary>
    public static MeterClass Cold { get; } = new("cold", Carrier.Cold) { SpikeOverThirdPeak = 2m, HistoryFactor = 8m, LongZeroHours = 24 * 7 };

    /// <summary>The class of a carrier.</summary>
    public static MeterClass Of(Carrier carrier) => carrier switch
    {
        Carrier.Electricity => Electricity,
        Carrier.Heat => Heat,
        Carrier.Cold => Cold,
    };
}
