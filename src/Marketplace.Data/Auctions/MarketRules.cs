using Marketplace.Market;
using Marketplace.Quantities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>How a loop's orders are brought together, from an hour on. Of the versions valid for an hour the latest counts.
/// A loop without any clears all carriers in the coupled auction, without cap or floor.</summary>
public sealed class MarketRules
{
    public int LoopId { get; set; }

    public int Version { get; set; }

    /// <summary>The first delivery hour they hold for.</summary>
    public DateTimeOffset ValidFrom { get; set; }

    public Mechanism Heat { get; set; } = Mechanism.Coupled;

    public Mechanism Cold { get; set; } = Mechanism.Coupled;

    public Mechanism Electricity { get; set; } = Mechanism.Coupled;

    /// <summary>No price is higher.</summary>
    public Price? Cap { get; set; }

    /// <summary>No price is lower.</summary>
    public Price? Floor { get; set; }

    /// <summary>In how many steps falling offers reach their limits.</summary>
    public int Rounds { get; set; } = DefaultRounds;

    /// <summary>Steps of ten minutes in the hour before the gate closes.</summary>
    public const int DefaultRounds = 6;

    public required string Reason { get; set; }

    public Guid? SetBy { get; set; }

    public DateTimeOffset SetAt { get; set; }

    public Mechanism Of(Carrier carrier) => carrier switch
    {
        Carrier.Heat => Heat,
        Carrier.Cold => Cold,
        Carrier.Electricity => Electricity,
        _ => throw new ArgumentOutOfRangeException(nameof(carrier), carrier, "Not a carrier"),
    };
}

/// <summary>Hours that the operator keeps from being cleared; they wait until the halt ends or fall back to the fallback tariff.</summary>
public sealed class MarketHalt
{
    public int LoopId { get; set; }

    public int Number { get; set; }

    /// <summary>The first delivery hour that is halted.</summary>
    public DateTimeOffset FromHour { get; set; }

    public required string Reason { get; set; }

    public Guid? SetBy { get; set; }

    public DateTimeOffset SetAt { get; set; }

    /// <summary>When it was lifted; none while it holds.</summary>
    public DateTimeOffset? EndedAt { get; set; }
}

/// <summary>Energy that changed hands at a price of its own, where a mechanism has no single price.</summary>
public sealed class MarketTrade
{
    public int LoopId { get; set; }

    public DateTimeOffset Hour { get; set; }

    /// <summary>Its place in the result.</summary>
    public int Number { get; set; }

    public Carrier Carrier { get; set; }

    /// <summary>The buyer's order in the book; none where all trade with the pool.</summary>
    public int? BuyPosition { get; set; }

    /// <summary>The seller's order in the book; none where all trade with the pool.</summary>
    public int? SellPosition { get; set; }

    /// <summary>What is delivered: between zones what the network could carry.</summary>
    public Energy Energy { get; set; }

    /// <summary>What the network could not carry of the result's trade.</summary>
    public Energy Curtailed { get; set; }

    public Price Price { get; set; }

    /// <summary>The stage or round it was made in, as <see cref="Trade.Round"/> counts them.</summary>
    public int Round { get; set; }
}

/// <summary>A trade between two members' own orders in continuous trading, binding from the moment it was made.</summary>
public sealed class LiveTrade
{
    public int LoopId { get; set; }

    public long Id { get; set; }

    public DateTimeOffset Hour { get; set; }

    public Carrier Carrier { get; set; }

    public long BuyOrderId { get; set; }

    public long SellOrderId { get; set; }

    /// <summary>What the two orders traded.</summary>
    public Energy Energy { get; set; }

    /// <summary>What of it the network cannot carry from zone to zone: that part never bound.</summary>
    public Energy Curtailed { get; set; }

    /// <summary>The connection that was full, empty where no way leads from zone to zone; null where nothing is curtailed.</summary>
    public string? Limit { get; set; }

    public Price Price { get; set; }

    public DateTimeOffset At { get; set; }
}

internal sealed class MarketRulesTable : IEntityTypeConfiguration<MarketRules>
{
    public void Configure(EntityTypeBuilder<MarketRules> builder)
    {
        builder.ToTable("MarketRules").HasKey(rules => new { rules.LoopId, rules.Version });
        builder.Property(rules => rules.Reason).HasMaxLength(500);
        builder.HasOne<Loop>().WithMany().HasForeignKey(rules => rules.LoopId);
    }
}

internal sealed class MarketHaltTable : IEntityTypeConfiguration<MarketHalt>
{
    public void Configure(EntityTypeBuilder<MarketHalt> builder)
    {
        builder.ToTable("MarketHalts").HasKey(halt => new { halt.LoopId, halt.Number });
        builder.HasIndex(halt => halt.LoopId).IsUnique().HasFilter("ended_at IS NULL");
        builder.Property(halt => halt.Reason).HasMaxLength(500);
        builder.HasOne<Loop>().WithMany().HasForeignKey(halt => halt.LoopId);
    }
}

internal sealed class MarketTradeTable : IEntityTypeConfiguration<MarketTrade>
{
    public void Configure(EntityTypeBuilder<MarketTrade> builder) =>
        builder.ToTable("Trades").HasKey(trade => new { trade.LoopId, trade.Hour, trade.Number });
}

internal sealed class LiveTradeTable : IEntityTypeConfiguration<LiveTrade>
{
    public void Configure(EntityTypeBuilder<LiveTrade> builder)
    {
        builder.ToTable("LiveTrades").HasKey(trade => new { trade.LoopId, trade.Id });
        builder.Property(trade => trade.Id).UseIdentityAlwaysColumn();
        builder.HasIndex(trade => new { trade.LoopId, trade.Hour, trade.Carrier });
        builder.HasOne<MarketOrder>().WithMany().HasForeignKey(trade => new { trade.LoopId, trade.BuyOrderId });
        builder.HasOne<MarketOrder>().WithMany().HasForeignKey(trade => new { trade.LoopId, trade.SellOrderId });
    }
}
