using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Bills;

/// <summary>What waits before it is issued: open periods with the state of each document, and corrections that wait for revisions.</summary>
public sealed record ShowBillsToRelease(int LoopId) : IRequest<BillsToRelease>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

/// <param name="Periods">Open periods, the oldest first; of further ones only the name, until the first is done.</param>
/// <param name="Revisions">Corrections of billed hours that wait.</param>
/// <param name="ByHand">Whether finished periods wait for the operator.</param>
public sealed record BillsToRelease(IReadOnlyList<QueuedPeriod> Periods, IReadOnlyList<QueuedRevision> Revisions, bool ByHand);

/// <param name="Common">What keeps the whole period; then there are no documents yet.</param>
/// <param name="Documents">What is not issued yet, blocked documents first.</param>
/// <param name="Issued">How many members have theirs.</param>
public sealed record QueuedPeriod(Interval Period, IReadOnlyList<Block> Common, IReadOnlyList<QueuedDocument> Documents, int Issued)
{
    public int Ready => Documents.Count(document => document.Blocks.Count == 0);
}

public sealed record QueuedDocument(int MemberId, string MemberName, Role Role, Money Total, IReadOnlyList<Block> Blocks);

public sealed record QueuedRevision(Interval Period, int MemberId, string MemberName, Money Amount);

internal sealed class ShowBillsToReleaseHandler(Work work, PeriodBilling billing, Blocks blocks) : IRequestHandler<ShowBillsToRelease, BillsToRelease>
{
    /// <summary>Working out a period reads all of its hours: one at a time.</summary>
    private const int WorkedOut = 1;

    public async Task<BillsToRelease> Handle(ShowBillsToRelease request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var open = await db.BillPeriods.AsNoTracking().Where(period => period.LoopId == loopId && period.CompletedAt == null).OrderBy(period => period.PeriodStart).ToListAsync(cancellationToken);
        var names = open.Count == 0 ? [] : await db.Members.AsNoTracking().Where(member => member.LoopId == loopId).ToDictionaryAsync(member => member.Id, member => member.Name, cancellationToken);
        var periods = new List<QueuedPeriod>();
        foreach (var one in open)
        {
            var period = new Interval(one.PeriodStart, one.PeriodEnd);
            periods.Add(periods.Count < WorkedOut ? await OfAsync(loop, period, names, cancellationToken) : new QueuedPeriod(period, [], [], 0));
        }

        var pending = await PendingCorrections.AllAsync(await work.ConnectionAsync(cancellationToken), null, loopId, cancellationToken);
        if (pending.Count > 0 && names.Count == 0)
        {
            var ids = pending.Select(row => row.Member).ToList();
            names = await db.Members.AsNoTracking().Where(member => member.LoopId == loopId && ids.Contains(member.Id)).ToDictionaryAsync(member => member.Id, member => member.Name, cancellationToken);
        }

        return new BillsToRelease(
            periods, [.. pending.Select(row => new QueuedRevision(row.Period, row.Member, names.GetValueOrDefault(row.Member, ""), row.Amount))],
            await db.BillingTerms.Where(terms => terms.LoopId == loopId).OrderByDescending(terms => terms.Version).Select(terms => terms.ReleaseByHand).FirstOrDefaultAsync(cancellationToken));
    }

    private async Task<QueuedPeriod> OfAsync(Loop loop, Interval period, Dictionary<int, string> names, CancellationToken cancellationToken)
    {
        var common = await blocks.CommonAsync(loop, period, cancellationToken);
        if (common.Count > 0)
        {
            return new QueuedPeriod(period, common, [], 0);
        }

        var accounts = await billing.ReadAsync(loop.Id, period, null, null, cancellationToken);
        var billed = (await work.Db.Bills.AsNoTracking()
            .Where(bill => bill.LoopId == loop.Id && bill.PeriodStart < period.End && bill.PeriodEnd > period.Start)
            .Select(bill => bill.MemberId).Distinct().ToListAsync(cancellationToken)).ToHashSet();
        var (found, _) = await blocks.OfMembersAsync(accounts, cancellationToken);
        var own = found.ToLookup(block => block.Member!.Value);
        return new QueuedPeriod(
            period, [],
            [.. accounts.Documents.Where(document => !billed.Contains(document.Member))
                .Select(document => new QueuedDocument(
                    document.Member, names.GetValueOrDefault(document.Member, ""), (Role)(short)document.Role, Money.FromCents(document.TotalCents), [.. own[document.Member]]))
                .OrderByDescending(document => document.Blocks.Count > 0).ThenBy(document => document.MemberId).ThenBy(document => document.Role)],
            billed.Count);
    }
}

/// <summary>How much waits for the operator in billing, for the list of what needs attention.</summary>
public sealed record BillsWaiting(int LoopId) : IRequest<(int Periods, int Revisions)>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

internal sealed class BillsWaitingHandler(Work work) : IRequestHandler<BillsWaiting, (int Periods, int Revisions)>
{
    public async Task<(int Periods, int Revisions)> Handle(BillsWaiting request, CancellationToken cancellationToken) => (
        await work.Db.BillPeriods.CountAsync(period => period.LoopId == request.LoopId && period.CompletedAt == null, cancellationToken),
        (await PendingCorrections.AllAsync(await work.ConnectionAsync(cancellationToken), null, request.LoopId, cancellationToken)).Count);
}
