using System.Diagnostics;
using System.Security.Cryptography;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Testing;
using Npgsql;

namespace Marketplace.Benchmarks;

/// <summary>
/// The ledger as it runs in production, on a PostgreSQL that forces each commit to disk: append and integrate beside a plain
/// COPY of as many entries and beside what SHA-256 allows; serve tiles; audit from outside; then grow to ten times
/// the size and prove.
/// </summary>
internal sealed class LedgerSpeed : IBenchmark
{
    private const int Entries = 1_000_000;
    private const int Grown = 10_000_000;
    private const int EntriesAnHour = 10_000;
    private const int Proofs = 2_000;

    public string Name => "ledger";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(Size size)
    {
        var entries = size.Of(Entries);
        var grown = size.Of(Grown);
        var figures = new List<Figure>();
        var nodes = NodeHashes(size);
        figures.Add(new Figure("sha256_node_hashes_one_call_each", nodes.Single, "hashes/s/core"));
        figures.Add(new Figure("sha256_node_hashes_many_at_once", nodes.Many, "hashes/s/core", nodes.Many / nodes.Single, "one_call_each"));

        await using var database = await TestDatabase.CreateAsync();
        await using var load = await LedgerLoad.CreateAsync(database);
        figures.Add(new Figure("ledger_fsync", await load.IsDurableAsync() ? 1 : 0, "(1 is on)"));
        var copy = entries / await load.CopyPlainAsync(entries);
        figures.Add(new Figure($"copy_{entries}", copy, "entries/s"));

        Say($"append and integrate {entries} entries");
        var append = entries / await load.AppendAsync(entries, size.Of(EntriesAnHour));
        figures.Add(new Figure($"ledger_append_integrate_{entries}", append, "entries/s", append / copy, "copy"));
        figures.Add(new Figure("ledger_append_integrate_to_sha256", append, "entries/s", append / nodes.Single, "one node hash a call on one core"));
        figures.Add(new Figure($"ledger_storage_{entries}", await load.BytesAsync() / (double)entries, "bytes/entry"));

        await using (var app = await PublishedApp.ServeAsync(database, new Dictionary<string, string> { ["Logging__LogLevel__Default"] = "Warning" }))
        {
            figures.AddRange(await TileServing.MeasureAsync(new Uri(app.Address, load.Prefix), entries, size));
            Say("audit over HTTP and from a folder");
            figures.AddRange(await AuditRun.OverHttpAsync(new Uri(app.Address, load.Prefix), entries));
            figures.Add(new Figure("ledger_peak_memory_host", Memory.PeakMegabytes(app.ProcessId), "MB"));
        }

        figures.AddRange(await AuditRun.FromFolderAsync(load, entries));

        Say($"grow to {grown} entries");
        var took = await load.FillAsync(grown);
        figures.Add(new Figure($"ledger_grow_to_{grown}", took, "s"));
        figures.Add(new Figure($"ledger_grow_rate_to_{grown}", (grown - entries) / took, "entries/s"));
        var proofs = await load.ProveAsync(size.Of(Proofs, least: 50));
        figures.Add(new Figure($"ledger_proof_of_{grown}_p50", Figure.Percentile(proofs, 0.5), "ms"));
        figures.Add(new Figure($"ledger_proof_of_{grown}_p99", Figure.Percentile(proofs, 0.99), "ms"));
        figures.Add(new Figure($"ledger_storage_{grown}", await load.BytesAsync() / (double)grown, "bytes/entry"));
        figures.Add(new Figure("ledger_peak_memory_sequencer_and_proofs", Memory.PeakMegabytes(Environment.ProcessId), "MB"));
        return figures;
    }

    internal static void Say(string words) => Console.Error.WriteLine($"#   {words}");

    private static (double Single, double Many) NodeHashes(Size size)
    {
        const int messages = 4096;
        var rounds = size.Of(400);
        var input = new byte[messages * 65];
        new Random(1).NextBytes(input);
        var output = new byte[messages * TreeHash.Length];
        var single = Rate(() =>
        {
            for (var i = 0; i < messages; i++)
            {
                SHA256.HashData(input.AsSpan(i * 65, 65), output.AsSpan(i * TreeHash.Length, TreeHash.Length));
            }
        });
        var expected = output.ToArray();
        var many = Rate(() => ManyHashes.OfEqual(input, 65, output));
        return output.AsSpan().SequenceEqual(expected) ? (single, many) : throw new InvalidOperationException("The two ways of hashing differ");

        double Rate(Action run)
        {
            for (var i = 0; i < rounds / 2; i++)
            {
                run();
            }

            var began = Stopwatch.GetTimestamp();
            for (var i = 0; i < rounds; i++)
            {
                run();
            }

            return (double)rounds * messages / Stopwatch.GetElapsedTime(began).TotalSeconds;
        }
    }
}

/// <summary>The most memory a process has had, as the kernel counts it.</summary>
internal static class Memory
{
    public static double PeakMegabytes(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture) / 1024;
    }
}
