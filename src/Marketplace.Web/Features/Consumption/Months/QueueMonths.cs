using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Mail;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Consumption.Months;

/// <summary>
/// Makes the letters about a loop's last finished month, once: to members who took heat or cold and have no bill of that month by then, as the law asks
/// (Directive (EU) 2023/1791, Annex IX: at least monthly), and to whoever wants them every month. A bill of the month says the same and more.
/// </summary>
public sealed record QueueMonths(int LoopId) : IRequest<int>, ISystemOnly, IChange;

internal sealed class QueueMonthsHandler(Work work, IMail mail, TimeProvider time) : IRequestHandler<QueueMonths, int>
{
    /// <summary>Days after a month's end in which its bill may come first.</summary>
    public const int DaysForTheBill = 3;

    public async Task<int> Handle(QueueMonths request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var settled = await db.HourSteps.Where(step => step.LoopId == loopId && step.Step == HourStepKind.Settled)
            .OrderByDescending(step => step.Hour).Select(step => (DateTimeOffset?)step.Hour).FirstOrDefaultAsync(cancellationToken);
        if (loop.Kind == LoopKind.Replay || settled is not { } last)
        {
            return 0;
        }

        var day = loop.Calendar.DayOf(last).AddDays(-DaysForTheBill);
        var first = new DateOnly(day.Year, day.Month, 1).AddMonths(-1);
        var month = loop.Calendar.Month(first);
        var (start, end, now, reaches) = (month.Start.ToUniversalTime(), month.End.ToUniversalTime(), time.GetUtcNow(), mail.ReachesPeople);

        // Whoever comes second finds the month and makes nothing.
        if (end <= loop.FirstHour || await db.Database.ExecuteSqlAsync(
            $"INSERT INTO market.consumption_months (loop_id, month, at) VALUES ({loopId}, {first}, {now}) ON CONFLICT DO NOTHING", cancellationToken) == 0)
        {
            return 0;
        }

        // Of each member the first hour that is found is enough.
        return await db.Database.ExecuteSqlAsync(
            $"""
            WITH used AS (
                SELECT m.id FROM market.members m
                WHERE m.loop_id = {loopId} AND EXISTS (SELECT FROM market.positions p
                    WHERE p.loop_id = {loopId} AND p.member_id = m.id AND p.hour >= {start} AND p.hour < {end} AND p.direction = 1 AND p.plant_code = '' AND p.carrier IN (1, 2))),
            billed AS (
                SELECT DISTINCT b.member_id FROM market.bills b
                WHERE b.loop_id = {loopId} AND b.role = {(short)Role.Consumer} AND b.kind = 1 AND b.period_start < {end} AND b.period_end >= {end}
                  AND b.period_end - b.period_start <= interval '32 days'),
            stated AS (SELECT member_id FROM market.bill_recipients WHERE loop_id = {loopId} AND coalesce(details ->> 'email', '') <> ''),
            people AS (
                SELECT s.member_id, 'billing' AS recipient, NULL::uuid AS account_id, NULL::smallint AS choice FROM stated s
                UNION ALL
                SELECT m.member_id, m.account_id::text, m.account_id, c.choice FROM market.memberships m
                LEFT JOIN market.consumption_choices c ON c.loop_id = m.loop_id AND c.account_id = m.account_id
                WHERE m.loop_id = {loopId} AND (c.choice = 2 OR NOT EXISTS (SELECT FROM stated s WHERE s.member_id = m.member_id)))
            INSERT INTO market.consumption_letters (loop_id, member_id, month, account_id, recipient, state, queued_at, next_at)
            SELECT {loopId}, u.id, {first}, p.account_id, p.recipient, CASE WHEN {reaches} THEN 1 ELSE 8 END, {now}, {now}
            FROM used u JOIN people p ON p.member_id = u.id
            WHERE p.choice IS DISTINCT FROM 3 AND (p.choice = 2 OR NOT EXISTS (SELECT FROM billed b WHERE b.member_id = u.id))
            ON CONFLICT DO NOTHING
            """, cancellationToken);
    }
}
