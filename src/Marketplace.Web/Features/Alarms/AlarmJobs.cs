using Marketplace.Data;
using Marketplace.Web.Features.Alarms.Sending;
using Marketplace.Web.Features.Demo;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;
using Quartz;

namespace Marketplace.Web.Features.Alarms;

/// <summary>Looks for alarms in each running loop. Coming twice or late changes nothing.</summary>
[DisallowConcurrentExecution]
public sealed partial class AlarmWatch(IDbContextFactory<MarketplaceDb> databases, Requests requests, DemoProgress demoProgress, ILogger<AlarmWatch> log) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var running = await (
            from clock in db.Clocks
            join loop in db.Loops on clock.LoopId equals loop.Id
            where clock.Rate > 0
            orderby loop.Id
            select new { loop.Id, loop.Slug, loop.Kind }).ToListAsync(cancellationToken);
        foreach (var loop in running.Where(loop => loop.Kind != LoopKind.Demo || demoProgress.IsReady))
        {
            try
            {
                await requests.Send(new LookForAlarms(loop.Id), Actor.System, cancellationToken);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                // One loop's trouble does not blind the others.
                LogFailure(failure, loop.Slug);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Loop}: its alarms could not be looked for")]
    private partial void LogFailure(Exception failure, string loop);
}

/// <summary>Sends what waits.</summary>
[DisallowConcurrentExecution]
public sealed class DispatchRound(Requests requests) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken) =>
        await requests.Send(new SendDispatches(), Actor.System, cancellationToken);
}
