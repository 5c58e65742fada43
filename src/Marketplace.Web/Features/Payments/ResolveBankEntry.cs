using System.Globalization;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Settlement;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Payments;

/// <summary>Says whose a movement of the bank account is that nothing else told: a member's, a payment of ours that came back, a file of ours without some of
/// its payments, nobody's, or one that had been recorded by hand or stood in an earlier statement.</summary>
/// <param name="State">Assigned, NotOurs, AlreadyRecorded or Repeated.</param>
/// <param name="MemberId">Whose it is, where it is assigned.</param>
/// <param name="DocumentNumber">The document it pays; empty where it says none.</param>
/// <param name="ReceiptId">The receipt that had been recorded by hand.</param>
/// <param name="Reason">Why it is nobody's.</param>
/// <param name="ReturnedId">The payment of a file that came back with it, where it is assigned to that.</param>
/// <param name="FileId">The file of ours that it sums up, where it is assigned to that.</param>
/// <param name="Without">The names of the file's payments that the bank did not carry out.</param>
public sealed record ResolveBankEntry(
    int LoopId, long EntryId, BankEntryState State, int? MemberId = null, string DocumentNumber = "", long? ReceiptId = null, string Reason = "", long? ReturnedId = null,
    int? FileId = null, IReadOnlyList<string>? Without = null) : IRequest, IOperatorAct
{
    string IOperatorAct.Subject => string.Create(
        CultureInfo.InvariantCulture,
        $"entry {EntryId}: {State}{(MemberId is { } member ? $" member {member}" : "")}{(DocumentNumber.Length > 0 ? " " + DocumentNumber : "")}{(ReceiptId is { } receipt ? $" receipt {receipt}" : "")}{(ReturnedId is { } returned ? $" return of payment {returned}" : "")}{(FileId is { } file ? $" file {file}{(Without is { Count: > 0 } missing ? " without " + string.Join(", ", missing) : "")}" : "")}");
}

public sealed class ResolveBankEntryValidator : AbstractValidator<ResolveBankEntry>
{
    public ResolveBankEntryValidator()
    {
        RuleFor(request => request.State).Must(state => state is BankEntryState.Assigned or BankEntryState.NotOurs or BankEntryState.AlreadyRecorded or BankEntryState.Repeated).WithMessage("Say what it is.");
        RuleFor(request => request.MemberId).NotNull().When(request => request is { State: BankEntryState.Assigned, ReturnedId: null, FileId: null }).WithMessage("Choose the member whose it is.");
        RuleFor(request => request.ReceiptId).NotNull().When(request => request.State == BankEntryState.AlreadyRecorded).WithMessage("Choose the receipt that was recorded by hand.");
        RuleFor(request => request.Reason).NotEmpty().When(request => request.State == BankEntryState.NotOurs).WithMessage("Say why it is no member's.");
        RuleFor(request => request.Reason).MaximumLength(300).WithMessage("Use at most 300 characters.");
    }
}

