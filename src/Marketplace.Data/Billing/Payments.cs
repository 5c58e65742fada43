using Marketplace.Billing;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>So much of what a member owes was settled by one of its credits. Never changed: undone by a further one below zero.</summary>
public sealed class PaymentAllocation
{
    public int LoopId { get; set; }

    public EntryKind OwedKind { get; set; }

    public long OwedId { get; set; }

    public EntryKind CreditKind { get; set; }

    public long CreditId { get; set; }

    /// <summary>Counts the allocations between the same two, from 1.</summary>
    public short Turn { get; set; }

    public int MemberId { get; set; }

    public long Cents { get; set; }

    public DateTimeOffset MadeAt { get; set; }
}

/// <summary>Stored as numbers: never renumber.</summary>
public enum BankFileKind : short
{
    /// <summary>Credits of members, paid out.</summary>
    CreditTransfers = 1,

    /// <summary>Bills collected by mandate.</summary>
    DirectDebits = 2,
}

/// <summary>A file of payments that was made for the loop's bank, as it was handed out.</summary>
public sealed class BankFile
{
    public int LoopId { get; set; }

    /// <summary>Counted within the loop, from 1.</summary>
    public int Id { get; set; }

    public BankFileKind Kind { get; set; }

    /// <summary>Made by the form: a form sent twice makes one file.</summary>
    public Guid SubmissionId { get; set; }

    public required string MessageId { get; set; }

    public DateTimeOffset MadeAt { get; set; }

    public Guid? MadeBy { get; set; }

    public DateOnly ExecuteOn { get; set; }

    public int Count { get; set; }

    public long SumCents { get; set; }

    public required byte[] Content { get; set; }
}

/// <summary>Stored as numbers: never renumber.</summary>
public enum BankPaymentState : short
{
    InFile = 1,

    /// <summary>The bank's statement shows it.</summary>
    Booked = 2,

    /// <summary>It came back.</summary>
    Returned = 3,

    /// <summary>Its file was never sent.</summary>
    Withdrawn = 4,
}

/// <summary>A payment of a file: what it pays or collects, and what became of it.</summary>
public sealed class BankPayment
{
    public int LoopId { get; set; }

    public long Id { get; set; }

    public int FileId { get; set; }

    public BankFileKind Kind { get; set; }

    public int MemberId { get; set; }

    /// <summary>The entry of the member's account that it settles.</summary>
    public EntryKind EntryKind { get; set; }

    public long EntryId { get; set; }

    /// <summary>The document whose reference it carries.</summary>
    public int BillId { get; set; }

    /// <summary>Once in the loop.</summary>
    public required string EndToEndId { get; set; }

    public long Cents { get; set; }

    public BankPaymentState State { get; set; } = BankPaymentState.InFile;

    public DateTimeOffset StateAt { get; set; }
}

/// <summary>A statement of the loop's account that was read in.</summary>
public sealed class AccountStatement
{
    public int LoopId { get; set; }

    public int Id { get; set; }

    public required string Account { get; set; }

    /// <summary>The bank's name for it.</summary>
    public required string StatementId { get; set; }

    public required string Currency { get; set; }

    public long? OpeningCents { get; set; }

    public long? ClosingCents { get; set; }

    public int Movements { get; set; }

    /// <summary>Over its movements: the same name must mean the same content.</summary>
    public required byte[] Sha256 { get; set; }

    public DateTimeOffset ImportedAt { get; set; }

    public Guid? ImportedBy { get; set; }
}

/// <summary>Stored as numbers: never renumber.</summary>
public enum BankEntryState : short
{
    /// <summary>Booked to members by what it names.</summary>
    Matched = 1,

    /// <summary>Waits in the worklist.</summary>
    Waiting = 2,

    /// <summary>Somebody said whose it is.</summary>
    Assigned = 3,

    /// <summary>It has nothing to do with members.</summary>
    NotOurs = 4,

    /// <summary>It had been recorded by hand before.</summary>
    AlreadyRecorded = 5,

    /// <summary>An earlier statement had shown it.</summary>
    Repeated = 6,
}

/// <summary>A movement of the loop's account.</summary>
public sealed class BankEntry
{
    public int LoopId { get; set; }

    public long Id { get; set; }

    public int StatementId { get; set; }

    /// <summary>Once in its statement.</summary>
    public required string Key { get; set; }

    public DateOnly BookedOn { get; set; }

    /// <summary>Above zero: it came in.</summary>
    public long Cents { get; set; }

    public bool IsReturn { get; set; }

    public string ReturnReason { get; set; } = "";

    public string EndToEndId { get; set; } = "";

    public string[] References { get; set; } = [];

    public string Text { get; set; } = "";

    public string PartyName { get; set; } = "";

    public string PartyAccount { get; set; } = "";

    public BankEntryState State { get; set; }

    /// <summary>Why it waits, or why it is nobody's.</summary>
    public string Reason { get; set; } = "";

    /// <summary>Whose it probably is, where something speaks for it.</summary>
    public int? SuggestedMember { get; set; }

    /// <summary>The receipt that had been recorded by hand for it.</summary>
    public long? ReceiptId { get; set; }

