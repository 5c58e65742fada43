using System.Globalization;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Alarms;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Mail;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Marketplace.Web.Features.Notifications;

/// <summary>Tells the people of a loop what is new, and says how many notifications that made. Each source is one statement; a thing that was told
/// has its key, so that coming twice, or late, or on two hosts at once, makes nothing twice.</summary>
public sealed record Notify(int LoopId) : IRequest<int>, ISystemOnly, IChange;

internal sealed class NotifyHandler(Work work, IMail mail, TimeProvider time) : IRequestHandler<Notify, int>
{
    /// <summary>Who has just come is not told of what is older.</summary>
    private static readonly TimeSpan s_reach = TimeSpan.FromDays(35);

    /// <summary>Votes that ended within this time are told.</summary>
    private static readonly TimeSpan s_decided = TimeSpan.FromDays(7);

    /// <summary>An hour may be cleared after its neighbours: so far back it is looked for again.</summary>
    private static readonly TimeSpan s_lateHours = TimeSpan.FromHours(6);

    private static readonly TimeSpan s_gateSoon = TimeSpan.FromMinutes(60);

    /// <summary>So long what was told is kept.</summary>
    private static readonly TimeSpan s_kept = TimeSpan.FromDays(400);

    /// <summary>Days that are gone through in one run, after a halt.</summary>
    private const int MostDays = 3;

    private static readonly short[] s_traders = [(short)Role.Consumer, (short)Role.Prosumer, (short)Role.Producer, (short)Role.Storage];

    public async Task<int> Handle(Notify request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({"notifications/" + loopId.ToString(CultureInfo.InvariantCulture)}, 0))", cancellationToken);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var clock = await db.Clocks.AsNoTracking().SingleAsync(clock => clock.LoopId == loopId, cancellationToken);
        var (real, now) = (time.GetUtcNow(), clock.MarketTime(time.GetUtcNow()));

