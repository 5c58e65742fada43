using System.Diagnostics;
using System.Net;
using Marketplace.Ledger;
using Marketplace.Web.Features.Transparency;
using Shouldly;
using Xunit;
using Xunit.Abstractions;

namespace Marketplace.Web.Tests.Features.Ledger;

public sealed class LedgerPageTests(MarketplaceHost host, ITestOutputHelper output) : IClassFixture<MarketplaceHost>
{
    [Fact]
    public async Task Anyone_sees_how_the_ledger_stands_before_and_after_its_first_entries()
    {
        var loop = await LedgerLoop.CreateAsync(host);
        using var client = host.CreateClient();
        var address = $"/loops/{loop.Slug}/ledger";
        (await Get(client, address)).ShouldContain("Nothing is published yet");
        (await Get(client, address + "/entries")).ShouldContain("No entries yet");
        (await Get(client, address + "/checkpoints")).ShouldContain("Nothing is published yet");
        await loop.AppendAsync("readings/1", LedgerLoop.Readings(20));
        await loop.IntegrateAsync();
        host.Time.Advance(TimeSpan.FromHours(30));
        await loop.AppendAsync("readings/2", LedgerLoop.Readings(280, 1000));
        await loop.IntegrateAsync();
        var page = await Get(client, address);
        page.ShouldContain("all 300 entries are anchored");
        page.ShouldContain("Meter readings");
        page.ShouldContain($"/loops/{loop.Slug}/ledger/entries/299");
        page.ShouldContain("growth-line");
        (await Get(client, address + "/check")).ShouldContain($"/ledger/{loop.Slug} --policy {loop.Slug}.policy");

        using var old = await client.GetAsync(new Uri($"/ledger-log?loop={loop.Slug}", UriKind.Relative));
        old.Headers.Location!.OriginalString.ShouldEndWith(address);
        using var unknown = await client.GetAsync(new Uri("/ledger-log?loop=none", UriKind.Relative));
        unknown.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await unknown.Content.ReadAsStringAsync()).ShouldContain("There is no such loop");
    }

    [Fact]
    public async Task The_way_from_checkpoint_to_entry_can_be_walked()
    {
        var loop = await LedgerLoop.CreateAsync(host);
        await loop.AppendAsync("readings/1", LedgerLoop.Readings(300));
        await loop.IntegrateAsync();
        await loop.AppendAsync("readings/2", LedgerLoop.Readings(700, 1000));
        await loop.IntegrateAsync();
        using var client = host.CreateClient();
        var address = $"/loops/{loop.Slug}/ledger";

        var checkpoint = await Get(client, address + "/checkpoints/1000");
        checkpoint.ShouldContain("The ledger only grew");
        checkpoint.ShouldContain("300 entries");
        checkpoint.ShouldContain("valid");
        checkpoint.ShouldContain(address + "/checkpoints/300");
        (await Get(client, address + "/checkpoints/300")).ShouldContain("This is the first checkpoint");
        var note = SignedNote.Parse(await client.GetByteArrayAsync(new Uri(address + "/checkpoints/300/note", UriKind.Relative)));
        note.Verify([loop.Key], new Native.Crypto.Ed25519()).Count.ShouldBe(1);
        Checkpoint.Parse(note.Text).Size.ShouldBe(300);

        var view = (await host.Send(new ShowEntry(loop.Id, 299)))!;
        view.PathHolds.ShouldBeTrue();
        view.SignedBy!.Value.Size.ShouldBe(300);
        view.AnchoredBy!.Value.Size.ShouldBe(300);
        view.Anchor!.Value.Size.ShouldBe(1000);
        InclusionProof.Verify(299, 1000, view.Leaf, [.. view.Path.Select(step => step.Sibling)], view.Anchor.Value.Root).ShouldBeTrue();
        var entry = await Get(client, address + "/entries/299");
        entry.ShouldContain(view.Commitment.ToHex());
        entry.ShouldContain(view.Leaf.ToHex());
        entry.ShouldContain("the content is private", Case.Insensitive);
        foreach (var link in new[] { "/entries/298", "/entries/300", "/tiles/0/1", "/tiles/1/0", "/bundles/1", "/checkpoints/1000" })
        {
            entry.ShouldContain($"\"{address}{link}\"", customMessage: link);
        }

        var tile = await Get(client, address + "/tiles/0/1");
        tile.ShouldContain($"\"{address}/tiles/1/0#h1\"");
        tile.ShouldContain($"\"{address}/bundles/1\"");
        tile.ShouldContain($"\"/ledger/{loop.Slug}/tile/0/001\"");
        tile.ShouldContain(view.Leaf.ToHex());
        (await Get(client, address + "/bundles/1")).ShouldContain(view.Commitment.ToHex());
        (await Get(client, address + "/tiles/1/0")).ShouldContain("3 of 256");
    }

    [Fact]
    public async Task Entries_of_a_rare_kind_are_found_far_back()
    {
        var loop = await LedgerLoop.CreateAsync(host);
        var bill = LedgerLoop.Reading(1) with { Kind = RecordKind.Bill, RecordKey = "bill/1" };
        await loop.AppendAsync("bills/1", [bill]);
        await loop.IntegrateAsync();
        for (var hour = 0; hour < 40; hour++)
        {
            await loop.AppendAsync($"readings/{hour}", LedgerLoop.Readings(100, hour * 1000));
            await loop.IntegrateAsync();
        }

        await loop.AppendAsync("bills/2", [bill with { RecordKey = "bill/2" }, .. LedgerLoop.Readings(300, 900_000)]);
        await loop.IntegrateAsync();
        var bills = await host.Send(new ListEntries(loop.Id, RecordKind.Bill));
        bills.Rows.Count.ShouldBe(2);
        bills.Rows[^1].Index.ShouldBe(0);
        bills.OlderBefore.ShouldBeNull();
        var first = await host.Send(new ListEntries(loop.Id, RecordKind.Bill, Rows: 1));
        (await host.Send(new ListEntries(loop.Id, RecordKind.Bill, first.OlderBefore, 1))).Rows.ShouldHaveSingleItem().Index.ShouldBe(0);
        var all = new List<long>();
        for (long? before = long.MaxValue; before is not null;)
        {
            var page = await host.Send(new ListEntries(loop.Id, null, before));
            all.AddRange(page.Rows.Select(row => row.Index));
            before = page.OlderBefore;
        }

        all.ShouldBe(Enumerable.Range(0, 4302).Select(i => (long)i).Reverse());
    }

    [Theory]
    [InlineData("/entries/10", "no entry 10 yet")]
    [InlineData("/entries/9223372036854775807", "no entry")]
    [InlineData("/checkpoints/9", "No checkpoint was signed at exactly 9 entries")]
    [InlineData("/tiles/0/1", "Tile not found")]
    [InlineData("/tiles/-1/0", "Tile not found")]
    [InlineData("/tiles/99/0", "Tile not found")]
    [InlineData("/bundles/9223372036854775807", "Tile not found")]
    public async Task What_is_not_there_is_said_in_words(string part, string words)
    {
        var loop = await LedgerLoop.CreateAsync(host);
        await loop.AppendAsync("readings/1", LedgerLoop.Readings(10));
        await loop.IntegrateAsync();
        using var client = host.CreateClient();
        using var answer = await client.GetAsync(new Uri($"/loops/{loop.Slug}/ledger{part}", UriKind.Relative));
        answer.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await answer.Content.ReadAsStringAsync()).ShouldContain(words);
    }

    [Fact]
    public async Task Each_page_is_made_quickly()
    {
        var loop = await LedgerLoop.CreateAsync(host);
        await loop.AppendAsync("first", LedgerLoop.Readings(70_000));
        await loop.IntegrateAsync();
        for (var hour = 0; hour < 60; hour++)
        {
            await loop.AppendAsync($"hour/{hour}", LedgerLoop.Readings(64, 100_000 + (hour * 64)));
            await loop.IntegrateAsync();
        }

        using var client = host.CreateClient();
        foreach (var part in new[] { "", "/checkpoints", $"/checkpoints/{70_000 + 64}", "/entries", "/entries?kind=1", "/entries/65535", "/tiles/0/3", "/tiles/1/0", "/bundles/7", "/search?q=none", "/check" })
        {
            var times = new List<double>();
            for (var i = 0; i < 25; i++)
            {
                var watch = Stopwatch.StartNew();
                await Get(client, $"/loops/{loop.Slug}/ledger{part}");
                times.Add(watch.Elapsed.TotalMilliseconds);
            }

            // The first ones compile.
            var warm = times.Skip(4).Order().ToList();
            output.WriteLine($"{part,-20} median {warm[warm.Count / 2]:0.0} ms, p95 {warm[(int)(warm.Count * 0.95)]:0.0} ms");
        }
    }

    [Fact]
    public async Task Integrating_costs_the_same_however_long_the_log_is()
    {
        var loop = await LedgerLoop.CreateAsync(host);
        await loop.AppendAsync("first", LedgerLoop.Readings(50_000));
        await loop.IntegrateAsync();
        var watch = Stopwatch.StartNew();
        const int Hours = 100;
        for (var hour = 0; hour < Hours; hour++)
        {
            await loop.AppendAsync($"hour/{hour}", LedgerLoop.Readings(64, 100_000 + (hour * 64)));
            await loop.IntegrateAsync();
        }

        output.WriteLine($"{watch.Elapsed.TotalMilliseconds / Hours:0.0} ms to hand in and integrate an hour of 64 entries");
        (await loop.IntegrateAsync()).Size.ShouldBe(50_000 + (Hours * 64));
        using var client = host.CreateClient();
        (await loop.AuditAsync(client)).Checkpoint.Size.ShouldBe(50_000 + (Hours * 64));
    }

    private static Task<string> Get(HttpClient client, string path) => client.GetStringAsync(new Uri(path, UriKind.Relative));
}
