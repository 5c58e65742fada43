using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Features.Alarms.Sending;
using Marketplace.Web.Features.Operations;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Alarms;

/// <summary>Somebody takes an alarm on, or over from somebody else. Who takes it has seen it.</summary>
public sealed record TakeAlarm(int LoopId, long AlarmId) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.Tends(LoopId);
}

/// <summary>Somebody has seen it: it does not go further up.</summary>
public sealed record AcknowledgeAlarm(int LoopId, long AlarmId) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.Tends(LoopId);
}

/// <summary>Adds to an alarm's history what was seen or done.</summary>
public sealed record NoteOnAlarm(int LoopId, long AlarmId, string Note) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.Tends(LoopId);
}

/// <summary>Says that nothing is left to do. While the cause still stands it is not raised again.</summary>
public sealed record ResolveAlarm(int LoopId, long AlarmId, string Note) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.Tends(LoopId);
}

public sealed class NoteOnAlarmValidator : AbstractValidator<NoteOnAlarm>
{
    public NoteOnAlarmValidator() => RuleFor(request => request.Note).NotEmpty().WithMessage("Write the note.").MaximumLength(1000).WithMessage("Use at most 1,000 characters.");
}

public sealed class ResolveAlarmValidator : AbstractValidator<ResolveAlarm>
{
    public ResolveAlarmValidator() => RuleFor(request => request.Note).NotEmpty().WithMessage("Say what was found and done.").MaximumLength(1000).WithMessage("Use at most 1,000 characters.");
}

internal sealed class HandleAlarmHandler(Work work, CurrentActor current, DispatchQueue queue, MarketEvents events, TimeProvider time)
    : IRequestHandler<TakeAlarm, Unit>, IRequestHandler<AcknowledgeAlarm, Unit>, IRequestHandler<NoteOnAlarm, Unit>, IRequestHandler<ResolveAlarm, Unit>
{
    private const string Over = "This alarm is resolved already.";

    public Task<Unit> Handle(TakeAlarm request, CancellationToken cancellationToken) =>
        DoAsync(request.LoopId, request.AlarmId, AlarmAct.Taken, null, (alarm, now) =>
        {
            if (alarm.Owner is not null && alarm.Owner == current.Actor.AccountId)
            {
                return false;
            }

            (alarm.Owner, alarm.TakenAt, alarm.AcknowledgedAt) = (current.Actor.AccountId, now, alarm.AcknowledgedAt ?? now);
            return true;
        }, cancellationToken);

    public Task<Unit> Handle(AcknowledgeAlarm request, CancellationToken cancellationToken) =>
        DoAsync(request.LoopId, request.AlarmId, AlarmAct.Acknowledged, null, (alarm, now) =>
        {
            if (alarm.AcknowledgedAt is not null)
            {
                return false;
            }

            alarm.AcknowledgedAt = now;
            return true;
        }, cancellationToken);

    public Task<Unit> Handle(NoteOnAlarm request, CancellationToken cancellationToken) =>
        DoAsync(request.LoopId, request.AlarmId, AlarmAct.Noted, request.Note, (_, _) => true, cancellationToken, evenResolved: true);

    public async Task<Unit> Handle(ResolveAlarm request, CancellationToken cancellationToken) =>
        await DoAsync(request.LoopId, request.AlarmId, AlarmAct.Resolved, request.Note, (alarm, now) =>
        {
            (alarm.ResolvedAt, alarm.ResolvedBy, alarm.AcknowledgedAt) = (now, current.Actor.AccountId, alarm.AcknowledgedAt ?? now);
            return true;
        }, cancellationToken);

    /// <param name="change">False where nothing is left to change: a form sent twice is no second act.</param>
    private async Task<Unit> DoAsync(
        int loopId, long alarmId, AlarmAct act, string? note, Func<Alarm, DateTimeOffset, bool> change, CancellationToken cancellationToken, bool evenResolved = false)
    {
        var (db, now) = (work.Db, time.GetUtcNow());
        await AlarmBook.LockAsync(db, loopId, cancellationToken);
        var alarm = await db.Alarms.SingleOrDefaultAsync(alarm => alarm.LoopId == loopId && alarm.Id == alarmId, cancellationToken)
            ?? throw new NotPermittedException(act.ToString());
        if (alarm.ResolvedAt is not null && !evenResolved)
        {
            throw new RefusedException(Over);
        }

        if (change(alarm, now))
        {
            db.AlarmEvents.Add(new AlarmEvent { LoopId = loopId, AlarmId = alarmId, Act = act, At = now, By = current.Actor.AccountId, Note = note?.Trim() });
            if (act == AlarmAct.Resolved)
            {
                await queue.TellAsync(loopId, act, [alarm], cancellationToken);
            }

            await db.SaveChangesAsync(cancellationToken);
            work.AfterCommit(_ => AlarmBook.Publish(events, loopId, now));
        }

        return Unit.Value;
    }
}
