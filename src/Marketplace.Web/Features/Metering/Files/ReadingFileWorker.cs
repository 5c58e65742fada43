using System.Collections.Concurrent;
using System.Threading.Channels;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Metering.Files;

/// <summary>Goes through files of readings one after the other, apart from the requests that brought them, and at its start through those that
/// a restart left behind. Two hosts at the same file do no harm: its rows are gone through under a lock.</summary>
public sealed partial class ReadingFileWorker(IServiceScopeFactory scopes, TimeProvider time, ILogger<ReadingFileWorker> log) : BackgroundService
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    private readonly Channel<(int LoopId, long FileId)> _waiting = Channel.CreateUnbounded<(int, long)>();
    private readonly ConcurrentDictionary<(int LoopId, long FileId), TaskCompletionSource> _done = [];

    /// <summary>Has a file gone through; answers when it is, or after some seconds if that takes longer.</summary>
    public async Task GoThroughAsync(int loopId, long fileId, CancellationToken cancellationToken)
    {
        var done = _done.GetOrAdd((loopId, fileId), _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await _waiting.Writer.WriteAsync((loopId, fileId), cancellationToken);
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
            await FindLeftBehindAsync(stoppingToken);
            await foreach (var (loopId, fileId) in _waiting.Reader.ReadAllAsync(stoppingToken))
            {
                await GoThroughOneAsync(loopId, fileId, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The next start finds what is left.
        }
    }

    private async Task FindLeftBehindAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var left = await scope.ServiceProvider.GetRequiredService<MarketplaceDb>().ReadingFiles
            .Where(file => file.DoneAt == null).OrderBy(file => file.SentAt).Select(file => new { file.LoopId, file.Id }).ToListAsync(cancellationToken);
        foreach (var file in left)
        {
            await _waiting.Writer.WriteAsync((file.LoopId, file.Id), cancellationToken);
        }
    }

    private async Task GoThroughOneAsync(int loopId, long fileId, CancellationToken cancellationToken)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var requests = scope.ServiceProvider.GetRequiredService<Requests>();
            while (await requests.Send(new GoThroughReadingFile(loopId, fileId), Actor.System, cancellationToken))
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            // What was stored stays; the next start goes on with the rest.
            LogFailure(fault, loopId, fileId);
        }
        finally
        {
            if (_done.TryRemove((loopId, fileId), out var done))
            {
                done.TrySetResult();
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "File {FileId} of loop {LoopId} could not be gone through; the next start tries again")]
    private partial void LogFailure(Exception fault, int loopId, long fileId);
}
