using System.Globalization;
using System.Text;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Pipeline;
using Npgsql;

namespace Marketplace.Web.Features.Ledger;

/// <summary>
/// <c>ledger repair LOOP [--from FOLDER]</c>: computes a loop's stored tiles anew from its entries, takes damaged entries from a copy of the
/// published ledger, and brings back entries a restored database has lost. Everything must hash to the roots that were signed, or nothing
/// is written. It works as the database's owner, since the application's role can change nothing here.
/// </summary>
public sealed class LedgerRepair(LoopNames loops, LogPolicies policies, IEd25519 ed25519, IConfiguration configuration, TimeProvider clock)
{
    private const string Usage = "Usage: ledger repair LOOP [--from FOLDER]";
    private const int TilesAWrite = 512;

    /// <summary>Exit status: 0 repaired or whole, 1 it cannot be made whole, 2 usage or input error.</summary>
    public static async Task<int> RunAsync(IServiceProvider services, string[] args, CancellationToken cancellationToken)
    {
        var folder = args is ["repair", _, "--from", var given] ? given : null;
        if (folder is null && args is not ["repair", _])
        {
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }

        try
        {
            await Console.Out.WriteLineAsync(await services.GetRequiredService<LedgerRepair>().RepairAsync(args[1], folder, cancellationToken));
            return 0;
        }
        catch (RefusedException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 2;
        }
        catch (NotVerifiedException e)
        {
            await Console.Error.WriteLineAsync($"Nothing was changed: {e.Message}");
            return 1;
        }
    }

    /// <summary>Repairs the log of a loop.</summary>
    /// <returns>What was done, in words.</returns>
    /// <exception cref="RefusedException">There is no such loop, log or copy.</exception>
    /// <exception cref="NotVerifiedException">Neither the database nor the copy holds entries that hash to what was signed.</exception>
    public async Task<string> RepairAsync(string slug, string? folder, CancellationToken cancellationToken)
    {
        var loopId = await loops.FindAsync(slug, cancellationToken) ?? throw new RefusedException($"There is no loop '{slug}'.");
        var ever = await policies.EverAsync(loopId, cancellationToken);
        var copy = folder is null ? null : Copy.Open(folder, ever, ed25519);
        await using var connection = new NpgsqlConnection(ConnectionStrings.Owner(configuration));
        await connection.OpenAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await LogWriter.TakeUpAsync(connection, transaction, loopId, cancellationToken);
        var signed = await LogTables.LatestSignedAsync(connection, loopId, cancellationToken)
            ?? throw new RefusedException($"The ledger of '{slug}' has not signed anything yet.");
        var own = ever.OpenLogOnly(SignedNote.Parse(Encoding.UTF8.GetBytes(signed.Note)), ed25519).Checkpoint;
        var size = Math.Max(own.Size, copy?.Checkpoint.Size ?? 0);
        var stored = new Stored(connection, loopId, own.Size);

        // First from what is stored, going on with the copy; if that does not hash to what was signed, from the copy alone.
        var read = await ChooseAsync(stored, copy, own, size, cancellationToken);
        var (rewritten, tree, kinds) = await RewriteAsync(connection, loopId, read, size, cancellationToken);
        if (size > own.Size)
        {
            await GoOnAsync(connection, transaction, loopId, own.Size, copy!, tree, kinds, cancellationToken);
        }

        await SetEdgeAsync(connection, loopId, tree, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        var brought = size - own.Size;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"OK repair: {slug}, {size} entries hash to the signed root {tree.Root()}; {rewritten} tiles and bundles written anew, {brought} entries brought back from the copy. If signing had stopped, let it go on at /loops/{slug}/operations/ledger.");
    }

    private static async Task<Func<long, CancellationToken, Task<IReadOnlyList<ReadOnlyMemory<byte>>>>> ChooseAsync(
        Stored stored, Copy? copy, Checkpoint own, long size, CancellationToken cancellationToken)
    {
        async Task<IReadOnlyList<ReadOnlyMemory<byte>>> FromBoth(long bundle, CancellationToken c) =>
            copy is not null && (bundle + 1) * TileId.FullWidth > own.Size ? copy.Bundle(bundle) : await stored.BundleAsync(bundle, c);
        var faults = new List<string>();
        foreach (var (name, read) in ((string, Func<long, CancellationToken, Task<IReadOnlyList<ReadOnlyMemory<byte>>>>)[])
            [("what is stored", FromBoth), .. copy is null ? [] : new (string, Func<long, CancellationToken, Task<IReadOnlyList<ReadOnlyMemory<byte>>>>)[] { ("the copy", (bundle, _) => Task.FromResult(copy.Bundle(bundle))) }])
        {
            try
            {
                await VerifyAsync(read, copy, own, size, cancellationToken);
                return read;
            }
            catch (NotVerifiedException e)
            {
                faults.Add($"{name}: {e.Message}");
            }
        }

        throw new NotVerifiedException(string.Join("; ", faults) + (copy is null ? ". A copy of the published ledger (--from FOLDER) may hold what is damaged here" : ""));
    }

