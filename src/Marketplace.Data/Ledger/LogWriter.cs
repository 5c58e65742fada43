using Marketplace.Ledger;
using Npgsql;
using NpgsqlTypes;

namespace Marketplace.Data;

/// <summary>What the sequencer finds when it takes up a log: the last signed state, its right edge and what waits.</summary>
/// <param name="Edge">The tree to go on from; null if the stored edge is not the one under the last signed checkpoint.</param>
public sealed record LogState(SignedCheckpoint? Latest, MerkleTree? Edge, IReadOnlyList<PendingBatch> Pending, string? HaltedBecause);

/// <summary>A log's grown tree: to be written with its signed checkpoint, in one transaction, or not at all.</summary>
public sealed record LogStep(
    MerkleTree Tree,
    IReadOnlyList<(TileId Tile, byte[] Bytes)> Completed,
    IReadOnlyList<(long BatchId, long FirstIndex, int Count)> Placements);

/// <summary>The writes of the sequencer. One writer at a time for each loop, by an advisory lock of its transaction.</summary>
public static class LogWriter
{
    /// <summary>Batches integrated in one step at most.</summary>
    public const int BatchesAStep = 1000;

    /// <summary>Bytes of entries after which a step takes up no further batch, so that its memory is bounded.</summary>
    public const int BytesAStep = 65_536 * Commitment.Length;

    // Any fixed number: with the loop's id it names the lock.
    private const int SequencerLock = 0x4C6F6730;

