using System.Globalization;
using FluentValidation;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using MediatR;

namespace Marketplace.Web.Features.Corrections;

/// <summary>Which hours are settled anew now: those with late readings within the loop's window, and those an operator has decided on. What came
/// after the window is put in the operator's queue; nothing is dropped.</summary>
public sealed record TakeLateHours(int LoopId) : IRequest<IReadOnlyList<DateTimeOffset>>, ISystemOnly, IRepeatableStep
{
    /// <summary>So many in one pass; the rest in the next.</summary>
    public const int Most = 500;
}

/// <summary>What came after the window and waits for the operator, with the window.</summary>
public sealed record ShowLateReadings(int LoopId) : IRequest<LateList>, IGuarded
{
    public const int Most = 100;

    public bool Permits(Actor actor) => actor.Operates(LoopId) || actor.Audits(LoopId);
}

/// <param name="Hours">The oldest first, the first hundred.</param>
public sealed record LateList(TimeSpan Window, IReadOnlyList<LateHour> Hours);

/// <summary>Settles the difference that late readings make in hours beyond the window, or leaves these as they were settled.</summary>
public sealed record DecideLate(int LoopId, IReadOnlyList<DateTimeOffset> Hours, bool Settle, string Reason) : IRequest<int>, IOperatorAct
{
    string IOperatorAct.Subject => string.Create(
        CultureInfo.InvariantCulture, $"{(Settle ? "settle" : "leave")} {Hours.Count} hours: {string.Join(' ', Hours.Take(100).Select(Instants.Iso))}; {Reason.Trim()}");
}

/// <summary>Sets for how long after its end an hour is settled anew by itself.</summary>
public sealed record SetLateWindow(int LoopId, int Hours) : IRequest<Unit>, IOperatorAct
{
    string IOperatorAct.Subject => string.Create(CultureInfo.InvariantCulture, $"late readings: {Hours} h");
}

public sealed class DecideLateValidator : AbstractValidator<DecideLate>
{
    public DecideLateValidator()
    {
        RuleFor(request => request.Reason).NotEmpty().WithMessage("Say why; it stays on record.").MaximumLength(500).WithMessage("Use at most 500 characters.");
        RuleFor(request => request.Hours).NotEmpty().WithMessage("Choose at least one hour.").Must(hours => hours.Count <= ShowLateReadings.Most).WithMessage("Choose at most 100 hours.");
    }
}

public sealed class SetLateWindowValidator : AbstractValidator<SetLateWindow>
{
    private const int Year = 8784;

    public SetLateWindowValidator() => RuleFor(request => request.Hours).InclusiveBetween(0, Year).WithMessage("Use 0 to 8,784 hours.");
}

internal sealed class SettleLateHandler(LateReadings late, MarketTime marketTime)
    : IRequestHandler<TakeLateHours, IReadOnlyList<DateTimeOffset>>, IRequestHandler<ShowLateReadings, LateList>, IRequestHandler<DecideLate, int>, IRequestHandler<SetLateWindow, Unit>
{
    public async Task<IReadOnlyList<DateTimeOffset>> Handle(TakeLateHours request, CancellationToken cancellationToken)
    {
        var now = await marketTime.NowAsync(request.LoopId, cancellationToken);
        var window = await late.WindowAsync(request.LoopId, cancellationToken);
        return await late.TakeAsync(request.LoopId, now - window - MarketHour.Length, TakeLateHours.Most, cancellationToken);
    }

    public async Task<LateList> Handle(ShowLateReadings request, CancellationToken cancellationToken) => new(
        await late.WindowAsync(request.LoopId, cancellationToken), await late.QueuedAsync(request.LoopId, ShowLateReadings.Most, cancellationToken));

    public async Task<int> Handle(DecideLate request, CancellationToken cancellationToken)
    {
        var decided = await late.DecideHoursAsync(request.LoopId, [.. request.Hours], request.Settle, cancellationToken);
        return decided > 0 ? decided : throw new RefusedException("None of these hours waits any more.");
    }

    public async Task<Unit> Handle(SetLateWindow request, CancellationToken cancellationToken)
    {
        await late.SetWindowAsync(request.LoopId, request.Hours, cancellationToken);
        return Unit.Value;
    }
}
