using Marketplace.Data;
using Marketplace.Web.Features.Charging;
using Marketplace.Web.Features.Demo;
using Microsoft.EntityFrameworkCore;
using Quartz;

namespace Marketplace.Web.Features.Operations;

/// <summary>The clock's tick: each running loop is carried to what its market clock says. Coming twice or late changes nothing.</summary>
[DisallowConcurrentExecution]
public sealed class Tick(IDbContextFactory<MarketplaceDb> databases, MarketDay marketDay, ChargingDay charging, DemoSource demo, DemoProgress demoProgress, TimeProvider time) : IJob
{
    // A loop that has much to catch up does not keep the others waiting.
    private const int StepsPerLoop = 24;

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var running = await (
            from clock in db.Clocks
            join loop in db.Loops on clock.LoopId equals loop.Id
            where clock.Rate > 0
            orderby loop.Id
            select loop).AsNoTracking().ToListAsync(cancellationToken);
        foreach (var loop in running)
        {
            if (loop.Kind == LoopKind.Demo)
            {
                if (!demoProgress.IsReady)
                {
                    continue;
                }

                await KeepDemoTimeAsync(db, loop.Id, cancellationToken);
            }

            await marketDay.AdvanceAsync(
                loop.Id, loop.Kind == LoopKind.Demo ? demo : null, StepsPerLoop, stopOnFailure: false, onStep: null, cancellationToken);
            await charging.AdvanceAsync(loop.Id, StepsPerLoop, cancellationToken);
        }
    }

    /// <summary>A demo's time stops with the process: where it stood is kept with each tick, and the next start goes on from there.</summary>
    private async Task KeepDemoTimeAsync(MarketplaceDb db, int loopId, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var clock = await db.Clocks.SingleAsync(clock => clock.LoopId == loopId, cancellationToken);
        var market = clock.MarketTime(now);
        (clock.MarketAnchor, clock.RealAnchor) = (market, now);
        await db.SaveChangesAsync(cancellationToken);
    }
}
