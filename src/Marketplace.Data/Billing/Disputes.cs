using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>Stored as numbers: never renumber.</summary>
public enum DisputeState : short
{
    /// <summary>The operator has to answer.</summary>
    Open = 1,

    /// <summary>The member was right.</summary>
    Upheld = 2,

    Rejected = 3,

    /// <summary>The member was right about a part.</summary>
    PartlyUpheld = 4,

    /// <summary>The member took it back.</summary>
    Withdrawn = 5,
}

/// <summary>How the money of an upheld dispute gets to the member. Stored as numbers: never renumber.</summary>
public enum DisputeCure : short
{
    None = 0,

    /// <summary>The hours behind the line are corrected: a credit note and a new document take the place of the bill.</summary>
    Revision = 1,

    /// <summary>A credit in the journal, at once; the bill stays as it is.</summary>
    Credit = 2,
}

/// <summary>A member's objection to a line of a document.</summary>
public sealed class Dispute
{
    public int LoopId { get; set; }

    /// <summary>Counted within the loop, from 1.</summary>
    public int Id { get; set; }

    public int BillId { get; set; }

    public short Line { get; set; }

    public int MemberId { get; set; }

    /// <summary>Made by the form: a form sent twice opens one dispute.</summary>
    public Guid SubmissionId { get; set; }

    public DisputeState State { get; set; } = DisputeState.Open;

    /// <summary>By how much the member says the line is wrong, with tax. Left out of reminders and direct debits while it is open.</summary>
    public long DisputedCents { get; set; }

    /// <summary>What the member was right about. It stays left out until the bill is revised.</summary>
    public long GrantedCents { get; set; }

    public DisputeCure Cure { get; set; }

    public DateTimeOffset OpenedAt { get; set; }

    /// <summary>The loop's day.</summary>
    public DateOnly OpenedOn { get; set; }

    public Guid? OpenedBy { get; set; }

    /// <summary>The last day for the operator's answer.</summary>
    public DateOnly AnswerBy { get; set; }

    public DateTimeOffset? DecidedAt { get; set; }

    /// <summary>The loop's day.</summary>
    public DateOnly? DecidedOn { get; set; }

    public Guid? DecidedBy { get; set; }

    /// <summary>The record of its outcome, whose commitment is on the ledger.</summary>
    public byte[]? Canonical { get; set; }

    public long? BatchId { get; set; }

    public int? BatchPosition { get; set; }
}

/// <summary>What a party to a dispute wrote. Never changed; gone when the member is erased.</summary>
public sealed class DisputeMessage
{
    public int LoopId { get; set; }

    public long Id { get; set; }

    public int DisputeId { get; set; }

    public Guid SubmissionId { get; set; }

    public bool FromOperator { get; set; }

    public Guid? By { get; set; }

    public DateTimeOffset At { get; set; }

    public required string Text { get; set; }
}

/// <summary>A picture or a PDF that a party to a dispute put beside it. Gone when the member is erased.</summary>
public sealed class DisputeFile
{
    public int LoopId { get; set; }

    public long Id { get; set; }

    public int DisputeId { get; set; }

    public Guid SubmissionId { get; set; }

    public bool FromOperator { get; set; }

    public Guid? By { get; set; }

    public DateTimeOffset At { get; set; }

    public required string FileName { get; set; }

    /// <summary>As the content says, not as the sender says.</summary>
    public required string ContentType { get; set; }

    public required byte[] Sha256 { get; set; }

    public required byte[] Content { get; set; }
}

/// <summary>What was given back on a disputed line without a new document: one for each dispute, with its transfer in the journal. Never changed.</summary>
public sealed class GoodwillCredit
{
    public int LoopId { get; set; }

    public int DisputeId { get; set; }

    public int MemberId { get; set; }

    public int BillId { get; set; }

    public long Cents { get; set; }

    /// <summary>The loop's day.</summary>
    public DateOnly GivenOn { get; set; }

    public DateTimeOffset GivenAt { get; set; }
}