    public DateTimeOffset? ResolvedAt { get; set; }

    public Guid? ResolvedBy { get; set; }
}

internal sealed class PaymentAllocationTable : IEntityTypeConfiguration<PaymentAllocation>
{
    public void Configure(EntityTypeBuilder<PaymentAllocation> builder)
    {
        builder.ToTable("PaymentAllocations", table => table.HasCheckConstraint("payment_allocations_cents", "cents <> 0"))
            .HasKey(made => new { made.LoopId, made.OwedKind, made.OwedId, made.CreditKind, made.CreditId, made.Turn });
        builder.HasIndex(made => new { made.LoopId, made.MemberId });
        builder.HasIndex(made => new { made.LoopId, made.CreditKind, made.CreditId });
        builder.HasOne<Member>().WithMany().HasForeignKey(made => new { made.LoopId, made.MemberId });
    }
}

internal sealed class BankFileTable : IEntityTypeConfiguration<BankFile>
{
    public void Configure(EntityTypeBuilder<BankFile> builder)
    {
        builder.ToTable("BankFiles").HasKey(file => new { file.LoopId, file.Id });
        builder.Property(file => file.Id).ValueGeneratedNever();
        builder.Property(file => file.MessageId).HasMaxLength(35);
        builder.HasIndex(file => new { file.LoopId, file.SubmissionId }).IsUnique();
        builder.HasIndex(file => new { file.LoopId, file.MessageId }).IsUnique();
        builder.HasOne<Loop>().WithMany().HasForeignKey(file => file.LoopId);
    }
}

internal sealed class BankPaymentTable : IEntityTypeConfiguration<BankPayment>
{
    public void Configure(EntityTypeBuilder<BankPayment> builder)
    {
        builder.ToTable("BankPayments", table => table.HasCheckConstraint("bank_payments_cents", "cents > 0")).HasKey(payment => new { payment.LoopId, payment.Id });
        builder.Property(payment => payment.Id).UseIdentityAlwaysColumn();
        builder.Property(payment => payment.EndToEndId).HasMaxLength(35);
        builder.HasIndex(payment => new { payment.LoopId, payment.EndToEndId }).IsUnique();
        builder.HasIndex(payment => new { payment.LoopId, payment.EntryKind, payment.EntryId }).IsUnique().HasFilter("state = 1").HasDatabaseName("ux_bank_payments_in_file");
        builder.HasIndex(payment => new { payment.LoopId, payment.MemberId });
        builder.HasOne<BankFile>().WithMany().HasForeignKey(payment => new { payment.LoopId, payment.FileId });
        builder.HasOne<Bill>().WithMany().HasForeignKey(payment => new { payment.LoopId, payment.BillId });
    }
}

internal sealed class AccountStatementTable : IEntityTypeConfiguration<AccountStatement>
{
    public void Configure(EntityTypeBuilder<AccountStatement> builder)
    {
        builder.ToTable("AccountStatements").HasKey(statement => new { statement.LoopId, statement.Id });
        builder.Property(statement => statement.Id).ValueGeneratedNever();
        builder.Property(statement => statement.Account).HasMaxLength(40);
        builder.Property(statement => statement.StatementId).HasMaxLength(35);
        builder.Property(statement => statement.Currency).HasMaxLength(3);
        builder.HasIndex(statement => new { statement.LoopId, statement.Account, statement.StatementId }).IsUnique();
        builder.HasOne<Loop>().WithMany().HasForeignKey(statement => statement.LoopId);
    }
}

internal sealed class BankEntryTable : IEntityTypeConfiguration<BankEntry>
{
    public void Configure(EntityTypeBuilder<BankEntry> builder)
    {
        builder.ToTable("BankEntries", table => table.HasCheckConstraint("bank_entries_cents", "cents <> 0")).HasKey(entry => new { entry.LoopId, entry.Id });
        builder.Property(entry => entry.Id).UseIdentityAlwaysColumn();
        builder.Property(entry => entry.Key).HasMaxLength(80);
        builder.Property(entry => entry.ReturnReason).HasMaxLength(35);
        builder.Property(entry => entry.EndToEndId).HasMaxLength(35);
        builder.Property(entry => entry.Text).HasMaxLength(1000);
        builder.Property(entry => entry.PartyName).HasMaxLength(140);
        builder.Property(entry => entry.PartyAccount).HasMaxLength(34);
        builder.Property(entry => entry.Reason).HasMaxLength(300);
        builder.HasIndex(entry => new { entry.LoopId, entry.StatementId, entry.Key }).IsUnique();
        builder.HasIndex(entry => new { entry.LoopId, entry.ReceiptId }).IsUnique().HasFilter("receipt_id IS NOT NULL").HasDatabaseName("ux_bank_entries_receipt");
        builder.HasIndex(entry => new { entry.LoopId, entry.Id }).HasFilter("state = 2").HasDatabaseName("ix_bank_entries_waiting");
        builder.HasOne<AccountStatement>().WithMany().HasForeignKey(entry => new { entry.LoopId, entry.StatementId });
    }
}
