using System.Globalization;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Alarms;

/// <summary>Sets from when on a loop raises alarms and how long each may wait for somebody. It holds for alarms from now on.</summary>
public sealed record SetAlarmRules(int LoopId, int SilentHours, int PromiseHours, int UrgentMinutes, int HighMinutes, int LowMinutes) : IRequest<Unit>, IOperatorAct
{
    string IOperatorAct.Subject => string.Create(
        CultureInfo.InvariantCulture, $"silent after {SilentHours} h, promise after {PromiseHours} h; {UrgentMinutes}, {HighMinutes}, {LowMinutes} min");
}

/// <summary>The rules that hold.</summary>
public sealed record ShowAlarmRules(int LoopId) : IRequest<AlarmRules>, IGuarded
{
    public bool Permits(Actor actor) => actor.Tends(LoopId);
}

public sealed class SetAlarmRulesValidator : AbstractValidator<SetAlarmRules>
{
    private const int Month = 30 * 24 * 60;

    public SetAlarmRulesValidator()
    {
        RuleFor(request => request.SilentHours).InclusiveBetween(1, 2000).WithMessage("A meter counts as silent after 1 to 2,000 hours.");
        RuleFor(request => request.PromiseHours).InclusiveBetween(1, 24).WithMessage("A broken promise is an alarm after 1 to 24 hours.");
        RuleFor(request => request.UrgentMinutes).InclusiveBetween(1, Month).WithMessage("An alarm may wait 1 minute to 30 days.");
        RuleFor(request => request.HighMinutes).InclusiveBetween(1, Month).WithMessage("An alarm may wait 1 minute to 30 days.");
        RuleFor(request => request.LowMinutes).InclusiveBetween(1, Month).WithMessage("An alarm may wait 1 minute to 30 days.");
    }
}

internal sealed class SetAlarmRulesHandler(Work work) : IRequestHandler<SetAlarmRules, Unit>, IRequestHandler<ShowAlarmRules, AlarmRules>
{
    public async Task<Unit> Handle(SetAlarmRules request, CancellationToken cancellationToken)
    {
        var db = work.Db;
        await AlarmBook.LockAsync(db, request.LoopId, cancellationToken);
        var rules = await db.AlarmRules.SingleOrDefaultAsync(rules => rules.LoopId == request.LoopId, cancellationToken);
        if (rules is null)
        {
            db.AlarmRules.Add(rules = new AlarmRules { LoopId = request.LoopId });
        }

        (rules.SilentHours, rules.PromiseHours) = (request.SilentHours, request.PromiseHours);
        (rules.UrgentMinutes, rules.HighMinutes, rules.LowMinutes) = (request.UrgentMinutes, request.HighMinutes, request.LowMinutes);
        await db.SaveChangesAsync(cancellationToken);
        return Unit.Value;
    }

    public Task<AlarmRules> Handle(ShowAlarmRules request, CancellationToken cancellationToken) => AlarmBook.RulesAsync(work.Db, request.LoopId, cancellationToken);
}
