using Marketplace.Data;
using Marketplace.Web.Features.Demo;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Operations;

/// <summary>The loops whose clocks run, for jobs that do the same for each.</summary>
public sealed partial class RunningLoops(IDbContextFactory<MarketplaceDb> databases, Requests requests, DemoProgress demoProgress, ILogger<RunningLoops> log)
{
    /// <summary>Sends a request for each loop, as the system. One loop's trouble does not stop the others: it is logged, and the next run tries again.</summary>
    public async Task SendAsync<T>(Func<int, IRequest<T>> request, CancellationToken cancellationToken)
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
            var one = request(loop.Id);
            try
            {
                await requests.Send(one, Actor.System, cancellationToken);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                LogFailure(failure, loop.Slug, one.GetType().Name);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Loop}: {Request} failed and will be tried again")]
    private partial void LogFailure(Exception failure, string loop, string request);
}
