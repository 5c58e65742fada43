using Marketplace.Data;
using MediatR;

namespace Marketplace.Web.Pipeline;

/// <summary>A request that anybody may make, signed in or not. What it answers must be fit for the public.</summary>
public interface IPublic : IGuarded
{
    bool IGuarded.Permits(Actor actor) => true;
}

/// <summary>A request that a signed-in person makes about the own account.</summary>
public interface IPersonal : IGuarded
{
    bool IGuarded.Permits(Actor actor) => actor.AccountId is not null;
}

/// <summary>A request of the host's own jobs and commands.</summary>
public interface ISystemOnly : IGuarded
{
    bool IGuarded.Permits(Actor actor) => actor.IsSystem;
}

/// <summary>What an operator does to a loop. It is written down in the same transaction: either both happen or neither.</summary>
public interface IOperatorAct : IGuarded, IChange
{
    int LoopId { get; }

    /// <summary>The deed in one word, as auditors filter it: the request's own name.</summary>
    string Act => GetType().Name;

    /// <summary>What it was done to, without personal data: these rows are never erased.</summary>
    string Subject { get; }

    bool IGuarded.Permits(Actor actor) => actor.Operates(LoopId);
}

/// <summary>What a loop's members may decide by vote in place of its operator. Stored as numbers: never renumber.</summary>
public enum GovernedArea : short
{
    /// <summary>Who takes part.</summary>
    Members = 1,

    /// <summary>Who cosigns the ledger.</summary>
    Witnesses = 2,

    /// <summary>How orders are brought together, and within which prices.</summary>
    MarketRules = 3,

    Tariff = 4,

    /// <summary>Templates of contracts.</summary>
    Template = 5,

    /// <summary>How votes are counted, who votes, and who decides what.</summary>
    Constitution = 6,
}

/// <summary>An operator's act of a kind that the members of a loop may have kept to themselves. Then the operator is refused and told to propose it.
/// What a vote has decided does not come this way: it goes to the code below the act's handler.</summary>
public interface IGoverned
{
    int LoopId { get; }

    GovernedArea Area { get; }
}

/// <summary>Writes operators' acts down and commits them to the loop's ledger, so that the operator too can undo none unseen. What the
/// system does by itself shows in its own records.</summary>
public sealed class AuditBehaviour<TRequest, TResponse>(Work work, CurrentActor current, TimeProvider time) : IPipelineBehavior<TRequest, TResponse>
    where TRequest : IRequest<TResponse>
{
    public async Task<TResponse> Handle(TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<TResponse> next)
    {
        var response = await next();
        if (request is IOperatorAct act)
        {
            var action = new OperatorAction
            {
                LoopId = act.LoopId,
                AccountId = current.Actor.AccountId,
                At = time.GetUtcNow(),
                Action = act.Act,
                Subject = act.Subject,
            };
            work.Db.OperatorActions.Add(action);
            await work.Db.SaveChangesAsync(cancellationToken);
            if (action.AccountId is not null)
            {
                await LedgerDoor.AppendAsync(
                    await work.ConnectionAsync(cancellationToken), work.Transaction, action.LoopId, OperatorActionRecord.KeyOf(action),
                    [OperatorActionRecord.Of(action)], cancellationToken);
            }
        }

        return response;
    }
}
