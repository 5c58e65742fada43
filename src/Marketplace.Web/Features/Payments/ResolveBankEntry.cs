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

/// <summary>Says whose a movement of the bank account is that nothing else told: a member's, nobody's, or one that had been recorded by hand.</summary>
/// <param name="State">Assigned, NotOurs or AlreadyRecorded.</param>
/// <param name="MemberId">Whose it is, where it is assigned.</param>
/// <param name="DocumentNumber">The document it pays; empty where it says none.</param>
/// <param name="ReceiptId">The receipt that had been recorded by hand.</param>
/// <param name="Reason">Why it is nobody's.</param>
public sealed record ResolveBankEntry(
    int LoopId, long EntryId, BankEntryState State, int? MemberId = null, string DocumentNumber = "", long? ReceiptId = null, string Reason = "") : IRequest, IOperatorAct
{
    string IOperatorAct.Subject => string.Create(
        CultureInfo.InvariantCulture,
        $"entry {EntryId}: {State}{(MemberId is { } member ? $" member {member}" : "")}{(DocumentNumber.Length > 0 ? " " + DocumentNumber : "")}{(ReceiptId is { } receipt ? $" receipt {receipt}" : "")}");
}

public sealed class ResolveBankEntryValidator : AbstractValidator<ResolveBankEntry>
{
    public ResolveBankEntryValidator()
    {
        RuleFor(request => request.State).Must(state => state is BankEntryState.Assigned or BankEntryState.NotOurs or BankEntryState.AlreadyRecorded).WithMessage("Say what it is.");
        RuleFor(request => request.MemberId).NotNull().When(request => request.State == BankEntryState.Assigned).WithMessage("Choose the member whose it is.");
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
            case BankEntryState.Assigned:
                await AssignAsync(entry, request, cancellationToken);
                break;
            case BankEntryState.NotOurs:
                await MoveAsync(entry, AccountKind.OtherBank, cancellationToken);
                break;
            default:
                await FindReceiptAsync(entry, request.ReceiptId!.Value, cancellationToken);
                // The receipt had moved the money at the bank already: the movement must not do so again.
                await MoveAsync(entry, AccountKind.Bank, cancellationToken);
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

    private async Task FindReceiptAsync(BankEntry entry, long receiptId, CancellationToken cancellationToken)
    {
        var receipt = await work.Db.MoneyReceipts.AsNoTracking().SingleOrDefaultAsync(receipt => receipt.LoopId == entry.LoopId && receipt.Id == receiptId, cancellationToken);
        if (receipt is null || receipt.BankEntryId is not null || receipt.Kind.Sign() * receipt.Amount.Cents != entry.Cents
            || await work.Db.BankEntries.AnyAsync(other => other.LoopId == entry.LoopId && other.ReceiptId == receiptId, cancellationToken))
        {
            throw new RefusedException(nameof(ResolveBankEntry.ReceiptId), "That receipt is of another amount, or belongs to another movement.");
        }
    }

    private async Task MoveAsync(BankEntry entry, AccountKind to, CancellationToken cancellationToken)
    {
        var accounts = await journal.AccountsAsync(entry.LoopId, [], cancellationToken, [AccountKind.Unassigned, AccountKind.OtherBank]);
        await journal.PostAsync(
            [.. accounts.Move(
                MarketHour.Containing(await market.NowAsync(entry.LoopId, cancellationToken)), TransferKind.BankEntryResolved, null,
                accounts[AccountKind.Unassigned], accounts[to], Money.FromCents(entry.Cents).Micro, entry.Id)],
            cancellationToken);
    }
}
