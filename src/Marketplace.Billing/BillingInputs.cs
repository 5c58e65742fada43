using Marketplace.Quantities;

namespace Marketplace.Billing;

/// <summary>Which way energy went.</summary>
public enum EnergySide
{
    /// <summary>Taken from the loop.</summary>
    Taken = 1,

    /// <summary>Given to the loop.</summary>
    Given = 2,
}

/// <summary>The exact sums of a member's settled hours of one carrier, side and plant under one tariff.
/// Energy taken and money owed are positive; energy given and money earned are negative.</summary>
public sealed record PositionSum
{
    /// <summary>The member who owes or earns.</summary>
    public required int Member { get; init; }

    /// <summary>What was traded.</summary>
    public required Carrier Carrier { get; init; }

    /// <summary>Taken or given.</summary>
    public required EnergySide Side { get; init; }

    /// <summary>The plant whose trades these are, or empty for the member's own meters.</summary>
    public string Plant { get; init; } = "";

    /// <summary>The tariff in force.</summary>
    public required int TariffVersion { get; init; }

    /// <summary>Which part of the period, among those under the same tariff (<see cref="TariffTerms.Part"/>).</summary>
    public int Part { get; init; }

    /// <summary>The zone in which the meters or the plant stood all the time; null where there is none, or more than one.</summary>
    public string? Zone { get; init; }

    /// <summary>How many hours were settled.</summary>
    public required int Hours { get; init; }

    /// <summary>In how many of them a metered part is estimated.</summary>
    public int EstimatedHours { get; init; }

    /// <summary>Energy traded in the auctions.</summary>
    public required Energy Traded { get; init; }

    /// <summary>Energy metered.</summary>
    public required Energy Metered { get; init; }

    /// <summary>The sum of hourly differences metered − traded that were above zero.</summary>
    public Energy Above { get; init; }

    /// <summary>The sum of hourly differences metered − traded that were below zero.</summary>
    public Energy Below { get; init; }

    /// <summary>The sum of hourly quantity × market price.</summary>
    public required Money TradedAmount { get; init; }

    /// <summary>The sum of hourly difference × imbalance price.</summary>
    public required Money ImbalanceAmount { get; init; }

    /// <summary>The sum of hourly network fees.</summary>
    public required Money NetworkFee { get; init; }

    /// <summary>The lowest hourly market price at which something was traded.</summary>
    public Price? LowestPrice { get; init; }

    /// <summary>The highest hourly market price at which something was traded.</summary>
    public Price? HighestPrice { get; init; }

    /// <summary>Energy for which an origin was asked for.</summary>
    public Energy Wished { get; init; }

    /// <summary>What of it certificates cover; below zero for what a seller gave for others' wishes.</summary>
    public Energy WishMet { get; init; }

    /// <summary>What is paid (above zero) or received (below zero) for it on top of the price.</summary>
    public Money WishPremium { get; init; }

    /// <summary>Everything owed for these hours.</summary>
    public Money Total => TradedAmount + ImbalanceAmount + NetworkFee + WishPremium;
}

/// <summary>What a member owes or earns in a period beside its settled hours: corrections, charging quotas, a store's share.</summary>
/// <param name="Member">Who owes or earns.</param>
/// <param name="Kind">One of the kinds that <see cref="BillLineKinds.IsCharge"/>.</param>
/// <param name="Carrier">The carrier.</param>
/// <param name="Plant">The store, or empty.</param>
/// <param name="Hours">In how many hours.</param>
/// <param name="Energy">Quota bought (above zero) or sold, energy above the allowance; zero for the other kinds.</param>
/// <param name="Amount">What is owed; below zero what is earned.</param>
public sealed record ChargeSum(int Member, BillLineKind Kind, Carrier Carrier, string Plant, int Hours, Energy Energy, Money Amount);

/// <summary>On how many local days a member was supplied under one tariff, in one part of the period.</summary>
public sealed record SuppliedDays(int Member, int TariffVersion, int Days, int Part = 0);

/// <summary>A tax or levy on each kWh that consumers take.</summary>
/// <param name="Name">As it stands on bills.</param>
/// <param name="Carrier">What it is on.</param>
/// <param name="Rate">For each kWh.</param>
public sealed record Levy(string Name, Carrier Carrier, Price Rate);

/// <summary>What a tariff says about bills, and for which part of the period.</summary>
public sealed record TariffTerms
{
    /// <summary>The tariff's version.</summary>
    public required int Version { get; init; }

    /// <summary>The part of the billed period in which it is in force.</summary>
    public required Interval During { get; init; }

    /// <summary>Counts the parts under the same version, from 0: there is more than one where a rate of tax changed in between.</summary>
    public int Part { get; init; }

    /// <summary>The fixed charge for each day of supply.</summary>
    public required Money StandingChargePerDay { get; init; }

