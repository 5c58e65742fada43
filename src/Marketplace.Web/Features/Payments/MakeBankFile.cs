using System.Globalization;
using FluentValidation;
using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Reminders;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Payments;

/// <summary>Makes a file for the loop's bank: credits of members paid out, or due bills collected by mandate. A payment is in one file only;
/// the same submission gives the same file again.</summary>
/// <param name="ExecuteOn">When the bank is to carry it out; bills due later are not collected.</param>
public sealed record MakeBankFile(int LoopId, BankFileKind Kind, Guid SubmissionId, DateOnly ExecuteOn) : IRequest<MadeBankFile>, IOperatorAct
{
    string IOperatorAct.Subject => string.Create(CultureInfo.InvariantCulture, $"{Kind} for {ExecuteOn:yyyy-MM-dd}");

    /// <summary>One at a time makes files: their numbers are dense, and no payment gets into two.</summary>
    internal static Task LockAsync(MarketplaceDb db, int loopId, CancellationToken cancellationToken)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"bank-files/{loopId}");
        return db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({name}, 0))", cancellationToken);
    }
}

/// <param name="LeftOut">Members whose account or mandate is not known: their payments are in no file.</param>
public sealed record MadeBankFile(int FileId, int Count, long SumCents, IReadOnlyList<string> LeftOut);

public sealed class MakeBankFileValidator : AbstractValidator<MakeBankFile>
{
    public MakeBankFileValidator()
    {
        RuleFor(request => request.Kind).IsInEnum().WithMessage("Choose what the file is for.");
        RuleFor(request => request.SubmissionId).NotEmpty().WithMessage("Please open the page again.");
        RuleFor(request => request.ExecuteOn).GreaterThan(new DateOnly(2000, 1, 1)).WithMessage("Choose the day on which the bank is to carry it out.");
    }
}

internal sealed class MakeBankFileHandler(Work work, MoneyBook money, InstalmentBook instalments, CurrentActor current, MarketTime market, TimeProvider time) : IRequestHandler<MakeBankFile, MadeBankFile>
{
    public async Task<MadeBankFile> Handle(MakeBankFile request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        await MakeBankFile.LockAsync(db, loopId, cancellationToken);
        if (await db.BankFiles.AsNoTracking().SingleOrDefaultAsync(file => file.LoopId == loopId && file.SubmissionId == request.SubmissionId, cancellationToken) is { } known)
        {
            return new MadeBankFile(known.Id, known.Count, known.SumCents, []);
        }

        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var issuer = await IssuerAsync(loop, request, cancellationToken);
        // What can be set off needs no bank.
        await money.SettleAllAsync(loopId, cancellationToken);
        var (rows, payments, leftOut) = await PaymentsAsync(request, cancellationToken);
        if (rows.Count == 0)
        {
            throw new RefusedException(leftOut.Count == 0
                ? request.Kind == BankFileKind.CreditTransfers ? "There is no credit to pay out." : "No bill with a mandate is due by that day."
                : Said.Of($"Nothing can be put into a file: the account or mandate is missing for {string.Join(", ", leftOut)}."));
        }

        var id = (await db.BankFiles.Where(file => file.LoopId == loopId).MaxAsync(file => (int?)file.Id, cancellationToken) ?? 0) + 1;
        var file = new PaymentFile(MessageId(loop, request.Kind, id), time.GetUtcNow(), request.ExecuteOn, issuer.Own, issuer.CreditorId, payments);
        db.BankFiles.Add(new BankFile
        {
            LoopId = loopId, Id = id, Kind = request.Kind, SubmissionId = request.SubmissionId, MessageId = file.MessageId, MadeAt = file.MadeAt, MadeBy = current.Actor.AccountId,
            ExecuteOn = request.ExecuteOn, Count = payments.Count, SumCents = file.SumCents,
            Content = request.Kind == BankFileKind.CreditTransfers ? PaymentFileXml.CreditTransfers(file) : PaymentFileXml.DirectDebits(file),
        });
        await db.SaveChangesAsync(cancellationToken);
        foreach (var row in rows)
        {
            (row.FileId, row.StateAt) = (id, file.MadeAt);
        }

        db.BankPayments.AddRange(rows);
        await db.SaveChangesAsync(cancellationToken);
        return new MadeBankFile(id, payments.Count, file.SumCents, leftOut);
    }

    private async Task<(PaymentParty Own, string CreditorId)> IssuerAsync(Loop loop, MakeBankFile request, CancellationToken cancellationToken)
    {
        if (loop.Currency != "EUR")
        {
            throw new RefusedException($"These files carry euro only; this loop counts in {loop.Currency}.");
        }

        var issuer = (await work.Db.BillIssuers.AsNoTracking().SingleOrDefaultAsync(issuer => issuer.LoopId == loop.Id, cancellationToken))?.Details;
        if (issuer is null || PartyOf(issuer) is not { } own)
        {
            throw new RefusedException("Say first who writes the loop's bills, and which account is the loop's.");
        }

        if (request.Kind == BankFileKind.DirectDebits && issuer.CreditorId.Length == 0)
        {
            throw new RefusedException("Direct debits need the loop's creditor identifier. Enter it with who writes the bills.");
        }

        if (request.ExecuteOn < loop.Calendar.DayOf(await market.NowAsync(loop.Id, cancellationToken)))
        {
            throw new RefusedException(nameof(request.ExecuteOn), "That day has passed.");
        }

        return (own, issuer.CreditorId);
    }

