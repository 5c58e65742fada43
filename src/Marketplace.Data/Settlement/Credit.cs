using Marketplace.Quantities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>How far the operator lets a member trade beyond its balance and deposit. Members without a row have the loop's default.</summary>
public sealed class MemberCredit
{
    public int LoopId { get; set; }

    public int MemberId { get; set; }

    public Money Limit { get; set; }

    public DateTimeOffset SetAt { get; set; }
}

/// <summary>Why money came in or went out. Stored as numbers: never renumber.</summary>
public enum ReceiptKind : short
{
    /// <summary>A member's deposit, which covers its orders.</summary>
    Deposit = 1,

    /// <summary>A deposit, or a part of one, given back.</summary>
    DepositReturned = 2,

    /// <summary>A member's payment on its documents.</summary>
    Payment = 3,

    /// <summary>A credit of the member, paid out to it.</summary>
    PaidOut = 4,

    /// <summary>A member's payment that its bank took back.</summary>
    PaymentReturned = 5,

    /// <summary>What had been paid out and came back.</summary>
    PayoutReturned = 6,
}

/// <summary>What receipts do to a member's account.</summary>
public static class ReceiptKinds
{
    public static bool IsDeposit(this ReceiptKind kind) => kind is ReceiptKind.Deposit or ReceiptKind.DepositReturned;

    /// <summary>1 where money comes to the loop, −1 where it leaves it.</summary>
    public static int Sign(this ReceiptKind kind) => kind is ReceiptKind.Deposit or ReceiptKind.Payment or ReceiptKind.PayoutReturned ? 1 : -1;
}

/// <summary>Money that came in from a member or went back to it, as the operator recorded it. Its transfer in the journal was made
/// in the same act; it is undone only by a further one.</summary>
public sealed class MoneyReceipt
{
    public int LoopId { get; set; }

    public long Id { get; set; }

    /// <summary>Made by the form, so that a form sent twice records one receipt.</summary>
    public Guid SubmissionId { get; set; }

    public int MemberId { get; set; }

    public ReceiptKind Kind { get; set; }

    /// <summary>Above zero.</summary>
    public Money Amount { get; set; }

    public DateTimeOffset At { get; set; }

    public Guid? RecordedBy { get; set; }

    /// <summary>The document that it names, if any.</summary>
    public int? BillId { get; set; }

    /// <summary>The receipt that it takes back.</summary>
    public long? TakesBackId { get; set; }

    /// <summary>The movement of the bank account that it is, where a statement showed it.</summary>
    public long? BankEntryId { get; set; }
}

internal sealed class MemberCreditTable : IEntityTypeConfiguration<MemberCredit>
{
    public void Configure(EntityTypeBuilder<MemberCredit> builder)
    {
        builder.ToTable("MemberCredits").HasKey(credit => new { credit.LoopId, credit.MemberId });
        builder.HasOne<Member>().WithMany().HasForeignKey(credit => new { credit.LoopId, credit.MemberId });
    }
}

internal sealed class MoneyReceiptTable : IEntityTypeConfiguration<MoneyReceipt>
{
    public void Configure(EntityTypeBuilder<MoneyReceipt> builder)
    {
        builder.ToTable("MoneyReceipts", table => table.HasCheckConstraint("money_receipts_amount_positive", "amount > 0"))
            .HasKey(receipt => new { receipt.LoopId, receipt.Id });
        builder.Property(receipt => receipt.Id).UseIdentityAlwaysColumn();
        builder.HasIndex(receipt => new { receipt.LoopId, receipt.SubmissionId }).IsUnique();
        builder.HasIndex(receipt => new { receipt.LoopId, receipt.MemberId });
        builder.HasIndex(receipt => new { receipt.LoopId, receipt.BankEntryId });
        builder.HasIndex(receipt => new { receipt.LoopId, receipt.TakesBackId }).IsUnique().HasFilter("takes_back_id IS NOT NULL").HasDatabaseName("ux_money_receipts_takes_back");
        builder.HasOne<Bill>().WithMany().HasForeignKey(receipt => new { receipt.LoopId, receipt.BillId });
        builder.HasOne<Member>().WithMany().HasForeignKey(receipt => new { receipt.LoopId, receipt.MemberId });
    }
}
