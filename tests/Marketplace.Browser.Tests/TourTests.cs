using Marketplace.Testing;
using Microsoft.Playwright;
using Shouldly;
using Xunit;

namespace Marketplace.Browser.Tests;

/// <summary>
/// The five-minute tour of docs/tour.md, stop by stop. Where PICTURES names a folder it keeps the tour's pictures there:
/// <c>PICTURES=docs/images ./test TourTests</c> takes them anew from the demo loop.
/// </summary>
[Collection(Portal.Collection)]
public sealed class TourTests(Portal portal)
{
    private const string Loop = "/loops/lindenhof";

    /// <summary>The picture's name, who looks, where the stop begins, and the links to follow from there.</summary>
    public static TheoryData<string, string, string, string[]> Stops => new()
    {
        { "start", "", "/", [] },
        { "resident", "resident", Loop, [] },
        { "bill", "resident", Loop + "/bills", ["main table a[href*='/bills/']"] },
        { "bill-line", "resident", Loop + "/bills", ["main table a[href*='/bills/']", "main a[href*='/lines/1']"] },
        { "market-hour", "resident", Loop + "/market/2026-11-04T1100Z", [] },
        { "offers", "producer", Loop + "/offers", [] },
        { "storage", "storage", Loop, [] },
        { "operator", "operator", Loop, [] },
        { "scheme", "technician", Loop + "/operations/scheme", [] },
        { "contracts", "resident", Loop + "/contracts", [] },
        { "ledger", "", Loop + "/ledger", [] },
    };

    [Theory]
    [MemberData(nameof(Stops))]
    public async Task Each_stop_of_the_tour_is_there(string picture, string person, string path, string[] links)
    {
        ArgumentNullException.ThrowIfNull(links);
        await using var visit = await PagesTests.SignedInAsync(portal, person, true);
        (await visit.GoToAsync(path)).Status.ShouldBe(200);
        foreach (var link in links)
        {
            (await visit.GoToAsync((await visit.Page.Locator(link).First.GetAttributeAsync("href")).ShouldNotBeNull())).Status.ShouldBe(200);
        }

        await Assertions.Expect(visit.Page.Locator("h1")).ToBeVisibleAsync();
        visit.ShouldBeContent();
        await KeepAsync(visit, picture);
    }

    [Fact]
    public async Task The_last_stop_checks_a_bill_in_the_browser()
    {
        await using var visit = await PagesTests.SignedInAsync(portal, "resident", true);
        await visit.GoToAsync(Loop + "/bills");
        await visit.GoToAsync((await visit.Page.Locator("main table a[href*='/bills/']").First.GetAttributeAsync("href")).ShouldNotBeNull());
        await visit.Page.Locator("[data-verify]").ClickAsync();
        var result = visit.Page.Locator("[data-verify-result]");
        await Assertions.Expect(result.Locator(".notice-good")).ToBeVisibleAsync();
        await result.ScrollIntoViewIfNeededAsync();
        await KeepAsync(visit, "verified");
    }

    private static async Task KeepAsync(Visit visit, string picture)
    {
        if (Environment.GetEnvironmentVariable("PICTURES") is { Length: > 0 } folder)
        {
            await visit.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Directory.CreateDirectory(Repository.PathTo(folder)).FullName, picture + ".png") });
        }
    }
}
