using Marketplace.Quantities;

namespace Marketplace.Metering;

/// <summary>One row as it was delivered, before anybody has judged it.</summary>
/// <param name="Row">Its place in the delivery, from 1: the line of a file or the position in a batch.</param>
/// <param name="Meter">The meter's code.</param>
/// <param name="Start">When the hour it covers begins.</param>
/// <param name="KilowattHours">What was delivered, in kWh as it was written.</param>
/// <param name="Note">What the source says of the value; null for a plain measurement.</param>
public sealed record DeliveredReading(int Row, string Meter, DateTimeOffset Start, decimal KilowattHours, string? Note = null);

/// <summary>A reading that passed every rule. Only <see cref="Validation"/> makes one, so whoever holds one need not check again.</summary>
public sealed record ValidatedReading
{
    internal ValidatedReading(int row, string meter, DateTimeOffset hour, Energy energy, string? note)
    {
        Row = row;
        Meter = meter;
        Hour = hour;
        Energy = energy;
        Note = note;
    }

    /// <summary>Its place in the delivery, from 1.</summary>
    public int Row { get; }

    /// <summary>The code of a meter that is in service in this hour.</summary>
    public string Meter { get; }

    /// <summary>The start of the hour, on the hour, in UTC.</summary>
    public DateTimeOffset Hour { get; }

    /// <summary>Zero or more.</summary>
    public Energy Energy { get; }

    /// <summary>What the source says of the value.</summary>
    public string? Note { get; }

    /// <summary>Whether the source itself calls the value an estimate or a substitute.</summary>
    public bool IsSubstitute =>
        Note is not null
        && (Note.StartsWith("estimate", StringComparison.OrdinalIgnoreCase) || Note.StartsWith("substitute", StringComparison.OrdinalIgnoreCase));
}

/// <summary>A row that broke a rule. It is kept in the report, with the rule and what it means for this row.</summary>
public sealed record RejectedReading(DeliveredReading Reading, ReadingRule Rule, string Reason);

/// <summary>An hour for which an expected meter delivered nothing that could be kept.</summary>
public sealed record MissingReading(string Meter, DateTimeOffset Hour);

/// <summary>When a meter is in service: from the start (included) until the end (excluded), if it has one.</summary>
public readonly record struct MeterService(DateTimeOffset From, DateTimeOffset? Until)
{
    /// <summary>Whether the meter measures at this instant.</summary>
    public bool Covers(DateTimeOffset instant) => instant >= From && (Until is null || instant < Until);
}
