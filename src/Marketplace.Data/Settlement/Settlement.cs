using Marketplace.Quantities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>What a member traded and metered of a carrier in an hour, and what that costs or earns.
/// Energy taken from the loop and money owed are positive; energy given and money earned are negative.</summary>
public sealed class Position
{
    public int LoopId { get; set; }

    public int MemberId { get; set; }

    public DateTimeOffset Hour { get; set; }

    public Carrier Carrier { get; set; }

    /// <summary>Taking (consumer's side) and giving (producer's side) are settled apart.</summary>
    public MeterDirection Direction { get; set; }

    /// <summary>The plant whose trades these are; empty for the member's own meters.</summary>
    public required string PlantCode { get; set; }

    public Energy Traded { get; set; }

    public Energy Metered { get; set; }

    public Price? Price { get; set; }

    public Money TradedAmount { get; set; }

    public Price? ImbalancePrice { get; set; }

    public Money ImbalanceAmount { get; set; }

    public Money NetworkFee { get; set; }

    /// <summary>What met the buyer's wish (above zero), or the wishes of others (below zero).</summary>
    public Energy WishEnergy { get; set; }

    /// <summary>The premium paid (above zero) or received (below zero) for it.</summary>
    public Money WishPremium { get; set; }

    /// <summary>Whether any metered part is estimated.</summary>
    public bool Estimated { get; set; }
}

/// <summary>The energy balance of a carrier in an hour: sold + converted out = bought + converted in + lost (as traded).</summary>
public sealed class HourBalance
{
    public int LoopId { get; set; }

    public DateTimeOffset Hour { get; set; }

    public Carrier Carrier { get; set; }

    public Energy Bought { get; set; }

    public Energy Sold { get; set; }

    public Energy ConvertedIn { get; set; }

    public Energy ConvertedOut { get; set; }

    /// <summary>Taken beyond trades, supplied by the loop.</summary>
    public Energy Shortfall { get; set; }

    /// <summary>Traded but not taken, or given beyond trades: taken back by the loop.</summary>
    public Energy Surplus { get; set; }

    /// <summary>Whole watt-hours lost in rounding the flows of converters and connections.</summary>
    public Energy Lost { get; set; }
}

/// <summary>The settlement record of an hour, as committed to the ledger.</summary>
public sealed class Settlement
{
    public int LoopId { get; set; }

    public DateTimeOffset Hour { get; set; }

    public required byte[] Canonical { get; set; }

    public long BatchId { get; set; }

    public int BatchPosition { get; set; }
}

/// <summary>What an account of the journal stands for. Stored as numbers: never renumber.</summary>
public enum AccountKind : short
{
    /// <summary>What a member owes for hours not yet billed.</summary>
    Unbilled = 1,

    /// <summary>What a member owes on issued documents.</summary>
    Receivable = 2,

    /// <summary>The auction: empty after each hour but for rounding.</summary>
    Market = 3,

    /// <summary>The loop's balancing of metered against traded.</summary>
    Imbalance = 4,

    /// <summary>Network fees collected.</summary>
    NetworkFees = 5,

    /// <summary>Standing charges collected.</summary>
    StandingCharges = 6,

    /// <summary>Value added tax owed to the state.</summary>
    Vat = 7,

    /// <summary>Millionths and cents that rounding leaves.</summary>
    Rounding = 8,

    /// <summary>A member's energy.</summary>
    Energy = 9,

    /// <summary>Energy in converters.</summary>
    Conversion = 10,

    /// <summary>Energy lost.</summary>
    Losses = 11,

    /// <summary>What a member has deposited to cover its orders.</summary>
    Deposit = 12,

    /// <summary>The loop's money at its bank.</summary>
    Bank = 13,

    /// <summary>What the loop bears of named corrections of published hours.</summary>
    Corrections = 14,

    /// <summary>The loop's part of what stores earn while the market schedules them.</summary>
    StoreShares = 15,

