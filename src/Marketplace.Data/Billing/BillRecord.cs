using Marketplace.Billing;
using Marketplace.Quantities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>An issued bill or statement. Immutable.</summary>
public sealed class Bill
{
    public int LoopId { get; set; }

    public int Id { get; set; }

    /// <summary>From the loop's series: gaps are allowed, duplicates are not.</summary>
    public required string Number { get; set; }

    public int MemberId { get; set; }

    /// <summary>Whose document it is: consumer bill, producer, storage or investor statement.</summary>
    public Role Role { get; set; }

    public DocumentKind Kind { get; set; } = DocumentKind.Invoice;

    /// <summary>The contract it is for; 0 for supply at the loop's tariff.</summary>
    public int ContractId { get; set; }

    /// <summary>What it is for, where a member gets several documents of one role: a carrier's number; 0 for everything.</summary>
    public short Product { get; set; }

    /// <summary>0 for an original; a correction counts up: its credit note and its new document have the same number.</summary>
    public short Revision { get; set; }

    /// <summary>The document that a credit note takes back, or a revised document takes the place of. At most one of each kind can.</summary>
    public int? CorrectsId { get; set; }

    /// <summary>Whether it ends the member's supply: what comes after its period is not billed with the loop's run.</summary>
    public bool IsFinal { get; set; }

    public DateTimeOffset PeriodStart { get; set; }

    public DateTimeOffset PeriodEnd { get; set; }

    /// <summary>Market time of issue.</summary>
    public DateTimeOffset IssuedAt { get; set; }

    public DateOnly DueOn { get; set; }

    public int TariffVersion { get; set; }

    public long NetCents { get; set; }

    public long VatCents { get; set; }

    /// <summary>Above zero: the member pays; below zero: the member is paid.</summary>
    public long TotalCents { get; set; }

    /// <summary>The canonical record whose commitment is on the ledger.</summary>
    public required byte[] Canonical { get; set; }

    public long BatchId { get; set; }

    public int BatchPosition { get; set; }

    /// <summary>What the document adds to what the member owes: a credit note has the amounts of what it takes back, and gives them back.</summary>
    public long OwedCents => Kind.Sign() * TotalCents;
}

/// <summary>One line of a bill with what it was made of.</summary>
public sealed class BillLineRow
{
    public int LoopId { get; set; }

    public int BillId { get; set; }

    public short Line { get; set; }

    /// <summary>A Billing.BillLineKind.</summary>
    public short Kind { get; set; }

    /// <summary>The carrier; 0 where none applies.</summary>
    public short Carrier { get; set; }

    public string? PlantCode { get; set; }

    /// <summary>The name of a levy, a shared amount or a clause.</summary>
    public string? Name { get; set; }

    /// <summary>Wh, or days for a standing charge.</summary>
    public long Quantity { get; set; }

    /// <summary>The exact sum of the hourly amounts.</summary>
    public Money Amount { get; set; }

    public long AmountCents { get; set; }

    public int VatBasisPoints { get; set; }

    /// <summary>Formula and inputs as JSON, shown as "how this was computed".</summary>
    public required string Trace { get; set; }
}

internal sealed class BillTable : IEntityTypeConfiguration<Bill>
{
    public void Configure(EntityTypeBuilder<Bill> builder)
    {
        // In Bills.sql: one original for each contract, role, product and period, none over another, and each taken back or replaced once.
        builder.ToTable("Bills").HasKey(bill => new { bill.LoopId, bill.Id });
        builder.Property(bill => bill.Id).ValueGeneratedNever();
        builder.HasIndex(bill => new { bill.LoopId, bill.Number }).IsUnique();
        builder.HasIndex(bill => new { bill.LoopId, bill.MemberId, bill.ContractId, bill.Role, bill.Product, bill.PeriodStart }).IsUnique()
            .HasFilter("kind = 1 AND revision = 0").HasDatabaseName("ux_bills_original");
        builder.HasIndex(bill => new { bill.LoopId, bill.CorrectsId, bill.Kind }).IsUnique().HasFilter("corrects_id IS NOT NULL").HasDatabaseName("ux_bills_corrects");
        builder.HasIndex(bill => new { bill.LoopId, bill.PeriodStart, bill.PeriodEnd });
        builder.Property(bill => bill.Kind).HasDefaultValue(DocumentKind.Invoice).ValueGeneratedNever();
        builder.HasOne<Bill>().WithMany().HasForeignKey(bill => new { bill.LoopId, bill.CorrectsId });
        builder.Ignore(bill => bill.OwedCents);
        builder.HasOne<Member>().WithMany().HasForeignKey(bill => new { bill.LoopId, bill.MemberId });
    }
}

internal sealed class BillLineTable : IEntityTypeConfiguration<BillLineRow>
{
    public void Configure(EntityTypeBuilder<BillLineRow> builder)
    {
        builder.ToTable("BillLines").HasKey(line => new { line.LoopId, line.BillId, line.Line });
        builder.Property(line => line.Trace).HasColumnType("jsonb");
        builder.HasOne<Bill>().WithMany().HasForeignKey(line => new { line.LoopId, line.BillId });
    }
}