        var made = await DocumentsAsync(loopId, now, cancellationToken);
        made += await TellAsync(loopId, NoticeKind.Reminders, NoticeSources.Reminders, cancellationToken, Value(real - s_reach));
        made += await TellAsync(loopId, NoticeKind.Alarms, NoticeSources.MembersAlarms, cancellationToken, Value(Enum.GetValues<AlarmKind>().Where(kind => kind.ConcernsMember()).Select(kind => (short)kind).ToArray()));
        made += await TellAsync(loopId, NoticeKind.Alarms, NoticeSources.StaffAlarms, cancellationToken);
        made += await TellAsync(loopId, NoticeKind.Announcements, NoticeSources.Announcements, cancellationToken, Value(now));
        made += await TellAsync(loopId, NoticeKind.Votes, NoticeSources.OpenVotes, cancellationToken, Value(now));
        made += await TellAsync(loopId, NoticeKind.Votes, NoticeSources.DecidedVotes, cancellationToken, Value(now - s_decided));
        made += await GatesAsync(loop, now, cancellationToken);
        made += await AcceptedAsync(loopId, cancellationToken);
        made += await DaysAsync(loop, cancellationToken);
        await db.Database.ExecuteSqlAsync($"DELETE FROM market.notifications WHERE loop_id = {loopId} AND at < {real - s_kept}", cancellationToken);
        return made;
    }

    private async Task<int> DocumentsAsync(int loopId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var last = await work.Db.Bills.Where(bill => bill.LoopId == loopId).MaxAsync(bill => (int?)bill.Id, cancellationToken) ?? 0;
        var from = await MarkAsync(loopId, NoticeKind.Documents, cancellationToken)
            ?? (await work.Db.Bills.Where(bill => bill.LoopId == loopId && bill.IssuedAt >= now - s_reach).MinAsync(bill => (int?)bill.Id, cancellationToken) ?? last + 1) - 1;
        if (from >= last)
        {
            return 0;
        }

        var made = await TellAsync(loopId, NoticeKind.Documents, NoticeSources.Documents, cancellationToken, Value((int)from));
        await MarkAsync(loopId, NoticeKind.Documents, last, cancellationToken);
        return made;
    }

    private async Task<int> GatesAsync(Loop loop, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var closed = await work.Db.HourSteps.Where(step => step.LoopId == loop.Id && step.Step == HourStepKind.Closed).MaxAsync(step => (DateTimeOffset?)step.Hour, cancellationToken);
        var hour = MarketHour.FirstOpen(loop, now, closed);
        return MarketHour.GateOf(loop, hour) - now > s_gateSoon || hour >= loop.EndsAt
            ? 0
            : await TellAsync(loop.Id, NoticeKind.Gate, NoticeSources.Gates, cancellationToken, Value(hour), Value(HourAddress.Of(hour)), Value(s_traders));
    }

    private async Task<int> AcceptedAsync(int loopId, CancellationToken cancellationToken)
    {
        var cleared = await work.Db.HourSteps.Where(step => step.LoopId == loopId && step.Step == HourStepKind.Cleared).MaxAsync(step => (DateTimeOffset?)step.Hour, cancellationToken);
        if (cleared is not { } last)
        {
            return 0;
        }

        var from = await MarkAsync(loopId, NoticeKind.Accepted, cancellationToken) is { } seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) - s_lateHours : last.AddDays(-1);
        var made = await TellAsync(loopId, NoticeKind.Accepted, NoticeSources.Accepted, cancellationToken, Value(from), Value(last));
        await MarkAsync(loopId, NoticeKind.Accepted, last.ToUnixTimeSeconds(), cancellationToken);
        return made;
    }

    /// <summary>Goes through the days that are settled whole. One that never will be is passed over when the next one is.</summary>
    private async Task<int> DaysAsync(Loop loop, CancellationToken cancellationToken)
    {
        var settled = await work.Db.HourSteps.Where(step => step.LoopId == loop.Id && step.Step == HourStepKind.Settled).MaxAsync(step => (DateTimeOffset?)step.Hour, cancellationToken);
        if (settled is not { } hour)
        {
            return 0;
        }

        var made = 0;
        var last = loop.Calendar.DayOf(hour + MarketHour.Length).AddDays(-1);
        var mark = await MarkAsync(loop.Id, NoticeKind.UnusualUse, cancellationToken) ?? last.DayNumber - 1;
        for (var day = DateOnly.FromDayNumber((int)Math.Max(mark + 1, last.DayNumber - MostDays + 1)); day <= last; day = day.AddDays(1))
        {
            var span = loop.Calendar.Day(day);
            var hours = await work.Db.HourSteps.CountAsync(
                step => step.LoopId == loop.Id && step.Step == HourStepKind.Settled && step.Hour >= span.Start && step.Hour < span.End, cancellationToken);
            if (hours < (span.End - span.Start).TotalHours)
            {
                continue;
            }

            made += await UnusualUseAsync(loop, day, cancellationToken);
            made += await ForecastBillAsync(loop, day, cancellationToken);
            await MarkAsync(loop.Id, NoticeKind.UnusualUse, day.DayNumber, cancellationToken);
        }

        return made;
    }

    private Task<int> UnusualUseAsync(Loop loop, DateOnly day, CancellationToken cancellationToken)
    {
        var span = loop.Calendar.Day(day);
        Interval[] before = [.. Enumerable.Range(1, 4).Select(week => loop.Calendar.Day(day.AddDays(-7 * week)))];
        return TellAsync(
            loop.Id, NoticeKind.UnusualUse, NoticeSources.UnusualUse, cancellationToken,
            Value(span.Start), Value(span.End), Value(day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)),
            Value(before.Select(one => one.Start).ToArray()), Value(before.Select(one => one.End).ToArray()));
    }

    /// <summary>On three days of a month, when enough of it is known and something can still be done.</summary>
    private async Task<int> ForecastBillAsync(Loop loop, DateOnly day, CancellationToken cancellationToken)
    {
        if (day.Day is not (10 or 17 or 24))
        {
            return 0;
        }

        var (month, before) = (loop.Calendar.Month(day), loop.Calendar.Month(day.AddMonths(-1)));
        var until = loop.Calendar.Day(day).End;
        var tariff = await work.Db.Tariffs.AsNoTracking().Where(tariff => tariff.LoopId == loop.Id && tariff.ValidFrom < until)
            .OrderByDescending(tariff => tariff.Version).FirstOrDefaultAsync(cancellationToken);
        return tariff is null
            ? 0
            : await TellAsync(
                loop.Id, NoticeKind.ForecastBill, NoticeSources.ForecastBill, cancellationToken,
                Value(month.Start), Value(until), Value(day.Day), Value(DateTime.DaysInMonth(day.Year, day.Month)), Value(day.ToString("yyyy-MM", CultureInfo.InvariantCulture)),
                Value(before.Start), Value(before.End), Value(tariff.StandingChargePerDay.Micro));
    }

    /// <summary>Puts down what a source has, for those who want to be told, once for each key.</summary>
    private async Task<int> TellAsync(int loopId, NoticeKind kind, string source, CancellationToken cancellationToken, params NpgsqlParameter[] values)
    {
        await using var command = new NpgsqlCommand(
            $"""
            WITH told AS ({source}),
            wanted AS (
                SELECT DISTINCT ON (t.account_id, t.key) t.*, coalesce(c.portal, $3) AS shown, $4 AND coalesce(c.mail, $5) AS written
                FROM told t LEFT JOIN market.notification_choices c ON c.loop_id = $1 AND c.account_id = t.account_id AND c.kind = $2
                WHERE NOT EXISTS (SELECT FROM market.notifications n WHERE n.loop_id = $1 AND n.account_id = t.account_id AND n.key = t.key)
                ORDER BY t.account_id, t.key)
            INSERT INTO market.notifications (loop_id, account_id, kind, key, member_id, variant, subject, facts, at, shown, mail_state, next_at)
            SELECT $1, account_id, $2, key, member_id, variant, subject, facts, $6, shown, CASE WHEN written THEN {(mail.ReachesPeople ? 1 : 8)} ELSE 0 END, $6 FROM wanted WHERE shown OR written
            ON CONFLICT (loop_id, account_id, key) DO NOTHING
            """,
            await work.ConnectionAsync(cancellationToken), work.Transaction);
        command.Parameters.Add(Value(loopId));
        command.Parameters.Add(Value((short)kind));
        command.Parameters.Add(Value(kind.InPortal()));
        command.Parameters.Add(Value(!kind.HasOwnLetters()));
        command.Parameters.Add(Value(kind.ByMail()));
        command.Parameters.Add(Value(time.GetUtcNow()));
        command.Parameters.AddRange(values);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task<long?> MarkAsync(int loopId, NoticeKind kind, CancellationToken cancellationToken) => (await work.Db.Database
        .SqlQuery<long>($"""SELECT upto AS "Value" FROM market.notification_marks WHERE loop_id = {loopId} AND kind = {(short)kind}""").ToListAsync(cancellationToken)) is [var upto] ? upto : null;

    private Task<int> MarkAsync(int loopId, NoticeKind kind, long upto, CancellationToken cancellationToken) => work.Db.Database.ExecuteSqlAsync(
        $"""
        INSERT INTO market.notification_marks AS m (loop_id, kind, upto) VALUES ({loopId}, {(short)kind}, {upto})
        ON CONFLICT (loop_id, kind) DO UPDATE SET upto = greatest(m.upto, excluded.upto)
        """, cancellationToken);

    private static NpgsqlParameter<T> Value<T>(T value) => new() { TypedValue = value };
}
