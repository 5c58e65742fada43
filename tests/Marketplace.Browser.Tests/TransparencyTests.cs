using Microsoft.Playwright;
using Shouldly;
using Xunit;

namespace Marketplace.Browser.Tests;

/// <summary>The public pages of a ledger, as anybody walks through them.</summary>
[Collection(ReplayedPortal.Name)]
public sealed class TransparencyTests(ReplayedPortal portal)
{
    private const string Ledger = ReplayedPortal.Loop + "/ledger";

    [Theory]
    [InlineData("")]
    [InlineData("/checkpoints")]
    [InlineData("/entries")]
    [InlineData("/entries?kind=4")]
    [InlineData("/entries/300")]
    [InlineData("/tiles/0/0")]
    [InlineData("/bundles/1")]
    [InlineData("/search?q=neither")]
    [InlineData("/search?q=6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")]
    [InlineData("/check")]
    public async Task A_page_fits_and_is_for_everybody_at_both_widths(string path)
    {
        await using var visit = await portal.VisitAsync();
        (await visit.GoToAsync(Ledger + path)).Status.ShouldBe(200);
        (await visit.Page.Locator("h1").CountAsync()).ShouldBe(1);
        await visit.ShootAsync("ledger" + path.Replace('/', '-').Replace('?', '-').Replace('=', '-'));
        foreach (var (width, height) in new[] { (1280, 900), (390, 844) })
        {
            await visit.Page.SetViewportSizeAsync(width, height);
            await visit.ShouldBeAccessibleAsync();
            var wide = await visit.Page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
            wide.ShouldBeLessThanOrEqualTo(0, $"{path} is wider than {width} px");
        }

        visit.ShouldBeContent();
    }

    [Fact]
    public async Task From_a_checkpoint_the_way_leads_over_a_tile_to_an_entry_and_what_it_stands_for()
    {
        await using var visit = await portal.VisitAsync();
        var page = visit.Page;
        await visit.GoToAsync(Ledger);
        await page.Locator("#newest-checkpoints").Locator("xpath=../..").Locator("th a").First.ClickAsync();
        await Assertions.Expect(page.Locator("h1")).ToContainTextAsync("Checkpoint of");
        await Assertions.Expect(page.Locator(".notice-good")).ToContainTextAsync("The ledger only grew");

        // To the clearing results under it, and to one of them.
        await page.Locator("table a", new() { HasText = "Clearing results" }).ClickAsync();
        await Assertions.Expect(page.Locator(".kind-filter [aria-current]")).ToContainTextAsync("Clearing results");
        await page.Locator("tbody th a").First.ClickAsync();
        await Assertions.Expect(page.Locator(".notice-good")).ToContainTextAsync("Under the published root");
        var entry = page.Url;
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("result/v1");

        // From the entry up to its tile, and down again by its hash in it.
        var leaf = await page.Locator("dt:has-text('Leaf hash') + dd").InnerTextAsync();
        await page.Locator(".ledger-path a", new() { HasText = "Tile, level 0" }).ClickAsync();
        await Assertions.Expect(page.Locator("h1")).ToContainTextAsync("of level 0");
        await page.Locator($".hash-grid a[title='{leaf.Trim()}']").ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(entry);

        // The address changes before the page does; what is typed before that would go with the old page.
        await Assertions.Expect(page.Locator(".notice-good")).ToContainTextAsync("Under the published root");

        // Its leaf hash, searched for, leads there too, and so does the page that opens the record.
        await page.FillAsync("#ledger-q", leaf.Trim());
        await page.PressAsync("#ledger-q", "Enter");
        await Assertions.Expect(page).ToHaveURLAsync(entry);
        await page.Locator("a", new() { HasText = "Open its page" }).ClickAsync();
        await Assertions.Expect(page.Locator("h1")).ToContainTextAsync("Auction");
        await page.GoBackAsync();
        await page.Locator(".ledger-nav a", new() { HasText = "Check a proof" }).ClickAsync();
        await Assertions.Expect(page.Locator("tlog-verifier")).ToBeVisibleAsync();
        visit.ShouldBeContent();
    }
}
