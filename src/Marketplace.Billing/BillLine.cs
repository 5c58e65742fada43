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

    /// <summary>A tax or levy on each kWh taken, under its own name.</summary>
    Levy = 17,

    /// <summary>A member's part of what the community bears or hands back together.</summary>
    CommunityShare = 18,

    /// <summary>What is given back for hours in which a promised supply temperature was not kept.</summary>
    TemperatureCompensation = 19,

    /// <summary>What a clause of a contract came to.</summary>
    ContractClause = 20,
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
        BillLineKind.Levy => "levy",
        BillLineKind.CommunityShare => "community-share",
        BillLineKind.TemperatureCompensation => "temperature-compensation",
        BillLineKind.ContractClause => "contract-clause",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a kind of bill line"),
    };

    /// <summary>The unit of the line's quantity: <c>Wh</c>, <c>days</c>, <c>hours</c> corrected, shared or too cold, or <c>millionths</c> of a plant's
    /// revenue or of a shared amount. A line of a contract may say another (<see cref="BillLine.Unit"/>).</summary>
    public static string Unit(this BillLineKind kind) => kind switch
    {
        BillLineKind.StandingCharge => "days",
        BillLineKind.Correction or BillLineKind.StoreShare or BillLineKind.TemperatureCompensation => "hours",
        BillLineKind.ShareReceived or BillLineKind.SharePaid or BillLineKind.CommunityShare => "millionths",
        _ => "Wh",
    };

    /// <summary>Whether the amount does not depend on how much energy was used.</summary>
    public static bool IsFixed(this BillLineKind kind) => kind == BillLineKind.StandingCharge;

    /// <summary>Whether the line is a sum over settled hours of trade, metering and fees.</summary>
    public static bool HasHours(this BillLineKind kind) =>
        kind is not (BillLineKind.ShareReceived or BillLineKind.SharePaid) && !kind.IsCharge() && !kind.IsPostedWithBill();

    /// <summary>Whether the journal has the amount only once the document is issued; all else was posted hour by hour.</summary>
    public static bool IsPostedWithBill(this BillLineKind kind) => kind is BillLineKind.StandingCharge or BillLineKind.Levy || kind.IsStated();

    /// <summary>Whether the line is stated from outside the settled hours (<see cref="StatedCharge"/>).</summary>
    public static bool IsStated(this BillLineKind kind) =>
        kind is BillLineKind.CommunityShare or BillLineKind.TemperatureCompensation or BillLineKind.ContractClause;

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

    /// <summary>The name of the levy, shared amount or clause; empty where the kind says all.</summary>
    public string Name { get; init; } = "";

    /// <summary>The unit of the quantity.</summary>
    public string Unit => Trace.Unit.Length > 0 ? Trace.Unit : Kind.Unit();

    /// <summary>In the line's unit. Energy taken is positive, energy given negative.</summary>
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
    /// <summary>Which part of the period it is, among those under the same tariff: above 0 where a rate of tax changed within it.</summary>
    public int Part => (int)(this["part"] ?? 0);

    /// <summary>How it was evaluated, in words that came with it; empty where the formula's name says all.</summary>
    public string Explanation { get; init; } = "";

    /// <summary>The unit of the line's quantity, where it is not that of its kind.</summary>
    public string Unit { get; init; } = "";

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
