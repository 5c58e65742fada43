using System.Diagnostics;
using System.Net;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Features.Transparency;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Shouldly;
using Xunit;
using Xunit.Abstractions;

namespace Marketplace.Web.Tests.Features.Ledger;

public sealed class SearchTests(MarketplaceHost host, ITestOutputHelper output) : IClassFixture<MarketplaceHost>
{
    [Fact]
    public async Task An_entry_is_found_in_each_form_before_and_after_it_is_indexed_and_a_stranger_is_not()
    {
        var loop = await LedgerLoop.CreateAsync(host);
        await loop.AppendAsync("readings/1", LedgerLoop.Readings(40_000));
        await loop.AppendAsync("readings/2", LedgerLoop.Readings(40_000, 100_000));
        await loop.IntegrateAsync();
        var entries = await EntriesAsync(loop.Id, 80_000);
        long[] some = [0, 255, 256, 40_001, 65_535, 65_536, 79_871, 79_872, 79_999];
        var scanned = Stopwatch.StartNew();
        await FindAllAsync();
        scanned.Stop();
        (await host.Services.GetRequiredService<SearchIndexing>().CatchUpAsync(CancellationToken.None)).ShouldBe(1);
        (await host.Services.GetRequiredService<SearchIndexing>().CatchUpAsync(CancellationToken.None)).ShouldBe(0);
        (await loop.AskAsync<long>("SELECT count(*) FROM ledger.search_keys WHERE loop_id = $1")).ShouldBe(512);
        var indexed = Stopwatch.StartNew();
        await FindAllAsync();
        output.WriteLine($"{scanned.Elapsed.TotalMilliseconds / some.Length / 5:0.0} ms a search without the index, {indexed.Elapsed.TotalMilliseconds / some.Length / 5:0.0} ms with it");

        async Task FindAllAsync()
        {
            foreach (var index in some)
            {
                var entry = entries[index];
                var leaf = MerkleHash.Leaf(entry);
                foreach (var text in new[]
                {
                    Convert.ToHexStringLower(entry.AsSpan(2)), Convert.ToBase64String(entry.AsSpan(2)), " " + Convert.ToHexString(entry) + "\n", leaf.ToHex(), leaf.ToString(),
                })
                {
                    (await host.Send(new FindEntry(loop.Id, text))).ShouldBe(new FoundEntry(SearchOutcome.Found, index, 80_000), text);
                }
            }

            var other = entries[7].ToArray();
            other[33] ^= 1;
            (await host.Send(new FindEntry(loop.Id, Convert.ToHexString(other)))).Outcome.ShouldBe(SearchOutcome.NoSuchHash);
            (await host.Send(new FindEntry(loop.Id, Convert.ToHexString(other.AsSpan(2))))).Outcome.ShouldBe(SearchOutcome.NoSuchHash);

            // The right commitment under another kind is another entry.
            other = entries[7].ToArray();
            other[0] = (byte)RecordKind.Bill;
            (await host.Send(new FindEntry(loop.Id, Convert.ToHexString(other)))).Outcome.ShouldBe(SearchOutcome.NoSuchHash);
        }
    }

    [Fact]
    public async Task What_the_index_says_is_compared_with_the_log()
    {
        var loop = await LedgerLoop.CreateAsync(host);
        await loop.AppendAsync("readings/1", LedgerLoop.Readings(SearchIndex.RangeEntries));
        await loop.IntegrateAsync();
        await host.Services.GetRequiredService<SearchIndexing>().CatchUpAsync(CancellationToken.None);
        const int Here = 5;
        const int There = 40_000;
        var entries = await EntriesAsync(loop.Id, SearchIndex.RangeEntries);
        (await host.Send(new FindEntry(loop.Id, Convert.ToHexString(entries[Here])))).Index.ShouldBe(Here);

        // The index is made to claim the place of another entry far away for the leaf of this one; and it has a place for a hash that
        // nobody has: it keeps three bytes of each, and the stranger's are those of an entry.
        var leaf = MerkleHash.Leaf(entries[Here]).ToBytes();
        (await ForgeAsync(loop.Id, (short)(256 + leaf[0]), Key(leaf, Here), Key(leaf, There))).ShouldBe(1);
        var stranger = MerkleHash.Leaf(entries[There]).ToBytes();
        stranger[31] ^= 1;

        // It is believed in neither: what stands there is another hash, and the search says that it found none.
        (await host.Send(new FindEntry(loop.Id, Convert.ToHexString(entries[Here])))).ShouldBe(new FoundEntry(SearchOutcome.NoSuchHash, null, SearchIndex.RangeEntries));
        (await host.Send(new FindEntry(loop.Id, Convert.ToHexString(stranger)))).ShouldBe(new FoundEntry(SearchOutcome.NoSuchHash, null, SearchIndex.RangeEntries));

        // Put right again it is found: nothing but the index kept it from being seen.
        (await ForgeAsync(loop.Id, (short)(256 + leaf[0]), Key(leaf, There), Key(leaf, Here))).ShouldBe(1);
        (await host.Send(new FindEntry(loop.Id, Convert.ToHexString(entries[Here])))).Index.ShouldBe(Here);
    }

