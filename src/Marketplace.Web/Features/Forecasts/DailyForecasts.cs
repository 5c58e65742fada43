using Marketplace.Data;
using Marketplace.Web.Features.Operations;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;
using Quartz;

namespace Marketplace.Web.Features.Forecasts;

/// <summary>Makes the forecasts of a loop's day, some meters at a time, and seals them.</summary>
public sealed class DailyForecasts(Requests requests)
{
    /// <returns>How many meters got a forecast.</returns>
    public async Task<int> RunAsync(int loopId, DateOnly day, CancellationToken cancellationToken)
    {
        var made = 0;
        int? after = 0;
        while (after is { } meter)
        {
            var some = await requests.Send(new MakeForecasts(loopId, day, meter), Actor.System, cancellationToken);
            made += some.Made;
            after = some.Next;
        }

        await requests.Send(new SealForecasts(loopId, day), Actor.System, cancellationToken);
        return made;
    }

    /// <summary>The day that should have its forecast: the next one from six in the evening on, the running one before.</summary>
    public static DateOnly DayDue(Loop loop, DateTimeOffset marketNow)
    {
        var local = loop.Calendar.ToLocal(marketNow);
        var today = DateOnly.FromDateTime(local.DateTime);
        return local.Hour >= Evening ? today.AddDays(1) : today;
    }

    private const int Evening = 18;
}

/// <summary>Each minute: the forecasts of every loop whose day is due and has none. A replay's market is given from the start and gets none.</summary>
[DisallowConcurrentExecution]
public sealed class DailyForecastsJob(LoopRounds rounds, IDbContextFactory<MarketplaceDb> databases, DailyForecasts forecasts) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await rounds.GoAsync(
            nameof(DailyForecastsJob),
            one => !one.IsReplay,
            async one =>
            {
                var day = DailyForecasts.DayDue(one.Loop, one.Now);
                if (!await db.ForecastDays.AnyAsync(made => made.LoopId == one.Loop.Id && made.Day == day, cancellationToken))
                {
                    await forecasts.RunAsync(one.Loop.Id, day, cancellationToken);
                }
            },
            cancellationToken);
    }
}
