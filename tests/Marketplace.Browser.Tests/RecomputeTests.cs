using Microsoft.Playwright;
using Xunit;

namespace Marketplace.Browser.Tests;

/// <summary>A resident's browser computes the bill again, from its hours to its total, and sees a changed hour.</summary>
[Collection(ReplayedPortal.Name)]
public sealed class RecomputeTests(ReplayedPortal portal)
{
    [Fact]
    public async Task A_bill_is_recomputed_to_the_cent_and_a_changed_hour_is_seen()
    {
        await using var visit = await portal.VisitAsResidentAsync();
        var page = visit.Page;
        await visit.GoToAsync(ReplayedPortal.Loop + "/bills");
        var bill = (await page.Locator("main table a[href*='/bills/']").First.GetAttributeAsync("href"))!;
        await visit.GoToAsync(bill);

        await page.Locator("[data-recompute]").ClickAsync();

        var result = page.Locator("[data-recompute-result]");
        await Assertions.Expect(result.Locator(".notice-good")).ToContainTextAsync("The same to the cent");
        await Assertions.Expect(result.Locator("tbody tr").Last).ToContainTextAsync("Same");

        await page.RouteAsync("**/amounts.csv", async route =>
        {
            var answer = await route.FetchAsync();
            var rows = (await answer.TextAsync()).Split("\r\n");
            var fields = rows[1].Split(',');
            fields[11] = (long.Parse(fields[11], System.Globalization.CultureInfo.InvariantCulture) + 10_000).ToString(System.Globalization.CultureInfo.InvariantCulture);
            rows[1] = string.Join(',', fields);
            await route.FulfillAsync(new() { Response = answer, Body = string.Join("\r\n", rows) });
        });
        await page.Locator("[data-recompute]").ClickAsync();
        await Assertions.Expect(result.Locator(".notice-alarm")).ToContainTextAsync("It comes out differently");
        await Assertions.Expect(result.Locator("tbody tr").First).ToContainTextAsync("Differs");
    }
}
