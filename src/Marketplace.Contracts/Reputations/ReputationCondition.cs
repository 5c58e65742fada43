using System.Text.Json.Serialization;

namespace Marketplace.Contracts.Reputations;

/// <summary>What of a reputation a condition is about. Names stand in published templates and never change.</summary>
public enum PromiseMeasure
{
    /// <summary>Energy metered of energy traded.</summary>
    Delivered = 1,

    /// <summary>Hours in which what was traded was metered.</summary>
    Kept = 2,

    /// <summary>Hours in which anything was metered.</summary>
    Available = 3,

    /// <summary>Promises kept in contracts.</summary>
    Contracts = 4,
}

/// <summary>What a party's reputation has to be whenever somebody signs terms.</summary>
public sealed record ReputationCondition
{
    /// <summary>The whole, in millionths.</summary>
    public const long Whole = 1_000_000;

    /// <summary>Names the condition within its template.</summary>
    public required string Code { get; init; }

    /// <summary>Whose reputation: a party's role.</summary>
    public required string Party { get; init; }

    /// <summary>What of it.</summary>
    public PromiseMeasure Measure { get; init; } = PromiseMeasure.Delivered;

    /// <summary>Of which carrier: its name, or <c>@</c> and a parameter; empty for promises in all contracts.</summary>
    public string Carrier { get; init; } = "";

    /// <summary>Whether it is about what the party buys and takes; else about what it gives.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Takes { get; init; }

    /// <summary>The least share, in millionths; 0 asks for nothing.</summary>
    public required Term Least { get; init; }

    /// <summary>How the condition stands with what is known of hours.</summary>
    /// <param name="least">What is asked for, in millionths.</param>
    /// <param name="record">What the party traded and what was metered; null where it traded nothing.</param>
    public ConditionStanding Of(long least, DeliveryRecord? record)
    {
        var (part, whole) = (Measure, record) switch
        {
            (_, null) => (0L, 0L),
            (PromiseMeasure.Delivered, { } known) => (known.DeliveredWh, known.PromisedWh),
            (PromiseMeasure.Kept, { } known) => (known.KeptHours, known.Hours),
            (PromiseMeasure.Available, { } known) => (known.AvailableHours, known.Hours),
            _ => throw new InvalidOperationException($"{Measure} is not about hours"),
        };
        return new ConditionStanding(this, least, part, whole, record is not null && Reputation.Of(record).IsKnown);
    }

    /// <summary>How the condition stands with what is known of promises in contracts.</summary>
    public ConditionStanding Of(long least, PromiseRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return Measure == PromiseMeasure.Contracts
            ? new ConditionStanding(this, least, record.Kept, record.Promises, record.IsKnown)
            : throw new InvalidOperationException($"{Measure} is not about promises in contracts");
    }
}

/// <summary>How a condition stands, with its arithmetic: part of whole, held against the least share.</summary>
/// <param name="Condition">The condition.</param>
/// <param name="Least">What is asked for, in millionths.</param>
/// <param name="Part">What was kept: Wh, hours or promises.</param>
/// <param name="Whole">Of how many.</param>
/// <param name="IsKnown">Whether there is enough to judge by.</param>
public sealed record ConditionStanding(ReputationCondition Condition, long Least, long Part, long Whole, bool IsKnown)
{
    /// <summary>Whether anything is asked for.</summary>
    public bool Asks => Least > 0;

    /// <summary>Whether it is met, compared exactly: part ÷ whole is at least what is asked for. Where too little is known it is not met, unless nothing is asked for.</summary>
    public bool IsMet => !Asks || (IsKnown && (Int128)Part * ReputationCondition.Whole >= (Int128)Least * Whole);

    /// <summary>The share in ten-thousandths, rounded down; null where there is none.</summary>
    public int? Share => Whole == 0 ? null : (int)((Int128)Part * Reputation.Whole / Whole);
}