    /// <summary>Waits for the loop's lock, which the transaction then holds, and reads where the log stands.</summary>
    public static async Task<LogState> TakeUpAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, int loopId, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection, transaction);
        AddLock(batch, loopId);
        Add(batch, "SELECT size, root, note, kinds, signed_at FROM ledger.checkpoints WHERE loop_id = $1 ORDER BY size DESC LIMIT 1", loopId);
        Add(batch, "SELECT size, bundle, tails FROM ledger.edges WHERE loop_id = $1", loopId);
        Add(batch, "SELECT is_raised, words FROM ledger.incidents WHERE loop_id = $1 AND topic = 'signing' ORDER BY incident_id DESC LIMIT 1", loopId);
        var waiting = Add(
            batch,
            """
            SELECT batch_id, entries FROM (
                SELECT batch_id, entries, sum(octet_length(entries)) OVER (ORDER BY batch_id) - octet_length(entries) AS before
                FROM (SELECT batch_id, entries FROM ledger.pending WHERE loop_id = $1 ORDER BY batch_id LIMIT $2) AS first
            ) AS counted
            WHERE before < $3 ORDER BY batch_id
            """,
            loopId);
        waiting.Parameters.Add(new NpgsqlParameter<int> { TypedValue = BatchesAStep });
        waiting.Parameters.Add(new NpgsqlParameter<int> { TypedValue = BytesAStep });

        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var latest = await reader.ReadAsync(cancellationToken) ? LogTables.ReadSigned(reader) : null;
        await reader.NextResultAsync(cancellationToken);
        var edge = await reader.ReadAsync(cancellationToken)
            ? Edge(latest, reader.GetInt64(0), reader.GetFieldValue<byte[]>(1), reader.GetFieldValue<byte[][]>(2))
            : latest is null ? new MerkleTree() : null;
        await reader.NextResultAsync(cancellationToken);
        var halted = await reader.ReadAsync(cancellationToken) && reader.GetBoolean(0) ? reader.GetString(1) : null;
        await reader.NextResultAsync(cancellationToken);
        var pending = new List<PendingBatch>();
        while (await reader.ReadAsync(cancellationToken))
        {
            pending.Add(new PendingBatch(reader.GetInt64(0), reader.GetFieldValue<byte[]>(1)));
        }

        return new LogState(latest, edge, pending, halted);
    }

    /// <summary>Writes the grown tree: full tiles, where batches came to stand, the right edge. The caller signs it and commits.</summary>
    public static async Task WriteTreeAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, int loopId, LogStep step, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection, transaction);
        if (step.Completed.Count > 0)
        {
            var tiles = Add(batch, "INSERT INTO ledger.tiles (loop_id, level, index, bytes) SELECT $1, * FROM unnest($2, $3, $4)", loopId);
            tiles.Parameters.Add(new NpgsqlParameter<short[]> { TypedValue = [.. step.Completed.Select(c => (short)c.Tile.Level)] });
            tiles.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. step.Completed.Select(c => c.Tile.Index)] });
            tiles.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = [.. step.Completed.Select(c => c.Bytes)] });
        }

        if (step.Placements.Count > 0)
        {
            var placements = Add(batch, "INSERT INTO ledger.placements (loop_id, batch_id, first_index, entry_count) SELECT $1, * FROM unnest($2, $3, $4)", loopId);
            placements.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. step.Placements.Select(p => p.BatchId)] });
            placements.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. step.Placements.Select(p => p.FirstIndex)] });
            placements.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. step.Placements.Select(p => p.Count)] });
            Add(batch, "DELETE FROM ledger.pending WHERE loop_id = $1 AND batch_id = ANY($2)", loopId)
                .Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. step.Placements.Select(p => p.BatchId)] });
        }

        var edge = Add(
            batch,
            """
            INSERT INTO ledger.edges (loop_id, size, bundle, tails) VALUES ($1, $2, $3, $4)
            ON CONFLICT (loop_id) DO UPDATE SET size = excluded.size, bundle = excluded.bundle, tails = excluded.tails
            """,
            loopId);
        edge.Parameters.Add(new NpgsqlParameter<long> { TypedValue = step.Tree.Size });
        edge.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = step.Tree.TailBundle(), NpgsqlDbType = NpgsqlDbType.Bytea });
        edge.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = [.. Enumerable.Range(0, TileId.MaxLevel + 1).Select(step.Tree.Tail)] });
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Writes the signed checkpoint of a tree just written. The caller commits.</summary>
    /// <param name="connection">Where to write.</param>
    /// <param name="transaction">That of the tree.</param>
    /// <param name="loopId">Whose log.</param>
    /// <param name="newest">What was signed.</param>
    /// <param name="publishedUnder">The policy under which the checkpoint is published at once, if it is.</param>
    /// <param name="cancellationToken">Stops the write.</param>
    public static async Task WriteSignedAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, int loopId, SignedCheckpoint newest, string? publishedUnder, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection, transaction);
        var checkpoint = Add(batch, "INSERT INTO ledger.checkpoints (loop_id, size, root, note, kinds, signed_at) VALUES ($1, $2, $3, $4, $5, $6)", loopId);
        checkpoint.Parameters.Add(new NpgsqlParameter<long> { TypedValue = newest.Size });
        checkpoint.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = newest.Root.ToBytes() });
        checkpoint.Parameters.Add(new NpgsqlParameter<string> { TypedValue = newest.Note });
        checkpoint.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = newest.Kinds });
        checkpoint.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = newest.SignedAt });
        if (publishedUnder is { } policy)
        {
            Publication(Add(batch, Publish, loopId).Parameters, newest.Size, newest.Note, policy, newest.SignedAt);
        }

        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Records under which name and key the log starts.</summary>
    public static async Task StartAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, int loopId, VerifierKey key, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = LogTables.Command(connection, "INSERT INTO ledger.logs (loop_id, origin, vkey, started_at) VALUES ($1, $2, $3, $4)", loopId);
        command.Transaction = transaction;
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key.Name });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key.ToString() });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Publishes a checkpoint that meets a policy, unless a larger one has been published meanwhile.</summary>
    public static async Task PublishAsync(
        NpgsqlConnection connection, int loopId, long size, string note, string policy, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // One transaction, the caller's where there is one. The lock is a statement of its own, so that of two nodes that publish at once
        // the second sees what the first did.
        await using var batch = new NpgsqlBatch(connection);
        AddLock(batch, loopId);
        Publication(Add(batch, Publish, loopId).Parameters, size, note, policy, now);
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private const string Publish =
        """
        WITH larger AS (SELECT FROM ledger.publications WHERE loop_id = $1 AND size > $2 LIMIT 1),
        last AS (SELECT policy_no, text FROM ledger.policies WHERE loop_id = $1 ORDER BY policy_no DESC LIMIT 1),
        made AS (
            INSERT INTO ledger.policies (loop_id, policy_no, text, published_at)
            SELECT $1, coalesce((SELECT policy_no FROM last), 0) + 1, $4, $5
            WHERE NOT EXISTS (SELECT FROM larger) AND NOT EXISTS (SELECT FROM last WHERE text = $4)
            RETURNING policy_no)
        INSERT INTO ledger.publications (loop_id, size, note, policy_no, published_at)
        SELECT $1, $2, $3, coalesce((SELECT policy_no FROM made), (SELECT policy_no FROM last)), $5 WHERE NOT EXISTS (SELECT FROM larger)
        """;

    private static void Publication(NpgsqlParameterCollection parameters, long size, string note, string policy, DateTimeOffset now)
    {
        parameters.Add(new NpgsqlParameter<long> { TypedValue = size });
        parameters.Add(new NpgsqlParameter<string> { TypedValue = note });
        parameters.Add(new NpgsqlParameter<string> { TypedValue = policy });
        parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
    }

    private static MerkleTree? Edge(SignedCheckpoint? latest, long size, byte[] bundle, byte[][] tails)
    {
        try
        {
            var tree = new MerkleTree(size, [.. tails.Select(t => (ReadOnlyMemory<byte>)t)], bundle);
            var width = (int)(size % TileId.FullWidth);
            var leaves = EntryBundle.Read(bundle, width).Select(e => MerkleHash.Leaf(e.Span).ToBytes()).SelectMany(h => h).ToArray();
            if (latest is not null && latest.Size == size && latest.Root == tree.Root() && tails is [var lowest, ..] && leaves.AsSpan().SequenceEqual(lowest))
            {
                return tree;
            }
        }
        catch (Exception e) when (e is NotVerifiedException or ArgumentException)
        {
            // Falls through to the same answer.
        }

        return null;
    }

    private static void AddLock(NpgsqlBatch batch, int loopId) =>
        Add(batch, "SELECT pg_advisory_xact_lock($2, $1)", loopId).Parameters.Add(new NpgsqlParameter<int> { TypedValue = SequencerLock });

    private static NpgsqlBatchCommand Add(NpgsqlBatch batch, string sql, int loopId)
    {
        var command = new NpgsqlBatchCommand(sql);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        batch.BatchCommands.Add(command);
        return command;
    }
}