    private static async Task VerifyAsync(
        Func<long, CancellationToken, Task<IReadOnlyList<ReadOnlyMemory<byte>>>> read, Copy? copy, Checkpoint own, long size, CancellationToken cancellationToken)
    {
        var tree = new MerkleTree();
        for (long bundle = 0; tree.Size < size; bundle++)
        {
            var entries = (await read(bundle, cancellationToken)).Take((int)Math.Min(TileId.FullWidth, size - tree.Size)).ToList();
            foreach (var entry in entries)
            {
                tree.Append(entry.Span, (_, _) => { });
                if (tree.Size == own.Size && tree.Root() != own.Root)
                {
                    throw new NotVerifiedException(string.Create(CultureInfo.InvariantCulture, $"its first {own.Size} entries do not hash to the root that was signed"));
                }
            }

            if (entries.Count < Math.Min(TileId.FullWidth, size - (bundle * TileId.FullWidth)))
            {
                throw new NotVerifiedException(string.Create(CultureInfo.InvariantCulture, $"bundle {bundle} is not whole"));
            }
        }

        if (copy is not null && copy.Checkpoint.Size == size && tree.Root() != copy.Checkpoint.Root)
        {
            throw new NotVerifiedException("the copy does not continue this ledger: its entries do not hash to its checkpoint's root");
        }
    }

    private static async Task<(int Rewritten, MerkleTree Tree, long[] Kinds)> RewriteAsync(
        NpgsqlConnection connection, int loopId, Func<long, CancellationToken, Task<IReadOnlyList<ReadOnlyMemory<byte>>>> read, long size, CancellationToken cancellationToken)
    {
        await ExecuteAsync(connection, "ALTER TABLE ledger.tiles DISABLE TRIGGER append_only", cancellationToken);
        var tree = new MerkleTree();
        var kinds = new long[byte.MaxValue];
        var waiting = new List<(TileId Tile, byte[] Bytes)>();
        var rewritten = 0;
        for (long bundle = 0; tree.Size < size; bundle++)
        {
            foreach (var entry in (await read(bundle, cancellationToken)).Take((int)Math.Min(TileId.FullWidth, size - tree.Size)))
            {
                kinds[entry.Span[0] - 1]++;
                tree.Append(entry.Span, (tile, bytes) => waiting.Add((tile, bytes.ToArray())));
            }

            if (waiting.Count >= TilesAWrite || tree.Size == size)
            {
                rewritten += await WriteAsync(connection, loopId, waiting, cancellationToken);
                waiting.Clear();
            }
        }

        await ExecuteAsync(connection, "ALTER TABLE ledger.tiles ENABLE TRIGGER append_only", cancellationToken);
        return (rewritten, tree, kinds[..(Array.FindLastIndex(kinds, count => count > 0) + 1)]);
    }

