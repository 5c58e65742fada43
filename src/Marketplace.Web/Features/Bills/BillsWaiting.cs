using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Bills;

/// <summary>What waits for the operator in billing, for the list of what needs attention. It works nothing out: the release queue does.</summary>
public sealed record BillsWaiting(int LoopId) : IRequest<WaitingBills>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

/// <param name="ToRelease">Finished periods that wait for the operator's word.</param>
/// <param name="Blocked">Finished periods of which something could not be issued.</param>
/// <param name="Members">Members with a correction of a billed hour that waits for a revision.</param>
public sealed record WaitingBills(IReadOnlyList<Interval> ToRelease, IReadOnlyList<Interval> Blocked, int Members)
{
    public bool Any => ToRelease.Count + Blocked.Count + Members > 0;
}

internal sealed class BillsWaitingHandler(Work work) : IRequestHandler<BillsWaiting, WaitingBills>
{
    public async Task<WaitingBills> Handle(BillsWaiting request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var open = await db.BillPeriods.AsNoTracking().Where(period => period.LoopId == loopId && period.CompletedAt == null).OrderBy(period => period.PeriodStart)
            .Select(period => new
            {
                period.PeriodStart,
                period.PeriodEnd,
                Begun = db.Bills.Any(bill => bill.LoopId == loopId && bill.PeriodStart == period.PeriodStart && bill.PeriodEnd == period.PeriodEnd),
            }).ToListAsync(cancellationToken);
        var byHand = await db.BillingTerms.Where(terms => terms.LoopId == loopId).OrderByDescending(terms => terms.Version).Select(terms => terms.ReleaseByHand).FirstOrDefaultAsync(cancellationToken);
        // What is issued by itself, or begun, and still open is kept by something.
        var split = open.ToLookup(period => period.Begun || !byHand, period => new Interval(period.PeriodStart, period.PeriodEnd));
        var pending = await PendingCorrections.AllAsync(await work.ConnectionAsync(cancellationToken), null, loopId, cancellationToken);
        return new WaitingBills([.. split[false]], [.. split[true]], pending.Select(row => row.Member).Distinct().Count());
    }
}
