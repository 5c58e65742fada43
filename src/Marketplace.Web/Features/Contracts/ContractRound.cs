using Marketplace.Data;
using Marketplace.Web.Features.Contracts.Templates;
using Marketplace.Web.Features.Demo;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;
using Quartz;

namespace Marketplace.Web.Features.Contracts;

/// <summary>Renews and evaluates the contracts of each loop. Coming twice or late changes nothing.</summary>
[DisallowConcurrentExecution]
public sealed partial class ContractRound(IDbContextFactory<MarketplaceDb> databases, Requests requests, DemoProgress demoProgress, ILogger<ContractRound> log) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var loops = await db.Loops.AsNoTracking().OrderBy(loop => loop.Id)
            .Select(loop => new { loop.Id, loop.Slug, loop.Kind, Began = db.ContractTemplates.Any(template => template.LoopId == loop.Id) }).ToListAsync(cancellationToken);
        foreach (var loop in loops.Where(loop => loop.Kind != LoopKind.Demo || demoProgress.IsReady))
        {
            try
            {
                // A replay's ledger stays as the replay left it, unless its operator wants templates.
                if (!loop.Began && loop.Kind != LoopKind.Replay)
                {
                    await requests.Send(new AddShippedTemplates(loop.Id), Actor.System, cancellationToken);
                }

                if (loop.Began)
                {
                    foreach (var contract in await requests.Send(new ContractsToRenew(loop.Id), Actor.System, cancellationToken))
                    {
                        await RenewAsync(loop.Id, loop.Slug, contract, cancellationToken);
                    }

                    await requests.Send(new EvaluateContracts(loop.Id), Actor.System, cancellationToken);
                }
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                // One loop's trouble does not stop the others.
                LogFailure(failure, loop.Slug);
            }
        }
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

    [LoggerMessage(Level = LogLevel.Error, Message = "{Loop}: its contracts could not be evaluated and will be tried again")]
    private partial void LogFailure(Exception failure, string loop);
}
