using FluentValidation;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Pipeline;

/// <summary>Deny by default: a request that does not say whom it permits is a fault of the program, and refused.</summary>
public sealed class AccessBehaviour<TRequest, TResponse>(CurrentActor current, GrantedAccess? grants = null) : IPipelineBehavior<TRequest, TResponse>
    where TRequest : IRequest<TResponse>
{
    public async Task<TResponse> Handle(TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<TResponse> next) =>
        request is IGuarded guarded && (guarded.Permits(current.Actor) || await IsGrantedAsync(request, cancellationToken))
            ? await next()
            : throw new NotPermittedException(typeof(TRequest).Name);

    /// <summary>Somebody whom a member lets look may make the few requests that say so. Never one that changes anything.</summary>
    private async Task<bool> IsGrantedAsync(TRequest request, CancellationToken cancellationToken) =>
        request is IOpenToGrants open and not IChange && grants is not null
            && await grants.PermitsAsync(current.Actor, open.LoopId, open.Scope, open.GrantedMember, cancellationToken);
}

/// <summary>Runs the validators of a request before anything is loaded; and before them, for whatever a person or program outside sent, the one rule
/// that holds for all texts (<see cref="TextRule"/>).</summary>
public sealed class ValidationBehaviour<TRequest, TResponse>(IEnumerable<IValidator<TRequest>> validators, CurrentActor current) : IPipelineBehavior<TRequest, TResponse>
    where TRequest : IRequest<TResponse>
{
    public async Task<TResponse> Handle(TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<TResponse> next)
    {
        if (!current.Actor.IsSystem && TextRule.FirstFault(request) is { } field)
        {
            throw new RefusedException(field, "The text holds a character that cannot be written, such as one without a sign. Please type it anew.");
        }

        foreach (var validator in validators)
        {
            var result = await validator.ValidateAsync(request, cancellationToken);
            if (!result.IsValid)
            {
                throw new RefusedException(result.Errors);
            }
        }

        return await next();
    }
}

/// <summary>A change happens wholly or not at all.</summary>
public sealed class TransactionBehaviour<TRequest, TResponse>(Work work) : IPipelineBehavior<TRequest, TResponse>
    where TRequest : IRequest<TResponse>
{
    public async Task<TResponse> Handle(TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<TResponse> next)
    {
        if (request is not IChange)
        {
            return await next();
        }

        await using var transaction = await work.Db.Database.BeginTransactionAsync(cancellationToken);
        if (request is IRepeatableStep)
        {
            await work.Db.Database.ExecuteSqlAsync($"SET LOCAL synchronous_commit TO OFF", cancellationToken);
        }

        var response = await next();
        await transaction.CommitAsync(cancellationToken);
        return response;
    }
}
