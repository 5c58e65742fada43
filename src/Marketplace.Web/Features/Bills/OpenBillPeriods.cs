using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Bills;

/// <summary>Opens every month whose last hour is settled for billing, and says what is due: nothing where the operator releases by hand.</summary>
public sealed record OpenBillPeriods(int LoopId) : IRequest<DueBills>, ISystemOnly, IChange;

/// <param name="Periods">Open periods, the oldest first.</param>
/// <param name="Revisions">Whether corrections wait for revisions.</param>
public sealed record DueBills(IReadOnlyList<(Interval Period, DateTimeOffset IssueAt)> Periods, bool Revisions);

internal sealed class OpenBillPeriodsHandler(Work work, TimeProvider time) : IRequestHandler<OpenBillPeriods, DueBills>
{
    public async Task<DueBills> Handle(OpenBillPeriods request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var until = await db.BillPeriods.Where(period => period.LoopId == loopId).MaxAsync(period => (DateTimeOffset?)period.PeriodEnd, cancellationToken) ?? loop.FirstHour;
        var settled = await db.HourSteps.Where(step => step.LoopId == loopId && step.Step == HourStepKind.Settled)
            .OrderByDescending(step => step.Hour).Select(step => (DateTimeOffset?)step.Hour).FirstOrDefaultAsync(cancellationToken);
        for (var end = loop.Calendar.Month(loop.Calendar.DayOf(until)).End; settled is { } last && end <= last.AddHours(1); end = loop.Calendar.Month(loop.Calendar.DayOf(until)).End)
        {
            await IssueBills.LockAsync(db, loopId, cancellationToken);
            if (await db.BillPeriods.AnyAsync(period => period.LoopId == loopId && period.PeriodEnd > until, cancellationToken))
            {
                break;
            }

            db.BillPeriods.Add(new BillPeriod
            {
                LoopId = loopId, PeriodStart = until.ToUniversalTime(), PeriodEnd = end.ToUniversalTime(), IssueAt = end.ToUniversalTime(), OpenedAt = time.GetUtcNow(),
            });
            await db.SaveChangesAsync(cancellationToken);
            until = end;
        }

        if (await db.BillingTerms.Where(terms => terms.LoopId == loopId).OrderByDescending(terms => terms.Version).Select(terms => terms.ReleaseByHand).FirstOrDefaultAsync(cancellationToken))
        {
            return new DueBills([], false);
        }

        var open = await db.BillPeriods.AsNoTracking().Where(period => period.LoopId == loopId && period.CompletedAt == null).OrderBy(period => period.PeriodStart).ToListAsync(cancellationToken);
        return new DueBills(
            [.. open.Select(period => (new Interval(period.PeriodStart, period.PeriodEnd), period.IssueAt))],
            (await PendingCorrections.AllAsync(await work.ConnectionAsync(cancellationToken), work.Transaction, loopId, cancellationToken)).Count > 0);
    }
}
