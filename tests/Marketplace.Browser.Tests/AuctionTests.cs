using Microsoft.Playwright;
using Shouldly;
using Xunit;

namespace Marketplace.Browser.Tests;

/// <summary>A visitor's way through the market: to the hour that still takes orders, and to one that is cleared.</summary>
[Collection(Portal.Collection)]
public sealed class AuctionTests(Portal portal)
{
    private const string Market = "/loops/lindenhof/market";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_next_gate_leads_to_the_hour_that_still_takes_orders(bool javaScript)
    {
        await using var visit = await portal.VisitAsync(javaScript: javaScript);
        await visit.GoToAsync(Market);

        await visit.Page.Locator("gate-countdown a").ClickAsync();

        await Assertions.Expect(visit.Page.Locator("h1")).ToContainTextAsync("Auction for");
        await Assertions.Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Name = "What happens then" })).ToBeVisibleAsync();
        (await visit.Page.Locator("gate-countdown").First.InnerTextAsync()).ShouldContain("closes at");
        if (javaScript)
        {
            await visit.ShouldBeAccessibleAsync();
            visit.ShouldBeContent();
        }
    }

    [Fact]
    public async Task A_cleared_hour_says_who_set_each_price_and_names_nobody()
    {
        await using var visit = await portal.VisitAsync();
        await visit.GoToAsync(Market + "/2026-11-04T1100Z");

        await Assertions.Expect(visit.Page.Locator(".reasons section")).ToHaveCountAsync(3);
        await Assertions.Expect(visit.Page.Locator(".reasons")).ToContainTextAsync("set it");
        var words = await visit.Page.Locator("main").InnerTextAsync();
        words.ShouldNotContain("Heat pump north");
        words.ShouldNotContain("Aquifer");
        await Assertions.Expect(visit.Page.Locator("svg.sankey")).ToHaveCountAsync(1);
    }
}