    private async Task<(List<BankPayment> Rows, List<Payment> Payments, List<string> LeftOut)> PaymentsAsync(MakeBankFile request, CancellationToken cancellationToken)
    {
        var (db, loopId, isDebit) = (work.Db, request.LoopId, request.Kind == BankFileKind.DirectDebits);
        var due = (await OpenEntries.ReadAsync(db, loopId, owed: isDebit, null, cancellationToken))
            .Where(entry => entry.InFileCents == 0 && (!isDebit || (entry.Kind == EntryKind.Document && entry.DueOn <= request.ExecuteOn && entry.OpenCents > entry.HeldCents))).ToList();
        // Of a document that is paid in instalments, what of them is due by then.
        var collectible = isDebit ? await instalments.CollectibleAsync(loopId, request.ExecuteOn, cancellationToken) : null;
        var members = due.Select(entry => entry.MemberId).Distinct().ToArray();
        var recipients = await db.BillRecipients.AsNoTracking().Where(recipient => recipient.LoopId == loopId && members.Contains(recipient.MemberId))
            .ToDictionaryAsync(recipient => recipient.MemberId, recipient => recipient.Details, cancellationToken);
        var bills = due.Select(entry => entry.BillId).Distinct().ToArray();
        // What came back once is not collected again by itself; a payout that came back goes out under a further name.
        var before = (await db.BankPayments.AsNoTracking().Where(payment => payment.LoopId == loopId && bills.Contains(payment.BillId)).ToListAsync(cancellationToken)).ToLookup(payment => payment.BillId);
        var (rows, payments, leftOut) = (new List<BankPayment>(), new List<Payment>(), new SortedSet<string>(StringComparer.Ordinal));
        foreach (var entry in due)
        {
            if (isDebit && before[entry.BillId].Any(payment => payment.Kind == BankFileKind.DirectDebits && payment.State == BankPaymentState.Returned))
            {
                continue;
            }

            var details = recipients.GetValueOrDefault(entry.MemberId);
            if (isDebit && details?.Mandate is not { Length: > 0 })
            {
                continue;
            }

            if (details is null || PartyOf(details) is not { } other || (isDebit && details.MandateSignedOn is null))
            {
                leftOut.Add(entry.MemberName);
                continue;
            }

            var cents = collectible is null ? -entry.OpenCents : entry.PlanId is null ? entry.OpenCents - entry.HeldCents : collectible.GetValueOrDefault(entry.BillId);
            if (cents == 0)
            {
                continue;
            }

            var attempt = before[entry.BillId].Count() + rows.Count(row => row.BillId == entry.BillId) + 1;
            var id = PaymentReference.Of(entry.Number) + (attempt == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $"-{attempt}"));
            rows.Add(new BankPayment
            {
                LoopId = loopId, Kind = request.Kind, MemberId = entry.MemberId, EntryKind = entry.Kind, EntryId = entry.Id, BillId = entry.BillId, EndToEndId = id, Cents = cents,
            });
            payments.Add(new Payment(id, cents, other, entry.Number, isDebit ? details.Mandate : "", isDebit ? details.MandateSignedOn : null));
        }

        return (rows, payments, [.. leftOut]);
    }

    private static PaymentParty? PartyOf(PartyDetails details) => Iban.TryParse(details.Iban, out var account, out _)
        ? new PaymentParty(
            details.AccountHolder.Length > 0 ? details.AccountHolder : details.Name, details.Street, details.PostCode, details.City, details.Country, account!, details.Bic)
        : null;

    private static string MessageId(Loop loop, BankFileKind kind, int id)
    {
        var name = string.Concat(loop.Slug.Where(char.IsAsciiLetterOrDigit)).ToUpperInvariant();
        return string.Create(CultureInfo.InvariantCulture, $"{(name.Length > 20 ? name[..20] : name)}{(kind == BankFileKind.CreditTransfers ? 'T' : 'D')}{id:000000}");
    }
}

/// <summary>Says that a file was not sent to the bank: its payments are open again and can go into another.</summary>
public sealed record WithdrawBankFile(int LoopId, int FileId) : IRequest, IOperatorAct
{
    string IOperatorAct.Subject => string.Create(CultureInfo.InvariantCulture, $"file {FileId}");
}

internal sealed class WithdrawBankFileHandler(Work work, TimeProvider time) : IRequestHandler<WithdrawBankFile>
{
    public async Task<Unit> Handle(WithdrawBankFile request, CancellationToken cancellationToken)
    {
        await MakeBankFile.LockAsync(work.Db, request.LoopId, cancellationToken);
        var payments = work.Db.BankPayments.Where(payment => payment.LoopId == request.LoopId && payment.FileId == request.FileId);
        if (await payments.AnyAsync(payment => payment.State == BankPaymentState.Booked || payment.State == BankPaymentState.Returned, cancellationToken))
        {
            throw new RefusedException("The bank's statement shows payments of this file: it was sent.");
        }

        var now = time.GetUtcNow();
        await payments.ExecuteUpdateAsync(rows => rows.SetProperty(payment => payment.State, BankPaymentState.Withdrawn).SetProperty(payment => payment.StateAt, now), cancellationToken);
        return Unit.Value;
    }
}

/// <summary>A file as it was made, to be handed to the bank.</summary>
public sealed record ReadBankFile(int LoopId, int FileId) : IRequest<BankFile>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

internal sealed class ReadBankFileHandler(Work work) : IRequestHandler<ReadBankFile, BankFile>
{
    public async Task<BankFile> Handle(ReadBankFile request, CancellationToken cancellationToken) =>
        await work.Db.BankFiles.AsNoTracking().SingleOrDefaultAsync(file => file.LoopId == request.LoopId && file.Id == request.FileId, cancellationToken)
        ?? throw new NotPermittedException(nameof(ReadBankFile));
}
