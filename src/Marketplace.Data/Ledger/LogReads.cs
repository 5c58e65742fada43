using Marketplace.Ledger;
using Npgsql;

namespace Marketplace.Data;

/// <summary>A signed checkpoint with its first publication, where it has one.</summary>
public sealed record ListedCheckpoint(SignedCheckpoint Head, PublishedCheckpoint? Published);

/// <summary>The batch in which an entry was handed in.</summary>
public sealed record PlacedBatch(long BatchId, string BatchKey, long FirstIndex, int Count);

/// <summary>How many entries a log had at a moment.</summary>
public sealed record LogSize(long Size, DateTimeOffset SignedAt);

/// <summary>What the transparency pages read of the ledger's schema. Each query costs the same however long the log is.</summary>
public static class LogReads
{
    private const string Listed =
        """
        SELECT c.size, c.root, c.note, c.kinds, c.signed_at, p.note, p.published_at
        FROM ledger.checkpoints c
        LEFT JOIN LATERAL (
            SELECT note, published_at FROM ledger.publications p
            WHERE p.loop_id = c.loop_id AND p.size = c.size ORDER BY publication_id LIMIT 1) p ON true
        WHERE c.loop_id = $1 AND
        """;

    /// <summary>Checkpoints of at most this size, the largest first.</summary>
    public static Task<List<ListedCheckpoint>> CheckpointsAsync(NpgsqlConnection connection, int loopId, long atMost, int limit, CancellationToken cancellationToken) =>
        ListAsync(connection, Listed + " c.size <= $2 ORDER BY c.size DESC LIMIT $3", loopId, atMost, limit, cancellationToken);

    /// <summary>Checkpoints of at least this size, the smallest first.</summary>
    public static Task<List<ListedCheckpoint>> CheckpointsFromAsync(NpgsqlConnection connection, int loopId, long atLeast, int limit, CancellationToken cancellationToken) =>
        ListAsync(connection, Listed + " c.size >= $2 ORDER BY c.size LIMIT $3", loopId, atLeast, limit, cancellationToken);

    /// <summary>Every publication of one checkpoint: the first one, then those of idle days.</summary>
    public static async Task<List<PublishedCheckpoint>> PublicationsAsync(NpgsqlConnection connection, int loopId, long size, int limit, CancellationToken cancellationToken)
    {
        await using var command = LogTables.Command(
            connection, "SELECT size, note, published_at FROM ledger.publications WHERE loop_id = $1 AND size = $2 ORDER BY publication_id LIMIT $3", loopId);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = size });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<PublishedCheckpoint>();
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add(new PublishedCheckpoint(reader.GetInt64(0), reader.GetString(1), reader.GetFieldValue<DateTimeOffset>(2), null));
        }

        return found;
    }

    /// <summary>How the log grew over its whole life: at most twice this many points, at each step the one before it too, so that a
    /// pause is seen as one.</summary>
    public static async Task<List<LogSize>> GrowthAsync(NpgsqlConnection connection, int loopId, long size, int steps, CancellationToken cancellationToken)
    {
        await using var command = LogTables.Command(
            connection,
            """
            SELECT DISTINCT points.size, points.signed_at
            FROM generate_series(0, $3) AS step
            CROSS JOIN LATERAL (
                (SELECT size, signed_at FROM ledger.checkpoints WHERE loop_id = $1 AND size >= $2 * step / $3 ORDER BY size LIMIT 1)
                UNION ALL
                (SELECT size, signed_at FROM ledger.checkpoints WHERE loop_id = $1 AND size < $2 * step / $3 ORDER BY size DESC LIMIT 1)) AS points
            ORDER BY points.size
            """,
            loopId);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = size });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = steps });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var points = new List<LogSize>();
        while (await reader.ReadAsync(cancellationToken))
        {
            points.Add(new LogSize(reader.GetInt64(0), reader.GetFieldValue<DateTimeOffset>(1)));
        }

        return points;
    }

    /// <summary>The batch that an entry belongs to, or null beyond the end of the tree.</summary>
    public static async Task<PlacedBatch?> BatchOverAsync(NpgsqlConnection connection, int loopId, long index, CancellationToken cancellationToken)
    {
        await using var command = LogTables.Command(
            connection,
            """
            SELECT p.batch_id, b.batch_key, p.first_index, p.entry_count
            FROM (SELECT batch_id, first_index, entry_count FROM ledger.placements
                  WHERE loop_id = $1 AND first_index <= $2 ORDER BY first_index DESC LIMIT 1) p
            JOIN ledger.batches b ON b.loop_id = $1 AND b.batch_id = p.batch_id
            WHERE $2 < p.first_index + p.entry_count
            """,
            loopId);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = index });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new PlacedBatch(reader.GetInt64(0), reader.GetString(1), reader.GetInt64(2), reader.GetInt32(3))
            : null;
    }

    /// <summary>The smallest checkpoint with at least this many entries of a kind, or null where there is none.</summary>
    public static async Task<long?> FirstSizeWithAsync(NpgsqlConnection connection, int loopId, int kind, long count, CancellationToken cancellationToken)
    {
        // The number of a kind only grows, so halving the range of sizes finds the place; each probe is one look into the key.
        long low = 0;
        long? best = null;
        var high = (await LogTables.LatestSignedAsync(connection, loopId, cancellationToken))?.Size ?? -1;
        while (low <= high)
        {
            var middle = low + ((high - low) / 2);
            await using var command = LogTables.Command(
                connection, "SELECT size, coalesce(kinds[$3], 0) FROM ledger.checkpoints WHERE loop_id = $1 AND size >= $2 ORDER BY size LIMIT 1", loopId);
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = middle });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = kind });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            var (size, has) = (reader.GetInt64(0), reader.GetInt64(1));
            if (has >= count)
            {
                (best, high) = (size, middle - 1);
            }
            else
            {
                low = size + 1;
            }
        }

        return best;
    }

    private static async Task<List<ListedCheckpoint>> ListAsync(
        NpgsqlConnection connection, string sql, int loopId, long size, int limit, CancellationToken cancellationToken)
    {
        await using var command = LogTables.Command(connection, sql, loopId);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = size });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<ListedCheckpoint>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var signed = LogTables.ReadSigned(reader);
            found.Add(new ListedCheckpoint(
                signed,
                await reader.IsDBNullAsync(5, cancellationToken)
                    ? null
                    : new PublishedCheckpoint(signed.Size, reader.GetString(5), reader.GetFieldValue<DateTimeOffset>(6), null)));
        }

        return found;
    }
}
