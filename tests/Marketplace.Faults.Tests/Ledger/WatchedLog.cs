using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Marketplace.Data;
using Marketplace.Faults.Tests.Child;
using Marketplace.Ledger;
using Marketplace.Native.Crypto;
using Marketplace.Testing;
using Marketplace.Web.Features.Ledger;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;
using Shouldly;

namespace Marketplace.Faults.Tests.Ledger;

/// <summary>
/// A log that child processes write and a test watches from outside: what they said is done, what was published, what the witnesses
/// hold. In the end all of it has to agree with one tree.
/// </summary>
internal sealed class WatchedLog : IAsyncDisposable
{
    private static readonly Ed25519 Ed25519 = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("faults-");
    private readonly TestDatabase _database;
    private readonly HashSet<string> _done = [];
    private readonly Dictionary<(long Size, TreeHash Root), string> _seen = [];
    private readonly VerifierKey _key;
    private readonly int _seed;
    private int _loopId;

    private WatchedLog(TestDatabase database, int seed, int witnesses)
    {
        (_database, _seed) = (database, seed);
        var slug = string.Create(CultureInfo.InvariantCulture, $"faults-{seed}");
        _key = new LogKeys(Options.Create(new LedgerOptions { MasterKey = PublishedApp.MasterKey }), Ed25519).Of(slug).Verifier;
        Slug = slug;
        Witnesses = [.. Enumerable.Range(1, witnesses).Select(i => new OwnWitness(string.Create(CultureInfo.InvariantCulture, $"w{i}"), _folder.FullName, _key))];
    }

    public string Slug { get; }

    public IReadOnlyList<OwnWitness> Witnesses { get; }

    /// <summary>Checkpoints seen at any time that are not of the final tree.</summary>
    public int Forks { get; private set; }

    /// <summary>What was said to be done and is not there.</summary>
    public int Lost { get; private set; }

    /// <summary>A loop with a log that is not there yet, and witnesses all of whom must cosign.</summary>
    /// <param name="database">Where; disposed of with the log.</param>
    /// <param name="seed">Fixes the records and the secrets behind their salts.</param>
    /// <param name="witnesses">How many; with none, the log publishes alone.</param>
    public static async Task<WatchedLog> CreateAsync(TestDatabase database, int seed, int witnesses)
    {
        var log = new WatchedLog(database, seed, witnesses);
        await using (var db = new MarketplaceDb(new DbContextOptionsBuilder<MarketplaceDb>().UseNpgsql(database.Owner).Options))
        {
            var loop = new Loop
            {
                Slug = log.Slug, Name = log.Slug, Kind = LoopKind.Replay, Currency = "EUR", TimeZone = "UTC",
                Seed = SHA256.HashData(BitConverter.GetBytes(seed)), CreatedAt = new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero),
            };
            db.Loops.Add(loop);
            await db.SaveChangesAsync();
            await db.Database.ExecuteSqlRawAsync(
                $"CREATE TABLE public.deeds (name text, number integer, PRIMARY KEY (name, number)); GRANT SELECT, INSERT ON public.deeds TO {TestPostgres.AppRole}; GRANT USAGE ON SCHEMA public TO {TestPostgres.AppRole}");
            log._loopId = loop.Id;
        }

