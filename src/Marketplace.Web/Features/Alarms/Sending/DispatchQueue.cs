using System.Globalization;
using System.Text.Json;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Mail;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Alarms.Sending;

/// <summary>Makes the messages about alarms and announcements in the transaction of what they tell of. They are sent afterwards.
/// A person gets one letter for all that happened at once; another program one call for each alarm.</summary>
internal sealed class DispatchQueue(Work work, IMail mail, PublicAddress address, TimeProvider time)
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web);

    /// <summary>Tells of alarms that were opened, escalated or ended. The caller saves.</summary>
    public async Task TellAsync(int loopId, AlarmAct act, IReadOnlyCollection<Alarm> alarms, CancellationToken cancellationToken)
    {
        if (alarms.Count == 0)
        {
            return;
        }

        await QueueWebhooksAsync(loopId, act, alarms, cancellationToken);
        if (!mail.ReachesPeople)
        {
            return;
        }

        var staff = await StaffAsync(loopId, act, cancellationToken);
        var forStaff = act switch
        {
            AlarmAct.Opened => alarms.Where(alarm => alarm.Severity <= AlarmSeverity.High).ToList(),
            AlarmAct.Escalated => [.. alarms],
            _ => [],
        };
        QueueLetters(loopId, act, forStaff, staff);
        await QueueForMembersAsync(loopId, act, alarms, staff, cancellationToken);
    }

    /// <summary>Writes to everybody whom an announcement concerns, or its withdrawal. The caller saves.</summary>
    public async Task AnnounceAsync(Announcement announcement, IReadOnlyCollection<int> members, CancellationToken cancellationToken)
    {
        if (!mail.ReachesPeople)
        {
            return;
        }

        var accounts = await work.Db.Memberships
            .Where(membership => membership.LoopId == announcement.LoopId && members.Contains(membership.MemberId))
            .Select(membership => membership.AccountId).Distinct().ToListAsync(cancellationToken);
        var what = announcement.WithdrawnAt is null ? "announced" : "withdrawn";
        work.Db.Dispatches.AddRange(accounts.Select(account => Letter(
            announcement.LoopId, string.Create(CultureInfo.InvariantCulture, $"{what}/{announcement.Id}/{account:N}"), account, dispatch => dispatch.AnnouncementId = announcement.Id)));
    }

    /// <summary>What another program is told: nothing personal, and where a person finds the rest.</summary>
    public string Body(string slug, AlarmAct act, Alarm alarm, string? meterCode, DateTimeOffset now) => JsonSerializer.Serialize(
        new
        {
            Event = act switch
            {
                AlarmAct.Opened => "alarm.opened",
                AlarmAct.Escalated => "alarm.escalated",
                AlarmAct.Resolved or AlarmAct.Ended => "alarm.resolved",
                _ => throw new ArgumentOutOfRangeException(nameof(act), act, "Not told"),
            },
            Loop = slug,
            Alarm = alarm.Id,
            Kind = JsonNamingPolicy.CamelCase.ConvertName(alarm.Kind.ToString()),
            Severity = JsonNamingPolicy.CamelCase.ConvertName(alarm.Severity.ToString()),
            alarm.Subject,
            Meter = meterCode,
            Since = Instants.Iso(alarm.Since),
            At = Instants.Iso(now),
            Url = address.Link(string.Create(CultureInfo.InvariantCulture, $"/loops/{slug}/operations/alarms/{alarm.Id}")),
        },
        s_json);

    private async Task QueueWebhooksAsync(int loopId, AlarmAct act, IReadOnlyCollection<Alarm> alarms, CancellationToken cancellationToken)
    {
        var hooks = await work.Db.Webhooks.AsNoTracking().Where(hook => hook.LoopId == loopId && hook.RemovedAt == null).ToListAsync(cancellationToken);
        if (hooks.Count == 0)
        {
            return;
        }

        var slug = await work.Db.Loops.Where(loop => loop.Id == loopId).Select(loop => loop.Slug).SingleAsync(cancellationToken);
        var ids = alarms.Select(alarm => alarm.MeterId).OfType<int>().Distinct().ToArray();
        var codes = await work.Db.Meters.Where(meter => meter.LoopId == loopId && ids.Contains(meter.Id)).ToDictionaryAsync(meter => meter.Id, meter => meter.Code, cancellationToken);
        var now = time.GetUtcNow();
        foreach (var alarm in alarms)
        {
            var body = Body(slug, act, alarm, alarm.MeterId is { } meter ? codes.GetValueOrDefault(meter) : null, now);
            work.Db.Dispatches.AddRange(hooks.Where(hook => alarm.Severity <= hook.LeastSeverity).Select(hook => new Dispatch
            {
                LoopId = loopId, Way = DispatchWay.Webhook, Key = string.Create(CultureInfo.InvariantCulture, $"{NameOf(act)}/{alarm.Id}/hook/{hook.Id}"),
                WebhookId = hook.Id, AlarmIds = [alarm.Id], Act = act, Body = body, QueuedAt = now, NextAt = now,
            }));
        }
    }

    /// <summary>Who acts on alarms; what has waited too long goes to the operators alone.</summary>
    private async Task<List<Guid>> StaffAsync(int loopId, AlarmAct act, CancellationToken cancellationToken)
    {
        Role[] roles = act == AlarmAct.Escalated ? [Role.Operator] : [.. AlarmAccess.Roles];
        return await (
            from membership in work.Db.Memberships
            join role in work.Db.MemberRoles on new { membership.LoopId, membership.MemberId } equals new { role.LoopId, role.MemberId }
            where membership.LoopId == loopId && roles.Contains(role.Role)
            select membership.AccountId).Distinct().ToListAsync(cancellationToken);
    }

    /// <summary>The customer concerned hears of the beginning, and of the end of what he heard of.</summary>
    private async Task QueueForMembersAsync(int loopId, AlarmAct act, IReadOnlyCollection<Alarm> alarms, List<Guid> staff, CancellationToken cancellationToken)
    {
        if (act == AlarmAct.Escalated)
        {
            return;
        }

        var concerned = alarms.Where(alarm => alarm.MemberId is not null && alarm.Kind.ConcernsMember() && alarm.Severity <= AlarmSeverity.High).ToLookup(alarm => alarm.MemberId!.Value);
        var members = concerned.Select(member => member.Key).ToArray();
        var people = await work.Db.Memberships.AsNoTracking()
            .Where(membership => membership.LoopId == loopId && members.Contains(membership.MemberId) && !staff.Contains(membership.AccountId))
            .ToListAsync(cancellationToken);
        foreach (var person in people.GroupBy(membership => membership.AccountId))
        {
            QueueLetters(loopId, act, [.. person.SelectMany(membership => concerned[membership.MemberId]).DistinctBy(alarm => alarm.Id)], [person.Key]);
        }
    }

    private void QueueLetters(int loopId, AlarmAct act, List<Alarm> alarms, IEnumerable<Guid> accounts)
    {
        if (alarms.Count == 0)
        {
            return;
        }

        var ids = alarms.Select(alarm => alarm.Id).Order().ToArray();
        work.Db.Dispatches.AddRange(accounts.Select(account => Letter(
            loopId, string.Create(CultureInfo.InvariantCulture, $"{NameOf(act)}/{ids[0]}/{account:N}"), account, dispatch => (dispatch.AlarmIds, dispatch.Act) = (ids, act))));
    }

    private Dispatch Letter(int loopId, string key, Guid account, Action<Dispatch> about)
    {
        var now = time.GetUtcNow();
        var dispatch = new Dispatch { LoopId = loopId, Way = DispatchWay.Mail, Key = key, AccountId = account, QueuedAt = now, NextAt = now };
        about(dispatch);
        return dispatch;
    }

    private static string NameOf(AlarmAct act) => act switch
    {
        AlarmAct.Opened => "opened",
        AlarmAct.Escalated => "escalated",
        AlarmAct.Resolved or AlarmAct.Ended => "resolved",
        _ => throw new ArgumentOutOfRangeException(nameof(act), act, "Not told"),
    };
}