internal sealed class ResolveBankEntryHandler(Work work, Journal journal, MoneyBook money, MarketTime market, CurrentActor current, TimeProvider time)
    : IRequestHandler<ResolveBankEntry>
{
    public async Task<Unit> Handle(ResolveBankEntry request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        await MakeBankFile.LockAsync(db, loopId, cancellationToken);
        var entry = await db.BankEntries.SingleOrDefaultAsync(entry => entry.LoopId == loopId && entry.Id == request.EntryId, cancellationToken)
            ?? throw new NotPermittedException(nameof(ResolveBankEntry));
        if (entry.State != BankEntryState.Waiting)
        {
            return entry.State == request.State ? Unit.Value : throw new RefusedException("Somebody has said already what this is.");
        }

        switch (request.State)
        {
            case BankEntryState.Assigned when request.ReturnedId is { } returned:
                await ReturnAsync(entry, returned, cancellationToken);
                break;
            case BankEntryState.Assigned when request.FileId is { } file:
                await BookFileAsync(entry, file, request.Without ?? [], cancellationToken);
                break;
            case BankEntryState.Assigned:
                await AssignAsync(entry, request, cancellationToken);
                break;
            case BankEntryState.NotOurs:
                await MoveAsync(entry, AccountKind.OtherBank, entry.Cents, cancellationToken);
                break;
            case BankEntryState.Repeated:
                // The earlier statement's movement moved the money: this one did not.
                await MoveAsync(entry, AccountKind.Bank, entry.Cents, cancellationToken);
                break;
            default:
                await FindReceiptAsync(entry, request.ReceiptId!.Value, cancellationToken);
                // The receipt had moved the money at the bank already: the movement must not do so again.
                await MoveAsync(entry, AccountKind.Bank, entry.Cents, cancellationToken);
                entry.ReceiptId = request.ReceiptId;
                break;
        }

        (entry.State, entry.Reason, entry.ResolvedAt, entry.ResolvedBy) = (request.State, request.Reason.Trim(), time.GetUtcNow(), current.Actor.AccountId);
        await db.SaveChangesAsync(cancellationToken);
        return Unit.Value;
    }

    private async Task AssignAsync(BankEntry entry, ResolveBankEntry request, CancellationToken cancellationToken)
    {
        var (db, memberId, number) = (work.Db, request.MemberId!.Value, request.DocumentNumber.Trim());
        if (!await db.Members.AnyAsync(member => member.LoopId == entry.LoopId && member.Id == memberId, cancellationToken))
        {
            throw new RefusedException(nameof(request.MemberId), "There is no such member.");
        }

        int? bill = null;
        if (number.Length > 0)
        {
            bill = await db.Bills.Where(bill => bill.LoopId == entry.LoopId && bill.MemberId == memberId && bill.Number == number).Select(bill => (int?)bill.Id).SingleOrDefaultAsync(cancellationToken)
                ?? throw new RefusedException(nameof(request.DocumentNumber), "This member has no document of that number.");
        }

        await money.RecordAsync(
            new MoneyReceipt
            {
                LoopId = entry.LoopId, MemberId = memberId, Amount = Money.FromCents(Math.Abs(entry.Cents)), BillId = bill, BankEntryId = entry.Id,
                Kind = entry.Cents > 0 ? ReceiptKind.Payment : entry.IsReturn ? ReceiptKind.PaymentReturned : ReceiptKind.PaidOut,
                SubmissionId = SubmissionIds.OfEntry(entry.LoopId, entry.Id, 0),
            },
            AccountKind.Unassigned, cancellationToken);
    }

    /// <summary>A payment of ours came back, and the bank may have kept a fee: the payment counts as not made, the fee is no member's.</summary>
    private async Task ReturnAsync(BankEntry entry, long paymentId, CancellationToken cancellationToken)
    {
        var payment = await work.Db.BankPayments.SingleOrDefaultAsync(payment => payment.LoopId == entry.LoopId && payment.Id == paymentId, cancellationToken);
        var fee = payment is null ? 0 : -(entry.Cents + payment.BookingCents());
        if (payment is not { State: BankPaymentState.Booked } || Math.Sign(entry.Cents) == Math.Sign(payment.BookingCents()) || fee is < 0 or > StatementMatching.MostFeeCents)
        {
            throw new RefusedException(nameof(ResolveBankEntry.ReturnedId), "Only a payment that the bank has carried out can come back, wholly, and with a fee of at most 50.00.");
        }

        var submission = SubmissionIds.OfPayment(payment);
        var receipt = await work.Db.MoneyReceipts.AsNoTracking().SingleAsync(receipt => receipt.LoopId == entry.LoopId && receipt.SubmissionId == submission, cancellationToken);
        (payment.State, payment.StateAt) = (BankPaymentState.Returned, time.GetUtcNow());
        await money.RecordAsync(ReceiptOf(entry, StatementMatching.Returned(payment, receipt.Id), SubmissionIds.OfEntry(entry.LoopId, entry.Id, 0)), AccountKind.Unassigned, cancellationToken);
        await MoveAsync(entry, AccountKind.OtherBank, -fee, cancellationToken);
    }

    /// <summary>The bank has carried a file out but for some of its payments. Those count as come back: their bills are open again, and are not collected by themselves.</summary>
    private async Task BookFileAsync(BankEntry entry, int fileId, IReadOnlyList<string> without, CancellationToken cancellationToken)
    {
        var payments = await work.Db.BankPayments.Where(payment => payment.LoopId == entry.LoopId && payment.FileId == fileId && payment.State == BankPaymentState.InFile)
            .OrderBy(payment => payment.Id).ToListAsync(cancellationToken);
        var missing = without.ToHashSet(StringComparer.Ordinal);
        if (missing.Except(payments.Select(payment => payment.EndToEndId)).FirstOrDefault() is { } unknown)
        {
            throw new RefusedException(nameof(ResolveBankEntry.Without), $"The file has no payment {unknown} that waits for the bank.");
        }

        var booked = payments.Where(payment => !missing.Contains(payment.EndToEndId)).ToList();
        if (booked.Count == 0 || booked.Sum(payment => payment.BookingCents()) != entry.Cents)
        {
            throw new RefusedException(nameof(ResolveBankEntry.Without),
                $"The file's payments without those come to {booked.Sum(payment => payment.BookingCents()) / 100m:0.00}, the movement to {entry.Cents / 100m:0.00}.");
        }

        foreach (var payment in payments)
        {
            (payment.State, payment.StateAt) = (missing.Contains(payment.EndToEndId) ? BankPaymentState.Returned : BankPaymentState.Booked, time.GetUtcNow());
        }

        await money.RecordAsync(
            entry.LoopId, [.. booked.Select(payment => ReceiptOf(entry, StatementMatching.Booked(payment), SubmissionIds.OfPayment(payment)))], AccountKind.Unassigned, cancellationToken);
    }

    private static MoneyReceipt ReceiptOf(BankEntry entry, MatchedPart part, Guid submission) => new()
    {
        LoopId = entry.LoopId, MemberId = part.MemberId, Kind = part.Kind, Amount = Money.FromCents(part.Cents), BillId = part.BillId, TakesBackId = part.TakesBackId, BankEntryId = entry.Id,
        SubmissionId = submission,
    };

    private async Task FindReceiptAsync(BankEntry entry, long receiptId, CancellationToken cancellationToken)
    {
        var receipt = await work.Db.MoneyReceipts.AsNoTracking().SingleOrDefaultAsync(receipt => receipt.LoopId == entry.LoopId && receipt.Id == receiptId, cancellationToken);
        if (receipt is null || receipt.BankEntryId is not null || receipt.Kind.Sign() * receipt.Amount.Cents != entry.Cents
            || await work.Db.BankEntries.AnyAsync(other => other.LoopId == entry.LoopId && other.ReceiptId == receiptId, cancellationToken))
        {
            throw new RefusedException(nameof(ResolveBankEntry.ReceiptId), "That receipt is of another amount, or belongs to another movement.");
        }
    }

    private async Task MoveAsync(BankEntry entry, AccountKind to, long cents, CancellationToken cancellationToken)
    {
        var accounts = await journal.AccountsAsync(entry.LoopId, [], cancellationToken, [AccountKind.Unassigned, AccountKind.OtherBank]);
        await journal.PostAsync(
            [.. accounts.Move(
                MarketHour.Containing(await market.NowAsync(entry.LoopId, cancellationToken)), TransferKind.BankEntryResolved, null,
                accounts[AccountKind.Unassigned], accounts[to], Money.FromCents(cents).Micro, entry.Id)],
            cancellationToken);
    }
}
