using System.Diagnostics;
using System.Globalization;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Quantities;
using Marketplace.Testing;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using NpgsqlTypes;

namespace Marketplace.Benchmarks;

/// <summary>A loop's ledger under load, through the door and the sequencer of the product.</summary>
internal sealed partial class LedgerLoad : IAsyncDisposable
{
    private const int Meters = 10_000;
    private const int MetersAMember = 2;
    private const int FillEntries = 65_536;
    private const string Slug = "ledger-load";
    private static readonly DateTimeOffset First = new(2026, 1, 12, 0, 0, 0, TimeSpan.Zero);
    private readonly TestDatabase _database;
    private readonly ServiceProvider _services;
    private readonly NpgsqlDataSource _source;
    private readonly List<AppendedBatch> _batches = [];
    private int _loopId;
    private int _batchSize;

    private LedgerLoad(TestDatabase database)
    {
        _database = database;
        _services = PortalServices.Of(database);
        _source = _services.GetRequiredService<NpgsqlDataSource>();
    }

    /// <summary>Where the log is published below a host's address.</summary>
    public string Prefix => $"/ledger/{Slug}";

    private Sequencer Sequencer => _services.GetRequiredService<Sequencer>();

    public static async Task<LedgerLoad> CreateAsync(TestDatabase database)
    {
        var load = new LedgerLoad(database);
        await using var db = await load._services.GetRequiredService<IDbContextFactory<MarketplaceDb>>().CreateDbContextAsync();
        var loop = new Loop { Slug = Slug, Name = Slug, Kind = LoopKind.Replay, Currency = "EUR", TimeZone = "UTC", CreatedAt = First };
        db.Loops.Add(loop);
        await db.SaveChangesAsync();
        load._loopId = loop.Id;
        return load;
    }

    public async Task<bool> IsDurableAsync()
    {
        await using var command = _source.CreateCommand("SELECT current_setting('fsync')::bool AND current_setting('synchronous_commit')::bool");
        return await command.ExecuteScalarAsync() is true;
    }

    /// <summary>As many rows of a number and 34 bytes by binary COPY, in transactions of as many as an hour has: what PostgreSQL
    /// takes without any ledger. Seconds.</summary>
    public async Task<double> CopyPlainAsync(int entries)
    {
        await ExecuteAsync("CREATE SCHEMA plain; CREATE TABLE plain.entries (index bigint PRIMARY KEY, entry bytea NOT NULL)");
        var bytes = new byte[entries][];
        var random = new Random(1);
        for (var i = 0; i < entries; i++)
        {
            random.NextBytes(bytes[i] = new byte[Commitment.Length]);
        }

        await using var connection = new NpgsqlConnection(_database.Superuser);
        await connection.OpenAsync();
        var began = Stopwatch.GetTimestamp();
        for (var first = 0; first < entries; first += Meters)
        {
            await using var copy = await connection.BeginBinaryImportAsync("COPY plain.entries (index, entry) FROM STDIN (FORMAT BINARY)");
            for (var i = first; i < Math.Min(entries, first + Meters); i++)
            {
                await copy.StartRowAsync();
                await copy.WriteAsync((long)i, NpgsqlDbType.Bigint);
                await copy.WriteAsync(bytes[i], NpgsqlDbType.Bytea);
            }

            await copy.CompleteAsync();
        }

        var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
        await ExecuteAsync("DROP SCHEMA plain CASCADE");
        return took;
    }

