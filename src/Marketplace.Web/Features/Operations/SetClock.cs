using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Operations;

/// <summary>How fast a demo's market clock may run.</summary>
public static class ClockRates
{
    public const int Stopped = 0;
    public const int RealTime = 1;

    /// <summary>A market hour each minute.</summary>
    public const int Accelerated = 60;

    public static IReadOnlyList<int> All { get; } = [Accelerated, RealTime, Stopped];
}

/// <summary>Sets how fast the market clock of a demo loop runs. Market time does not jump: the clock goes on from where it stands.</summary>
/// <param name="Rate">Market seconds in a real second.</param>
public sealed record SetClock(int LoopId, int Rate) : IRequest<Unit>, IOperatorAct
{
    public string Subject => FormattableString.Invariant($"rate {Rate}");
}

public sealed class SetClockValidator : AbstractValidator<SetClock>
{
    public SetClockValidator() => RuleFor(request => request.Rate).Must(ClockRates.All.Contains).WithMessage("Choose one of the speeds offered.");
}

internal sealed class SetClockHandler(MarketplaceDb db, TimeProvider time) : IRequestHandler<SetClock, Unit>
{
    public async Task<Unit> Handle(SetClock request, CancellationToken cancellationToken)
    {
        var kind = await db.Loops.Where(loop => loop.Id == request.LoopId).Select(loop => loop.Kind).SingleAsync(cancellationToken);
        if (kind != LoopKind.Demo)
        {
            throw new RefusedException("Only a demo's clock can be set. The market of this loop runs in real time, or has been replayed.");
        }

        // The tick keeps a demo's time too: whoever comes second waits and goes on from what the first has set.
        var clock = await db.Clocks
            .FromSql($"SELECT * FROM market.market_clocks WHERE loop_id = {request.LoopId} FOR UPDATE")
            .SingleAsync(cancellationToken);
        var now = time.GetUtcNow();
        (clock.MarketAnchor, clock.RealAnchor, clock.Rate) = (clock.MarketTime(now), now, request.Rate);
        await db.SaveChangesAsync(cancellationToken);
        return Unit.Value;
    }
}
