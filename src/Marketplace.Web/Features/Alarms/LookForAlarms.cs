using System.Globalization;
using Marketplace.Data;
using Marketplace.Web.Features.Alarms.Sending;
using Marketplace.Web.Features.Operations;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Alarms;

/// <summary>Looks at a loop and brings its alarms to what is so now: what is newly wrong opens one alarm, what has ended resolves its own, and
/// what nobody has acknowledged in time goes further up. Doing it again changes nothing.</summary>
public sealed record LookForAlarms(int LoopId) : IRequest<AlarmChanges>, ISystemOnly, IChange;

public sealed record AlarmChanges(int Opened, int Ended, int Escalated)
{
    public bool Any => Opened + Ended + Escalated > 0;
}

internal sealed class LookForAlarmsHandler(Work work, StandingCauses standingCauses, DispatchQueue queue, MarketEvents events, TimeProvider time)
    : IRequestHandler<LookForAlarms, AlarmChanges>
{
    public async Task<AlarmChanges> Handle(LookForAlarms request, CancellationToken cancellationToken)
    {
        var (db, loopId, now) = (work.Db, request.LoopId, time.GetUtcNow());
        await AlarmBook.LockAsync(db, loopId, cancellationToken);
        var rules = await AlarmBook.RulesAsync(db, loopId, cancellationToken);
        var causes = (await standingCauses.FindAsync(loopId, rules, cancellationToken)).DistinctBy(cause => cause.Key).ToDictionary(cause => cause.Key);
        var standing = await db.Alarms.Where(alarm => alarm.LoopId == loopId && alarm.Stands).ToListAsync(cancellationToken);

        var known = standing.Select(alarm => alarm.Cause).ToHashSet();
        var opened = causes.Values.Where(cause => !known.Contains(cause.Key)).Select(cause => new Alarm
        {
            LoopId = loopId, Kind = cause.Kind, Severity = cause.Severity, Cause = cause.Key, Subject = cause.Subject, MeterId = cause.MeterId, MemberId = cause.MemberId,
            DeviceId = cause.DeviceId, Words = cause.Words, Since = cause.Since.ToUniversalTime(), OpenedAt = now, EscalatesAt = now.AddMinutes(rules.MinutesOf(cause.Severity)),
        }).ToList();
        var gone = standing.Where(alarm => !causes.ContainsKey(alarm.Cause)).ToList();
        var ended = gone.Where(alarm => alarm.ResolvedAt is null).ToList();
        gone.ForEach(alarm => (alarm.Stands, alarm.ResolvedAt) = (false, alarm.ResolvedAt ?? now));
        var escalated = standing.Where(alarm => alarm is { ResolvedAt: null, AcknowledgedAt: null, EscalatedAt: null } && alarm.EscalatesAt <= now).ToList();
        escalated.ForEach(alarm => alarm.EscalatedAt = now);
        db.Alarms.AddRange(opened);
        await db.SaveChangesAsync(cancellationToken);

        foreach (var (act, alarms) in new[] { (AlarmAct.Opened, opened), (AlarmAct.Ended, ended), (AlarmAct.Escalated, escalated) })
        {
            db.AlarmEvents.AddRange(alarms.Select(alarm => new AlarmEvent { LoopId = loopId, AlarmId = alarm.Id, Act = act, At = now }));
            await queue.TellAsync(loopId, act, alarms, cancellationToken);
        }

        await db.SaveChangesAsync(cancellationToken);
        var changes = new AlarmChanges(opened.Count, ended.Count, escalated.Count);
        if (changes.Any)
        {
            work.AfterCommit(_ => AlarmBook.Publish(events, loopId, now));
        }

        return changes;
    }
}

/// <summary>The alarms of a loop within one change.</summary>
internal static class AlarmBook
{
    /// <summary>Lets one change at a time touch the alarms of a loop.</summary>
    public static Task LockAsync(MarketplaceDb db, int loopId, CancellationToken cancellationToken)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"alarms/{loopId}");
        return db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({name}, 0))", cancellationToken);
    }

    public static async Task<AlarmRules> RulesAsync(MarketplaceDb db, int loopId, CancellationToken cancellationToken) =>
        await db.AlarmRules.AsNoTracking().SingleOrDefaultAsync(rules => rules.LoopId == loopId, cancellationToken) ?? new AlarmRules { LoopId = loopId };

    /// <summary>Tells open pages that the loop's alarms are not what they were.</summary>
    public static Task Publish(MarketEvents events, int loopId, DateTimeOffset now)
    {
        events.Publish(new MarketEvent(loopId, null, now));
        return Task.CompletedTask;
    }
}
