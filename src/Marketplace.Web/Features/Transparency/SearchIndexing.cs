using Marketplace.Data;
using Npgsql;

namespace Marketplace.Web.Features.Transparency;

/// <summary>Keeps the search index close behind each log, out of the sequencer's way. Killed at any time, it goes on where it was.</summary>
public sealed partial class SearchIndexing(NpgsqlDataSource source, TimeProvider clock, ILogger<SearchIndexing> log) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(20);

    /// <summary>Indexes what is full and not yet indexed.</summary>
    /// <returns>How many ranges were added.</returns>
    public async Task<int> CatchUpAsync(CancellationToken cancellationToken)
    {
        var added = 0;
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        foreach (var loopId in await LoopsAsync(connection, cancellationToken))
        {
            while (await SearchIndex.BuildNextAsync(connection, loopId, cancellationToken))
            {
                added++;
            }
        }

        return added;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await CatchUpAsync(stoppingToken);
            }
            catch (Exception e) when (e is NpgsqlException or LedgerConflictException)
            {
                Failed(log, e);
            }
        }
    }

    private static async Task<List<int>> LoopsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT loop_id FROM ledger.edges WHERE size >= $1 ORDER BY loop_id", connection);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = SearchIndex.RangeEntries });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var loops = new List<int>();
        while (await reader.ReadAsync(cancellationToken))
        {
            loops.Add(reader.GetInt32(0));
        }

        return loops;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The ledger's search index could not be carried on; the next round tries again")]
    private static partial void Failed(ILogger log, Exception error);
}
