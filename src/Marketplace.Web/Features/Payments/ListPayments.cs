using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Payments;

/// <summary>What is open in a loop, the files for its bank, and what of its statements waits: for the operator.</summary>
/// <param name="Page">Of the open documents, counted from 1.</param>
public sealed record ListPayments(int LoopId, int Page = 1) : IRequest<PaymentsView>, IGuarded
{
    public const int PageSize = 50;

    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

/// <param name="Open">A page of what is open, that overdue longest first.</param>
public sealed record PaymentsView(
    DateOnly Today, OpenTotals Totals, IReadOnlyList<OpenEntry> Open, IReadOnlyList<BankFileView> Files, IReadOnlyList<AccountStatement> Statements, int Waiting, Money Unassigned)
{
    /// <summary>Whether a statement of the list does not begin where the one read before it ended: one may be missing.</summary>
    public bool HasGapBefore(AccountStatement statement) => statement.OpeningCents is { } opening
        && Statements.FirstOrDefault(other => other.Id < statement.Id && other.Account == statement.Account && other.ClosingCents is not null)?.ClosingCents is { } closing && closing != opening;
}

public sealed record BankFileView(int Id, BankFileKind Kind, string MessageId, DateTimeOffset MadeAt, DateOnly ExecuteOn, int Count, Money Sum, int InFile, int Booked, int Returned, int Withdrawn);

internal sealed class ListPaymentsHandler(Work work, MarketTime market) : IRequestHandler<ListPayments, PaymentsView>
{
    private const int Recent = 20;

    public async Task<PaymentsView> Handle(ListPayments request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var today = loop.Calendar.DayOf(await market.NowAsync(loopId, cancellationToken));
        var page = Math.Clamp(request.Page, 1, 100_000);
        var waiting = db.BankEntries.Where(entry => entry.LoopId == loopId && entry.State == BankEntryState.Waiting);
        return new PaymentsView(
            today, await OpenEntries.TotalsAsync(db, loopId, today, cancellationToken),
            await OpenEntries.PageAsync(db, loopId, owed: true, null, (page - 1) * ListPayments.PageSize, ListPayments.PageSize, cancellationToken),
            await FilesAsync(loopId, cancellationToken),
            await db.AccountStatements.AsNoTracking().Where(one => one.LoopId == loopId).OrderByDescending(one => one.Id).Take(Recent).ToListAsync(cancellationToken),
            await waiting.CountAsync(cancellationToken), Money.FromCents(await waiting.SumAsync(entry => entry.Cents, cancellationToken)));
    }

    private async Task<IReadOnlyList<BankFileView>> FilesAsync(int loopId, CancellationToken cancellationToken)
    {
        var files = await work.Db.BankFiles.AsNoTracking().Where(file => file.LoopId == loopId).OrderByDescending(file => file.Id).Take(Recent)
            .Select(file => new { file.Id, file.Kind, file.MessageId, file.MadeAt, file.ExecuteOn, file.Count, file.SumCents }).ToListAsync(cancellationToken);
        var ids = files.Select(file => file.Id).ToArray();
        var states = (await work.Db.BankPayments.Where(payment => payment.LoopId == loopId && ids.Contains(payment.FileId))
            .GroupBy(payment => new { payment.FileId, payment.State }).Select(group => new { group.Key.FileId, group.Key.State, Count = group.Count() })
            .ToListAsync(cancellationToken)).ToDictionary(one => (one.FileId, one.State), one => one.Count);
        int In(int file, BankPaymentState state) => states.GetValueOrDefault((file, state));
        return [.. files.Select(file => new BankFileView(
            file.Id, file.Kind, file.MessageId, file.MadeAt, file.ExecuteOn, file.Count, Money.FromCents(file.SumCents),
            In(file.Id, BankPaymentState.InFile), In(file.Id, BankPaymentState.Booked), In(file.Id, BankPaymentState.Returned), In(file.Id, BankPaymentState.Withdrawn)))];
    }
}

/// <summary>Movements of the bank account that wait for somebody to say whose they are, the oldest first.</summary>
public sealed record ListBankEntries(int LoopId) : IRequest<BankWorklist>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

/// <param name="Members">Every member, by name, to choose from.</param>
/// <param name="ByHand">Receipts that were recorded by hand and belong to no movement yet, by amount with its sign.</param>
/// <param name="Carried">Payments of files that the bank has carried out and that may have come back: of the members or names that the entries speak of.</param>
/// <param name="Files">Files of which payments wait for the bank.</param>
public sealed record BankWorklist(
    IReadOnlyList<BankEntry> Entries, int Total, IReadOnlyList<(int Id, string Name)> Members, ILookup<long, MoneyReceipt> ByHand, IReadOnlyList<BankPayment> Carried, IReadOnlyList<WaitingFile> Files)
{
    /// <summary>The payments that may have come back with a movement, those that it names first.</summary>
    public IEnumerable<BankPayment> MayHaveReturned(BankEntry entry) => Carried
        .Where(payment => Math.Sign(payment.BookingCents()) != Math.Sign(entry.Cents) && -(entry.Cents + payment.BookingCents()) is >= 0 and <= StatementMatching.MostFeeCents
            && (payment.EndToEndId == entry.EndToEndId || payment.MemberId == entry.SuggestedMember))
        .OrderByDescending(payment => payment.EndToEndId == entry.EndToEndId).ThenByDescending(payment => payment.Id);

    /// <summary>The files that a movement may sum up without some of their payments.</summary>
    public IEnumerable<WaitingFile> MaySumUp(BankEntry entry) => entry.IsReturn ? [] : Files
        .Where(file => Math.Sign(file.Cents) == Math.Sign(entry.Cents) && Math.Abs(file.Cents) >= Math.Abs(entry.Cents)).OrderByDescending(file => file.Id);
}

/// <param name="Cents">What the bank would book of what waits, with its sign.</param>
public sealed record WaitingFile(int Id, string MessageId, long Cents, IReadOnlyList<BankPayment> Payments)
{
    /// <summary>The one payment without which the file comes to a movement; none where there is none, or several.</summary>
    public BankPayment? MissingFor(BankEntry entry) =>
        Payments.Where(payment => Cents - payment.BookingCents() == entry.Cents).Take(2).ToList() is [var only] ? only : null;
}

internal sealed class ListBankEntriesHandler(Work work) : IRequestHandler<ListBankEntries, BankWorklist>
{
    private const int Most = 25;
    private const int MostPayments = 500;

