using Marketplace.Ledger;
using Npgsql;

namespace Marketplace.Data;

/// <summary>A checkpoint as the log signed it.</summary>
/// <param name="Kinds">How many entries of kind 1, 2, 3 … the tree has.</param>
public sealed record SignedCheckpoint(long Size, TreeHash Root, string Note, long[] Kinds, DateTimeOffset SignedAt);

/// <summary>A checkpoint as the world is shown it, with its cosignatures.</summary>
/// <param name="Policy">The policy it met; null where it is older than the keeping of policies.</param>
public sealed record PublishedCheckpoint(long Size, string Note, DateTimeOffset PublishedAt, string? Policy);

/// <summary>What a record's proof starts from, read in one go.</summary>
/// <param name="FirstIndex">The index of its batch's first entry; null while the batch waits.</param>
/// <param name="Newest">The newest publication.</param>
/// <param name="First">The first publication that covers the record.</param>
public sealed record ProofStart(byte[]? Secret, long? FirstIndex, PublishedCheckpoint? Newest, PublishedCheckpoint? First);

/// <summary>A batch that waits at the door.</summary>
public sealed record PendingBatch(long BatchId, byte[] Entries);

/// <summary>How far a record has come.</summary>
public enum EntryState
{
    /// <summary>No such batch.</summary>
    Unknown,

    /// <summary>Handed in with its record; not yet in the tree.</summary>
    Waiting,

    /// <summary>In the tree, under a signed checkpoint.</summary>
    UnderSignature,

    /// <summary>Under a published checkpoint that meets the policy.</summary>
    Anchored,
}

/// <summary>Reads of the ledger's schema. Everything is by the loop's id first.</summary>
public static class LogTables
{
    private const string PublishedColumns =
        """
        SELECT p.size, p.note, p.published_at, y.text
        FROM ledger.publications p LEFT JOIN ledger.policies y ON y.loop_id = p.loop_id AND y.policy_no = p.policy_no
        """;

    private const string Newest = PublishedColumns + " WHERE p.loop_id = $1 ORDER BY p.size DESC, p.publication_id DESC LIMIT 1";

