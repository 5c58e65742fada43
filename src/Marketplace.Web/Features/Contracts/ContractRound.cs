using Marketplace.Data;
using Marketplace.Web.Features.Contracts.Templates;
using Marketplace.Web.Features.Operations;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;
using Quartz;

namespace Marketplace.Web.Features.Contracts;

/// <summary>Renews and evaluates the contracts of each loop. Coming twice or late changes nothing.</summary>
[DisallowConcurrentExecution]
public sealed partial class ContractRound(LoopRounds rounds, IDbContextFactory<MarketplaceDb> databases, Requests requests, ILogger<ContractRound> log) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var begun = await db.ContractTemplates.Select(template => template.LoopId).Distinct().ToListAsync(cancellationToken);
        await rounds.GoAsync(
            nameof(ContractRound),
            // A replay's ledger stays as the replay left it, unless its operator wants templates.
            one => !one.IsReplay || begun.Contains(one.Loop.Id),
            one => begun.Contains(one.Loop.Id) ? LookAfterAsync(one.Loop, cancellationToken) : requests.Send(new AddShippedTemplates(one.Loop.Id), Actor.System, cancellationToken),
            cancellationToken);
    }

    private async Task LookAfterAsync(Loop loop, CancellationToken cancellationToken)
    {
        foreach (var contract in await requests.Send(new ContractsToRenew(loop.Id), Actor.System, cancellationToken))
        {
            await RenewAsync(loop.Id, loop.Slug, contract, cancellationToken);
        }

        await requests.Send(new EvaluateContracts(loop.Id), Actor.System, cancellationToken);
    }

    private async Task RenewAsync(int loopId, string slug, long contract, CancellationToken cancellationToken)
    {
        try
        {
            await requests.Send(new RenewContract(loopId, contract), Actor.System, cancellationToken);
        }
        catch (RefusedException refused)
        {
            // Another contract has its place now: this one ends, and no other is kept from going on.
            LogEnd(slug, contract, refused.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Loop}: contract {Contract} cannot be renewed: {Reason}")]
    private partial void LogEnd(string loop, long contract, string reason);
}
