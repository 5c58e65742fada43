using Marketplace.Data;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Loops;

/// <summary>Which time it is on a loop's market clock.</summary>
public sealed class MarketTime(MarketplaceDb db, TimeProvider time)
{
    public async Task<DateTimeOffset> NowAsync(int loopId, CancellationToken cancellationToken)
    {
        var clock = await db.Clocks.AsNoTracking().SingleAsync(clock => clock.LoopId == loopId, cancellationToken);
        return clock.MarketTime(time.GetUtcNow());
    }
}

/// <summary>The hour of a market as the number of hours since 1970, and the gate that closes before it.</summary>
public static class MarketHour
{
    public static readonly TimeSpan Length = TimeSpan.FromHours(1);

    public static DateTimeOffset Containing(DateTimeOffset instant) =>
        new(instant.UtcTicks - (instant.UtcTicks % Length.Ticks), TimeSpan.Zero);

    public static bool IsStart(DateTimeOffset instant) => instant.Offset == TimeSpan.Zero && instant.UtcTicks % Length.Ticks == 0;

    /// <summary>The first hour whose gate is still open.</summary>
    /// <param name="lastClosed">The last hour whose book is fixed: an hour stays closed whatever becomes of the gate's time.</param>
    public static DateTimeOffset FirstOpen(Loop loop, DateTimeOffset now, DateTimeOffset? lastClosed)
    {
        var hour = Containing(now);
        while (GateOf(loop, hour) <= now || hour <= lastClosed)
        {
            hour += Length;
        }

        return hour;
    }

    public static DateTimeOffset GateOf(Loop loop, DateTimeOffset hour) => hour.AddMinutes(-loop.GateClosureMinutes);
}
