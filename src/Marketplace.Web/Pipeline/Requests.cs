using MediatR;

namespace Marketplace.Web.Pipeline;

/// <summary>The door through which pages, endpoints and jobs make requests. Each request gets a scope of its own,
/// so that a circuit that lives for hours never shares a database context between two of them.</summary>
public sealed class Requests(IServiceScopeFactory scopes, CurrentActor current)
{
    /// <summary>Makes the request for the person of this page or call.</summary>
    /// <exception cref="RefusedException">It was refused for a reason the person can read.</exception>
    /// <exception cref="NotPermittedException">The person may not do this.</exception>
    public Task<T> Send<T>(IRequest<T> request, CancellationToken cancellationToken = default) =>
        Send(request, current.Actor, cancellationToken);

    /// <summary>Makes the request for somebody named: jobs and commands act as <see cref="Actor.System"/>.</summary>
    public async Task<T> Send<T>(IRequest<T> request, Actor actor, CancellationToken cancellationToken = default)
    {
        var work = default(Work);
        T result;
        await using (var scope = scopes.CreateAsyncScope())
        {
            scope.ServiceProvider.GetRequiredService<CurrentActor>().Actor = actor;
            work = scope.ServiceProvider.GetRequiredService<Work>();
            result = await scope.ServiceProvider.GetRequiredService<IMediator>().Send(request, cancellationToken);
        }

        // The connection is back in its pool before anything that follows from the commit takes another.
        await work.RunFollowUpsAsync(cancellationToken);
        return result;
    }

    /// <summary>As <see cref="Send{T}(IRequest{T}, CancellationToken)"/>, with a refusal as a value, for forms.</summary>
    public async Task<Attempt<T>> Try<T>(IRequest<T> request, CancellationToken cancellationToken = default)
    {
        try
        {
            return new Attempt<T>(await Send(request, cancellationToken), []);
        }
        catch (RefusedException refusal)
        {
            return new Attempt<T>(default, refusal.Problems);
        }
    }
}

/// <summary>Who is acting in this scope. Nobody, until the host has said so.</summary>
public sealed class CurrentActor
{
    public Actor Actor { get; set; } = Actor.Visitor;
}
