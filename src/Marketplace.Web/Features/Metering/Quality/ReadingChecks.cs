using Marketplace.Web.Features.Corrections;
using Marketplace.Web.Features.Operations;
using Marketplace.Web.Pipeline;
using Quartz;

namespace Marketplace.Web.Features.Metering.Quality;

/// <summary>Runs the checks of a loop to their end, some meters at a time, so that no delivery waits long for them.</summary>
public sealed class ReadingChecks(Requests requests)
{
    /// <returns>How much was looked at and found.</returns>
    public async Task<JudgedReadings> RunAsync(int loopId, CancellationToken cancellationToken)
    {
        await requests.Send(new JudgeDay(loopId), Actor.System, cancellationToken);
        await requests.Send(new JudgeSilence(loopId), Actor.System, cancellationToken);
        var all = JudgedReadings.Nothing;
        int? after = 0;
        while (after is { } meter)
        {
            var some = await requests.Send(new JudgeReadings(loopId, meter), Actor.System, cancellationToken);
            all = new JudgedReadings(all.Meters + some.Meters, all.Hours + some.Hours, all.Found + some.Found, all.Withdrawn + some.Withdrawn, null);
            after = some.Next;
        }

        // What came after its hour was settled: each hour is a change of its own.
        foreach (var hour in await requests.Send(new TakeLateHours(loopId), Actor.System, cancellationToken))
        {
            await requests.Send(new ResettleHour(loopId, hour), Actor.System, cancellationToken);
        }

        return all;
    }
}

/// <summary>Each minute: the checks of every loop in which something came, or whose day is over.</summary>
[DisallowConcurrentExecution]
public sealed class ReadingChecksJob(LoopRounds rounds, ReadingChecks checks) : IJob
{
    // A replay that is under way must not depend on when a job ran.
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken) => await rounds.GoAsync(
        nameof(ReadingChecksJob), one => !one.IsReplay || one.Now >= one.Loop.EndsAt, one => checks.RunAsync(one.Loop.Id, cancellationToken), cancellationToken);
}
