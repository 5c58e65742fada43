using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Marketplace.Data;
using Marketplace.Faults.Tests.Child;
using Marketplace.Faults.Tests.Ledger;
using Marketplace.Testing;
using Shouldly;
using Xunit;
using Xunit.Abstractions;

namespace Marketplace.Faults.Tests.Metering;

/// <summary>A file of readings on its way in by the import command: killed with SIGKILL at steps and at points between them, started again, and
/// by two processes at once.</summary>
public sealed class ImportKillTests(ITestOutputHelper output)
{
    private const int Seed = 5;
    private const int Buildings = 8;

    // Two parts of the file: the import takes up to 50,000 readings at once.
    private const int Hours = 6_400;

    private static readonly DateTimeOffset First = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly string[] Steps = [LedgerTrace.Append, LedgerTrace.Salt, LedgerTrace.Integrate, LedgerTrace.Tile, LedgerTrace.Sign, LedgerTrace.Commit];

    [Fact]
    public async Task A_killed_import_started_again_loses_nothing_and_stores_nothing_twice()
    {
        var started = Stopwatch.GetTimestamp();
        var random = new Random(Seed);
        using var file = new YearFile();
        var points = Steps.Select((step, i) => new KillPoint(step, (KillPhase)(i % 3), 1 + random.Next(2), random.Next(1_500)))
            // The rows are copied and committed some time after the append; somewhere there.
            .Append(new KillPoint(LedgerTrace.Append, KillPhase.During, 1, random.Next(400_000))).ToArray();
        random.Shuffle(points);

        var (kills, stores) = (0, new List<StoredReadings>());
        for (var next = 0; next < points.Length;)
        {
            // Once a file is wholly in, no step is left to be killed at: then on a database of its own.
            await using var database = await TestDatabase.CreateAsync();
            var killsBefore = kills;
            for (var isIn = false; !isIn && next < points.Length;)
            {
                await using var import = MortalPortal.Start(database, file.Keys, points[next], "import", file.Path);
                var ended = await import.EndAsync();
                isIn = ended == 0;
                if (!isIn)
                {
                    ended.ShouldBe(MortalPortal.Killed, $"seed {Seed}, {points[next]}: {import.Words}");
                    (kills, next) = (kills + 1, next + 1);
                }
            }

            kills.ShouldBeGreaterThan(killsBefore, $"seed {Seed}: {(next < points.Length ? points[next] : points[^1])} was not reached");
            await using var again = MortalPortal.Start(database, file.Keys, null, "import", file.Path, "--json");
            (await again.EndAsync()).ShouldBe(0, again.Words);
            var report = JsonNode.Parse(string.Join('\n', again.Said))!;
            (report["stored"]!.GetValue<int>() + report["alreadyKnown"]!.GetValue<int>()).ShouldBe(file.Expected.Count);
            report["corrected"]!.GetValue<int>().ShouldBe(0);
            stores.Add(await StoredReadings.LookAsync(database, file.Slug, file.Expected));
            if (next == points.Length)
            {
                await using var portal = MortalPortal.Start(database, file.Keys, null, "serve");
                await MortalPortal.AuditAsync((await MortalPortal.AddressAsync(portal))!, file.Slug);
            }
        }

        var summary = string.Create(
            CultureInfo.InvariantCulture,
            $"CSV import kills tried {kills} ({Steps.Length} steps and points between them, seed {Seed}), {stores.Count} files of {file.Expected.Count} readings, lost {stores.Sum(s => s.Lost)}, twice {stores.Sum(s => s.Twice)}, audited, {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s");
        output.WriteLine(summary);
        TestNotes.Add(summary);
        stores.ShouldAllBe(store => store.Lost == 0 && store.Twice == 0);
    }

    [Fact]
    public async Task Two_processes_that_import_the_same_file_at_once_store_it_once()
    {
        using var file = new YearFile();
        await using var database = await TestDatabase.CreateAsync();
        await using var one = MortalPortal.Start(database, file.Keys, null, "import", file.Path, "--json");
        await using var other = MortalPortal.Start(database, file.Keys, null, "import", file.Path, "--json");

        (await one.EndAsync()).ShouldBe(0, one.Words);
        (await other.EndAsync()).ShouldBe(0, other.Words);

        var stored = new[] { one, other }.Sum(import => JsonNode.Parse(string.Join('\n', import.Said))!["stored"]!.GetValue<int>());
        var store = await StoredReadings.LookAsync(database, file.Slug, file.Expected);
        var summary = string.Create(CultureInfo.InvariantCulture, $"two nodes importing one file of {file.Expected.Count} readings: stored {stored}, lost {store.Lost}, twice {store.Twice}");
        output.WriteLine(summary);
        TestNotes.Add(summary);
        stored.ShouldBe(file.Expected.Count);
        (store.Lost, store.Twice).ShouldBe((0, 0));
    }

    private sealed class YearFile : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("import-kill-");

        public YearFile()
        {
            Keys = _folder.CreateSubdirectory("keys");
            var text = new StringBuilder("timestamp_utc,building,commodity,kwh,basis\n");
            for (var hour = 0; hour < Hours; hour++)
            {
                for (var building = 1; building <= Buildings; building++)
                {
                    var wattHours = (hour * 37L % 5_000) + (building * 100);
                    Expected.Add((string.Create(CultureInfo.InvariantCulture, $"h{building}-electricity"), First.AddHours(hour)), wattHours);
                    text.Append(CultureInfo.InvariantCulture, $"{First.AddHours(hour):yyyy-MM-dd HH:mm:ss},h{building},electricity,{wattHours / 1000m},measured\n");
                }
            }

            File.WriteAllText(Path, text.ToString());
        }

        public DirectoryInfo Keys { get; }

        public string Slug => "year";

        public string Path => System.IO.Path.Combine(_folder.FullName, "year.csv");

        public Dictionary<(string Meter, DateTimeOffset Hour), long> Expected { get; } = [];

        public void Dispose() => _folder.Delete(recursive: true);
    }
}