    public static async Task<SignedCheckpoint?> LatestSignedAsync(NpgsqlConnection connection, int loopId, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, "SELECT size, root, note, kinds, signed_at FROM ledger.checkpoints WHERE loop_id = $1 ORDER BY size DESC LIMIT 1", loopId);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? ReadSigned(reader) : null;
    }

    public static async Task<PublishedCheckpoint?> LatestPublishedAsync(NpgsqlConnection connection, int loopId, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, Newest, loopId);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? await PublishedInAsync(reader, cancellationToken)
            : null;
    }

    /// <summary>The first publication that covers an entry: from then on it cannot be changed unseen.</summary>
    public static async Task<PublishedCheckpoint?> FirstPublishedOverAsync(NpgsqlConnection connection, int loopId, long index, CancellationToken cancellationToken)
    {
        await using var command = Command(
            connection,
            PublishedColumns + " WHERE p.loop_id = $1 AND p.size > $2 ORDER BY p.size, p.publication_id LIMIT 1",
            loopId);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = index });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? await PublishedInAsync(reader, cancellationToken)
            : null;
    }

    /// <summary>What a record's proof starts from. Reading is a matter of round trips: all of it goes in one.</summary>
    public static async Task<ProofStart> ProofStartAsync(
        NpgsqlConnection connection, int loopId, long batchId, int position, int memberId, DateOnly month, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        NpgsqlBatchCommand Add(string sql)
        {
            var command = new NpgsqlBatchCommand(sql);
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
            batch.BatchCommands.Add(command);
            return command;
        }

        var secret = Add("SELECT secret FROM market.record_secrets WHERE loop_id = $1 AND member_id = $2 AND month = $3");
        secret.Parameters.Add(new NpgsqlParameter<int> { TypedValue = memberId });
        secret.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = RecordSecrets.MonthOf(month) });
        var placed = Add("SELECT first_index FROM ledger.placements WHERE loop_id = $1 AND batch_id = $2");
        placed.Parameters.Add(new NpgsqlParameter<long> { TypedValue = batchId });
        Add(Newest);
        var first = Add(
            PublishedColumns + """
             WHERE p.loop_id = $1 AND p.size > (SELECT first_index + $3 FROM ledger.placements WHERE loop_id = $1 AND batch_id = $2)
            ORDER BY p.size, p.publication_id LIMIT 1
            """);
        first.Parameters.Add(new NpgsqlParameter<long> { TypedValue = batchId });
        first.Parameters.Add(new NpgsqlParameter<int> { TypedValue = position });

        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var found = await reader.ReadAsync(cancellationToken) ? reader.GetFieldValue<byte[]>(0) : null;
        await reader.NextResultAsync(cancellationToken);
        var index = await reader.ReadAsync(cancellationToken) ? reader.GetInt64(0) : (long?)null;
        await reader.NextResultAsync(cancellationToken);
        var newest = await reader.ReadAsync(cancellationToken) ? await PublishedInAsync(reader, cancellationToken) : null;
        await reader.NextResultAsync(cancellationToken);
        var over = await reader.ReadAsync(cancellationToken) ? await PublishedInAsync(reader, cancellationToken) : null;
        return new ProofStart(found, index, newest, over);
    }

    /// <summary>Why signing has stopped, or null while it goes on.</summary>
    public static async Task<string?> HaltedBecauseAsync(NpgsqlConnection connection, int loopId, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, "SELECT CASE WHEN is_raised THEN words END FROM ledger.incidents WHERE loop_id = $1 AND topic = 'signing' ORDER BY incident_id DESC LIMIT 1", loopId);
        return await command.ExecuteScalarAsync(cancellationToken) as string;
    }

    /// <summary>Since when a signed checkpoint has been waiting to be published; null if none does.</summary>
    public static async Task<DateTimeOffset?> WaitingSinceAsync(NpgsqlConnection connection, int loopId, CancellationToken cancellationToken)
    {
        await using var command = Command(
            connection,
            """
            SELECT signed_at FROM ledger.checkpoints
            WHERE loop_id = $1 AND size > coalesce((SELECT max(size) FROM ledger.publications WHERE loop_id = $1), -1) ORDER BY size LIMIT 1
            """,
            loopId);
        return await command.ExecuteScalarAsync(cancellationToken) is DateTime at ? new DateTimeOffset(at, TimeSpan.Zero) : null;
    }

    /// <summary>The root our tree had at an earlier size, from its stored tiles; null if they are not there.</summary>
    /// <param name="connection">Where to read.</param>
    /// <param name="loopId">Whose log.</param>
    /// <param name="size">The earlier size.</param>
    /// <param name="newestSize">The size now.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    public static async Task<TreeHash?> RootAtAsync(NpgsqlConnection connection, int loopId, long size, long newestSize, CancellationToken cancellationToken)
    {
        var nodes = TreeNode.Cover(0, size);
        var tiles = await TilesAsync(connection, loopId, nodes.Select(n => n.TileAt(newestSize)), cancellationToken);
        return nodes.All(n => tiles.ContainsKey(n.TileAt(newestSize))) ? TreeNode.Fold(0, size, node => node.HashIn(tiles[node.TileAt(newestSize)])) : null;
    }

    /// <summary>The index of a batch's first entry, or null while it waits.</summary>
    public static async Task<long?> FirstIndexAsync(NpgsqlConnection connection, int loopId, long batchId, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, "SELECT first_index FROM ledger.placements WHERE loop_id = $1 AND batch_id = $2", loopId);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = batchId });
        return await command.ExecuteScalarAsync(cancellationToken) as long?;
    }

    /// <summary>How far a batch has come.</summary>
    public static async Task<EntryState> StateOfAsync(NpgsqlConnection connection, int loopId, long batchId, CancellationToken cancellationToken)
    {
        await using var command = Command(
            connection,
            """
            SELECT p.first_index + p.entry_count, (SELECT max(size) FROM ledger.publications WHERE loop_id = $1)
            FROM ledger.batches b LEFT JOIN ledger.placements p ON p.loop_id = b.loop_id AND p.batch_id = b.batch_id
            WHERE b.loop_id = $1 AND b.batch_id = $2
            """,
            loopId);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = batchId });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
        {
            return EntryState.Unknown;
        }

        if (await reader.IsDBNullAsync(0, cancellationToken))
        {
            return EntryState.Waiting;
        }

        var published = await reader.IsDBNullAsync(1, cancellationToken) ? 0 : reader.GetInt64(1);
        return reader.GetInt64(0) <= published ? EntryState.Anchored : EntryState.UnderSignature;
    }

    /// <summary>
    /// The bytes of tiles and bundles, cut to the widths asked for; one that does not exist, or is not whole, is left out. Full tiles are
    /// rows, partial ones prefixes of the right edge or, once complete, of the full tile.
    /// </summary>
    public static async Task<Dictionary<TileId, byte[]>> TilesAsync(NpgsqlConnection connection, int loopId, IEnumerable<TileId> tiles, CancellationToken cancellationToken)
    {
        var wanted = tiles.Distinct().ToList();
        var found = new Dictionary<TileId, byte[]>();
        await using var batch = new NpgsqlBatch(connection);
        var edge = new NpgsqlBatchCommand("SELECT size, bundle, tails FROM ledger.edges WHERE loop_id = $1");
        edge.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        var full = new NpgsqlBatchCommand("SELECT level, index, bytes FROM ledger.tiles WHERE loop_id = $1 AND (level, index) IN (SELECT * FROM unnest($2, $3))");
        full.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        full.Parameters.Add(new NpgsqlParameter<short[]> { TypedValue = [.. wanted.Select(t => (short)t.Level)] });
        full.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. wanted.Select(t => t.Index)] });
        batch.BatchCommands.Add(edge);
        batch.BatchCommands.Add(full);

        // Both statements see one state of the log only if nothing is moved between them: a tail that became a full
        // tile is then found in the second, which is why the edge is read first.
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        if (await reader.ReadAsync(cancellationToken))
        {
            var size = reader.GetInt64(0);
            var bundle = reader.GetFieldValue<byte[]>(1);
            var tails = reader.GetFieldValue<byte[][]>(2);
            foreach (var tile in wanted.Where(t => t.Level < tails.Length && t.Index == TileId.CountIn(t.Level, size) / TileId.FullWidth && t.ExistsIn(size)))
            {
                if (Cut(tile, tile.Level == TileId.Entries ? bundle : tails[tile.Level]) is { } cut)
                {
                    found[tile] = cut;
                }
            }
        }

        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var (level, index, bytes) = (reader.GetInt16(0), reader.GetInt64(1), reader.GetFieldValue<byte[]>(2));
            foreach (var tile in wanted.Where(t => t.Level == level && t.Index == index))
            {
                if (Cut(tile, bytes) is { } cut)
                {
                    found[tile] = cut;
                }
            }
        }

        return found;
    }

    /// <summary>The bytes of one tile or bundle, or null where it does not exist. A full one, as most are, is one row.</summary>
    public static async Task<byte[]?> TileAsync(NpgsqlConnection connection, int loopId, TileId tile, CancellationToken cancellationToken)
    {
        if (!tile.IsFull)
        {
            return (await TilesAsync(connection, loopId, [tile], cancellationToken)).GetValueOrDefault(tile);
        }

        await using var command = Command(connection, "SELECT bytes FROM ledger.tiles WHERE loop_id = $1 AND level = $2 AND index = $3", loopId);
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)tile.Level });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = tile.Index });
        return await command.ExecuteScalarAsync(cancellationToken) as byte[];
    }

    internal static NpgsqlCommand Command(NpgsqlConnection connection, string sql, int loopId)
    {
        var command = new NpgsqlCommand(sql, connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        return command;
    }

    internal static SignedCheckpoint ReadSigned(NpgsqlDataReader reader) => new(
        reader.GetInt64(0),
        new TreeHash(reader.GetFieldValue<byte[]>(1)),
        reader.GetString(2),
        reader.GetFieldValue<long[]>(3),
        reader.GetFieldValue<DateTimeOffset>(4));

    private static async Task<PublishedCheckpoint> PublishedInAsync(NpgsqlDataReader reader, CancellationToken cancellationToken) => new(
        reader.GetInt64(0),
        reader.GetString(1),
        reader.GetFieldValue<DateTimeOffset>(2),
        await reader.IsDBNullAsync(3, cancellationToken) ? null : reader.GetString(3));

    // A row that somebody has cut short, or a full one with something after it, is none.
    private static byte[]? Cut(TileId tile, byte[] bytes)
    {
        var length = tile.Width * TreeHash.Length;
        if (tile.Level == TileId.Entries)
        {
            try
            {
                EntryBundle.ReadFirst(bytes, tile.Width, out length);
            }
            catch (NotVerifiedException)
            {
                return null;
            }
        }

        return bytes.Length < length || (tile.IsFull && bytes.Length > length) ? null : bytes[..length];
    }
}
