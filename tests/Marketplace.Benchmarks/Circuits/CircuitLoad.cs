using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Marketplace.Testing;

namespace Marketplace.Benchmarks.Circuits;

/// <summary>
/// Many people signed in at once, each with a page whose circuit lives, walking through the portal while the market moves: how long a page takes
/// them, how long the last of them waits for what the first sees, and what the host needs of memory. What this program itself needs of the
/// processors is told apart, for it runs on the same machine.
/// </summary>
internal sealed class CircuitLoad : IBenchmark
{
    private const int People = 300;

    // The full load is on the demo loop, whose market moves; the small one on two recorded days, which are there in seconds.
    private static readonly Scene Demo = new(
        "/loops/lindenhof", "/", [.. new[] { "resident", "prosumer", "producer", "solar", "storage", "investor", "operator", "technician" }.Select(person => person + "@lindenhof.example")]);

    private static readonly Scene Recorded = new("/loops/winter-days", "/loops/winter-days/market/2026-01-12T0600Z/book", ["h1@winter-days.example"]);

    // One look each: what people open most.
    private static readonly string[] Walk = ["", "/market", "/orders", "/bills", "/consumption", "/offers", "/ledger"];

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(60);

    public string Name => "circuits";

    /// <param name="Page">A page with a part that lives.</param>
    private sealed record Scene(string Loop, string Page, IReadOnlyList<string> People);

    public async Task<IReadOnlyList<Figure>> MeasureAsync(Size size)
    {
        var (people, duration, scene) = size.Scale == 1 ? (People, Duration, Demo) : (3, TimeSpan.FromSeconds(1), Recorded);
        await using var database = await TestDatabase.CreateAsync();
        if (scene == Recorded)
        {
            using var folder = new RecordedFolder();
            var ended = await PublishedApp.RunAsync(database, new Dictionary<string, string> { ["Marketplace__Demo"] = "true" }, "replay", folder.Path);
            _ = ended.ExitCode == 0 ? ended : throw new InvalidOperationException(ended.Error);
        }

        await using var app = await PublishedApp.ServeAsync(
            database, new Dictionary<string, string> { ["Marketplace__Demo"] = scene == Demo ? "true" : "false", ["Logging__LogLevel__Default"] = "Warning" });
        await app.ReadyAsync();
        var signedIn = new List<SignedIn>();
        foreach (var person in scene.People)
        {
            signedIn.Add(await SignedIn.AsAsync(app.Address, person));
        }

        var readers = new List<Reader>();
        try
        {
            var page = new Uri(app.Address, scene.Page);
            for (var i = 0; i < people; i++)
            {
                var (cookies, client) = signedIn[i % signedIn.Count];
                var reader = new Reader(app.Address, cookies);
                readers.Add(reader);
                await reader.OpenAsync(page, await client.GetStringAsync(page));
            }

            LedgerSpeed.Say(string.Create(CultureInfo.InvariantCulture, $"{people} circuits for {duration.TotalSeconds} s"));
            using var self = Process.GetCurrentProcess();
            var (began, used) = (Stopwatch.GetTimestamp(), self.TotalProcessorTime);
            var looks = await Task.WhenAll(Enumerable.Range(0, people).Select(i => LookAroundAsync(signedIn[i % signedIn.Count].Client, scene.Loop, i, duration)));
            self.Refresh();
            var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            var samples = looks.SelectMany(own => own).ToList();
            var updates = Updates(readers, began);
            var label = string.Create(CultureInfo.InvariantCulture, $"circuits_{people}");
            return
            [
                new Figure(label + "_page_p50", Figure.Percentile(samples, 0.5), "ms"),
                new Figure(label + "_page_p95", Figure.Percentile(samples, 0.95), "ms"),
                new Figure(label + "_pages_each_second", samples.Count / seconds, "pages/s"),
                .. updates.Count == 0 ? [] : new[] { new Figure(label + "_update_p95", Figure.Percentile(updates, 0.95), "ms") },
                new Figure(label + "_peak_memory", Memory.PeakMegabytes(app.ProcessId), "MB"),
                new Figure(label + "_generator_processors", (self.TotalProcessorTime - used).TotalSeconds / seconds, "processors"),
            ];
        }
        finally
        {
            foreach (var reader in readers)
            {
                await reader.DisposeAsync();
            }

            signedIn.ForEach(one => one.Client.Dispose());
        }
    }

    /// <summary>How much later than the first each page learns of a change. Changes are minutes apart, their arrivals are not.</summary>
    private static List<double> Updates(IReadOnlyList<Reader> readers, long since)
    {
        var arrivals = readers.SelectMany(reader => reader.Batches.Where(at => at > since)).Order().ToList();
        var (later, first) = (new List<double>(), 0L);
        for (var i = 0; i < arrivals.Count; i++)
        {
            if (i == 0 || Stopwatch.GetElapsedTime(arrivals[i - 1], arrivals[i]) > TimeSpan.FromSeconds(1))
            {
                first = arrivals[i];
            }

            later.Add(Stopwatch.GetElapsedTime(first, arrivals[i]).TotalMilliseconds);
        }

        return later;
    }

    private static async Task<List<double>> LookAroundAsync(HttpClient client, string loop, int person, TimeSpan duration)
    {
        var (began, samples) = (Stopwatch.GetTimestamp(), new List<double>());
        // Spread over the pause, as people are.
        var pause = duration < BetweenLooks ? duration : BetweenLooks;
        await Task.Delay(pause * (person % 97) / 97);
        for (var look = person; Stopwatch.GetElapsedTime(began) < duration; look++)
        {
            var sent = Stopwatch.GetTimestamp();
            using var response = await client.GetAsync(new Uri(loop + Walk[look % Walk.Length], UriKind.Relative));
            await response.Content.LoadIntoBufferAsync();
            if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.NotFound))
            {
                throw new InvalidOperationException($"{response.RequestMessage?.RequestUri} answered {response.StatusCode}");
            }

            samples.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
            await Task.Delay(pause);
        }

        return samples;
    }
}