    /// <summary>A key of the index: the hash's second and third byte, and the position in the range.</summary>
    private static byte[] Key(byte[] hash, int position) => [hash[1], hash[2], (byte)(position >> 8), (byte)(position & 0xff)];

    /// <summary>Puts one key in another's place, as somebody with the owner's rights in the database could.</summary>
    private async Task<int> ForgeAsync(int loopId, short slot, byte[] from, byte[] to)
    {
        await using var source = NpgsqlDataSource.Create(host.Database.Owner);
        byte[] keys;
        await using (var reading = source.CreateCommand("SELECT keys FROM ledger.search_keys WHERE loop_id = $1 AND slot = $2"))
        {
            reading.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
            reading.Parameters.Add(new NpgsqlParameter<short> { TypedValue = slot });
            keys = (byte[])(await reading.ExecuteScalarAsync())!;
        }

        var at = Enumerable.Range(0, keys.Length / from.Length).Single(i => keys.AsSpan(i * from.Length, from.Length).SequenceEqual(from)) * from.Length;
        to.CopyTo(keys, at);
        await using var forged = source.CreateCommand("UPDATE ledger.search_keys SET keys = $3 WHERE loop_id = $1 AND slot = $2");
        forged.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        forged.Parameters.Add(new NpgsqlParameter<short> { TypedValue = slot });
        forged.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = keys });
        return await forged.ExecuteNonQueryAsync();
    }

    [Theory]
    [InlineData("", SearchOutcome.Empty)]
    [InlineData("  ", SearchOutcome.Empty)]
    [InlineData("0", SearchOutcome.Found)]
    [InlineData("#9", SearchOutcome.Found)]
    [InlineData("10", SearchOutcome.BeyondTheEnd)]
    [InlineData("9223372036854775807", SearchOutcome.BeyondTheEnd)]
    [InlineData("-1", SearchOutcome.NotAHash)]
    [InlineData("abc", SearchOutcome.NotAHash)]
    [InlineData("zz<script>", SearchOutcome.NotAHash)]
    [InlineData("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa0", SearchOutcome.NotAHash)]
    [InlineData("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", SearchOutcome.NoSuchHash)]
    public async Task Whatever_is_typed_has_an_answer(string text, SearchOutcome outcome)
    {
        var loop = await LedgerLoop.CreateAsync(host);
        await loop.AppendAsync("readings/1", LedgerLoop.Readings(10));
        await loop.IntegrateAsync();
        (await host.Send(new FindEntry(loop.Id, text))).Outcome.ShouldBe(outcome);
        using var client = host.CreateClient();
        using var answer = await client.GetAsync(new Uri($"/loops/{loop.Slug}/ledger/search?q={Uri.EscapeDataString(text)}", UriKind.Relative));
        if (outcome == SearchOutcome.Found)
        {
            answer.StatusCode.ShouldBe(HttpStatusCode.Found);
            answer.Headers.Location!.OriginalString.ShouldContain("/ledger/entries/");
            return;
        }

        var page = await answer.Content.ReadAsStringAsync();
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        page.ShouldContain($"value=\"{WebUtility.HtmlEncode(text)}\"");
        page.ShouldNotContain("<script>zz");
    }

    private async Task<byte[][]> EntriesAsync(int loopId, int count)
    {
        await using var connection = new NpgsqlConnection(host.Database.Application);
        await connection.OpenAsync();
        var tiles = Enumerable.Range(0, (count + 255) / 256).Select(i => TileId.Of(TileId.Entries, i, count)).ToList();
        var bytes = await LogTables.TilesAsync(connection, loopId, tiles, CancellationToken.None);
        return [.. tiles.SelectMany(tile => EntryBundle.Read(bytes[tile], tile.Width)).Select(entry => entry.ToArray())];
    }
}
