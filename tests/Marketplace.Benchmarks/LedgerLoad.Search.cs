using System.Diagnostics;
using Marketplace.Data;
using Marketplace.Ledger;

namespace Marketplace.Benchmarks;

/// <content>Search in the log.</content>
internal sealed partial class LedgerLoad
{
    /// <summary>Indexes every full range. How many entries that are, the seconds it took, and the bytes of the index on disk.</summary>
    public async Task<(long Entries, double Seconds, long Bytes)> IndexSearchAsync()
    {
        await using var connection = await _source.OpenConnectionAsync();
        var began = Stopwatch.GetTimestamp();
        var ranges = 0L;
        while (await SearchIndex.BuildNextAsync(connection, _loopId, CancellationToken.None))
        {
            ranges++;
        }

        var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
        await using var size = _source.CreateCommand("SELECT pg_total_relation_size('ledger.search_keys')");
        return (ranges * SearchIndex.RangeEntries, took, (long)(await size.ExecuteScalarAsync())!);
    }

    /// <summary>Searches for entries chosen by chance, and for hashes that nobody has. Milliseconds of each search.</summary>
    public async Task<IReadOnlyDictionary<string, List<double>>> SearchAsync(int count)
    {
        await using var connection = await _source.OpenConnectionAsync();
        var size = (await LogTables.LatestSignedAsync(connection, _loopId, CancellationToken.None))!.Size;
        var random = new Random(4);
        var samples = new Dictionary<string, List<double>> { ["commitment"] = [], ["leaf"] = [], ["stranger"] = [] };
        for (var i = 0; i < count; i++)
        {
            var index = random.NextInt64(size);
            var bundle = TileId.Of(TileId.Entries, index / TileId.FullWidth, size);
            var bytes = (await LogTables.TilesAsync(connection, _loopId, [bundle], CancellationToken.None))[bundle];
            var entry = EntryBundle.Read(bytes, bundle.Width)[(int)(index % TileId.FullWidth)].ToArray();
            var stranger = new byte[TreeHash.Length];
            random.NextBytes(stranger);
            samples["commitment"].Add(await TimeAsync(() => SearchIndex.FindCommitmentAsync(connection, _loopId, entry[2..], CancellationToken.None), index));
            samples["leaf"].Add(await TimeAsync(() => SearchIndex.FindLeafAsync(connection, _loopId, MerkleHash.Leaf(entry).ToBytes(), CancellationToken.None), index));
            samples["stranger"].Add(await TimeAsync(() => SearchIndex.FindCommitmentAsync(connection, _loopId, stranger, CancellationToken.None), null));
        }

        return samples;
    }

    private static async Task<double> TimeAsync(Func<Task<SearchHit>> search, long? expected)
    {
        var began = Stopwatch.GetTimestamp();
        var hit = await search();
        var took = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        return hit == new SearchHit(expected, true) ? took : throw new InvalidOperationException($"{hit} was found where {expected} was looked for");
    }
}