    /// <summary>What is held of a member for its bids and offers of charging quota, until their period is settled.</summary>
    QuotaDeposit = 20,

    /// <summary>The auction of charging quotas: empty after each period.</summary>
    QuotaMarket = 21,

    /// <summary>Penalties for charging above the allowance.</summary>
    QuotaPenalties = 22,

    /// <summary>Fees of the connections between zones.</summary>
    LineFees = 30,

    /// <summary>What full connections earn by the difference of prices, less what losses and curtailed trades cost.</summary>
    CongestionRent = 31,

    /// <summary>Taxes and levies on energy, owed on.</summary>
    Levies = 50,

    /// <summary>What the community bears or hands back together.</summary>
    CommunityShares = 51,

    /// <summary>What the loop gives back for broken temperature promises.</summary>
    Compensations = 52,

    /// <summary>What clauses of contracts move; between members it comes to zero.</summary>
    Contracts = 53,

    /// <summary>Money at the bank of which nobody has said yet whose it is.</summary>
    Unassigned = 60,

    /// <summary>What the loop gave back on disputed bills that stay as they are.</summary>
    Goodwill = 63,

    /// <summary>Money that moved at the bank for other reasons than members' accounts.</summary>
    OtherBank = 61,

    /// <summary>Fees of reminders.</summary>
    ReminderFees = 62,

    /// <summary>What is held of members' pledges until a campaign's target is reached or it ends.</summary>
    Pledges = 70,
}

public sealed class JournalAccount
{
    public int LoopId { get; set; }

    public int Id { get; set; }

    public AccountKind Kind { get; set; }

    /// <summary>The member it belongs to; 0 for the loop's own accounts.</summary>
    public int MemberId { get; set; }
}

/// <summary>Why a transfer was made. Stored as numbers: never renumber.</summary>
public enum TransferKind : short
{
    Trade = 1,
    Imbalance = 2,
    NetworkFee = 3,
    StandingCharge = 4,
    RevenueShare = 5,
    Bill = 6,
    Vat = 7,
    Rounding = 8,
    EnergyTraded = 9,
    EnergyImbalance = 10,
    EnergyConverted = 11,
    EnergyLost = 12,
    Deposit = 13,
    Payment = 14,
    Correction = 15,

    /// <summary>What is paid on top of the price for energy of the origin asked for.</summary>
    Preference = 16,

    /// <summary>The loop's part of a store's hour.</summary>
    StoreShare = 17,

    /// <summary>Held for a bid or an offer of charging quota; backwards where it is withdrawn.</summary>
    QuotaDeposit = 20,

    /// <summary>What was not needed of a deposit, given back.</summary>
    QuotaDepositReturned = 21,

    /// <summary>What quota that changed hands costs its buyer and earns its seller.</summary>
    QuotaTrade = 22,

    /// <summary>Due for charging above the allowance.</summary>
    QuotaPenalty = 23,

    /// <summary>The fee of connections between zones, out of what the auction or the buyer of a trade paid.</summary>
    LineFee = 30,

    /// <summary>What a full connection earns by the difference of prices.</summary>
    CongestionRent = 31,

    /// <summary>What is lost on the way of trades that no auction made, bought from outside the loop.</summary>
    LineLoss = 32,

    /// <summary>For a part of a trade that the network could not carry.</summary>
    Curtailment = 33,

    /// <summary>Taxes and levies of a bill.</summary>
    Levy = 50,

    /// <summary>A member's part of a shared amount.</summary>
    CommunityShare = 51,

    /// <summary>What a bill gives back for a broken temperature promise.</summary>
    TemperatureCompensation = 52,

    /// <summary>What clauses of contracts came to on a document.</summary>
    ContractClause = 53,

    /// <summary>A movement at the bank that names nobody's document.</summary>
    BankEntry = 60,

    /// <summary>Given back on a disputed bill that stays as it is.</summary>
    Goodwill = 63,

    /// <summary>What became of such a movement.</summary>
    BankEntryResolved = 61,

