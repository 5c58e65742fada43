using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Marketplace.Testing;
using Npgsql;

namespace Marketplace.Benchmarks;

/// <summary>How long the demo loop takes to be made on an empty database, and then how long the host takes for a page of it, asked by one person after
/// another: public ones, lists that are long, a bill, and a bill as PDF.</summary>
internal sealed partial class Pages : IBenchmark
{
    private const string Loop = "/loops/lindenhof";
    private const int ManyRows = 100_000;

    private static readonly string[] Anywhere = ["/", "/sign-in", "/verify"];

    public string Name => "pages";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(Size size)
    {
        var demo = size.Scale == 1;
        await using var database = await TestDatabase.CreateAsync();
        var started = Stopwatch.GetTimestamp();
        await using var app = await PublishedApp.ServeAsync(database, new Dictionary<string, string> { ["Marketplace__Demo"] = demo ? "true" : "false" });
        await app.ReadyAsync();
        using var visitor = new HttpClient { BaseAddress = app.Address };
        var figures = new List<Figure>();
        if (demo)
        {
            figures.Add(new Figure("demo_made_after", Stopwatch.GetElapsedTime(started).TotalSeconds, "s"));
        }

        foreach (var path in Anywhere)
        {
            figures.AddRange(await LookAsync(visitor, path, path, size.Of(200)));
        }

        if (demo)
        {
            figures.AddRange(await LookAsync(visitor, Loop + "/market", "/market", 200));
            figures.AddRange(await LookAsync(visitor, $"{Loop}/ledger/entries?before={ManyRows / 2}", "list_of_ledger_entries", 50));
            using var resident = await SignedIn.AsAsync(app.Address, "resident@lindenhof.example");
            using var @operator = await SignedIn.AsAsync(app.Address, "operator@lindenhof.example");
            var bill = Bill().Match(await resident.Client.GetStringAsync(new Uri(Loop + "/bills", UriKind.Relative))).Value;
            figures.AddRange(await LookAsync(resident.Client, bill, "bill", 50));
            figures.AddRange(await LookAsync(resident.Client, bill + "/bill.pdf", "bill_pdf", 10));
            await FillAsync(database);
            foreach (var (list, path) in new[] { ("members", "/members?"), ("alarms", "/operations/alarms?show=resolved&") })
            {
                figures.AddRange(await LookAsync(@operator.Client, $"{Loop}{path}page=1", $"list_of_{ManyRows}_{list}_first", 50));
                figures.AddRange(await LookAsync(@operator.Client, $"{Loop}{path}page={ManyRows / 50}", $"list_of_{ManyRows}_{list}_last", 50));
            }
        }

        return figures;
    }

    private static async Task<Figure[]> LookAsync(HttpClient client, string path, string name, int times)
    {
        var samples = new List<double>();
        for (var i = -times / 10; i < times; i++)
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

        return
        [
            new Figure(string.Create(CultureInfo.InvariantCulture, $"page_{name}_p50"), Figure.Percentile(samples, 0.5), "ms"),
            new Figure(string.Create(CultureInfo.InvariantCulture, $"page_{name}_p95"), Figure.Percentile(samples, 0.95), "ms"),
        ];
    }

    /// <summary>Gives the demo more members and alarms than any loop has.</summary>
    private static async Task FillAsync(TestDatabase database)
    {
        await using var source = NpgsqlDataSource.Create(database.Owner);
        foreach (var sql in new[]
        {
            """
            INSERT INTO market.members (loop_id, id, key, name, kind, joined_at)
            SELECT 1, 1000 + g, 'row-' || g, 'Household ' || g, 'Household', now() FROM generate_series(1, $1) g
            """,
            """
            INSERT INTO market.alarms (loop_id, kind, severity, cause, stands, subject, words, since, opened_at, escalates_at, resolved_at)
            SELECT 1, 1, 1, 'row/' || g, false, 'row', 'A meter was silent.', t, t, t, t FROM generate_series(1, $1) g, LATERAL (SELECT now() - g * interval '1 minute' AS t) one
            """,
        })
        {
            await using var fill = source.CreateCommand(sql);
            fill.Parameters.Add(new NpgsqlParameter<int> { TypedValue = ManyRows });
            await fill.ExecuteNonQueryAsync();
        }

        await using var analyze = source.CreateCommand("ANALYZE market.members, market.alarms");
        await analyze.ExecuteNonQueryAsync();
    }

    [GeneratedRegex("/loops/lindenhof/bills/[A-Z0-9-]+", RegexOptions.None, matchTimeoutMilliseconds: 5_000)]
    private static partial Regex Bill();
}
