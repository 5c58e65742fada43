using Marketplace.Data;
using Marketplace.Web.Features.Demo;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Quartz;

namespace Marketplace.Web.Features.Payments;

/// <summary>Sets off credits against what is owed, for each member of a loop that has both. Done again it changes nothing.</summary>
public sealed record SettleAccounts(int LoopId) : IRequest<int>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

internal sealed class SettleAccountsHandler(MoneyBook money) : IRequestHandler<SettleAccounts, int>
{
    public Task<int> Handle(SettleAccounts request, CancellationToken cancellationToken) => money.SettleAllAsync(request.LoopId, cancellationToken);
}

/// <summary>Sets off in each loop what documents and payments have brought since. Coming twice or late changes nothing.</summary>
[DisallowConcurrentExecution]
public sealed partial class SettleAccountsJob(IDbContextFactory<MarketplaceDb> databases, Requests requests, DemoProgress demo, ILogger<SettleAccountsJob> log) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var loops = await db.Loops.Where(loop => loop.Kind != LoopKind.Replay).OrderBy(loop => loop.Id).Select(loop => new { loop.Id, loop.Slug, loop.Kind }).ToListAsync(cancellationToken);
        foreach (var loop in loops.Where(loop => loop.Kind != LoopKind.Demo || demo.IsReady))
        {
            try
            {
                await requests.Send(new SettleAccounts(loop.Id), Actor.System, cancellationToken);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                // One loop's trouble does not hold up the others.
                LogFailure(failure, loop.Slug);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Loop}: members' accounts could not be settled")]
    private partial void LogFailure(Exception failure, string loop);
}