        await Task.WhenAll(log.Witnesses.Select(w => w.StartAsync()));
        return log;
    }

    public WorkOrder Order(int batches, int mostRecords, string name = "own") => new(_loopId, _seed, name, batches, mostRecords, null, false, false, null);

    public OwnProcess Start(WorkOrder order)
    {
        var environment = new Dictionary<string, string>(_database.Environment)
        {
            [WorkOrder.Variable] = JsonSerializer.Serialize(order),
            ["Ledger__MasterKey"] = PublishedApp.MasterKey,
            ["Ledger__WatchSeconds"] = "1",
            ["DOTNET_TieredPGO"] = "0",
        };
        if (Witnesses.Count > 0)
        {
            var lines = Witnesses.Select(w => $"witness {w.Name} {w.Key} {w.Url}\n");
            environment["Ledger__Policy"] = $"{string.Concat(lines)}group stakeholders all {string.Join(' ', Witnesses.Select(w => w.Name))}\nquorum stakeholders\n";
        }

        return new OwnProcess("dotnet", [typeof(WorkOrder).Assembly.Location], environment);
    }

    /// <summary>Takes down what a process said is done, what is published and signed now, and what the witnesses hold.</summary>
    public async Task LookAsync(OwnProcess process)
    {
        _done.UnionWith(process.Said.Where(line => line.StartsWith("done ", StringComparison.Ordinal)).Select(line => line["done ".Length..]));
        var held = Witnesses.Select(w => (w.Name, Memory: w.Remembered())).ToList();
        await using var connection = await OpenAsync();
        foreach (var (table, name) in new[] { ("publications", "published"), ("checkpoints", "signed") })
        {
            foreach (var note in await ListAsync(connection, $"SELECT note FROM ledger.{table} WHERE loop_id = $1 ORDER BY size DESC LIMIT 3"))
            {
                See(note, name);
            }
        }

        // The witnesses were read first and the log after: they may be behind it, never before.
        var size = await OneAsync<long>(connection, "SELECT coalesce(max(size), 0) FROM ledger.checkpoints WHERE loop_id = $1");
        foreach (var (name, memory) in held)
        {
            if (memory is { } known)
            {
                known.Size.ShouldBeLessThanOrEqualTo(size, $"{name} holds more than was ever signed");
                _seen[known] = $"held by {name}";
            }
        }
    }

    /// <summary>Holds all that was ever seen against the tree as it is now; counts what was lost or forked.</summary>
    /// <returns>The tree's size and root.</returns>
    public async Task<(long Size, TreeHash Root)> SettleAsync()
    {
        await using var connection = await OpenAsync();
        foreach (var (table, name) in new[] { ("publications", "published"), ("checkpoints", "signed") })
        {
            foreach (var note in await ListAsync(connection, $"SELECT note FROM ledger.{table} WHERE loop_id = $1"))
            {
                See(note, name);
            }
        }

        foreach (var witness in Witnesses)
        {
            _seen[witness.Remembered().ShouldNotBeNull()] = $"held by {witness.Name}";
        }

        var roots = await RootsAsync(connection);
        var forks = _seen.Where(s => s.Key.Size >= roots.Count || roots[(int)s.Key.Size] != s.Key.Root).Select(s => $"{s.Value}: {s.Key}").ToList();
        Forks = forks.Count;
        var placed = await ListAsync(connection, "SELECT b.batch_key FROM ledger.batches b JOIN ledger.placements p USING (loop_id, batch_id) WHERE b.loop_id = $1");
        var lost = _done.Except(placed).ToList();
        Lost = lost.Count;

        forks.ShouldBeEmpty();
        lost.ShouldBeEmpty();
        placed.Count.ShouldBe(placed.Distinct().Count(), "a batch is in the tree twice");
        (await ListAsync(connection, "SELECT name || '/' || number FROM public.deeds WHERE $1 > 0")).Order().ShouldBe(placed.Order(), "records and commitments are kept together");
        (await OneAsync<long>(connection, "SELECT count(*) FROM ledger.pending WHERE loop_id = $1")).ShouldBe(0);
        (await OneAsync<long>(connection, "SELECT sum(entry_count)::bigint FROM ledger.batches WHERE loop_id = $1")).ShouldBe(roots.Count - 1);
        (await OneAsync<long>(connection, "SELECT max(size) FROM ledger.checkpoints WHERE loop_id = $1")).ShouldBe(roots.Count - 1);
        (await OneAsync<long>(connection, "SELECT max(size) FROM ledger.publications WHERE loop_id = $1")).ShouldBe(roots.Count - 1);
        foreach (var witness in Witnesses)
        {
            witness.Remembered()!.Value.Size.ShouldBe(roots.Count - 1);
        }

        return (roots.Count - 1, roots[^1]);
    }

    /// <summary>Whether all that was handed in is published.</summary>
    public async Task<bool> IsPublishedAsync()
    {
        await using var connection = await OpenAsync();
        return await OneAsync<bool>(
            connection,
            "SELECT coalesce((SELECT max(size) FROM ledger.publications WHERE loop_id = $1), 0) = (SELECT sum(entry_count) FROM ledger.batches WHERE loop_id = $1)");
    }

    /// <summary>The alarms that were raised, ever.</summary>
    public async Task<List<string>> AlarmsAsync()
    {
        await using var connection = await OpenAsync();
        return await ListAsync(connection, "SELECT topic || ': ' || words FROM ledger.incidents WHERE loop_id = $1 AND is_raised ORDER BY incident_id");
    }

    /// <summary>Has the log, as it is served, checked by our auditor and, where it is built, by the other one.</summary>
    /// <param name="process">A child that serves.</param>
    /// <returns>Whether the other one was asked too.</returns>
    public async Task<bool> AuditAsync(OwnProcess process)
    {
        var address = (await process.LineAsync(line => line.StartsWith("listening ", StringComparison.Ordinal)))["listening ".Length..];
        var url = $"{address}/ledger/{Slug}";
        using var client = new HttpClient();
        var policy = Path.Combine(_folder.FullName, "policy");
        await File.WriteAllTextAsync(policy, await client.GetStringAsync(new Uri($"{url}/policy")));

        await using (var ours = new OwnProcess("dotnet", [Path.Combine(AppContext.BaseDirectory, "Marketplace.Auditor.dll"), "log", url, "--policy", policy]))
        {
            (await ours.EndAsync()).ShouldBe(0, ours.Words);
        }

        if (Environment.GetEnvironmentVariable("LEDGER_VERIFIER") is not { Length: > 0 } verifier || !File.Exists(verifier))
        {
            return false;
        }

        await using var other = new OwnProcess(verifier, ["-policy", policy, "fsck", url]);
        (await other.EndAsync()).ShouldBe(0, other.Words);
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var witness in Witnesses)
        {
            await witness.DisposeAsync();
        }

        await _database.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private void See(string note, string how)
    {
        var checkpoint = Checkpoint.Parse(SignedNote.Parse(Encoding.UTF8.GetBytes(note)).Text);
        _seen[(checkpoint.Size, checkpoint.Root)] = how;
    }

    // The root at every size, recomputed from the entries.
    private async Task<List<TreeHash>> RootsAsync(NpgsqlConnection connection)
    {
        var wanted = _seen.Keys.Select(s => s.Size).ToHashSet();
        var size = await OneAsync<long>(connection, "SELECT size FROM ledger.edges WHERE loop_id = $1");
        var tree = new MerkleTree();
        var roots = new List<TreeHash> { tree.Root() };
        for (long index = 0; index * TileId.FullWidth < size; index++)
        {
            var bundle = TileId.Of(TileId.Entries, index, size);
            var bytes = (await LogTables.TileAsync(connection, _loopId, bundle, CancellationToken.None)).ShouldNotBeNull();
            foreach (var entry in EntryBundle.Read(bytes, bundle.Width))
            {
                tree.Append(entry.Span, (_, _) => { });
                roots.Add(tree.Size == size || wanted.Contains(tree.Size) ? tree.Root() : MerkleHash.Empty);
            }
        }

        return roots;
    }

    private async Task<NpgsqlConnection> OpenAsync()
    {
        // Each a new one: the server may have been restarted since the last.
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_database.Superuser) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    private async Task<List<string>> ListAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = _loopId });
        await using var reader = await command.ExecuteReaderAsync();
        var found = new List<string>();
        while (await reader.ReadAsync())
        {
            found.Add(reader.GetString(0));
        }

        return found;
    }

    private async Task<T> OneAsync<T>(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = _loopId });
        return (T)(await command.ExecuteScalarAsync())!;
    }
}
