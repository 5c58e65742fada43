using Marketplace.Web.Features.Alarms.Sending;
using Marketplace.Web.Features.Operations;
using Marketplace.Web.Pipeline;
using Quartz;

namespace Marketplace.Web.Features.Alarms;

/// <summary>Looks for alarms in each running loop. Coming twice or late changes nothing.</summary>
[DisallowConcurrentExecution]
public sealed class AlarmWatch(LoopRounds rounds) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken) =>
        await rounds.SendAsync(nameof(AlarmWatch), one => one.Runs, loop => new LookForAlarms(loop), cancellationToken);
}

/// <summary>Sends what waits.</summary>
[DisallowConcurrentExecution]
public sealed class DispatchRound(Requests requests) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken) =>
        await requests.Send(new SendDispatches(), Actor.System, cancellationToken);
}