    /// <summary>Hands readings in hour by hour, each hour a batch and a transaction, while the sequencer integrates and signs what
    /// waits. The making of the records is within the time. Seconds.</summary>
    public async Task<double> AppendAsync(int entries, int batchSize)
    {
        _batchSize = batchSize;
        var began = Stopwatch.GetTimestamp();
        await Together(entries, async () =>
        {
            await using var connection = await _source.OpenConnectionAsync();
            for (var hour = 0; hour * batchSize < entries; hour++)
            {
                await using var transaction = await connection.BeginTransactionAsync();
                _batches.Add(await LedgerDoor.AppendAsync(
                    connection, transaction, _loopId, string.Create(CultureInfo.InvariantCulture, $"readings/{hour}"),
                    [.. Enumerable.Range(0, Math.Min(batchSize, entries - (hour * batchSize))).Select(meter => Record(hour, meter))], CancellationToken.None));
                await transaction.CommitAsync();
            }
        });
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>Puts random entries straight into the queue until the log has this many. Seconds.</summary>
    public async Task<double> FillAsync(int until)
    {
        var began = Stopwatch.GetTimestamp();
        await using var size = _source.CreateCommand("SELECT max(size) FROM ledger.checkpoints WHERE loop_id = $1");
        size.Parameters.AddWithValue(_loopId);
        var at = (long)(await size.ExecuteScalarAsync())!;
        await Together(until, async () =>
        {
            var random = new Random(2);
            for (var number = 0; at < until; number++)
            {
                var entries = new byte[Math.Min(FillEntries, until - at) * Commitment.Length];
                random.NextBytes(entries);
                for (var i = 0; i < entries.Length; i += Commitment.Length)
                {
                    entries[i] = (byte)RecordKind.Reading;
                }

                await using var command = _source.CreateCommand(
                    """
                    WITH batch AS (
                        INSERT INTO ledger.batches (loop_id, batch_key, entry_count, entries_hash) VALUES ($1, $2, $3, '') RETURNING batch_id)
                    INSERT INTO ledger.pending (loop_id, batch_id, entries) SELECT $1, batch_id, $4 FROM batch
                    """);
                command.Parameters.AddWithValue(_loopId);
                command.Parameters.AddWithValue(string.Create(CultureInfo.InvariantCulture, $"fill/{number}"));
                command.Parameters.AddWithValue(entries.Length / Commitment.Length);
                command.Parameters.AddWithValue(entries);
                await command.ExecuteNonQueryAsync();
                at += entries.Length / Commitment.Length;
            }
        });
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>Asks for the proof of records chosen by chance, one after the other, and verifies each. Milliseconds of each.</summary>
    public async Task<IReadOnlyList<double>> ProveAsync(int count)
    {
        var reader = _services.GetRequiredService<ProofReader>();
        var random = new Random(3);
        var samples = new List<double>();
        for (var i = -50; i < count; i++)
        {
            var hour = random.Next(_batches.Count);
            var meter = random.Next(_batches[hour].Positions.Count);
            var record = Record(hour, meter);
            var began = Stopwatch.GetTimestamp();
            var answer = await reader.ReadAsync(_loopId, _batches[hour].BatchId, _batches[hour].Positions[meter], record, CancellationToken.None);
            var took = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            var proof = TlogProof.Parse(System.Text.Encoding.UTF8.GetBytes(answer.File ?? throw new InvalidOperationException($"No proof: {answer.State}")));
            if (!proof.Proves(MerkleHash.Leaf(Commitment.OfOpening(proof.Extra!.Value.Span)), Checkpoint.Parse(proof.Note.Text)))
            {
                throw new InvalidOperationException($"The proof of record {meter} of hour {hour} is wrong");
            }

            if (i >= 0)
            {
                samples.Add(took);
            }
        }

        return samples;
    }

    /// <summary>All the ledger's schema takes on disk, indexes and all, once it is vacuumed.</summary>
    public async Task<long> BytesAsync()
    {
        await ExecuteAsync("VACUUM");
        await using var command = _source.CreateCommand(
            "SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'ledger' AND c.relkind = 'r'");
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Writes the published log into a folder, as a mirror would.</summary>
    public async Task ExportAsync(string folder, long size)
    {
        await using var connection = await _source.OpenConnectionAsync();
        var published = await LogTables.LatestPublishedAsync(connection, _loopId, CancellationToken.None) ?? throw new InvalidOperationException("Nothing is published");
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "checkpoint"), published.Note);
        for (var level = TileId.Entries; level <= TileId.MaxLevel; level++)
        {
            var tiles = Enumerable.Range(0, (int)((TileId.CountIn(level, size) + TileId.FullWidth - 1) / TileId.FullWidth)).Select(n => TileId.Of(level, n, size));
            foreach (var some in tiles.Chunk(256))
            {
                foreach (var (tile, bytes) in await LogTables.TilesAsync(connection, _loopId, some, CancellationToken.None))
                {
                    var file = Path.Combine(folder, tile.Path);
                    Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                    await File.WriteAllBytesAsync(file, bytes);
                }
            }
        }
    }

    public async ValueTask DisposeAsync() => await _services.DisposeAsync();

    private static LedgerRecord Record(int hour, int meter) => ReadingRecord.ForLedger(
        Slug,
        new ReadingRevision(
            string.Create(CultureInfo.InvariantCulture, $"meter-{meter}"), 1 + (meter / MetersAMember), First.AddHours(hour), 0, Energy.FromWh((meter * 37) + hour),
            ReadingQuality.Measured),
        predecessor: null);

    // The sequencer goes on beside the appending, as it does in production, and until all of it is signed.
    private async Task Together(long until, Func<Task> append)
    {
        var appending = Task.Run(append);
        var integrating = Task.Run(async () =>
        {
            while ((await Sequencer.IntegrateAsync(_loopId, CancellationToken.None)).Size < until)
            {
                if (appending.IsFaulted)
                {
                    return;
                }
            }
        });
        await Task.WhenAll(appending, integrating);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(_database.Superuser);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 600 };
        await command.ExecuteNonQueryAsync();
    }
}
