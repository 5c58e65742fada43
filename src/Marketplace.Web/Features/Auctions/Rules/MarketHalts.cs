using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Auctions.Rules;

/// <summary>Keeps hours from being cleared from one on: their gates close and their books are anchored, but no prices are made. Energy flows all
/// the same; each hour waits until the halt is lifted or is settled at the fallback tariff.</summary>
public sealed record HaltMarket(int LoopId, DateTimeOffset FromHour, string Reason) : IRequest<Unit>, IOperatorAct
{
    public string Subject => $"from {Instants.Iso(FromHour)}";
}

/// <summary>Lifts the halt; the hours that wait are cleared with the next tick.</summary>
public sealed record LiftHalt(int LoopId) : IRequest<Unit>, IOperatorAct
{
    public string Subject => "the halt";
}

/// <summary>Sets how long before delivery the gate closes, for all hours whose gate is still open.</summary>
public sealed record SetGateClosure(int LoopId, int Minutes) : IRequest<Unit>, IOperatorAct
{
    public string Subject => FormattableString.Invariant($"{Minutes} minutes before delivery");
}

public sealed class HaltMarketValidator : AbstractValidator<HaltMarket>
{
    public HaltMarketValidator()
    {
        RuleFor(request => request.FromHour).Must(MarketHour.IsStart).WithMessage("Choose a whole hour.");
        RuleFor(request => request.Reason).NotEmpty().WithMessage("Say why; members will read it.").MaximumLength(500).WithMessage("Use at most 500 characters.");
    }
}

public sealed class SetGateClosureValidator : AbstractValidator<SetGateClosure>
{
    public const int Least = 5;
    public const int Most = 24 * 60;

    public SetGateClosureValidator() => RuleFor(request => request.Minutes).InclusiveBetween(Least, Most)
        .WithMessage(FormattableString.Invariant($"Choose {Least} to {Most} minutes."));
}

internal sealed class MarketHaltsHandler(Work work, CurrentActor current, TimeProvider time)
    : IRequestHandler<HaltMarket, Unit>, IRequestHandler<LiftHalt, Unit>, IRequestHandler<SetGateClosure, Unit>
{
    public async Task<Unit> Handle(HaltMarket request, CancellationToken cancellationToken)
    {
        var db = work.Db;
        await LockAsync(request.LoopId, cancellationToken);
        if (await db.MarketHalts.AnyAsync(halt => halt.LoopId == request.LoopId && halt.EndedAt == null, cancellationToken))
        {
            throw new RefusedException("The market is halted already.");
        }

        if (await db.HourSteps.AnyAsync(
            step => step.LoopId == request.LoopId && step.Step == HourStepKind.Cleared && step.Hour >= request.FromHour, cancellationToken))
        {
            throw new RefusedException(nameof(request.FromHour), "This hour is already cleared. Choose one that is not.");
        }

        var last = await db.MarketHalts.Where(halt => halt.LoopId == request.LoopId).MaxAsync(halt => (int?)halt.Number, cancellationToken) ?? 0;
        db.MarketHalts.Add(new MarketHalt
        {
            LoopId = request.LoopId,
            Number = last + 1,
            FromHour = request.FromHour,
            Reason = request.Reason.Trim(),
            SetBy = current.Actor.AccountId,
            SetAt = time.GetUtcNow(),
        });
        await db.SaveChangesAsync(cancellationToken);
        return Unit.Value;
    }

    public async Task<Unit> Handle(LiftHalt request, CancellationToken cancellationToken)
    {
        var db = work.Db;
        await LockAsync(request.LoopId, cancellationToken);
        var halt = await db.MarketHalts.SingleOrDefaultAsync(halt => halt.LoopId == request.LoopId && halt.EndedAt == null, cancellationToken)
            ?? throw new RefusedException("The market is not halted.");
        halt.EndedAt = time.GetUtcNow();
        await db.SaveChangesAsync(cancellationToken);

        // What failed because of the halt need not wait for its next try.
        await db.HourFailures
            .Where(failure => failure.LoopId == request.LoopId && failure.Step == HourStepKind.Cleared && failure.Hour >= halt.FromHour)
            .ExecuteDeleteAsync(cancellationToken);
        return Unit.Value;
    }

    public async Task<Unit> Handle(SetGateClosure request, CancellationToken cancellationToken)
    {
        var loop = await work.Db.Loops.SingleAsync(loop => loop.Id == request.LoopId, cancellationToken);
        loop.GateClosureMinutes = request.Minutes;
        await work.Db.SaveChangesAsync(cancellationToken);
        return Unit.Value;
    }

    private Task<int> LockAsync(int loopId, CancellationToken cancellationToken) =>
        work.Db.Database.ExecuteSqlAsync($"SELECT 1 FROM market.loops WHERE id = {loopId} FOR UPDATE", cancellationToken);
}
