namespace Marketplace.Contracts.Reputations;

/// <summary>What a party promised of a carrier and what it did, summed over settled hours.</summary>
/// <param name="Hours">Hours in which the party had traded something and nothing metered was estimated.</param>
/// <param name="KeptHours">Those in which at least <see cref="Reputation.KeptFrom"/> of what was traded was metered.</param>
/// <param name="PromisedWh">What was traded in these hours.</param>
/// <param name="DeliveredWh">What of it was metered, in each hour at most what was traded: more in one hour does not make up for less in another.</param>
/// <param name="AvailableHours">Those in which anything at all was metered.</param>
/// <param name="EstimatedHours">Hours with an estimated part: they count neither for nor against, and are not among the others.</param>
public sealed record DeliveryRecord(long Hours, long KeptHours, long PromisedWh, long DeliveredWh, long AvailableHours, long EstimatedHours)
{
    /// <summary>Traded, but not metered.</summary>
    public long ShortWh => PromisedWh - DeliveredWh;

    /// <summary>Both records together.</summary>
    public static DeliveryRecord operator +(DeliveryRecord a, DeliveryRecord b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        return checked(new DeliveryRecord(
            a.Hours + b.Hours, a.KeptHours + b.KeptHours, a.PromisedWh + b.PromisedWh, a.DeliveredWh + b.DeliveredWh,
            a.AvailableHours + b.AvailableHours, a.EstimatedHours + b.EstimatedHours));
    }

    /// <summary>The same as <c>a + b</c>.</summary>
    public static DeliveryRecord Add(DeliveryRecord a, DeliveryRecord b) => a + b;
}

/// <summary>What follows from a record, in ten-thousandths, rounded down: never better than it was. Null where nothing was promised.</summary>
/// <param name="Record">What it follows from: whoever reads the figures sees these numbers too.</param>
/// <param name="Kept">Kept hours of all hours.</param>
/// <param name="Delivered">Delivered energy of promised energy.</param>
/// <param name="Available">Hours with any metered energy of all hours.</param>
public sealed record Reputation(DeliveryRecord Record, int? Kept, int? Delivered, int? Available)
{
    /// <summary>The whole.</summary>
    public const int Whole = 10_000;

    /// <summary>An hour counts as kept from this part of what was traded on: meters round and plants start.</summary>
    public const int KeptFrom = 9_500;

    /// <summary>Fewer hours than this are too few to judge by; templates that ask for a reputation see none.</summary>
    public const int LeastHours = 24;

    /// <summary>Whether there is enough to judge by.</summary>
    public bool IsKnown => Record.Hours >= LeastHours;

    /// <summary>The figures that follow from a record.</summary>
    /// <exception cref="ArgumentException">A part is below zero or above its whole.</exception>
    public static Reputation Of(DeliveryRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return new Reputation(
            record, Part(record.KeptHours, record.Hours), Part(record.DeliveredWh, record.PromisedWh), Part(record.AvailableHours, record.Hours));
    }

    /// <summary>Whether the share of delivered energy is known and at least this: the condition that templates use.</summary>
    /// <param name="leastDelivered">Ten-thousandths.</param>
    public bool Meets(int leastDelivered) => IsKnown && Delivered >= leastDelivered;

    private static int? Part(long part, long whole)
    {
        if (part < 0 || part > whole)
        {
            throw new ArgumentException($"{part} is no part of {whole}");
        }

        return whole == 0 ? null : (int)((Int128)part * Whole / whole);
    }
}