    public async Task<BankWorklist> Handle(ListBankEntries request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var waiting = db.BankEntries.AsNoTracking().Where(entry => entry.LoopId == loopId && entry.State == BankEntryState.Waiting);
        var entries = await waiting.OrderBy(entry => entry.Id).Take(Most).ToListAsync(cancellationToken);
        var amounts = entries.Select(entry => Money.FromCents(Math.Abs(entry.Cents))).Distinct().ToArray();
        var byHand = await db.MoneyReceipts.AsNoTracking()
            .Where(receipt => receipt.LoopId == loopId && receipt.BankEntryId == null && amounts.Contains(receipt.Amount)
                && !db.BankEntries.Any(entry => entry.LoopId == loopId && entry.ReceiptId == receipt.Id))
            .OrderByDescending(receipt => receipt.Id).Take(200).ToListAsync(cancellationToken);
        var members = await db.Members.AsNoTracking().Where(member => member.LoopId == loopId).OrderBy(member => member.Name).ThenBy(member => member.Id)
            .Select(member => new { member.Id, member.Name }).ToListAsync(cancellationToken);
        return new BankWorklist(
            entries, await waiting.CountAsync(cancellationToken), [.. members.Select(member => (member.Id, member.Name))],
            byHand.ToLookup(receipt => receipt.Kind.Sign() * receipt.Amount.Cents), await CarriedAsync(loopId, entries, cancellationToken), await FilesAsync(loopId, entries, cancellationToken));
    }

    private Task<List<BankPayment>> CarriedAsync(int loopId, List<BankEntry> entries, CancellationToken cancellationToken)
    {
        var (names, members) = (entries.Select(entry => entry.EndToEndId).Where(name => name.Length > 0).ToArray(), entries.Select(entry => entry.SuggestedMember).OfType<int>().Distinct().ToArray());
        return work.Db.BankPayments.AsNoTracking()
            .Where(payment => payment.LoopId == loopId && payment.State == BankPaymentState.Booked && (names.Contains(payment.EndToEndId) || members.Contains(payment.MemberId)))
            .OrderByDescending(payment => payment.Id).Take(MostPayments).ToListAsync(cancellationToken);
    }

    private async Task<List<WaitingFile>> FilesAsync(int loopId, List<BankEntry> entries, CancellationToken cancellationToken)
    {
        if (entries.TrueForAll(entry => entry.Reason != "file"))
        {
            return [];
        }

        var waiting = (await work.Db.BankPayments.AsNoTracking().Where(payment => payment.LoopId == loopId && payment.State == BankPaymentState.InFile)
            .OrderBy(payment => payment.Id).ToListAsync(cancellationToken)).ToLookup(payment => payment.FileId);
        var ids = waiting.Select(file => file.Key).ToArray();
        return [.. (await work.Db.BankFiles.Where(file => file.LoopId == loopId && ids.Contains(file.Id)).Select(file => new { file.Id, file.MessageId }).ToListAsync(cancellationToken))
            .Select(file => new WaitingFile(file.Id, file.MessageId, waiting[file.Id].Sum(payment => payment.BookingCents()), [.. waiting[file.Id]]))];
    }
}
