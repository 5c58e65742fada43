using Marketplace.Data;
using Marketplace.Web.Features.Charging;
using Marketplace.Web.Features.Demo;
using Microsoft.EntityFrameworkCore;
using Quartz;

namespace Marketplace.Web.Features.Operations;

/// <summary>The clock's tick: each running loop is carried to what its market clock says. Coming twice or late changes nothing.</summary>
[DisallowConcurrentExecution]
public sealed class Tick(IDbContextFactory<MarketplaceDb> databases, LoopRounds rounds, MarketDay marketDay, ChargingDay charging, DemoSource demo, TimeProvider time) : IJob
{
    // A loop that has much to catch up does not keep the others waiting.
    private const int StepsPerLoop = 24;

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken) => await rounds.GoAsync(
        nameof(Tick),
        one => one.Runs,
        async one =>
        {
            var (loopId, isDemo) = (one.Loop.Id, one.Loop.Kind == LoopKind.Demo);
            if (isDemo)
            {
                await KeepDemoTimeAsync(loopId, cancellationToken);
            }

            await marketDay.AdvanceAsync(loopId, isDemo ? demo : null, StepsPerLoop, stopOnFailure: false, onStep: null, cancellationToken);
            await charging.AdvanceAsync(loopId, StepsPerLoop, cancellationToken);
        },
        cancellationToken);

    /// <summary>A demo's time stops with the process: where it stood is kept with each tick, and the next start goes on from there.</summary>
    private async Task KeepDemoTimeAsync(int loopId, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var now = time.GetUtcNow();
        var clock = await db.Clocks.SingleAsync(clock => clock.LoopId == loopId, cancellationToken);
        var market = clock.MarketTime(now);
        (clock.MarketAnchor, clock.RealAnchor) = (market, now);
        await db.SaveChangesAsync(cancellationToken);
    }
}
