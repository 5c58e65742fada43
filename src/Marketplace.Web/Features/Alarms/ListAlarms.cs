using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Alarms;

/// <summary>Which alarms to show.</summary>
public enum AlarmFilter
{
    Open = 1,

    /// <summary>Open and not acknowledged.</summary>
    Unseen = 2,

    /// <summary>Open and taken by who asks.</summary>
    Mine = 3,
    Resolved = 4,
}

/// <summary>The loop's alarms, open ones by urgency and then the oldest first, resolved ones the newest first.</summary>
/// <param name="Page">From 1.</param>
public sealed record ListAlarms(int LoopId, AlarmFilter Filter = AlarmFilter.Open, AlarmKind? Kind = null, AlarmSeverity? Severity = null, int Page = 1)
    : IRequest<AlarmList>, IGuarded
{
    public const int PageSize = 50;

    public bool Permits(Actor actor) => actor.Tends(LoopId);
}

/// <param name="Total">Of what was asked for.</param>
public sealed record AlarmList(IReadOnlyList<AlarmRow> Alarms, int Total, AlarmCounts Counts);

/// <param name="MemberName">The member concerned.</param>
public sealed record AlarmRow(Alarm Alarm, string? OwnerName, string? MeterCode, string? MemberName, string? DeviceCode);

/// <summary>How many alarms are open in a loop.</summary>
public sealed record CountAlarms(int LoopId) : IRequest<AlarmCounts>, IGuarded
{
    public bool Permits(Actor actor) => actor.Tends(LoopId);
}

public sealed record AlarmCounts(int Urgent, int Open, int Unseen);

/// <summary>One alarm with its history.</summary>
public sealed record ShowAlarm(int LoopId, long AlarmId) : IRequest<AlarmSheet?>, IGuarded
{
    public bool Permits(Actor actor) => actor.Tends(LoopId);
}

public sealed record AlarmSheet(AlarmRow Row, IReadOnlyList<AlarmEntry> History);

/// <param name="By">Null where the system did it.</param>
public sealed record AlarmEntry(AlarmEvent Event, string? By);

internal sealed class ListAlarmsHandler(Work work, CurrentActor current)
    : IRequestHandler<ListAlarms, AlarmList>, IRequestHandler<CountAlarms, AlarmCounts>, IRequestHandler<ShowAlarm, AlarmSheet?>
{
    public async Task<AlarmList> Handle(ListAlarms request, CancellationToken cancellationToken)
    {
        var own = current.Actor.AccountId;
        var alarms = work.Db.Alarms.AsNoTracking().Where(alarm => alarm.LoopId == request.LoopId);
        alarms = request.Filter switch
        {
            AlarmFilter.Open => alarms.Where(alarm => alarm.ResolvedAt == null),
            AlarmFilter.Unseen => alarms.Where(alarm => alarm.ResolvedAt == null && alarm.AcknowledgedAt == null),
            AlarmFilter.Mine => alarms.Where(alarm => alarm.ResolvedAt == null && alarm.Owner == own),
            AlarmFilter.Resolved => alarms.Where(alarm => alarm.ResolvedAt != null),
            _ => throw new ArgumentOutOfRangeException(nameof(request), request.Filter, "Not a filter"),
        };
        alarms = request.Kind is { } kind ? alarms.Where(alarm => alarm.Kind == kind) : alarms;
        alarms = request.Severity is { } severity ? alarms.Where(alarm => alarm.Severity == severity) : alarms;
        var ordered = request.Filter == AlarmFilter.Resolved
            ? alarms.OrderByDescending(alarm => alarm.ResolvedAt).ThenByDescending(alarm => alarm.Id)
            : alarms.OrderBy(alarm => alarm.Severity).ThenBy(alarm => alarm.Id);
        return new AlarmList(
            await RowsAsync(ordered.Skip((Math.Max(1, request.Page) - 1) * ListAlarms.PageSize).Take(ListAlarms.PageSize), cancellationToken),
            await alarms.CountAsync(cancellationToken),
            await CountAsync(request.LoopId, cancellationToken));
    }

    public Task<AlarmCounts> Handle(CountAlarms request, CancellationToken cancellationToken) => CountAsync(request.LoopId, cancellationToken);

    public async Task<AlarmSheet?> Handle(ShowAlarm request, CancellationToken cancellationToken)
    {
        var rows = await RowsAsync(work.Db.Alarms.AsNoTracking().Where(alarm => alarm.LoopId == request.LoopId && alarm.Id == request.AlarmId), cancellationToken);
        if (rows.Count == 0)
        {
            return null;
        }

        var history = await (
            from happened in work.Db.AlarmEvents.AsNoTracking()
            where happened.LoopId == request.LoopId && happened.AlarmId == request.AlarmId
            orderby happened.Id
            select new AlarmEntry(happened, work.Db.Users.Where(person => person.Id == happened.By).Select(person => person.DisplayName).FirstOrDefault())).ToListAsync(cancellationToken);
        return new AlarmSheet(rows[0], history);
    }

    private Task<List<AlarmRow>> RowsAsync(IQueryable<Alarm> alarms, CancellationToken cancellationToken)
    {
        var db = work.Db;
        return alarms.Select(alarm => new AlarmRow(
            alarm,
            db.Users.Where(person => person.Id == alarm.Owner).Select(person => person.DisplayName).FirstOrDefault(),
            db.Meters.Where(meter => meter.LoopId == alarm.LoopId && meter.Id == alarm.MeterId).Select(meter => meter.Code).FirstOrDefault(),
            db.Members.Where(member => member.LoopId == alarm.LoopId && member.Id == alarm.MemberId).Select(member => member.Name).FirstOrDefault(),
            db.Devices.Where(device => device.LoopId == alarm.LoopId && device.Id == alarm.DeviceId).Select(device => device.Code).FirstOrDefault())).ToListAsync(cancellationToken);
    }

    private async Task<AlarmCounts> CountAsync(int loopId, CancellationToken cancellationToken) =>
        await work.Db.Alarms.Where(alarm => alarm.LoopId == loopId && alarm.ResolvedAt == null)
            .GroupBy(_ => 1)
            .Select(open => new AlarmCounts(open.Count(alarm => alarm.Severity == AlarmSeverity.Urgent), open.Count(), open.Count(alarm => alarm.AcknowledgedAt == null)))
            .SingleOrDefaultAsync(cancellationToken) ?? new AlarmCounts(0, 0, 0);
}
