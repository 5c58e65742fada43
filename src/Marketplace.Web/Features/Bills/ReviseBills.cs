using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Bill = Marketplace.Data.Bill;

namespace Marketplace.Web.Features.Bills;

/// <summary>Revises every issued document whose hours were corrected since: a credit note takes it back, a new document takes its place. What it comes
/// to is what would have been issued had the correction been known. Revising twice changes nothing.</summary>
public sealed record ReviseBills(int LoopId) : IRequest<RevisedBills>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

/// <summary>The operator releases what corrections have changed.</summary>
public sealed record ReleaseRevisions(int LoopId) : IRequest<RevisedBills>, IOperatorAct
{
    public string Subject => "revisions";
}

/// <param name="CreditNotes">The numbers of credit notes.</param>
/// <param name="Documents">The numbers of the documents that take the place of others, or are new.</param>
public sealed record RevisedBills(IReadOnlyList<string> CreditNotes, IReadOnlyList<string> Documents);

internal sealed class ReviseBillsHandler(Work work, PeriodBilling billing, DocumentWriter writer, MarketTime marketTime, Sequencer sequencer)
    : IRequestHandler<ReviseBills, RevisedBills>, IRequestHandler<ReleaseRevisions, RevisedBills>
{
    public Task<RevisedBills> Handle(ReviseBills request, CancellationToken cancellationToken) => ReviseAsync(request.LoopId, cancellationToken);

    public Task<RevisedBills> Handle(ReleaseRevisions request, CancellationToken cancellationToken) => ReviseAsync(request.LoopId, cancellationToken);

    private async Task<RevisedBills> ReviseAsync(int loopId, CancellationToken cancellationToken)
    {
        var connection = await work.ConnectionAsync(cancellationToken);
        await IssueBills.LockAsync(work.Db, loopId, cancellationToken);
        var pending = await PendingCorrections.AllAsync(connection, work.Transaction, loopId, cancellationToken);
        if (pending.Count == 0)
        {
            return new RevisedBills([], []);
        }

        var now = MarketHour.Containing(await marketTime.NowAsync(loopId, cancellationToken));
        var (credits, documents) = (new List<string>(), new List<string>());
        foreach (var ofPeriod in (await PeriodsAsync(loopId, pending, cancellationToken)).GroupBy(entry => entry.Period).OrderBy(group => group.Key.Start))
        {
            var period = ofPeriod.Key;
            var issued = await ReviseAsync(loopId, period, [.. ofPeriod.Select(entry => entry.Member)], now < period.End ? period.End : now, cancellationToken);
            credits.AddRange(issued.CreditNotes);
            documents.AddRange(issued.Documents);
            (await BillRuns.ReadAsync(connection, work.Transaction, loopId, period, cancellationToken)).RequireSound();
        }

        work.AfterCommit(token => sequencer.IntegrateAsync(loopId, token));
        return new RevisedBills(credits, documents);
    }

    /// <summary>The period of each member's documents: that of the run, or that of a final bill within it.</summary>
    private async Task<List<(Interval Period, int Member)>> PeriodsAsync(
        int loopId, IReadOnlyList<(Interval Period, int Member, Money Amount)> pending, CancellationToken cancellationToken)
    {
        var found = new List<(Interval, int)>();
        foreach (var (period, member, _) in pending)
        {
            var own = await work.Db.Bills.AsNoTracking()
                .Where(bill => bill.LoopId == loopId && bill.MemberId == member && bill.PeriodStart < period.End && bill.PeriodEnd > period.Start)
                .Select(bill => new { bill.PeriodStart, bill.PeriodEnd }).Distinct().ToListAsync(cancellationToken);
            found.Add((own.Count > 0 ? new Interval(own[0].PeriodStart, own[0].PeriodEnd) : period, member));
        }

        return found;
    }

    private async Task<RevisedBills> ReviseAsync(int loopId, Interval period, IReadOnlyCollection<int> corrected, DateTimeOffset issuedAt, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var plants = await PlantsOfPeriod.ReadAsync(db, loopId, cancellationToken);
        var members = plants.WithPartners(corrected);
        var accounts = await billing.ReadAsync(loopId, period, members, work.Transaction, cancellationToken);
        var live = await LiveBills.OfAsync(db, loopId, period, members, cancellationToken);
        var toIssue = new List<DocumentToIssue>();
        foreach (var document in accounts.Documents)
        {
            var before = live.FirstOrDefault(one => one.Document.Member == document.Member && one.Document.Role == document.Role);
            var mustTakeUp = corrected.Contains(document.Member) && document.Lines.Any(line => line.Kind == BillLineKind.Correction);
            if (before is not null && Revision.Same(before.Document, document) && !mustTakeUp)
            {
                continue;
            }

            if (before is not null)
            {
                toIssue.Add(CreditNoteOf(before));
            }

            toIssue.Add(new DocumentToIssue(document, DocumentKind.Invoice, (short)(before is null ? 0 : before.Bill.Revision + 1), before?.Bill)
            {
                Corrections = BillIssue.CorrectionsOf(accounts, document), Facts = before?.Facts,
            });
        }

        toIssue.AddRange(live.Where(one => !accounts.Documents.Any(document => document.Member == one.Document.Member && document.Role == one.Document.Role)).Select(CreditNoteOf));
        if (toIssue.Count == 0)
        {
            return new RevisedBills([], []);
        }

        var statements = toIssue.Where(one => one.Kind == DocumentKind.Invoice && one.Document.Role == DocumentRole.Investor).Select(one => one.Document.Member).ToHashSet();
        var numbers = await writer.WriteAsync(
            new Issue(accounts.Loop, period, issuedAt, accounts.Spans[^1].Tariff, live.Any(one => one.Bill.IsFinal)), toIssue,
            [.. accounts.Shares.Where(share => statements.Contains(share.Investor))], cancellationToken);
        return new RevisedBills(
            [.. numbers.Where((_, i) => toIssue[i].Kind == DocumentKind.CreditNote)],
            [.. numbers.Where((_, i) => toIssue[i].Kind == DocumentKind.Invoice)]);
    }

    private static DocumentToIssue CreditNoteOf(LiveBill live) => new(live.Document, DocumentKind.CreditNote, (short)(live.Bill.Revision + 1), live.Bill);
}

