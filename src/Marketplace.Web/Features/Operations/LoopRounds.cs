using Marketplace.Data;
using Marketplace.Web.Features.Demo;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Operations;

/// <summary>A loop as a job comes to it.</summary>
/// <param name="Now">On the loop's market clock.</param>
/// <param name="Runs">Whether that clock runs.</param>
public sealed record LoopOnRound(Loop Loop, DateTimeOffset Now, bool Runs)
{
    /// <summary>Whether it is a replay, whose market and books stay as they were replayed.</summary>
    public bool IsReplay => Loop.Kind == LoopKind.Replay;
}

/// <summary>How jobs go from loop to loop, doing the same in each.</summary>
public sealed partial class LoopRounds(IDbContextFactory<MarketplaceDb> databases, Requests requests, DemoProgress demo, TimeProvider time, ILogger<LoopRounds> log)
{
    /// <summary>Comes to each loop in turn, but for a demonstration that is still being made. One loop's trouble does not stop the others: it is logged, and the
    /// next round tries again.</summary>
    /// <param name="job">What the log calls it.</param>
    /// <param name="where">Which loops it is for.</param>
    public async Task GoAsync(string job, Func<LoopOnRound, bool> where, Func<LoopOnRound, Task> act, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var loops = await (from loop in db.Loops join clock in db.Clocks on loop.Id equals clock.LoopId orderby loop.Id select new { loop, clock }).AsNoTracking().ToListAsync(cancellationToken);
        var now = time.GetUtcNow();
        foreach (var one in loops.Where(one => one.loop.Kind != LoopKind.Demo || demo.IsReady).Select(one => new LoopOnRound(one.loop, one.clock.MarketTime(now), one.clock.Rate > 0)).Where(where))
        {
            try
            {
                await act(one);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                LogFailure(failure, one.Loop.Slug, job);
            }
        }
    }

    /// <summary>Sends a request, as the system, for each loop that it is for.</summary>
    public Task SendAsync<T>(string job, Func<LoopOnRound, bool> where, Func<int, IRequest<T>> request, CancellationToken cancellationToken) =>
        GoAsync(job, where, one => requests.Send(request(one.Loop.Id), Actor.System, cancellationToken), cancellationToken);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Loop}: {Job} failed and will be tried again")]
    private partial void LogFailure(Exception failure, string loop, string job);
}
