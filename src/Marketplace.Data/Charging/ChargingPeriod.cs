using Marketplace.Market;
using Marketplace.Quantities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>What happens to a charging period, in this order. Stored as numbers: never renumber.</summary>
public enum ChargingStepKind : short
{
    /// <summary>The margin is shared out.</summary>
    Allocated = 1,

    /// <summary>Bids and offers are brought together.</summary>
    Cleared = 2,

    /// <summary>What was used is held against what was allowed. Readings are hourly: the period is its hour's first.</summary>
    Settled = 3,
}

/// <summary>A step that was done, with what the ledger holds of it. Its key makes it happen once.</summary>
public sealed class ChargingStep
{
    public int LoopId { get; set; }

    public int GroupId { get; set; }

    public DateTimeOffset Period { get; set; }

    public ChargingStepKind Step { get; set; }

    public DateTimeOffset DoneAt { get; set; }

    public required byte[] Canonical { get; set; }

    public long BatchId { get; set; }

    public int BatchPosition { get; set; }
}

/// <summary>A step that failed and waits for its next try or for somebody.</summary>
public sealed class ChargingFailure
{
    public int LoopId { get; set; }

    public int GroupId { get; set; }

    public DateTimeOffset Period { get; set; }

    public ChargingStepKind Step { get; set; }

    public DateTimeOffset At { get; set; }

    public int Attempts { get; set; }

    public required string Reason { get; set; }
}

/// <summary>What a transformer had for a period, and the rules that held.</summary>
public sealed class ChargingAllocation
{
    public int LoopId { get; set; }

    public int GroupId { get; set; }

    public DateTimeOffset Period { get; set; }

    public long MarginWatts { get; set; }

    public long DemandedWatts { get; set; }

    public QuotaPricing Pricing { get; set; }

    public Price PenaltyRate { get; set; }
}

/// <summary>What a member asked for and got.</summary>
public sealed class ChargingQuota
{
    public int LoopId { get; set; }

    public int GroupId { get; set; }

    public DateTimeOffset Period { get; set; }

    public int MemberId { get; set; }

    /// <summary>Its place in the allocation.</summary>
    public int Position { get; set; }

    public long DemandWatts { get; set; }

    public long QuotaWatts { get; set; }

    /// <summary>The quota as documents show it: the exact share rounded once to 10 W.</summary>
    public long ShownHundredthsOfKilowatt { get; set; }

    /// <summary>The quota over the half hour.</summary>
    public Energy Energy { get; set; }
}

/// <summary>Quota that changed hands.</summary>
public sealed class ChargingTrade
{
    public int LoopId { get; set; }

    public int GroupId { get; set; }

    public DateTimeOffset Period { get; set; }

    /// <summary>Its place in the result.</summary>
    public int Number { get; set; }

    public long BidId { get; set; }

    public long OfferId { get; set; }

    public Energy Energy { get; set; }

    public Price Price { get; set; }
}

/// <summary>What a member bought (above zero) or sold (below zero) in a period, and what it pays or receives for it.</summary>
public sealed class ChargingNet
{
    public int LoopId { get; set; }

    public int GroupId { get; set; }

    public DateTimeOffset Period { get; set; }

    public int MemberId { get; set; }

    public Energy Energy { get; set; }

    public Money Amount { get; set; }
}

/// <summary>What a member's charging meter took in an hour against what its two periods allowed.</summary>
public sealed class ChargingUse
{
    public int LoopId { get; set; }

    public int GroupId { get; set; }

    public DateTimeOffset Hour { get; set; }

    public int MemberId { get; set; }

    public Energy Allowance { get; set; }

    /// <summary>None where the meter has no measured reading of the hour: then nothing is due.</summary>
    public Energy? Used { get; set; }

    public Energy OverUse { get; set; }

    public Money Penalty { get; set; }
}

internal sealed class ChargingStepTable : IEntityTypeConfiguration<ChargingStep>
{
    public void Configure(EntityTypeBuilder<ChargingStep> builder)
    {
        builder.ToTable("ChargingSteps").HasKey(step => new { step.LoopId, step.GroupId, step.Step, step.Period });
        builder.HasOne<ChargingGroup>().WithMany().HasForeignKey(step => new { step.LoopId, step.GroupId });
    }
}

internal sealed class ChargingFailureTable : IEntityTypeConfiguration<ChargingFailure>
{
    public void Configure(EntityTypeBuilder<ChargingFailure> builder) =>
        builder.ToTable("ChargingFailures").HasKey(failure => new { failure.LoopId, failure.GroupId, failure.Period, failure.Step });
}

internal sealed class ChargingAllocationTable : IEntityTypeConfiguration<ChargingAllocation>
{
    public void Configure(EntityTypeBuilder<ChargingAllocation> builder) =>
        builder.ToTable("ChargingAllocations").HasKey(allocation => new { allocation.LoopId, allocation.GroupId, allocation.Period });
}

internal sealed class ChargingQuotaTable : IEntityTypeConfiguration<ChargingQuota>
{
    public void Configure(EntityTypeBuilder<ChargingQuota> builder) =>
        builder.ToTable("ChargingQuotas").HasKey(quota => new { quota.LoopId, quota.GroupId, quota.Period, quota.MemberId });
}

internal sealed class ChargingTradeTable : IEntityTypeConfiguration<ChargingTrade>
{
    public void Configure(EntityTypeBuilder<ChargingTrade> builder) =>
        builder.ToTable("ChargingTrades").HasKey(trade => new { trade.LoopId, trade.GroupId, trade.Period, trade.Number });
}

internal sealed class ChargingNetTable : IEntityTypeConfiguration<ChargingNet>
{
    public void Configure(EntityTypeBuilder<ChargingNet> builder) =>
        builder.ToTable("ChargingNets").HasKey(net => new { net.LoopId, net.GroupId, net.Period, net.MemberId });
}

internal sealed class ChargingUseTable : IEntityTypeConfiguration<ChargingUse>
{
    public void Configure(EntityTypeBuilder<ChargingUse> builder) =>
        builder.ToTable("ChargingUses").HasKey(use => new { use.LoopId, use.GroupId, use.Hour, use.MemberId });
}
