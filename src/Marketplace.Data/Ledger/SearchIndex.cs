using System.Buffers.Binary;
using Marketplace.Ledger;
using Npgsql;
using NpgsqlTypes;

namespace Marketplace.Data;

/// <summary>Where a hash was found.</summary>
/// <param name="Index">The entry's index, or null.</param>
/// <param name="IsComplete">Whether every entry of the tree was looked at; the index may be behind a log that grew very fast.</param>
public sealed record SearchHit(long? Index, bool IsComplete);

/// <summary>
/// Finds an entry by its commitment or leaf hash. Full ranges of 65,536 entries are indexed behind the sequencer, about nine bytes
/// an entry; the rest at the end is looked through. See docs/decisions/search-by-a-small-index-behind-the-log.md.
/// </summary>
public static class SearchIndex
{
    /// <summary>Entries of a range: as many as two bytes of position can name.</summary>
    public const int RangeEntries = 65_536;

    private const int Slots = 512;
    private const int LeafSlots = 256;
    private const int KeyLength = 4;
    private const int BundlesARange = RangeEntries / TileId.FullWidth;

    // About a second's work: beyond this the answer says that it is not complete.
    private const int MostUnindexedRanges = 16;

    // Any fixed number: with the loop's id it names the lock.
    private const int IndexLock = 0x4C6F6753;

    /// <summary>Indexes the next full range of a log, if there is one and nobody else is at it.</summary>
    /// <returns>Whether there was one.</returns>
    public static async Task<bool> BuildNextAsync(NpgsqlConnection connection, int loopId, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var locking = LogTables.Command(connection, "SELECT pg_try_advisory_xact_lock($2, $1)", loopId))
        {
            locking.Parameters.Add(new NpgsqlParameter<int> { TypedValue = IndexLock });
            if (await locking.ExecuteScalarAsync(cancellationToken) is not true)
            {
                return false;
            }
        }

        var (range, size) = await StandingAsync(connection, loopId, cancellationToken);
        if ((range + 1L) * RangeEntries > size)
        {
            return false;
        }

        var entries = await TilesAsync(connection, loopId, TileId.Entries, range, cancellationToken);
        var leaves = await TilesAsync(connection, loopId, 0, range, cancellationToken);
        if (entries.Count < BundlesARange || leaves.Count < BundlesARange)
        {
            throw new LedgerConflictException($"The log of loop {loopId} has {size} entries, but tiles are missing below; search cannot be built");
        }

