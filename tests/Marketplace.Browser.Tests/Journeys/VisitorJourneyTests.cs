using Microsoft.Playwright;
using Shouldly;
using Xunit;

namespace Marketplace.Browser.Tests.Journeys;

/// <summary>Somebody who belongs to nothing checks the loop: from the start page to its ledger, down to a clearing result, and its proof in the
/// browser, by the keyboard alone; and the same proof once more from a file, against a policy.</summary>
[Collection(Portal.Deeds)]
public sealed class VisitorJourneyTests(Portal portal)
{
    public static TheoryData<int> Widths => Walk.Widths;

    [Theory]
    [MemberData(nameof(Widths))]
    public async Task A_visitor_audits_the_ledger(int width)
    {
        await using var visit = await Walk.SetOutAsync(portal, "", width);
        var page = visit.Page;
        await visit.GoToAsync("/");
        await visit.KeyOnAsync(page.GetByRole(AriaRole.Link, new() { Name = "How to check" }), "ledger of Lindenhof loop");

        await visit.KeyOnAsync(page.Locator("main a", new() { HasText = "Clearing results" }), "Entries");
        await visit.KeyOnAsync(page.Locator("tbody th a").First, "Entry");
        await Assertions.Expect(page.Locator(".notice-good")).ToContainTextAsync("Under the published root");
        await visit.ShouldBeOpenToAllAsync();
        await visit.ShootAsync($"journey-visitor-entry-from-{width}");
        await visit.KeyOnAsync(page.GetByRole(AriaRole.Link, new() { Name = "Open its page" }), "Auction");

        await visit.TabToAsync(page.Locator("[data-verify$='result.proof.json']"));
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("[data-verify-result] .notice-good")).ToBeVisibleAsync();
        await visit.TabToAsync(page.Locator("a[href$='result.tlog-proof']"));
        var saved = await page.RunAndWaitForDownloadAsync(() => page.Keyboard.PressAsync("Enter"));
        var proof = await File.ReadAllBytesAsync(await saved.PathAsync());
        await visit.ShootAsync($"journey-visitor-verified-from-{width}");

        // The page for everybody takes the file, with the policy one has decided to trust.
        await visit.GoToAsync(Walk.Loop + "/ledger");
        await visit.KeyOnAsync(page.Locator(".ledger-nav a", new() { HasText = "Check a proof" }), "Check a proof");
        await page.SetInputFilesAsync("#verify-proof", new FilePayload { Name = saved.SuggestedFilename, MimeType = "text/plain", Buffer = proof });
        await visit.TabToAsync(page.Locator("summary", new() { HasText = "Use the policy that" }));
        await page.Keyboard.PressAsync("Enter");
        await visit.TabToAsync(page.Locator("[data-part=own]"));
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("[data-part=result] .notice-good")).ToContainTextAsync("Proved");
        await Assertions.Expect(page.Locator("[data-part=result]")).ToContainTextAsync("clearing");
        visit.ShouldBeContent();
    }
}
