using Marketplace.Quantities;

namespace Marketplace.Billing;

/// <summary>What a line is for. The numeric values are stored and must never change.</summary>
public enum BillLineKind
{
    /// <summary>Energy bought at the hourly market price.</summary>
    Energy = 1,

    /// <summary>The difference between what was traded and what was metered, at the imbalance price.</summary>
    Imbalance = 2,

    /// <summary>The fee for the use of the network.</summary>
    NetworkFee = 3,

    /// <summary>The fixed charge a day.</summary>
    StandingCharge = 4,

    /// <summary>Energy sold at the hourly market price.</summary>
    Sale = 5,

    /// <summary>Energy a converter bought to make another carrier.</summary>
    Input = 6,

    /// <summary>Energy a store bought.</summary>
    Charge = 7,

    /// <summary>Energy a store sold.</summary>
    Discharge = 8,

    /// <summary>An investor's share of a plant's revenue.</summary>
    ShareReceived = 9,

    /// <summary>The share of a plant's revenue that its owner passes on.</summary>
    SharePaid = 10,

    /// <summary>What is paid, or received, on top of the price for energy of the origin that was asked for.</summary>
    Preference = 11,

    /// <summary>What a named correction of a published hour moved.</summary>
    Correction = 12,

    /// <summary>Charging quota bought (above zero) and sold (below zero).</summary>
    ChargingTrade = 13,

    /// <summary>Charging above the allowance.</summary>
    ChargingPenalty = 14,

    /// <summary>The loop's part of what a store earns, or pays, while the market schedules it.</summary>
    StoreShare = 15,

    /// <summary>Compensation for trades between zones that the network could not carry.</summary>
    Curtailment = 16,
}

/// <summary>Names of line kinds in records.</summary>
public static class BillLineKinds
{
    /// <summary>The lower-case name used in records.</summary>
    public static string Name(this BillLineKind kind) => kind switch
    {
        BillLineKind.Energy => "energy",
        BillLineKind.Imbalance => "imbalance",
        BillLineKind.NetworkFee => "network-fee",
        BillLineKind.StandingCharge => "standing-charge",
        BillLineKind.Sale => "sale",
        BillLineKind.Input => "input",
        BillLineKind.Charge => "charge",
        BillLineKind.Discharge => "discharge",
        BillLineKind.ShareReceived => "share-received",
        BillLineKind.SharePaid => "share-paid",
        BillLineKind.Preference => "preference",
        BillLineKind.Correction => "correction",
        BillLineKind.ChargingTrade => "charging-trade",
        BillLineKind.ChargingPenalty => "charging-penalty",
        BillLineKind.StoreShare => "store-share",
        BillLineKind.Curtailment => "curtailment",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a kind of bill line"),
    };

    /// <summary>The unit of the line's quantity: <c>Wh</c>, <c>days</c>, <c>hours</c> corrected or shared, or <c>millionths</c> of a plant's revenue.</summary>
    public static string Unit(this BillLineKind kind) => kind switch
    {
        BillLineKind.StandingCharge => "days",
        BillLineKind.Correction or BillLineKind.StoreShare => "hours",
        BillLineKind.ShareReceived or BillLineKind.SharePaid => "millionths",
        _ => "Wh",
    };

    /// <summary>Whether the amount does not depend on how much energy was used.</summary>
    public static bool IsFixed(this BillLineKind kind) => kind == BillLineKind.StandingCharge;

    /// <summary>Whether the line is a sum over settled hours of trade, metering and fees.</summary>
    public static bool HasHours(this BillLineKind kind) =>
        kind is not (BillLineKind.StandingCharge or BillLineKind.ShareReceived or BillLineKind.SharePaid) && !kind.IsCharge();

    /// <summary>Whether the line comes beside the settled hours (<see cref="ChargeSum"/>).</summary>
    public static bool IsCharge(this BillLineKind kind) =>
        kind is BillLineKind.Correction or BillLineKind.ChargingTrade or BillLineKind.ChargingPenalty or BillLineKind.StoreShare or BillLineKind.Curtailment;
}

/// <summary>One line of a bill: an exact sum, rounded once to cents.</summary>
public sealed record BillLine
{
    /// <summary>What it is for.</summary>
    public required BillLineKind Kind { get; init; }

    /// <summary>The carrier, where one applies.</summary>
    public Carrier? Carrier { get; init; }

    /// <summary>The plant, or empty for the member's own meters.</summary>
    public string Plant { get; init; } = "";

    /// <summary>In the unit of the kind (<see cref="BillLineKinds.Unit"/>). Energy taken is positive, energy given negative.</summary>
    public required long Quantity { get; init; }

    /// <summary>The exact sum of the hourly amounts; what the member owes is positive.</summary>
    public required Money Exact { get; init; }

    /// <summary>The amount on the document: the exact sum rounded once, halves away from zero.</summary>
    public long Cents => Exact.Cents;

    /// <summary>How the line is taxed.</summary>
    public required VatRate Vat { get; init; }

    /// <summary>What the line was computed from.</summary>
    public required LineTrace Trace { get; init; }
}

/// <summary>What a line was computed from, so that anybody can compute it again.</summary>
/// <param name="Formula">The formula's name; pages hold the words for it.</param>
/// <param name="TariffVersion">The tariff that was in force.</param>
/// <param name="Inputs">Named whole numbers; the unit ends the name.</param>
public sealed record LineTrace(string Formula, int TariffVersion, IReadOnlyList<KeyValuePair<string, long>> Inputs)
{
    /// <summary>An input by name; none if the formula does not use it.</summary>
    public long? this[string name]
    {
        get
        {
            foreach (var (key, value) in Inputs)
            {
                if (key == name)
                {
                    return value;
                }
            }

            return null;
        }
    }
}
