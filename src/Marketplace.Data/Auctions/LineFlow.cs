using Marketplace.Quantities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>What a connection between zones carried in an hour, idle ones too.</summary>
public sealed class LineFlow
{
    public int LoopId { get; set; }

    public DateTimeOffset Hour { get; set; }

    public required string Code { get; set; }

    public Carrier Carrier { get; set; }

    public required string FromZone { get; set; }

    public required string ToZone { get; set; }

    /// <summary>Most that may enter.</summary>
    public Energy Capacity { get; set; }

    public int LossMillionths { get; set; }

    public Price Fee { get; set; }

    /// <summary>What the auction sent into it.</summary>
    public Energy Sent { get; set; }

    /// <summary>What came out of that.</summary>
    public Energy Arrived { get; set; }

    /// <summary>What deals and trades made outside the auction sent into it.</summary>
    public Energy SentByTrades { get; set; }

    /// <summary>What came out of that: the loop makes up what is lost on the way.</summary>
    public Energy ArrivedByTrades { get; set; }

    /// <summary>The fee on what the auction sent.</summary>
    public Money FeeAmount { get; set; }

    /// <summary>What arrived at the price there, less what was sent at the price here, less the fee: nothing but rounding where the connection is not full.</summary>
    public Money Rent { get; set; }

    /// <summary>Whether all that it carries was used.</summary>
    public bool IsFull => Capacity > Energy.Zero && Sent + SentByTrades >= Capacity;
}

/// <summary>What a trade between zones is. Stored as numbers: never renumber.</summary>
public enum ZoneTradeKind : short
{
    /// <summary>An hour of a deal between two members.</summary>
    Deal = 1,

    /// <summary>A trade of continuous trading or of falling offers.</summary>
    Trade = 2,
}

/// <summary>A trade between zones that no auction held against the network, and what became of it.</summary>
public sealed class ZoneTrade
{
    public int LoopId { get; set; }

    public DateTimeOffset Hour { get; set; }

    public ZoneTradeKind Kind { get; set; }

    /// <summary>The deal's id, or the trade's place in the result.</summary>
    public long Number { get; set; }

    public Carrier Carrier { get; set; }

    public int SellerId { get; set; }

    public int BuyerId { get; set; }

    /// <summary>The seller's plant; empty where it sells for itself.</summary>
    public required string SellerPlant { get; set; }

    /// <summary>The buyer's plant; empty where it buys for itself.</summary>
    public required string BuyerPlant { get; set; }

    public required string FromZone { get; set; }

    public required string ToZone { get; set; }

    public Price Price { get; set; }

    /// <summary>What reaches the buyer.</summary>
    public Energy Allowed { get; set; }

    /// <summary>What the network could not carry of it.</summary>
    public Energy Curtailed { get; set; }

    /// <summary>The connection that was full; empty where no way leads from zone to zone. Null where nothing is curtailed.</summary>
    public string? Limit { get; set; }

    /// <summary>Whether trades made at once shared what was left.</summary>
    public bool Shared { get; set; }

    /// <summary>The fee of the connections, which the buyer pays.</summary>
    public Money Fee { get; set; }

    /// <summary>Names it in the journal: one number for each deal and trade of an hour.</summary>
    public long Reference => checked((Number * 2) + (Kind == ZoneTradeKind.Deal ? 1 : 2));
}

/// <summary>What a member gets for a part of a trade that the network could not carry.</summary>
public sealed class CurtailedMember
{
    public int LoopId { get; set; }

    public DateTimeOffset Hour { get; set; }

    public int MemberId { get; set; }

    public ZoneTradeKind Kind { get; set; }

    /// <summary>The deal's id, or the trade's place in the result.</summary>
    public long Number { get; set; }

    public Carrier Carrier { get; set; }

    /// <summary>What was not delivered.</summary>
    public Energy Energy { get; set; }

    /// <summary>Below zero: the member is owed it. Zero where the hour cost no more, or earned no less, elsewhere.</summary>
    public Money Amount { get; set; }
}

internal sealed class CurtailedMemberTable : IEntityTypeConfiguration<CurtailedMember>
{
    public void Configure(EntityTypeBuilder<CurtailedMember> builder) =>
        builder.ToTable("CurtailedMembers").HasKey(member => new { member.LoopId, member.Hour, member.MemberId, member.Kind, member.Number });
}

internal sealed class LineFlowTable : IEntityTypeConfiguration<LineFlow>
{
    public void Configure(EntityTypeBuilder<LineFlow> builder)
    {
        builder.ToTable("LineFlows").HasKey(flow => new { flow.LoopId, flow.Hour, flow.Code });
        builder.Ignore(flow => flow.IsFull);
    }
}

internal sealed class ZoneTradeTable : IEntityTypeConfiguration<ZoneTrade>
{
    public void Configure(EntityTypeBuilder<ZoneTrade> builder)
    {
        builder.ToTable("ZoneTrades", table => table.HasCheckConstraint("zone_trades_not_negative", "allowed >= 0 AND curtailed >= 0"))
            .HasKey(trade => new { trade.LoopId, trade.Hour, trade.Kind, trade.Number });
        builder.Ignore(trade => trade.Reference);
    }
}
