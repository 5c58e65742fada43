using System.Security.Cryptography;
using System.Text;
using Marketplace.Data;
using Marketplace.Ledger;
using Npgsql;

namespace Marketplace.Web.Features.Ledger;

/// <summary>
/// Recomputes stored parts of a log, a window at a time: bundles against their tiles, tiles against those above them, checkpoints and
/// batches against the tree. What anyone outside can do, the log does to itself, so that damage is found before somebody asks for it.
/// </summary>
public sealed class LogSelfCheck(NpgsqlDataSource source, LoopNames loops, LogPolicies policies, LogAlarms alarms, IEd25519 ed25519)
{
    private const int CheckpointsALook = 32;

    /// <summary>Checks a window of full bundles from <paramref name="first"/> on, and stops the signing if anything is not as signed.</summary>
    /// <returns>Where the next window starts; 0 once the end is reached. And what is wrong, if anything is.</returns>
    public async Task<(long Next, string? Problem)> LookAsync(int loopId, long first, int bundles, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        if (await LogTables.LatestSignedAsync(connection, loopId, cancellationToken) is not { } latest)
        {
            return (0, null);
        }

        var full = latest.Size / TileId.FullWidth;
        var start = first < full ? first : 0;
        var end = Math.Min(full, start + bundles);
        var problem = await TilesAsync(connection, loopId, start, end, latest.Size, cancellationToken)
            ?? await CheckpointsAsync(connection, loopId, start * TileId.FullWidth, end == full ? latest.Size : end * TileId.FullWidth, latest.Size, cancellationToken)
            ?? await BatchesAsync(connection, loopId, start * TileId.FullWidth, end == full ? latest.Size : end * TileId.FullWidth, latest.Size, cancellationToken);
        if (problem is not null)
        {
            await alarms.HaltAsync(connection, loopId, await loops.SlugOfAsync(loopId, cancellationToken), IncidentCause.Changed, problem, null, cancellationToken);
        }

        return (end == full ? 0 : end, problem);
    }

    private static async Task<string?> TilesAsync(NpgsqlConnection connection, int loopId, long start, long end, long size, CancellationToken cancellationToken)
    {
        var wanted = new HashSet<TileId>();
        for (var i = start; i < end; i++)
        {
            wanted.Add(new TileId(TileId.Entries, i));
            for (var (level, index) = (0, i); level <= TileId.MaxLevel && TileId.WidthIn(level, index, size) > 0; level++, index /= TileId.FullWidth)
            {
                wanted.Add(TileId.Of(level, index, size));
            }
        }

        var tiles = await LogTables.TilesAsync(connection, loopId, wanted, cancellationToken);
        if (wanted.Where(t => !tiles.ContainsKey(t)).OrderBy(t => t.Level).ThenBy(t => t.Index).Select(t => (TileId?)t).FirstOrDefault() is { } missing)
        {
            return $"The row of {missing} is missing from ledger.tiles, or not whole.";
        }

        for (var i = start; i < end; i++)
        {
            if (!LeavesOf(tiles[new TileId(TileId.Entries, i)]).AsSpan().SequenceEqual(tiles[new TileId(0, i)]))
            {
                return $"The entries in {new TileId(TileId.Entries, i)} do not hash to the leaves in {new TileId(0, i)}; one of the two rows of ledger.tiles was changed.";
            }
        }

        foreach (var tile in wanted.Where(t => t is { IsFull: true, Level: >= 0 }))
        {
            var above = TileId.Of(tile.Level + 1, tile.Index / TileId.FullWidth, size);
            var hash = new TreeNode(TileId.Height * (tile.Level + 1), tile.Index).HashIn(tiles[above]);
            var own = MerkleHash.Node(new TreeNode(TileId.Height - 1, 0).HashIn(tiles[tile]), new TreeNode(TileId.Height - 1, 1).HashIn(tiles[tile]));
            if (own != hash)
            {
                return $"{tile} does not hash to its place in {above}; one of the two rows of ledger.tiles was changed.";
            }
        }

        return null;
    }