        await using var insert = LogTables.Command(
            connection,
            "INSERT INTO ledger.search_keys (loop_id, range_index, slot, keys) SELECT $1, $2, * FROM unnest($3, $4) ON CONFLICT DO NOTHING",
            loopId);
        insert.Parameters.Add(new NpgsqlParameter<int> { TypedValue = range });
        insert.Parameters.Add(new NpgsqlParameter<short[]> { TypedValue = [.. Enumerable.Range(0, Slots).Select(slot => (short)slot)] });
        insert.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = Pack(entries, leaves) });
        await insert.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>The entry with this commitment (the 32 bytes after kind and version).</summary>
    public static Task<SearchHit> FindCommitmentAsync(NpgsqlConnection connection, int loopId, byte[] commitment, CancellationToken cancellationToken) =>
        FindAsync(connection, loopId, commitment, isLeaf: false, cancellationToken);

    /// <summary>The entry with this leaf hash.</summary>
    public static Task<SearchHit> FindLeafAsync(NpgsqlConnection connection, int loopId, byte[] leaf, CancellationToken cancellationToken) =>
        FindAsync(connection, loopId, leaf, isLeaf: true, cancellationToken);

    private static async Task<SearchHit> FindAsync(NpgsqlConnection connection, int loopId, byte[] hash, bool isLeaf, CancellationToken cancellationToken)
    {
        if (hash.Length != TreeHash.Length)
        {
            throw new ArgumentException("A hash has 32 bytes", nameof(hash));
        }

        var (ranges, size) = await StandingAsync(connection, loopId, cancellationToken);
        var level = isLeaf ? 0 : TileId.Entries;
        foreach (var tile in await CandidatesAsync(connection, loopId, hash, isLeaf, cancellationToken))
        {
            if (await IndexInAsync(connection, loopId, hash, TileId.Of(level, tile, size), cancellationToken) is { } index)
            {
                return new SearchHit(index, true);
            }
        }

        // What is not indexed is looked through by the server, so that no bundle travels.
        var firstTile = (long)ranges * BundlesARange;
        var lastTile = size / TileId.FullWidth;
        var from = Math.Max(firstTile, lastTile - (MostUnindexedRanges * BundlesARange));
        foreach (var tile in await TilesWithAsync(connection, loopId, hash, level, from, cancellationToken))
        {
            if (await IndexInAsync(connection, loopId, hash, TileId.Of(level, tile, size), cancellationToken) is { } index)
            {
                return new SearchHit(index, true);
            }
        }

        var inTail = TileId.WidthIn(level, lastTile, size) > 0
            ? await IndexInAsync(connection, loopId, hash, TileId.Of(level, lastTile, size), cancellationToken)
            : null;
        return new SearchHit(inTail, inTail is not null || from == firstTile);
    }

    private static async Task<List<long>> TilesWithAsync(
        NpgsqlConnection connection, int loopId, byte[] hash, int level, long from, CancellationToken cancellationToken)
    {
        await using var command = LogTables.Command(
            connection, "SELECT index FROM ledger.tiles WHERE loop_id = $1 AND level = $2 AND index >= $3 AND position($4 IN bytes) > 0 ORDER BY index", loopId);
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)level });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = from });
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = hash, NpgsqlDbType = NpgsqlDbType.Bytea });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var tiles = new List<long>();
        while (await reader.ReadAsync(cancellationToken))
        {
            tiles.Add(reader.GetInt64(0));
        }

        return tiles;
    }

    private static async Task<List<long>> CandidatesAsync(NpgsqlConnection connection, int loopId, byte[] hash, bool isLeaf, CancellationToken cancellationToken)
    {
        await using var command = LogTables.Command(
            connection, "SELECT range_index, keys FROM ledger.search_keys WHERE loop_id = $1 AND slot = $2 ORDER BY range_index", loopId);
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)(hash[0] + (isLeaf ? LeafSlots : 0)) });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var tiles = new List<long>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var keys = reader.GetFieldValue<byte[]>(1);
            for (var at = 0; at + KeyLength <= keys.Length; at += KeyLength)
            {
                if (keys[at] == hash[1] && keys[at + 1] == hash[2])
                {
                    var index = (reader.GetInt32(0) * (long)RangeEntries) + BinaryPrimitives.ReadUInt16BigEndian(keys.AsSpan(at + 2));
                    tiles.Add(index / TileId.FullWidth);
                }
            }
        }

        return tiles;
    }

    private static async Task<long?> IndexInAsync(NpgsqlConnection connection, int loopId, byte[] hash, TileId tile, CancellationToken cancellationToken)
    {
        var tiles = await LogTables.TilesAsync(connection, loopId, [tile], cancellationToken);
        if (!tiles.TryGetValue(tile, out var bytes))
        {
            return null;
        }

        for (var i = 0; i < tile.Width; i++)
        {
            if (HashAt(bytes, tile.Level, i).SequenceEqual(hash))
            {
                return (tile.Index * TileId.FullWidth) + i;
            }
        }

        return null;
    }

    private static async Task<List<byte[]>> TilesAsync(NpgsqlConnection connection, int loopId, int level, int range, CancellationToken cancellationToken)
    {
        await using var command = LogTables.Command(
            connection, "SELECT bytes FROM ledger.tiles WHERE loop_id = $1 AND level = $2 AND index >= $3 AND index < $3 + $4 ORDER BY index", loopId);
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)level });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = range * (long)BundlesARange });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = BundlesARange });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var tiles = new List<byte[]>();
        while (await reader.ReadAsync(cancellationToken))
        {
            tiles.Add(reader.GetFieldValue<byte[]>(0));
        }

        return tiles;
    }

    private static byte[][] Pack(List<byte[]> entries, List<byte[]> leaves)
    {
        var slots = new List<byte>[Slots];
        for (var slot = 0; slot < Slots; slot++)
        {
            slots[slot] = new List<byte>(2 * TileId.FullWidth * KeyLength);
        }

        for (var position = 0; position < RangeEntries; position++)
        {
            var (tile, offset) = (position / TileId.FullWidth, position % TileId.FullWidth);
            Add(slots, 0, HashAt(entries[tile], TileId.Entries, offset), position);
            Add(slots, LeafSlots, HashAt(leaves[tile], 0, offset), position);
        }

        return [.. slots.Select(keys => keys.ToArray())];
    }

    private static void Add(List<byte>[] slots, int first, ReadOnlySpan<byte> hash, int position)
    {
        var keys = slots[first + hash[0]];
        keys.Add(hash[1]);
        keys.Add(hash[2]);
        keys.Add((byte)(position >> 8));
        keys.Add((byte)(position & 0xff));
    }

    // Our entries all have the same length, so each stands at a known place of its bundle.
    private static ReadOnlySpan<byte> HashAt(byte[] tile, int level, int position) => level == TileId.Entries
        ? tile.AsSpan((position * (2 + Commitment.Length)) + 4, TreeHash.Length)
        : tile.AsSpan(position * TreeHash.Length, TreeHash.Length);

    private static async Task<(int Ranges, long Size)> StandingAsync(NpgsqlConnection connection, int loopId, CancellationToken cancellationToken)
    {
        await using var command = LogTables.Command(
            connection,
            """
            SELECT coalesce((SELECT range_index + 1 FROM ledger.search_keys WHERE loop_id = $1 AND slot = 0 ORDER BY range_index DESC LIMIT 1), 0),
                   coalesce((SELECT size FROM ledger.edges WHERE loop_id = $1), 0)
            """,
            loopId);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetInt32(0), reader.GetInt64(1));
    }
}
