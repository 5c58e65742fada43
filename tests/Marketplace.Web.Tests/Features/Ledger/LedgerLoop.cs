using System.Security.Cryptography;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Features.Ledger;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Marketplace.Web.Tests.Features.Ledger;

/// <summary>A loop of a host under test, and what its features would hand in at the ledger's door.</summary>
internal sealed class LedgerLoop
{
    public static readonly DateOnly Month = new(2026, 3, 1);
    private readonly MarketplaceHost _host;

    private LedgerLoop(MarketplaceHost host, int id, string slug)
    {
        _host = host;
        Id = id;
        Slug = slug;
    }

    public int Id { get; }

    public string Slug { get; }

    public Sequencer Sequencer => _host.Services.GetRequiredService<Sequencer>();

    public ProofReader Proofs => _host.Services.GetRequiredService<ProofReader>();

    public VerifierKey Key => _host.Services.GetRequiredService<LogKeys>().Of(Slug).Verifier;

    private NpgsqlDataSource Source => _host.Services.GetRequiredService<NpgsqlDataSource>();

    public static async Task<LedgerLoop> CreateAsync(MarketplaceHost host, string? seed = null)
    {
        var slug = $"loop-{Guid.NewGuid():N}";
        var loop = new Loop
        {
            Slug = slug,
            Name = slug,
            Kind = LoopKind.Replay,
            Currency = "EUR",
            TimeZone = "UTC",
            Seed = seed is null ? null : SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(seed)),
            CreatedAt = MarketplaceHost.Start,
        };
        await host.Put(db => db.Loops.Add(loop));
        return new LedgerLoop(host, loop.Id, slug);
    }

    public static LedgerRecord Reading(int number, int member = 1) => new(
        RecordKind.Reading, 1, $"meter-{number}", CanonicalRecord.Of("reading", 1).Add("meter", number).Add("energyWh", number * 10).ToBytes(), member, Month);

    public static IReadOnlyList<LedgerRecord> Readings(int count, int from = 0) => [.. Enumerable.Range(from, count).Select(i => Reading(i, 1 + (i % 7)))];

    public async Task<AppendedBatch> AppendAsync(string key, IReadOnlyList<LedgerRecord> records, bool commits = true)
    {
        await using var connection = await Source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var batch = await LedgerDoor.AppendAsync(connection, transaction, Id, key, records, CancellationToken.None);
        if (commits)
        {
            await transaction.CommitAsync();
        }

        return batch;
    }

    public Task<LogHead> IntegrateAsync() => Sequencer.IntegrateAsync(Id, CancellationToken.None);

    public Task<ProofAnswer> ProveAsync(AppendedBatch batch, int record, LedgerRecord content) =>
        Proofs.ReadAsync(Id, batch.BatchId, batch.Positions[record], content, CancellationToken.None);

    public async Task<T> AskAsync<T>(string sql)
    {
        await using var command = Source.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Id });
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Keeps a copy of the published log, as an auditor would.</summary>
    public async Task KeepAsync(HttpClient client, string folder)
    {
        var note = await client.GetByteArrayAsync(new Uri($"/ledger/{Slug}/checkpoint", UriKind.Relative));
        var size = Checkpoint.Parse(SignedNote.Parse(note).Text).Size;
        for (long n = 0; n * TileId.FullWidth < size; n++)
        {
            var bundle = TileId.Of(TileId.Entries, n, size);
            var file = Path.Combine(folder, bundle.Path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllBytesAsync(file, await client.GetByteArrayAsync(new Uri($"/ledger/{Slug}/{bundle}", UriKind.Relative)));
        }

        await File.WriteAllBytesAsync(Path.Combine(folder, "checkpoint"), note);
    }

    /// <summary>Copies what the host publishes of this log into a folder and has the whole of it recomputed.</summary>
    public async Task<(Checkpoint Checkpoint, int Files)> AuditAsync(HttpClient client)
    {
        var note = SignedNote.Parse(await client.GetByteArrayAsync(new Uri($"/ledger/{Slug}/checkpoint", UriKind.Relative)));
        note.Verify([Key], new Native.Crypto.Ed25519());
        var checkpoint = Checkpoint.Parse(note.Text);
        var tree = new MerkleTree();
        var compared = 0;
        var completed = new List<(TileId, byte[])>();
        for (long n = 0; n * TileId.FullWidth < checkpoint.Size; n++)
        {
            var bundle = TileId.Of(TileId.Entries, n, checkpoint.Size);
            foreach (var entry in EntryBundle.Read(await client.GetByteArrayAsync(new Uri($"/ledger/{Slug}/{bundle}", UriKind.Relative)), bundle.Width))
            {
                tree.Append(entry.Span, (tile, bytes) => completed.Add((tile, bytes.ToArray())));
            }
        }

        for (var level = 0; level <= TileId.MaxLevel; level++)
        {
            if (tree.Tail(level) is { Length: > 0 } tail)
            {
                completed.Add((TileId.Of(level, TileId.CountIn(level, checkpoint.Size) / TileId.FullWidth, checkpoint.Size), tail));
            }
        }

        foreach (var (tile, bytes) in completed)
        {
            var served = await client.GetByteArrayAsync(new Uri($"/ledger/{Slug}/{tile}", UriKind.Relative));
            if (!served.AsSpan().SequenceEqual(bytes))
            {
                throw new InvalidOperationException($"{tile} is not the tile recomputed");
            }

            compared++;
        }

        return tree.Root() == checkpoint.Root ? (checkpoint, compared) : throw new InvalidOperationException("The root is not the one recomputed");
    }
}