    private static byte[] LeavesOf(byte[] bundle)
    {
        try
        {
            return [.. EntryBundle.Read(bundle, TileId.FullWidth).SelectMany(entry => MerkleHash.Leaf(entry.Span).ToBytes())];
        }
        catch (NotVerifiedException)
        {
            return [];
        }
    }

    private async Task<string?> CheckpointsAsync(NpgsqlConnection connection, int loopId, long from, long to, long size, CancellationToken cancellationToken)
    {
        var ever = await policies.EverAsync(loopId, cancellationToken);
        var stored = new List<(long Size, TreeHash Root, string Note)>();
        await using (var command = new NpgsqlCommand(
            "SELECT size, root, note FROM ledger.checkpoints WHERE loop_id = $1 AND size > $2 AND size <= $3 ORDER BY size DESC LIMIT $4", connection))
        {
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = from });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = to });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = CheckpointsALook });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                stored.Add((reader.GetInt64(0), new TreeHash(reader.GetFieldValue<byte[]>(1)), reader.GetString(2)));
            }
        }

        foreach (var checkpoint in stored)
        {
            var row = FormattableString.Invariant($"The checkpoint of {checkpoint.Size} entries (ledger.checkpoints)");
            try
            {
                var opened = ever.OpenLogOnly(SignedNote.Parse(Encoding.UTF8.GetBytes(checkpoint.Note)), ed25519).Checkpoint;
                if (opened.Size != checkpoint.Size || opened.Root != checkpoint.Root)
                {
                    return $"{row} holds another size or root than its signed note.";
                }
            }
            catch (NotVerifiedException e)
            {
                return $"{row} is not what was signed: {e.Message}.";
            }

            if (await LogTables.RootAtAsync(connection, loopId, checkpoint.Size, size, cancellationToken) != checkpoint.Root)
            {
                return $"{row} has another root than the tree had at that size.";
            }
        }

        return null;
    }

    private static async Task<string?> BatchesAsync(NpgsqlConnection connection, int loopId, long from, long to, long size, CancellationToken cancellationToken)
    {
        var batches = new List<(string Key, long First, int Count, byte[] Hash)>();
        await using (var command = new NpgsqlCommand(
            """
            SELECT b.batch_key, p.first_index, p.entry_count, b.entries_hash
            FROM ledger.placements p JOIN ledger.batches b ON b.loop_id = p.loop_id AND b.batch_id = p.batch_id
            WHERE p.loop_id = $1 AND p.first_index >= $2 AND p.first_index < $3
            """,
            connection))
        {
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = from });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = to });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                batches.Add((reader.GetString(0), reader.GetInt64(1), reader.GetInt32(2), reader.GetFieldValue<byte[]>(3)));
            }
        }

        foreach (var (key, firstIndex, count, hash) in batches)
        {
            if (firstIndex + count > size || !SHA256.HashData(await EntriesAsync(connection, loopId, firstIndex, count, size, cancellationToken)).AsSpan().SequenceEqual(hash))
            {
                return FormattableString.Invariant($"The batch '{key}' is said to be the entries {firstIndex} to {firstIndex + count - 1}, but they are not what was handed in (ledger.placements or ledger.batches was changed).");
            }
        }

        return null;
    }

    private static async Task<byte[]> EntriesAsync(NpgsqlConnection connection, int loopId, long first, int count, long size, CancellationToken cancellationToken)
    {
        var bundles = Enumerable.Range(0, (int)(((first + count - 1) / TileId.FullWidth) - (first / TileId.FullWidth)) + 1)
            .Select(i => TileId.Of(TileId.Entries, (first / TileId.FullWidth) + i, size))
            .ToList();
        var bytes = await LogTables.TilesAsync(connection, loopId, bundles, cancellationToken);
        return [.. bundles
            .Where(bytes.ContainsKey)
            .SelectMany(bundle => EntryBundle.Read(bytes[bundle], bundle.Width))
            .Skip((int)(first % TileId.FullWidth))
            .Take(count)
            .SelectMany(entry => entry.ToArray())];
    }
}
