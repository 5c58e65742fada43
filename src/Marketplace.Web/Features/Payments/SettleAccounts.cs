using Marketplace.Web.Features.Operations;
using Marketplace.Web.Pipeline;
using MediatR;
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
public sealed class SettleAccountsJob(LoopRounds rounds) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken) =>
        await rounds.SendAsync(nameof(SettleAccountsJob), one => !one.IsReplay, loop => new SettleAccounts(loop), cancellationToken);
}