internal sealed class DisputeTable : IEntityTypeConfiguration<Dispute>
{
    public void Configure(EntityTypeBuilder<Dispute> builder)
    {
        builder.ToTable("Disputes", table =>
        {
            table.HasCheckConstraint("disputes_cents", "disputed_cents > 0 AND granted_cents BETWEEN 0 AND disputed_cents");
            table.HasCheckConstraint("disputes_outcome", "(granted_cents > 0) = (state IN (2, 4)) AND (granted_cents > 0) = (cure > 0)");
        }).HasKey(dispute => new { dispute.LoopId, dispute.Id });
        builder.Property(dispute => dispute.Id).ValueGeneratedNever();
        builder.HasIndex(dispute => new { dispute.LoopId, dispute.SubmissionId }).IsUnique();
        builder.HasIndex(dispute => new { dispute.LoopId, dispute.BillId, dispute.Line }).IsUnique().HasFilter("state = 1").HasDatabaseName("ux_disputes_open");
        builder.HasIndex(dispute => new { dispute.LoopId, dispute.MemberId });
        builder.HasIndex(dispute => new { dispute.LoopId, dispute.State, dispute.AnswerBy });
        builder.HasIndex(dispute => new { dispute.LoopId, dispute.BatchId }).HasFilter("batch_id IS NOT NULL");
        builder.HasOne<BillLineRow>().WithMany().HasForeignKey(dispute => new { dispute.LoopId, dispute.BillId, dispute.Line });
        builder.HasOne<Member>().WithMany().HasForeignKey(dispute => new { dispute.LoopId, dispute.MemberId });
    }
}

internal sealed class DisputeMessageTable : IEntityTypeConfiguration<DisputeMessage>
{
    public void Configure(EntityTypeBuilder<DisputeMessage> builder)
    {
        builder.ToTable("DisputeMessages").HasKey(message => new { message.LoopId, message.Id });
        builder.Property(message => message.Id).UseIdentityAlwaysColumn();
        builder.Property(message => message.Text).HasMaxLength(4000);
        builder.HasIndex(message => new { message.LoopId, message.DisputeId });
        builder.HasIndex(message => new { message.LoopId, message.SubmissionId }).IsUnique();
        builder.HasOne<Dispute>().WithMany().HasForeignKey(message => new { message.LoopId, message.DisputeId });
    }
}

internal sealed class DisputeFileTable : IEntityTypeConfiguration<DisputeFile>
{
    public void Configure(EntityTypeBuilder<DisputeFile> builder)
    {
        builder.ToTable("DisputeFiles").HasKey(file => new { file.LoopId, file.Id });
        builder.Property(file => file.Id).UseIdentityAlwaysColumn();
        builder.Property(file => file.FileName).HasMaxLength(100);
        builder.Property(file => file.ContentType).HasMaxLength(40);
        builder.HasIndex(file => new { file.LoopId, file.DisputeId });
        builder.HasIndex(file => new { file.LoopId, file.SubmissionId }).IsUnique();
        builder.HasOne<Dispute>().WithMany().HasForeignKey(file => new { file.LoopId, file.DisputeId });
    }
}

internal sealed class GoodwillCreditTable : IEntityTypeConfiguration<GoodwillCredit>
{
    public void Configure(EntityTypeBuilder<GoodwillCredit> builder)
    {
        builder.ToTable("GoodwillCredits", table => table.HasCheckConstraint("goodwill_credits_cents", "cents > 0")).HasKey(credit => new { credit.LoopId, credit.DisputeId });
        builder.Property(credit => credit.DisputeId).ValueGeneratedNever();
        builder.HasIndex(credit => new { credit.LoopId, credit.MemberId });
        builder.HasOne<Dispute>().WithOne().HasForeignKey<GoodwillCredit>(credit => new { credit.LoopId, credit.DisputeId });
        builder.HasOne<Bill>().WithMany().HasForeignKey(credit => new { credit.LoopId, credit.BillId });
        builder.HasOne<Member>().WithMany().HasForeignKey(credit => new { credit.LoopId, credit.MemberId });
    }
}
