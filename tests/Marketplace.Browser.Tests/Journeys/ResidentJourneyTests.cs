using System.Globalization;
using Microsoft.Playwright;
using Shouldly;
using Xunit;

namespace Marketplace.Browser.Tests.Journeys;

/// <summary>A resident finds out why energy costs more or less than before, follows a line of the bill down to its hours, and checks the bill
/// in the browser. The keyboard is enough for all of it.</summary>
[Collection(Portal.Deeds)]
public sealed class ResidentJourneyTests(Portal portal)
{
    public static TheoryData<int> Widths => Walk.Widths;

    [Theory]
    [MemberData(nameof(Widths))]
    public async Task A_resident_learns_why_the_bill_changed_and_verifies_it(int width)
    {
        await using var visit = await Walk.SetOutAsync(portal, "resident", width);
        var page = visit.Page;

        // Home says by how much and why, in money, and the causes add up to the difference.
        await visit.GoToAsync(Walk.Loop);
        await visit.ShouldBeAtAsync("Lindenhof");
        var why = page.Locator("section[aria-labelledby=why]");
        var causes = await why.Locator(".causes").First.Locator("li .num").AllInnerTextsAsync();
        causes.Count.ShouldBeGreaterThan(1);
        causes.ShouldAllBe(cause => cause.Contains('€', StringComparison.Ordinal));
        (await why.InnerTextAsync()).ShouldContain("than in the same days of the month before");
        await visit.ShootAsync("journey-resident-home");

        // The last bill is one step away; it adds up.
        await visit.KeyOnAsync(page.Locator("main a.tile[href*='/bills/']"), "Bill");
        var bill = page.Url;
        var total = await page.Locator(".big-number .big, .big-number").First.InnerTextAsync();
        total.ShouldContain("€");

        // Any line opens into the hours it is made of.
        await visit.KeyOnAsync(page.Locator("main a[href$='/lines/1']"), "Heat at market prices");
        await Assertions.Expect(page.Locator("main table:visible").First).ToBeVisibleAsync();
        await page.GoBackAsync();
        await visit.ShouldBeAtAsync("Bill");
        page.Url.ShouldBe(bill);

        // The proof is checked here, not by the portal.
        await visit.TabToAsync(page.Locator("[data-verify]"));
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("[data-verify-result] .notice-good")).ToBeVisibleAsync();
        await visit.ShouldBeOpenToAllAsync();
        await visit.ShouldBeAtAsync("Bill");
        await visit.ShootAsync(string.Create(CultureInfo.InvariantCulture, $"journey-resident-bill-from-{width}"));
        visit.ShouldBeContent();
    }
}
