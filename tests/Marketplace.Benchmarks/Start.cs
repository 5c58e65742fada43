using System.Diagnostics;
using Marketplace.Testing;

namespace Marketplace.Benchmarks;

/// <summary>From the start of the host to its first page, on a database that is there already and on one that is empty.</summary>
internal sealed class Start : IBenchmark
{
    public string Name => "start";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(Size size)
    {
        var figures = new List<Figure>();
        foreach (var (name, database) in new[] { ("migrated", await TestDatabase.CreateAsync()), ("empty", await TestDatabase.CreateEmptyAsync()) })
        {
            await using (database)
            {
                var samples = new List<double>();
                for (var i = 0; i < size.Of(5); i++)
                {
                    var began = Stopwatch.GetTimestamp();
                    await using var app = await PublishedApp.ServeAsync(database);
                    using var client = new HttpClient();
                    using var response = await client.GetAsync(app.Address);
                    response.EnsureSuccessStatusCode();
                    samples.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                    if (name == "empty")
                    {
                        break;
                    }
                }

                figures.Add(new Figure($"start_{name}_first_page", Figure.Percentile(samples, 0.5), "ms"));
            }
        }

        return figures;
    }
}
