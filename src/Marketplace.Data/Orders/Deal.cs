using Marketplace.Quantities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>What a party did to a deal. Stored as numbers: never renumber.</summary>
public enum DealActKind : short
{
    /// <summary>The first terms.</summary>
    Proposed = 1,

    /// <summary>Other terms, by whoever had to answer.</summary>
    Countered = 2,
    Accepted = 3,
    Declined = 4,

    /// <summary>Taken back by whose terms were open.</summary>
    Withdrawn = 5,
}

/// <summary>A deal between two members of a loop, outside the auction. Who buys and who sells what is fixed; all else is in its acts.</summary>
public sealed class Deal
{
    public int LoopId { get; set; }

    public long Id { get; set; }

    /// <summary>Made by the form, so that a form sent twice proposes one deal.</summary>
    public Guid SubmissionId { get; set; }

    public int SellerId { get; set; }

    public int BuyerId { get; set; }

    /// <summary>Whoever of the two proposed it.</summary>
    public int ProposerId { get; set; }

    public Carrier Carrier { get; set; }

    public DateTimeOffset MadeAt { get; set; }
}

/// <summary>One act on a deal. Acts are added, never changed: the last one says how the deal stands, the earlier ones are its history.</summary>
public sealed class DealAct
{
    public int LoopId { get; set; }

    public long DealId { get; set; }

    /// <summary>Counted within the deal, from 1: of two acts at once only one gets the number.</summary>
    public int Number { get; set; }

    public DealActKind Kind { get; set; }

    public int MemberId { get; set; }

    public Guid? DoneBy { get; set; }

    public DateTimeOffset At { get; set; }

    /// <summary>The time of the act on the market clock.</summary>
    public DateTimeOffset MarketAt { get; set; }

    /// <summary>In each hour of the deal. Terms are repeated by the acts that answer them, so that each act says to what it was said.</summary>
    public Energy Quantity { get; set; }

    public Price Price { get; set; }

    /// <summary>The first instant; hours begin there at the earliest.</summary>
    public DateTimeOffset StartsAt { get; set; }

    /// <summary>The end, itself excluded.</summary>
    public DateTimeOffset EndsAt { get; set; }

    /// <summary>Of each day on the loop's clocks: the first hour, 0 to 23.</summary>
    public short HourFrom { get; set; }

    /// <summary>Of each day on the loop's clocks: the end, 1 to 24; not after the first hour means over midnight.</summary>
    public short HourUntil { get; set; }

    /// <summary>On the market clock; never after the gate of the first hour.</summary>
    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>The seller's plant that delivers; null until the seller has named it.</summary>
    public string? PlantCode { get; set; }

    /// <summary>The record that the ledger commits to.</summary>
    public required byte[] Canonical { get; set; }

    public long BatchId { get; set; }

    public int BatchPosition { get; set; }
}

/// <summary>What a party wrote to the other beside its terms. It may name people, so it is in no record and can be erased.</summary>
public sealed class DealNote
{
    public int LoopId { get; set; }

    public long DealId { get; set; }

    public int Number { get; set; }

    public int MemberId { get; set; }

    public required string Text { get; set; }
}

/// <summary>Why a deal delivers less than agreed in an hour. Stored as numbers: never renumber.</summary>
public enum DealCurtailment : short
{
    None = 0,

    /// <summary>The seller's plant cannot give more.</summary>
    SellerCannotGive = 1,

    /// <summary>The buyer is not expected to take more, or its connection carries no more.</summary>
    BuyerCannotTake = 2,

    /// <summary>The connections between the zones of the two carry no more.</summary>
    NetworkCannotCarry = 3,
}

/// <summary>What an accepted deal delivers in an hour, fixed when the hour's gate closed.</summary>
public sealed class DealHour
{
    public int LoopId { get; set; }

    public DateTimeOffset Hour { get; set; }

    public long DealId { get; set; }

    public int SellerId { get; set; }

    public int BuyerId { get; set; }

    public Carrier Carrier { get; set; }

    public required string PlantCode { get; set; }

    /// <summary>What the terms say.</summary>
    public Energy Agreed { get; set; }

    /// <summary>What counts, never above it.</summary>
    public Energy Delivered { get; set; }

    public Price Price { get; set; }

    public DealCurtailment Curtailed { get; set; }

    /// <summary>The record that the ledger commits to.</summary>
    public required byte[] Canonical { get; set; }

    public long BatchId { get; set; }

    public int BatchPosition { get; set; }
}

internal sealed class DealTable : IEntityTypeConfiguration<Deal>
{
    public void Configure(EntityTypeBuilder<Deal> builder)
    {
        builder.ToTable("Deals", table => table.HasCheckConstraint("deals_two_parties", "seller_id <> buyer_id AND proposer_id IN (seller_id, buyer_id)"))
            .HasKey(deal => new { deal.LoopId, deal.Id });
        builder.Property(deal => deal.Id).UseIdentityAlwaysColumn();
        builder.HasIndex(deal => new { deal.LoopId, deal.SubmissionId }).IsUnique();
        builder.HasIndex(deal => new { deal.LoopId, deal.SellerId });
        builder.HasIndex(deal => new { deal.LoopId, deal.BuyerId });
        builder.HasOne<Member>().WithMany().HasForeignKey(deal => new { deal.LoopId, deal.SellerId }).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<Member>().WithMany().HasForeignKey(deal => new { deal.LoopId, deal.BuyerId }).OnDelete(DeleteBehavior.Restrict);
    }
}

internal sealed class DealActTable : IEntityTypeConfiguration<DealAct>
{
    public void Configure(EntityTypeBuilder<DealAct> builder)
    {
        builder.ToTable("DealActs").HasKey(act => new { act.LoopId, act.DealId, act.Number });
        // Each hour asks for the accepted deals that have an hour left.
        builder.HasIndex(act => new { act.LoopId, act.EndsAt }).HasFilter("kind = 3");
        builder.HasOne<Deal>().WithMany().HasForeignKey(act => new { act.LoopId, act.DealId }).OnDelete(DeleteBehavior.Restrict);
    }
}

internal sealed class DealNoteTable : IEntityTypeConfiguration<DealNote>
{
    public void Configure(EntityTypeBuilder<DealNote> builder)
    {
        builder.ToTable("DealNotes").HasKey(note => new { note.LoopId, note.DealId, note.Number });
        builder.Property(note => note.Text).HasMaxLength(500);
        builder.HasOne<DealAct>().WithMany().HasForeignKey(note => new { note.LoopId, note.DealId, note.Number }).OnDelete(DeleteBehavior.Restrict);
    }
}

internal sealed class DealHourTable : IEntityTypeConfiguration<DealHour>
{
    public void Configure(EntityTypeBuilder<DealHour> builder)
    {
        builder.ToTable("DealHours", table => table.HasCheckConstraint("deal_hours_within_terms", "delivered >= 0 AND delivered <= agreed"))
            .HasKey(hour => new { hour.LoopId, hour.Hour, hour.DealId });
        builder.HasIndex(hour => new { hour.LoopId, hour.DealId, hour.Hour });
        builder.HasOne<Deal>().WithMany().HasForeignKey(hour => new { hour.LoopId, hour.DealId }).OnDelete(DeleteBehavior.Restrict);
    }
}
