using Marketplace.Data;
using Marketplace.Web.Features.Loops;

namespace Marketplace.Web.Features.Operations;

/// <summary>How far a loop's market has come: the last hour of each step; null before the first.</summary>
public sealed record MarketProgress(DateTimeOffset? Closed, DateTimeOffset? Cleared, DateTimeOffset? Settled);

/// <summary>The next step of a loop's market and when it falls due on the market clock.</summary>
public sealed record DueStep(HourStepKind Step, DateTimeOffset Hour, DateTimeOffset DueAt)
{
    /// <summary>Steps follow one another in the order in which they fall due, so that hours missed are caught up in order:
    /// an hour is cleared as soon as its gate is closed; it is settled before a later gate closes.</summary>
    /// <returns>Null when the market has ended.</returns>
    public static DueStep? Next(Loop loop, MarketProgress progress)
    {
        var close = After(progress.Closed);
        var clear = After(progress.Cleared);
        var settle = After(progress.Settled);
        if (progress.Closed is { } closed && clear <= closed)
        {
            return new DueStep(HourStepKind.Cleared, clear, MarketHour.GateOf(loop, clear));
        }

        var closing = loop.EndsAt is { } end && close >= end
            ? null
            : new DueStep(HourStepKind.Closed, close, MarketHour.GateOf(loop, close));
        var settling = progress.Cleared is { } cleared && settle <= cleared
            ? new DueStep(HourStepKind.Settled, settle, settle + MarketHour.Length + TimeSpan.FromMinutes(loop.SettlementDelayMinutes))
            : null;
        return settling is not null && (closing is null || settling.DueAt <= closing.DueAt) ? settling : closing;

        DateTimeOffset After(DateTimeOffset? done) => done is { } hour ? hour + MarketHour.Length : loop.FirstHour;
    }
}
