using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Alarms;

/// <summary>The open alarms about the meters of the members whom the person acts for, in a loop or at one meter.</summary>
/// <param name="MeterCode">Only this meter; null for all.</param>
public sealed record AlarmsOfMembers(int LoopId, string? MeterCode = null) : IRequest<IReadOnlyList<MemberAlarm>>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <summary>An alarm as the customer concerned sees it.</summary>
/// <param name="IsTaken">Whether somebody is on it.</param>
public sealed record MemberAlarm(AlarmKind Kind, string MeterCode, DateTimeOffset Since, bool IsTaken, string Words);

internal sealed class AlarmsOfMembersHandler(Work work, CurrentActor current) : IRequestHandler<AlarmsOfMembers, IReadOnlyList<MemberAlarm>>
{
    /// <summary>As many as anybody reads on a home page.</summary>
    private const int Most = 20;

    public async Task<IReadOnlyList<MemberAlarm>> Handle(AlarmsOfMembers request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var own = current.Actor.Roles.Where(held => held.LoopId == loopId).Select(held => held.MemberId).Distinct().ToArray();
        var everybody = request.MeterCode is not null && current.Actor.Tends(loopId);
        var found = await (
            from alarm in db.Alarms.AsNoTracking()
            join meter in db.Meters on new { alarm.LoopId, Id = alarm.MeterId } equals new { meter.LoopId, Id = (int?)meter.Id }
            where alarm.LoopId == loopId && alarm.ResolvedAt == null && (everybody || own.Contains(meter.MemberId))
                && (request.MeterCode == null || meter.Code == request.MeterCode)
            orderby alarm.Severity, alarm.Id
            select new { Alarm = alarm, meter.Code }).Take(Most).ToListAsync(cancellationToken);
        return [.. found.Where(one => one.Alarm.Kind.ConcernsMember()).Select(one => new MemberAlarm(one.Alarm.Kind, one.Code, one.Alarm.Since, one.Alarm.Owner is not null, one.Alarm.Words))];
    }
}
