using System.Collections.Concurrent;
using System.Threading.Channels;
using Marketplace.Data;
using MediatR;

namespace Marketplace.Web.Pipeline;

/// <summary>Names a piece of long work: a file that somebody sent.</summary>
public readonly record struct Piece(int LoopId, long Id);

/// <summary>Does long pieces of work one after the other, apart from the requests that brought them, and at its start those that a restart
/// left behind. Two hosts at the same piece do no harm where its steps are taken under a lock.</summary>
public abstract partial class WorkInTurn(IServiceScopeFactory scopes, TimeProvider time, ILogger log) : BackgroundService
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    private readonly Channel<Piece> _waiting = Channel.CreateUnbounded<Piece>();
    private readonly ConcurrentDictionary<Piece, TaskCompletionSource> _done = [];

    /// <summary>The pieces that are not done, the earliest first.</summary>
    protected abstract Task<List<Piece>> LeftBehindAsync(MarketplaceDb db, CancellationToken cancellationToken);

    /// <summary>Does the next step of a piece; answers whether there is more to do.</summary>
    protected abstract IRequest<bool> NextStep(Piece piece);

    /// <summary>Has a piece done; answers when it is, or after some seconds if that takes longer.</summary>
    public async Task GoThroughAsync(int loopId, long id, CancellationToken cancellationToken)
    {
        var piece = new Piece(loopId, id);
        var done = _done.GetOrAdd(piece, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await _waiting.Writer.WriteAsync(piece, cancellationToken);
        try
        {
            await done.Task.WaitAsync(Patience, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Its page shows how far it is.
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await using (var scope = scopes.CreateAsyncScope())
            {
                foreach (var piece in await LeftBehindAsync(scope.ServiceProvider.GetRequiredService<MarketplaceDb>(), stoppingToken))
                {
                    await _waiting.Writer.WriteAsync(piece, stoppingToken);
                }
            }

            await foreach (var piece in _waiting.Reader.ReadAllAsync(stoppingToken))
            {
                await DoAsync(piece, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The next start finds what is left.
        }
    }

    private async Task DoAsync(Piece piece, CancellationToken cancellationToken)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var requests = scope.ServiceProvider.GetRequiredService<Requests>();
            while (await requests.Send(NextStep(piece), Actor.System, cancellationToken))
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            // What was done stays; the next start goes on with the rest.
            LogFailure(fault, GetType().Name, piece.Id, piece.LoopId);
        }
        finally
        {
            if (_done.TryRemove(piece, out var done))
            {
                done.TrySetResult();
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Work}: {Id} of loop {LoopId} could not be gone through; the next start tries again")]
    private partial void LogFailure(Exception fault, string work, long id, int loopId);
}
