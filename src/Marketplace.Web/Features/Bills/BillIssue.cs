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

        // The sums of ten thousand members stay in memory; without it PostgreSQL writes them to disk on the way.
        await db.Database.ExecuteSqlAsync($"SET LOCAL work_mem TO '128MB'", cancellationToken);
        var accounts = await billing.ReadAsync(loopId, period, null, work.Transaction, cancellationToken);
        var hourly = await new SettledPeriod(connection, work.Transaction, loopId, period).UnbilledAsync(cancellationToken);
        RequireJournal(accounts.Inputs!, hourly);

        var already = await BilledAsync(loopId, period, cancellationToken);
        var (found, facts) = await blocks.OfMembersAsync(accounts, cancellationToken);
        var waiting = found.Where(block => block.Kind == BlockKind.AfterFinal || !already.Contains(block.Member!.Value)).ToList();
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
                [.. documents.Select(document => Original(accounts, document, facts))],
                [.. accounts.Shares.Where(share => members.Contains(share.Investor))], cancellationToken);

            // A crash before this has run leaves the documents committed and unsigned; the next thing on the ledger signs them too.
            work.AfterCommit(token => sequencer.IntegrateAsync(loopId, token));
        }

        var run = await BillRuns.ReadAsync(connection, work.Transaction, loopId, period, cancellationToken, hourly);
        run.RequireSound();
        return new IssuedBills(documents.Count == 0 && already.Count > 0 ? BillingOutcome.AlreadyIssued : BillingOutcome.Issued, null, run) { Blocks = waiting };
    }

    /// <summary>Issues the final documents of somebody who has moved out: for what is not billed yet, up to the handover.</summary>
    public async Task<IssuedBills> IssueFinalAsync(int loopId, int member, DateTimeOffset end, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var connection = await work.ConnectionAsync(cancellationToken);
        await IssueBills.LockAsync(db, loopId, cancellationToken);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var start = await db.BillPeriods.Where(period => period.LoopId == loopId).MaxAsync(period => (DateTimeOffset?)period.PeriodEnd, cancellationToken) ?? loop.FirstHour;
        if (end <= start)
        {
            throw new RefusedException("The days until the handover are billed with their month, or open for billing with it.");
        }

        var period = new Interval(start, end);
        if (await db.Bills.AnyAsync(bill => bill.LoopId == loopId && bill.MemberId == member && bill.PeriodStart < end && bill.PeriodEnd > start, cancellationToken))
        {
            return new IssuedBills(BillingOutcome.AlreadyIssued, null, await BillRuns.ReadAsync(connection, work.Transaction, loopId, period, cancellationToken));
        }

        if ((await PlantsOfPeriod.ReadAsync(db, loopId, cancellationToken)).WithPartners([member]).Length > 1)
        {
            throw new RefusedException("The member shares a plant's revenue with others: it is billed with the month.");
        }

        if (await blocks.CommonAsync(loop, period, cancellationToken) is { Count: > 0 } common)
        {
            return new IssuedBills(BillingOutcome.Blocked, common[0].Words, null) { Blocks = common };
        }

        var accounts = await billing.ReadAsync(loopId, period, [member], work.Transaction, cancellationToken);
        var (found, facts) = await blocks.OfMembersAsync(accounts, cancellationToken);
        if (found.FirstOrDefault(block => block.Member == member) is { } block)
        {
            return new IssuedBills(BillingOutcome.Blocked, block.Words, null) { Blocks = found };
        }

        if (accounts.Documents.Count == 0)
        {
            throw new RefusedException("Nothing is to be billed for the days until the handover.");
        }

        await writer.WriteAsync(new Issue(loop, period, end, accounts.Spans[^1].Tariff, IsFinal: true), [.. accounts.Documents.Select(document => Original(accounts, document, facts))], [], cancellationToken);
        work.AfterCommit(token => sequencer.IntegrateAsync(loopId, token));
        var run = await BillRuns.ReadAsync(connection, work.Transaction, loopId, period, cancellationToken);
        run.RequireSound();
        return new IssuedBills(BillingOutcome.Issued, null, run);
    }

    private static DocumentToIssue Original(PeriodAccounts accounts, BillDocument document, Func<int, LawFacts> facts) => new(document, DocumentKind.Invoice, 0, null)
    {
        Corrections = CorrectionsOf(accounts, document),
        Facts = Completeness.Applies(document) ? FactsJson.Write(facts(document.Member)) : null,
    };

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
