using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Pipeline;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Marketplace.Web.Features.Ledger;

/// <summary>
/// Looks after each log while nothing happens: takes in what was left at the door, asks again for cosignatures that are missing, compares
/// with what witnesses show, and checks stored rows and the records behind the entries, a window at a time.
/// </summary>
public sealed class LogKeeper(
    NpgsqlDataSource source, Sequencer sequencer, Cosigning cosigning, LogSelfCheck check, LookMemory memory, IServiceScopeFactory scopes, IOptions<LedgerOptions> options, TimeProvider clock, ILogger<LogKeeper> log)
    : BackgroundService
{
    /// <summary>How often witnesses are asked what they hold of us.</summary>
    private static readonly TimeSpan Comparing = TimeSpan.FromMinutes(10);

    private readonly Dictionary<int, (long NextBundle, long NextRecord, DateTimeOffset ComparedAt)> _logs = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(options.Value.WatchSeconds), clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            foreach (var loopId in await TriedAsync(() => LogsAsync(stoppingToken), stoppingToken) ?? [])
            {
                await TriedAsync(() => LookAfterAsync(loopId, stoppingToken), stoppingToken);
            }
        }
    }

    // Whatever is wrong with one log, the host goes on and the other logs are looked after.
    private async Task<T?> TriedAsync<T>(Func<Task<T>> deed, CancellationToken stoppingToken)
    {
        try
        {
            return await deed();
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            LedgerLog.LookFailed(log, e);
            return default;
        }
    }

    private async Task<bool> LookAfterAsync(int loopId, CancellationToken cancellationToken)
    {
        var (nextBundle, nextRecord, comparedAt) = _logs.GetValueOrDefault(loopId);
        try
        {
            await sequencer.IntegrateAsync(loopId, cancellationToken);
        }
        catch (LedgerConflictException)
        {
            // An alarm stands for it; the rest is looked at all the same.
        }

        cosigning.Wake(loopId);
        if (clock.GetUtcNow() - comparedAt >= Comparing)
        {
            await cosigning.CompareAsync(loopId, cancellationToken);
            comparedAt = clock.GetUtcNow();
        }

        var (next, problem) = await check.LookAsync(loopId, nextBundle, options.Value.BundlesALook, cancellationToken);
        memory.Remember(loopId, clock.GetUtcNow(), next == 0 && problem is null, problem);
        await using var scope = scopes.CreateAsyncScope();
        var requests = scope.ServiceProvider.GetRequiredService<Requests>();
        _logs[loopId] = (next, await requests.Send(new Transparency.CheckRecords(loopId, nextRecord), Actor.System, cancellationToken), comparedAt);
        return true;
    }

    private async Task<List<int>> LogsAsync(CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand("SELECT loop_id FROM ledger.logs UNION SELECT DISTINCT loop_id FROM ledger.pending ORDER BY 1");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<int>();
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add(reader.GetInt32(0));
        }

        return found;
    }
}
