using Marketplace.Testing;

namespace Marketplace.Benchmarks;

/// <summary>Search by hash in a log of a million entries: what the index costs for each entry, how long it takes to build, and how long a
/// search takes for a commitment, a leaf hash and a hash that is not there.</summary>
internal sealed class LedgerSearch : IBenchmark
{
    private const int Entries = 1_000_000;
    private const int Searches = 500;

    public string Name => "ledger-search";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(Size size)
    {
        var entries = size.Of(Entries, least: 70_000);
        await using var database = await TestDatabase.CreateAsync();
        await using var load = await LedgerLoad.CreateAsync(database);
        LedgerSpeed.Say($"grow to {entries} entries");
        _ = await load.AppendAsync(100, 100);
        _ = await load.FillAsync(entries);
        LedgerSpeed.Say("build the index and search");
        var (indexed, took, bytes) = await load.IndexSearchAsync();
        var figures = new List<Figure>
        {
            new($"search_index_{entries}", bytes / (double)indexed, "bytes/entry"),
            new($"search_index_build_{entries}", indexed / took, "entries/s"),
        };
        var searches = size.Of(Searches, least: 50);
        foreach (var (name, samples) in await load.SearchAsync(searches))
        {
            figures.Add(new Figure($"search_{name}_of_{entries}_p50", Figure.Percentile(samples, 0.5), "ms"));
            figures.Add(new Figure($"search_{name}_of_{entries}_p99", Figure.Percentile(samples, 0.99), "ms"));
        }

        return figures;
    }
}