    /// <summary>The fee of a reminder.</summary>
    ReminderFee = 62,
}

/// <summary>Which transfers belong together.</summary>
public static class TransferKinds
{
    /// <summary>What settling an hour makes members owe or earn; bills take it up.</summary>
    public static IReadOnlyList<TransferKind> OfHours { get; } = [TransferKind.Trade, TransferKind.Imbalance, TransferKind.NetworkFee, TransferKind.Preference];

    /// <summary>What else makes members owe or earn, hour by hour; bills take it up beside the settled positions.</summary>
    public static IReadOnlyList<TransferKind> OfCharges { get; } =
    [
        TransferKind.Correction, TransferKind.StoreShare,
        TransferKind.QuotaDeposit, TransferKind.QuotaDepositReturned, TransferKind.QuotaTrade, TransferKind.QuotaPenalty,
        TransferKind.Curtailment,
    ];

    /// <summary>What a document makes members owe or earn beside the hours; it is posted as the document is issued.</summary>
    public static IReadOnlyList<TransferKind> OfDocuments { get; } =
        [TransferKind.StandingCharge, TransferKind.Levy, TransferKind.CommunityShare, TransferKind.TemperatureCompensation, TransferKind.ContractClause];
}

/// <summary>One transfer of money (millionths) or energy (Wh) from the credit account to the debit account. Immutable:
/// it is corrected by a further transfer only. Its key says what it is for, so that it cannot be made twice.</summary>
public sealed class Transfer
{
    public int LoopId { get; set; }

    public DateTimeOffset Hour { get; set; }

    public TransferKind Kind { get; set; }

    /// <summary>The carrier; 0 where none applies.</summary>
    public short Carrier { get; set; }

    public int DebitAccount { get; set; }

    public int CreditAccount { get; set; }

    /// <summary>The bill or other document; 0 for hourly transfers.</summary>
    public long Reference { get; set; }

    /// <summary>Above zero: millionths of the currency, or Wh for the energy kinds.</summary>
    public long Amount { get; set; }
}

internal sealed class PositionTable : IEntityTypeConfiguration<Position>
{
    public void Configure(EntityTypeBuilder<Position> builder)
    {
        builder.ToTable("Positions").HasKey(position => new { position.LoopId, position.MemberId, position.Hour, position.Carrier, position.Direction, position.PlantCode });
        builder.HasIndex(position => new { position.LoopId, position.Hour });
    }
}

internal sealed class HourBalanceTable : IEntityTypeConfiguration<HourBalance>
{
    public void Configure(EntityTypeBuilder<HourBalance> builder) =>
        builder.ToTable("Balances").HasKey(balance => new { balance.LoopId, balance.Hour, balance.Carrier });
}

internal sealed class SettlementTable : IEntityTypeConfiguration<Settlement>
{
    public void Configure(EntityTypeBuilder<Settlement> builder) =>
        builder.ToTable("Settlements").HasKey(settlement => new { settlement.LoopId, settlement.Hour });
}

internal sealed class JournalAccountTable : IEntityTypeConfiguration<JournalAccount>
{
    public void Configure(EntityTypeBuilder<JournalAccount> builder)
    {
        builder.ToTable("Accounts").HasKey(account => new { account.LoopId, account.Id });
        builder.Property(account => account.Id).ValueGeneratedNever();
        builder.HasIndex(account => new { account.LoopId, account.Kind, account.MemberId }).IsUnique();
    }
}

internal sealed class TransferTable : IEntityTypeConfiguration<Transfer>
{
    public void Configure(EntityTypeBuilder<Transfer> builder)
    {
        builder.ToTable("Transfers", table => table.HasCheckConstraint("transfers_amount_positive", "amount > 0"))
            .HasKey(transfer => new { transfer.LoopId, transfer.Hour, transfer.Kind, transfer.Carrier, transfer.DebitAccount, transfer.CreditAccount, transfer.Reference });
    }
}
