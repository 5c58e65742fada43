using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>How a transformer's margin is shared among chargers: each gets the part β of what it asked for, β = min(1, margin / sum of demands).
/// Powers in whole watts.</summary>
/// <param name="MarginWatts">What the transformer has left for charging.</param>
/// <param name="DemandsWatts">What was asked for.</param>
/// <param name="QuotaWatts">One for each demand, together never more than the margin.</param>
public sealed record PowerQuotas(long MarginWatts, IReadOnlyList<long> DemandsWatts, IReadOnlyList<long> QuotaWatts)
{
    /// <summary>All demands together.</summary>
    public long DemandedWatts { get; } = DemandsWatts.Sum();


    /// <summary>Shares a margin. Parts of a watt go by largest remainder, to the earlier demand among equals.</summary>
    /// <param name="marginWatts">Zero or more.</param>
    /// <param name="demandsWatts">Each zero or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is negative or too large.</exception>
    public static PowerQuotas Of(long marginWatts, IReadOnlyList<long> demandsWatts)
    {
        ArgumentNullException.ThrowIfNull(demandsWatts);
        ArgumentOutOfRangeException.ThrowIfNegative(marginWatts);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(marginWatts, Limits.QuantityWh);
        var demanded = 0L;
        foreach (var demand in demandsWatts)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(demand, nameof(demandsWatts));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(demand, Limits.QuantityWh - demanded, nameof(demandsWatts));
            demanded += demand;
        }

        long[] demands = [.. demandsWatts];
        return new PowerQuotas(marginWatts, demands, demanded <= marginWatts ? demands : LargestRemainder.Split(marginWatts, demands));
    }

    /// <summary>β as an exact fraction: 1/1 where the margin is enough.</summary>
    public (long Numerator, long Denominator) Beta => DemandedWatts <= MarginWatts ? (1, 1) : (MarginWatts, DemandedWatts);

    /// <summary>A quota as documents show it, in hundredths of a kilowatt: the exact fraction rounded once. Rounding whole watts again
    /// would show 34.784615 kW, which is 34,785 W, as 34.79.</summary>
    /// <param name="index">Position of the demand.</param>
    public long ShownHundredthsOfKilowatt(int index)
    {
        var (numerator, denominator) = Beta;
        return Rounding.DivideAwayFromZero((Int128)DemandsWatts[index] * numerator, (Int128)denominator * 10);
    }

    /// <summary>The energy of a power over a period, rounded down to whole Wh.</summary>
    public static Energy EnergyOf(long watts, TimeSpan period) => Energy.FromWh((long)((Int128)watts * period.Ticks / TimeSpan.TicksPerHour));

    /// <summary>What a charger may use in a period.</summary>
    /// <param name="quota">Energy of its quota.</param>
    /// <param name="bought">What it bought of others' quotas.</param>
    /// <param name="sold">What it sold of its own.</param>
    public static Energy Allowance(Energy quota, Energy bought, Energy sold) => quota + bought - sold;

    /// <summary>What is due for use above the allowance; nothing for use below.</summary>
    /// <param name="used">Metered energy.</param>
    /// <param name="allowance">From <see cref="Allowance"/>.</param>
    /// <param name="rate">Penalty per kWh.</param>
    public static (Energy OverUse, Money Penalty) Penalty(Energy used, Energy allowance, Price rate)
    {
        var overUse = Energy.Max(Energy.Zero, used - allowance);
        return (overUse, rate.Of(overUse));
    }

    /// <summary>What comes back of a deposit after what is owed was taken from it, and what it did not cover. One of them is nothing.</summary>
    /// <param name="deposit">What was laid down.</param>
    /// <param name="owed">Price and penalty together; negative if something is to be received.</param>
    public static (Money Returned, Money Due) Settle(Money deposit, Money owed)
    {
        var rest = deposit - owed;
        return rest.IsNegative ? (Money.Zero, -rest) : (rest, Money.Zero);
    }
}

/// <summary>When what happens before a charging period begins.</summary>
/// <param name="Margin">The margin is known.</param>
/// <param name="DemandsUntil">Demands are taken until here, this instant excluded.</param>
/// <param name="Allocation">Quotas are published.</param>
/// <param name="OrdersUntil">Bids and offers of quotas are taken until here, this instant excluded.</param>
/// <param name="ClearingUntil">The auction is cleared by then.</param>
public sealed record QuotaGates(DateTimeOffset Margin, DateTimeOffset DemandsUntil, DateTimeOffset Allocation, DateTimeOffset OrdersUntil, DateTimeOffset ClearingUntil)
{
    /// <summary>How long a charging period is: a day has 48, but for a change of clocks.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromMinutes(30);

    /// <summary>The gates of the period that begins at an instant: for 18:30 these are 18:00, 18:05, 18:07, 18:10 and 18:15.</summary>
    public static QuotaGates Of(DateTimeOffset start) =>
        new(start.AddMinutes(-30), start.AddMinutes(-25), start.AddMinutes(-23), start.AddMinutes(-20), start.AddMinutes(-15));
}
