using System.Collections.Concurrent;
using System.Threading.Channels;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Orders;

/// <summary>Goes through uploads one after the other, apart from the requests that brought them, and at its start through those that
/// a restart left behind. Two hosts at the same upload do no harm: its rows are gone through under a lock.</summary>
public sealed partial class UploadWorker(IServiceScopeFactory scopes, TimeProvider time, ILogger<UploadWorker> log) : BackgroundService
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    private readonly Channel<(int LoopId, long UploadId)> _waiting = Channel.CreateUnbounded<(int, long)>();
    private readonly ConcurrentDictionary<(int LoopId, long UploadId), TaskCompletionSource> _done = [];

    /// <summary>Has an upload gone through; answers when it is, or after some seconds if that takes longer.</summary>
    public async Task GoThroughAsync(int loopId, long uploadId, CancellationToken cancellationToken)
    {
        var done = _done.GetOrAdd((loopId, uploadId), _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await _waiting.Writer.WriteAsync((loopId, uploadId), cancellationToken);
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
            await foreach (var (loopId, uploadId) in _waiting.Reader.ReadAllAsync(stoppingToken))
            {
                await GoThroughOneAsync(loopId, uploadId, stoppingToken);
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
        var left = await scope.ServiceProvider.GetRequiredService<MarketplaceDb>().OrderUploads
            .Where(upload => upload.DoneAt == null).OrderBy(upload => upload.SentAt)
            .Select(upload => new { upload.LoopId, upload.Id }).ToListAsync(cancellationToken);
        foreach (var upload in left)
        {
            await _waiting.Writer.WriteAsync((upload.LoopId, upload.Id), cancellationToken);
        }
    }

    private async Task GoThroughOneAsync(int loopId, long uploadId, CancellationToken cancellationToken)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var requests = scope.ServiceProvider.GetRequiredService<Requests>();
            while (await requests.Send(new GoThroughUpload(loopId, uploadId), Actor.System, cancellationToken))
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            // What was placed stays; sending the same file again goes on with the rest.
            LogFailure(fault, loopId, uploadId);
        }
        finally
        {
            if (_done.TryRemove((loopId, uploadId), out var done))
            {
                done.TrySetResult();
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Upload {UploadId} of loop {LoopId} could not be gone through; the next start tries again")]
    private partial void LogFailure(Exception fault, int loopId, long uploadId);
}
