using FluentValidation;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Pipeline;

/// <summary>Deny by default: a request that does not say whom it permits is a fault of the program, and refused.</summary>
public sealed class AccessBehaviour<TRequest, TResponse>(CurrentActor current) : IPipelineBehavior<TRequest, TResponse>
    where TRequest : IRequest<TResponse>
{
    public Task<TResponse> Handle(TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<TResponse> next) =>
        request is IGuarded guarded && guarded.Permits(current.Actor)
            ? next()
            : throw new NotPermittedException(typeof(TRequest).Name);
}

/// <summary>Runs the validators of a request before anything is loaded.</summary>
public sealed class ValidationBehaviour<TRequest, TResponse>(IEnumerable<IValidator<TRequest>> validators) : IPipelineBehavior<TRequest, TResponse>
    where TRequest : IRequest<TResponse>
{
    public async Task<TResponse> Handle(TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<TResponse> next)
    {
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
