using System.Diagnostics;
using System.Globalization;
using Marketplace.Testing;

namespace Marketplace.Benchmarks;

/// <summary>How long the demo loop takes to be made on an empty database, and then how long the host takes for a public page of
/// it, asked by one visitor after another.</summary>
internal sealed class Pages : IBenchmark
{
    private static readonly string[] Anywhere = ["/", "/sign-in", "/verify"];
    private static readonly string[] OfTheDemo = ["/loops/lindenhof/market"];

    public string Name => "pages";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(Size size)
    {
        var demo = size.Scale == 1;
        await using var database = await TestDatabase.CreateAsync();
        var started = Stopwatch.GetTimestamp();
        await using var app = await PublishedApp.ServeAsync(database, new Dictionary<string, string> { ["Marketplace__Demo"] = demo ? "true" : "false" });
        await app.ReadyAsync();
        using var client = new HttpClient { BaseAddress = app.Address };
        var figures = new List<Figure>();
        if (demo)
        {
            figures.Add(new Figure("demo_made_after", Stopwatch.GetElapsedTime(started).TotalSeconds, "s"));
        }

        foreach (var path in demo ? [.. Anywhere, .. OfTheDemo] : Anywhere)
        {
            var samples = new List<double>();
            for (var i = -size.Of(20); i < size.Of(200); i++)
            {
                var began = Stopwatch.GetTimestamp();
                using var response = await client.GetAsync(new Uri(path, UriKind.Relative));
                await response.Content.LoadIntoBufferAsync();
                response.EnsureSuccessStatusCode();
                if (i >= 0)
                {
                    samples.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                }
            }

            figures.Add(new Figure(string.Create(CultureInfo.InvariantCulture, $"page_{path}_p50"), Figure.Percentile(samples, 0.5), "ms"));
            figures.Add(new Figure(string.Create(CultureInfo.InvariantCulture, $"page_{path}_p95"), Figure.Percentile(samples, 0.95), "ms"));
        }

        return figures;
    }
}
