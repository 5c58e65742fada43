using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>A period that is billed: opened when it may be, completed when every member's documents are issued.</summary>
public sealed class BillPeriod
{
    public int LoopId { get; set; }

    public DateTimeOffset PeriodStart { get; set; }

    public DateTimeOffset PeriodEnd { get; set; }

    /// <summary>Market time of issue that stands in its documents.</summary>
    public DateTimeOffset IssueAt { get; set; }

    public DateTimeOffset OpenedAt { get; set; }

    /// <summary>Null while documents wait for release or are blocked.</summary>
    public DateTimeOffset? CompletedAt { get; set; }
}

/// <summary>A correction that a document has taken up. One that no live document has taken up waits for a revision.</summary>
public sealed class BillCorrection
{
    public int LoopId { get; set; }

    public int BillId { get; set; }

    /// <summary>With the reference, the correction (<see cref="CorrectedMember"/>).</summary>
    public DateTimeOffset Hour { get; set; }

    public long Reference { get; set; }
}

/// <summary>What the law wants on a document beside its lines, as it was when it was issued.</summary>
public sealed class BillFactsRow
{
    public int LoopId { get; set; }

    public int BillId { get; set; }

    /// <summary>A Billing.LawFacts as JSON; the document's record holds its hash.</summary>
    public required string Facts { get; set; }
}

/// <summary>A change of who is supplied at a member's meters, at the start of a day.</summary>
public sealed class Handover
{
    public int LoopId { get; set; }

    public int Number { get; set; }

    public DateTimeOffset Hour { get; set; }

    public int FromMemberId { get; set; }

    /// <summary>Null where nobody follows yet.</summary>
    public int? ToMemberId { get; set; }

    /// <summary>What the counters stood at, one line a meter: its code, the value, the unit.</summary>
    public required string Counters { get; set; }

    public Guid? SetBy { get; set; }

    public DateTimeOffset SetAt { get; set; }
}

internal sealed class BillPeriodTable : IEntityTypeConfiguration<BillPeriod>
{
    public void Configure(EntityTypeBuilder<BillPeriod> builder)
    {
        builder.ToTable("BillPeriods").HasKey(period => new { period.LoopId, period.PeriodStart, period.PeriodEnd });
        builder.HasOne<Loop>().WithMany().HasForeignKey(period => period.LoopId);
    }
}

internal sealed class BillCorrectionTable : IEntityTypeConfiguration<BillCorrection>
{
    public void Configure(EntityTypeBuilder<BillCorrection> builder)
    {
        builder.ToTable("BillCorrections").HasKey(taken => new { taken.LoopId, taken.BillId, taken.Hour, taken.Reference });
        builder.HasOne<Bill>().WithMany().HasForeignKey(taken => new { taken.LoopId, taken.BillId });
    }
}

internal sealed class BillFactsTable : IEntityTypeConfiguration<BillFactsRow>
{
    public void Configure(EntityTypeBuilder<BillFactsRow> builder)
    {
        builder.ToTable("BillFacts").HasKey(facts => new { facts.LoopId, facts.BillId });
        builder.HasOne<Bill>().WithMany().HasForeignKey(facts => new { facts.LoopId, facts.BillId });
    }
}

internal sealed class HandoverTable : IEntityTypeConfiguration<Handover>
{
    public void Configure(EntityTypeBuilder<Handover> builder)
    {
        builder.ToTable("Handovers").HasKey(handover => new { handover.LoopId, handover.Number });
        builder.Property(handover => handover.Number).ValueGeneratedNever();
        builder.HasOne<Member>().WithMany().HasForeignKey(handover => new { handover.LoopId, handover.FromMemberId });
        builder.HasOne<Member>().WithMany().HasForeignKey(handover => new { handover.LoopId, handover.ToMemberId });
    }
}