    private static async Task<int> WriteAsync(NpgsqlConnection connection, int loopId, List<(TileId Tile, byte[] Bytes)> tiles, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            INSERT INTO ledger.tiles AS t (loop_id, level, index, bytes) SELECT $1, * FROM unnest($2, $3, $4)
            ON CONFLICT (loop_id, level, index) DO UPDATE SET bytes = excluded.bytes WHERE t.bytes <> excluded.bytes
            """,
            connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        command.Parameters.Add(new NpgsqlParameter<short[]> { TypedValue = [.. tiles.Select(t => (short)t.Tile.Level)] });
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. tiles.Select(t => t.Tile.Index)] });
        command.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = [.. tiles.Select(t => t.Bytes)] });
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Takes the copy's checkpoint as our own last one: it carries our log's signature.</summary>
    private async Task GoOnAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, int loopId, long from, Copy copy, MerkleTree tree, long[] kinds, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using (var batch = new NpgsqlBatch(connection, transaction))
        {
            var place = new NpgsqlBatchCommand(
                """
                WITH batch AS (
                    INSERT INTO ledger.batches (loop_id, batch_key, entry_count, entries_hash) VALUES ($1, $2, $3, $4) RETURNING batch_id)
                INSERT INTO ledger.placements (loop_id, batch_id, first_index, entry_count) SELECT $1, batch_id, $5, $3 FROM batch
                """);
            place.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
            place.Parameters.Add(new NpgsqlParameter<string> { TypedValue = string.Create(CultureInfo.InvariantCulture, $"recovered/{from}-{tree.Size}") });
            place.Parameters.Add(new NpgsqlParameter<int> { TypedValue = checked((int)(tree.Size - from)) });
            place.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = copy.HashOf(from, tree.Size) });
            place.Parameters.Add(new NpgsqlParameter<long> { TypedValue = from });
            batch.BatchCommands.Add(place);
            var signed = new NpgsqlBatchCommand("INSERT INTO ledger.checkpoints (loop_id, size, root, note, kinds, signed_at) VALUES ($1, $2, $3, $4, $5, $6)");
            signed.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
            signed.Parameters.Add(new NpgsqlParameter<long> { TypedValue = tree.Size });
            signed.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = tree.Root().ToBytes() });
            signed.Parameters.Add(new NpgsqlParameter<string> { TypedValue = copy.Note });
            signed.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = kinds });
            signed.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
            batch.BatchCommands.Add(signed);
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }

        var policy = await policies.OfAsync(loopId, cancellationToken);
        try
        {
            policy.Open(SignedNote.Parse(Encoding.UTF8.GetBytes(copy.Note)), ed25519);
            await LogWriter.PublishAsync(connection, loopId, tree.Size, copy.Note, policy.Text, now, cancellationToken);
        }
        catch (NotVerifiedException)
        {
            // Cosigned under another policy: the witnesses are asked anew once signing goes on.
        }
    }

    private static async Task SetEdgeAsync(NpgsqlConnection connection, int loopId, MerkleTree tree, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("UPDATE ledger.edges SET size = $2, bundle = $3, tails = $4 WHERE loop_id = $1", connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = tree.Size });
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = tree.TailBundle() });
        command.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = [.. Enumerable.Range(0, TileId.MaxLevel + 1).Select(tree.Tail)] });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The entries in the database.</summary>
    private sealed class Stored(NpgsqlConnection connection, int loopId, long size)
    {
        public async Task<IReadOnlyList<ReadOnlyMemory<byte>>> BundleAsync(long bundle, CancellationToken cancellationToken)
        {
            var tile = TileId.Of(TileId.Entries, bundle, size);
            var found = await LogTables.TilesAsync(connection, loopId, [tile], cancellationToken);
            return found.TryGetValue(tile, out var bytes) ? EntryBundle.Read(bytes, tile.Width) : throw new NotVerifiedException($"{tile} is missing");
        }
    }

    /// <summary>A kept copy of the published ledger, as <c>audit log --keep</c> writes it.</summary>
    private sealed class Copy(string folder, Checkpoint checkpoint, string note)
    {
        public Checkpoint Checkpoint => checkpoint;

        public string Note => note;

        public static Copy Open(string folder, LedgerPolicy ever, IEd25519 ed25519)
        {
            var file = Path.Combine(folder, "checkpoint");
            if (!File.Exists(file))
            {
                throw new RefusedException($"'{folder}' holds no copy of a ledger: there is no file 'checkpoint'. './run audit log ADDRESS --keep FOLDER' makes one.");
            }

            var bytes = File.ReadAllBytes(file);
            return new Copy(folder, ever.OpenLogOnly(SignedNote.Parse(bytes), ed25519).Checkpoint, Encoding.UTF8.GetString(bytes));
        }

        public IReadOnlyList<ReadOnlyMemory<byte>> Bundle(long bundle)
        {
            var tile = TileId.Of(TileId.Entries, bundle, checkpoint.Size);
            var file = Path.Combine(folder, tile.Path);
            return File.Exists(file) ? EntryBundle.Read(File.ReadAllBytes(file), tile.Width) : throw new NotVerifiedException($"{file} is missing");
        }

        public byte[] HashOf(long from, long to)
        {
            using var hash = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
            for (var index = from; index < to;)
            {
                var bundle = Bundle(index / TileId.FullWidth);
                for (var i = (int)(index % TileId.FullWidth); i < bundle.Count && index < to; i++, index++)
                {
                    hash.AppendData(bundle[i].Span);
                }
            }

            return hash.GetHashAndReset();
        }
    }
}
