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
internal sealed partial class CircuitLoad : IBenchmark
{
    private const int People = 300;

    // The demonstration's own password; the sign-in page shows it.
    private const string Password = "Lindenhof-2026";

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
        var signedIn = new List<(CookieContainer Cookies, HttpClient Client)>();
        foreach (var person in scene.People)
        {
            signedIn.Add(await SignInAsync(app.Address, person));
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

    private static async Task<(CookieContainer Cookies, HttpClient Client)> SignInAsync(Uri address, string person)
    {
        var cookies = new CookieContainer();
        var client = new HttpClient(new SocketsHttpHandler { CookieContainer = cookies, AllowAutoRedirect = true }) { BaseAddress = address, Timeout = TimeSpan.FromMinutes(2) };
        var form = await client.GetStringAsync(new Uri("/sign-in", UriKind.Relative));
        using var content = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["__RequestVerificationToken"] = WebUtility.HtmlDecode(Token().Match(form).Groups[1].Value), ["_handler"] = "sign-in", ["Model.Email"] = person, ["Model.Password"] = Password,
        });
        using var answer = await client.PostAsync(new Uri("/sign-in", UriKind.Relative), content);
        return answer.IsSuccessStatusCode && !answer.RequestMessage!.RequestUri!.AbsolutePath.StartsWith("/sign-in", StringComparison.Ordinal)
            ? (cookies, client)
            : throw new InvalidOperationException($"{person} could not sign in: {answer.StatusCode}");
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]*)\"", RegexOptions.None, matchTimeoutMilliseconds: 5_000)]
    private static partial Regex Token();
}
