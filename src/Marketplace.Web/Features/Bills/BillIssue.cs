using System.Globalization;
using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Bills;

/// <summary>Issues what a period comes to, within the transaction of one change.</summary>
internal sealed class BillIssue(Work work, PeriodBilling billing, Blocks blocks, DocumentWriter writer, Sequencer sequencer, TimeProvider time)
{
    public async Task<IssuedBills> IssueAsync(int loopId, Interval period, DateTimeOffset issuedAt, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var connection = await work.ConnectionAsync(cancellationToken);
        await IssueBills.LockAsync(db, loopId, cancellationToken);
        var opened = await db.BillPeriods.SingleOrDefaultAsync(
            one => one.LoopId == loopId && one.PeriodStart == period.Start && one.PeriodEnd == period.End, cancellationToken);
        if (opened?.CompletedAt is not null)
        {
            return new IssuedBills(BillingOutcome.AlreadyIssued, null, await BillRuns.ReadAsync(connection, work.Transaction, loopId, period, cancellationToken));
        }

        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        if (await blocks.CommonAsync(loop, period, cancellationToken) is { Count: > 0 } common)
        {
            return new IssuedBills(BillingOutcome.Blocked, common[0].Words, null) { Blocks = common };
        }

        var accounts = await billing.ReadAsync(loopId, period, null, work.Transaction, cancellationToken);
        var hourly = await new SettledPeriod(connection, work.Transaction, loopId, period).UnbilledAsync(cancellationToken);
        RequireJournal(accounts.Inputs!, hourly);

        var already = await BilledAsync(loopId, period, cancellationToken);
        var (found, facts) = await blocks.OfMembersAsync(accounts, cancellationToken);
        var waiting = found.Where(block => !already.Contains(block.Member!.Value)).ToList();
        var blocked = waiting.Select(block => block.Member!.Value).ToHashSet();
        var documents = accounts.Documents.Where(document => !already.Contains(document.Member) && !blocked.Contains(document.Member)).ToList();
        if (documents.Count == 0 && blocked.Count > 0 && already.Count == 0)
        {
            await OpenAsync(opened, loopId, period, issuedAt, complete: false, cancellationToken);
            return new IssuedBills(BillingOutcome.Blocked, waiting[0].Words, null) { Blocks = waiting };
        }

        await OpenAsync(opened, loopId, period, issuedAt, complete: blocked.Count == 0, cancellationToken);
        if (documents.Count > 0)
        {
            var members = documents.Select(document => document.Member).ToHashSet();
            await writer.WriteAsync(
                new Issue(loop, period, issuedAt, accounts.Spans[^1].Tariff),
                [.. documents.Select(document => new DocumentToIssue(document, DocumentKind.Invoice, 0, null) 
                {
                    Corrections = CorrectionsOf(accounts, document),
                    Facts = Completeness.Applies(document) ? FactsJson.Write(facts(document.Member)) : null,
                })],
                [.. accounts.Shares.Where(share => members.Contains(share.Investor))], cancellationToken);

            // A crash before this has run leaves the documents committed and unsigned; the next thing on the ledger signs them too.
            work.AfterCommit(token => sequencer.IntegrateAsync(loopId, token));
        }

        var run = await BillRuns.ReadAsync(connection, work.Transaction, loopId, period, cancellationToken, hourly);
        run.RequireSound();
        return new IssuedBills(documents.Count == 0 && already.Count > 0 ? BillingOutcome.AlreadyIssued : BillingOutcome.Issued, null, run) { Blocks = waiting };
    }

    /// <summary>What a document takes up of the corrections: all of the member's, on the document that has the lines.</summary>
    internal static IReadOnlyList<(DateTimeOffset Hour, long Reference)> CorrectionsOf(PeriodAccounts accounts, BillDocument document) =>
        document.Lines.Any(line => line.Kind == BillLineKind.Correction) ? [.. accounts.Corrections[document.Member]] : [];

    /// <summary>Who has documents of the period, or has had a final bill in it.</summary>
    private async Task<HashSet<int>> BilledAsync(int loopId, Interval period, CancellationToken cancellationToken) => [.. await work.Db.Bills.AsNoTracking()
        .Where(bill => bill.LoopId == loopId && bill.PeriodStart < period.End && bill.PeriodEnd > period.Start)
        .Select(bill => bill.MemberId).Distinct().ToListAsync(cancellationToken)];

    private async Task OpenAsync(BillPeriod? opened, int loopId, Interval period, DateTimeOffset issuedAt, bool complete, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (opened is null)
        {
            work.Db.BillPeriods.Add(opened = new BillPeriod { LoopId = loopId, PeriodStart = period.Start, PeriodEnd = period.End, IssueAt = issuedAt, OpenedAt = now });
        }

        opened.CompletedAt = complete ? now : null;
        await work.Db.SaveChangesAsync(cancellationToken);
    }

    private static void RequireJournal(BillingInputs inputs, IReadOnlyDictionary<(int Member, TransferKind Kind), long> hourly)
    {
        Dictionary<int, long> Journal(IReadOnlyList<TransferKind> kinds) =>
            hourly.Where(sum => kinds.Contains(sum.Key.Kind)).GroupBy(sum => sum.Key.Member).ToDictionary(own => own.Key, own => own.Sum(sum => sum.Value));
        RequireSame("what the journal holds as unbilled is the sum of the settled positions",
            inputs.Positions.GroupBy(sum => sum.Member).ToDictionary(group => group.Key, group => group.Sum(sum => sum.Total.Micro)),
            Journal(TransferKinds.OfHours));
        RequireSame("what the journal holds as unbilled beside the settled hours is what corrections, charging and shares of stores come to",
            inputs.Charges.GroupBy(sum => sum.Member).ToDictionary(group => group.Key, group => group.Sum(sum => sum.Amount.Micro)),
            Journal(TransferKinds.OfCharges));
    }

    private static void RequireSame(string invariant, Dictionary<int, long> one, Dictionary<int, long> other)
    {
        foreach (var member in one.Keys.Union(other.Keys))
        {
            if (one.GetValueOrDefault(member) != other.GetValueOrDefault(member))
            {
                throw new BrokenInvariantException(invariant, string.Create(CultureInfo.InvariantCulture,
                    $"Member {member}: expected {one.GetValueOrDefault(member)}, journal {other.GetValueOrDefault(member)} millionths"));
            }
        }
    }
}
