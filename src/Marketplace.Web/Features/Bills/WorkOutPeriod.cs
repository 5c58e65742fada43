using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Bills;

/// <summary>Works out what a period comes to if it were issued now, document by document. It reads all hours of the period.</summary>
public sealed record WorkOutPeriod(int LoopId, Interval Period) : IRequest<QueuedPeriod>, ISystemOnly;

internal sealed class WorkOutPeriodHandler(Work work, PeriodBilling billing, Blocks blocks) : IRequestHandler<WorkOutPeriod, QueuedPeriod>
{
    public async Task<QueuedPeriod> Handle(WorkOutPeriod request, CancellationToken cancellationToken)
    {
        var (db, period) = (work.Db, request.Period);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == request.LoopId, cancellationToken);
        var common = await blocks.CommonAsync(loop, period, cancellationToken);
        if (common.Count > 0)
        {
            return QueuedPeriod.Of(period, common, [], 0);
        }

        // The sums of ten thousand members stay in memory; without it PostgreSQL writes them to disk on the way. The connection forgets it when it is given back.
        await work.ConnectionAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync($"SET work_mem TO '128MB'", cancellationToken);
        var accounts = await billing.ReadAsync(loop.Id, period, null, null, cancellationToken);
        var names = await db.Members.AsNoTracking().Where(member => member.LoopId == loop.Id).ToDictionaryAsync(member => member.Id, member => member.Name, cancellationToken);
        var billed = (await db.Bills.AsNoTracking()
            .Where(bill => bill.LoopId == loop.Id && bill.PeriodStart < period.End && bill.PeriodEnd > period.Start)
            .Select(bill => bill.MemberId).Distinct().ToListAsync(cancellationToken)).ToHashSet();
        var (found, _) = await blocks.OfMembersAsync(accounts, cancellationToken);
        var own = found.ToLookup(block => block.Member!.Value);
        return QueuedPeriod.Of(
            period, [],
            [.. accounts.Documents.Where(document => !billed.Contains(document.Member))
                .Select(document => new QueuedDocument(
                    document.Member, names.GetValueOrDefault(document.Member, ""), (Role)(short)document.Role, Money.FromCents(document.TotalCents), [.. own[document.Member]]))
                .OrderByDescending(document => document.Blocks.Count > 0).ThenBy(document => document.MemberId).ThenBy(document => document.Role)],
            billed.Count);
    }
}

/// <summary>
/// Keeps what open periods come to, so that a large loop's queue is worked out once and not with each look at its page. It is worked out beside the page:
/// who comes meanwhile is told so. What is kept is for looking only: a release works everything out again, under its lock. It is let go when anything it
/// rests on changes, and after ten minutes.
/// </summary>
internal sealed class QueueWork(IServiceScopeFactory scopes, TimeProvider time)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3), s_keeps = TimeSpan.FromMinutes(10);
    private readonly Lock _gate = new();
    private readonly Dictionary<int, Kept> _kept = [];

    public async Task<QueuedPeriod> OfAsync(MarketplaceDb db, int loopId, Interval period, CancellationToken cancellationToken)
    {
        var stamp = await StampAsync(db, loopId, period, cancellationToken);
        Kept kept;
        lock (_gate)
        {
            var now = time.GetUtcNow();
            if (!_kept.TryGetValue(loopId, out kept!) || kept.Period != period || kept.Stamp != stamp || now - kept.Since > s_keeps || kept.Work.IsFaulted || kept.Work.IsCanceled)
            {
                _kept[loopId] = kept = new Kept(period, stamp, now, Task.Run(() => WorkOutAsync(loopId, period), CancellationToken.None));
            }
        }

        try
        {
            return await kept.Work.WaitAsync(s_patience, cancellationToken);
        }
        catch (TimeoutException)
        {
            return new QueuedPeriod(period, [], [], 0) { WorkingSince = kept.Since };
        }
    }

    private async Task<QueuedPeriod> WorkOutAsync(int loopId, Interval period)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<Requests>().Send(new WorkOutPeriod(loopId, period), Actor.System, CancellationToken.None);
    }

    /// <summary>What the queue rests on, beside the hours themselves, which are settled.</summary>
    private static async Task<string> StampAsync(MarketplaceDb db, int loopId, Interval period, CancellationToken cancellationToken) =>
        await db.Database.SqlQuery<string>($"""
            SELECT concat_ws(' ',
                (SELECT max(id) FROM market.bills WHERE loop_id = {loopId}),
                (SELECT max(version) FROM market.tariffs WHERE loop_id = {loopId}),
                (SELECT max(version) FROM market.billing_terms WHERE loop_id = {loopId}),
                (SELECT max(set_at) FROM market.bill_issuers WHERE loop_id = {loopId}),
                (SELECT count(*) || ' ' || max(set_at) FROM market.bill_recipients WHERE loop_id = {loopId}),
                (SELECT count(*) || ' ' || sum(amount) FROM market.corrected_members WHERE loop_id = {loopId} AND posted_hour >= {period.Start} AND posted_hour < {period.End}),
                (SELECT max(hour) FROM market.hour_steps WHERE loop_id = {loopId} AND step = {(short)HourStepKind.Settled} AND hour >= {period.Start} AND hour < {period.End}),
                (SELECT count(*) FROM market.hour_steps WHERE loop_id = {loopId} AND step = {(short)HourStepKind.Settled} AND hour >= {period.Start} AND hour < {period.End})) AS "Value"
            """).SingleAsync(cancellationToken);

    private sealed record Kept(Interval Period, string Stamp, DateTimeOffset Since, Task<QueuedPeriod> Work);
}