/// <summary>A document that stands: issued, and not taken back.</summary>
internal sealed record LiveBill(Bill Bill, BillDocument Document, string? Facts);

/// <summary>Reads documents as they were issued.</summary>
internal static class LiveBills
{
    /// <summary>Those of a period and of some members that stand.</summary>
    public static async Task<IReadOnlyList<LiveBill>> OfAsync(MarketplaceDb db, int loopId, Interval period, IReadOnlyCollection<int> members, CancellationToken cancellationToken)
    {
        var bills = await db.Bills.AsNoTracking()
            .Where(bill => bill.LoopId == loopId && bill.PeriodStart == period.Start && bill.PeriodEnd == period.End && members.Contains(bill.MemberId)
                && bill.Kind == DocumentKind.Invoice && !db.Bills.Any(later => later.LoopId == loopId && later.CorrectsId == bill.Id))
            .OrderBy(bill => bill.Id).ToListAsync(cancellationToken);
        var ids = bills.Select(bill => bill.Id).ToList();
        var lines = (await db.BillLines.AsNoTracking().Where(line => line.LoopId == loopId && ids.Contains(line.BillId)).OrderBy(line => line.Line).ToListAsync(cancellationToken))
            .ToLookup(line => line.BillId);
        var facts = await db.BillFacts.AsNoTracking().Where(row => row.LoopId == loopId && ids.Contains(row.BillId)).ToDictionaryAsync(row => row.BillId, row => row.Facts, cancellationToken);
        return [.. bills.Select(bill => new LiveBill(bill, DocumentOf(bill, lines[bill.Id]), facts.GetValueOrDefault(bill.Id)))];
    }

    /// <summary>A document from its rows.</summary>
    /// <exception cref="BrokenInvariantException">The rows do not come to its totals.</exception>
    public static BillDocument DocumentOf(Bill bill, IEnumerable<BillLineRow> lines)
    {
        var document = new BillDocument(bill.MemberId, (DocumentRole)(short)bill.Role, [.. lines.Select(TraceJson.LineOf)]);
        return document.TotalCents == bill.TotalCents
            ? document
            : throw new BrokenInvariantException("an issued document's lines come to its total", bill.Number);
    }
}