    /// <summary>Value added tax on consumers' bills, where nothing else is said.</summary>
    public required int VatBasisPoints { get; init; }

    /// <summary>Carriers that are taxed otherwise in this part of the period.</summary>
    public IReadOnlyDictionary<Carrier, VatRate> VatOfCarriers { get; init; } = new Dictionary<Carrier, VatRate>();

    /// <summary>What is taxed otherwise and belongs to no carrier.</summary>
    public VatRate? VatOfRest { get; init; }

    /// <summary>The fee for using the network, by carrier.</summary>
    public required IReadOnlyDictionary<Carrier, Price> NetworkFees { get; init; }

    /// <summary>The fee in zones where it differs.</summary>
    public IReadOnlyDictionary<(string Zone, Carrier Carrier), Price> ZoneFees { get; init; } = new Dictionary<(string, Carrier), Price>();

    /// <summary>Taxes and levies, in the order in which they stand on bills.</summary>
    public IReadOnlyList<Levy> Levies { get; init; } = [];

    /// <summary>How what concerns a carrier, or none, is taxed on consumers' bills.</summary>
    public VatRate VatOf(Carrier? carrier) =>
        (carrier is { } known && VatOfCarriers.TryGetValue(known, out var own) ? own : VatOfRest) ?? VatRate.Standard(VatBasisPoints);

    /// <summary>The fee where somebody stood; none where that changed and the fees differ.</summary>
    public Price? FeeOf(Carrier carrier, string? zone) =>
        zone is not null ? ZoneFees.TryGetValue((zone, carrier), out var own) ? own : NetworkFees[carrier]
        : ZoneFees.Keys.Any(key => key.Carrier == carrier) ? null : NetworkFees[carrier];
}

/// <summary>A line that something other than the settled hours states: a clause of a contract, a compensation, a part of a shared amount. The journal
/// knows nothing of it until the document is issued, which posts it. Stated again for the same period it must be the same.</summary>
/// <param name="Member">Who owes or earns.</param>
/// <param name="Kind">One of the kinds that <see cref="BillLineKinds.IsStated"/>.</param>
/// <param name="Name">As it stands on the document.</param>
/// <param name="Amount">What is owed; below zero what is earned.</param>
/// <param name="Explanation">How it was evaluated, in words: formula, inputs, result.</param>
public sealed record StatedCharge(int Member, BillLineKind Kind, string Name, Money Amount, string Explanation)
{
    /// <summary>On which of the member's documents it stands; null for the first.</summary>
    public DocumentRole? Role { get; init; }

    /// <summary>The carrier, where one applies.</summary>
    public Carrier? Carrier { get; init; }

    /// <summary>The plant, or empty.</summary>
    public string Plant { get; init; } = "";

    /// <summary>In the unit.</summary>
    public long Quantity { get; init; }

    /// <summary>Empty for that of the kind.</summary>
    public string Unit { get; init; } = "";

    /// <summary>Null: taxed as the document's lines of the carrier are; on statements not at all.</summary>
    public VatCategory? Category { get; init; }

    /// <summary>Named whole numbers from which the amount can be computed again; the unit ends the name.</summary>
    public IReadOnlyList<KeyValuePair<string, long>> Inputs { get; init; } = [];
}

/// <summary>An investor's share of a plant's revenue in the period, already evaluated by its contract.</summary>
/// <param name="Plant">The plant.</param>
/// <param name="Owner">Who pays the share.</param>
/// <param name="Investor">Who receives it.</param>
/// <param name="ShareMillionths">The part of the revenue.</param>
/// <param name="Revenue">The plant's revenue of the period.</param>
/// <param name="Amount">The share, above zero, in whole cents.</param>
public sealed record RevenueShare(string Plant, int Owner, int Investor, int ShareMillionths, Money Revenue, Money Amount);

/// <summary>Everything from which the documents of a loop's period are computed.</summary>
public sealed record BillingInputs
{
    /// <summary>The tariffs of the period, in time order, without gaps.</summary>
    public required IReadOnlyList<TariffTerms> Tariffs { get; init; }

    /// <summary>The plants that are stores.</summary>
    public required IReadOnlySet<string> Stores { get; init; }

    /// <summary>The sums of all settled positions of the period.</summary>
    public required IReadOnlyList<PositionSum> Positions { get; init; }

    /// <summary>What comes beside the settled hours.</summary>
    public IReadOnlyList<ChargeSum> Charges { get; init; } = [];

    /// <summary>Lines that are stated from outside.</summary>
    public IReadOnlyList<StatedCharge> Stated { get; init; } = [];

    /// <summary>The days of supply of every member with a consumer's side.</summary>
    public required IReadOnlyList<SuppliedDays> Days { get; init; }

    /// <summary>The revenue shares of the period.</summary>
    public required IReadOnlyList<RevenueShare> Shares { get; init; }
}
