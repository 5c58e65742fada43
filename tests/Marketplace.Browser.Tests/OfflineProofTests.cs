using System.Text;
using Microsoft.Playwright;
using Shouldly;
using Xunit;

namespace Marketplace.Browser.Tests;

/// <summary>A resident's bill, checked when there is nobody left to ask: the page is loaded, the proof is saved, the host is gone.</summary>
[Collection(ReplayedPortal.Name)]
public sealed class OfflineProofTests(ReplayedPortal portal)
{
    [Fact]
    public async Task A_downloaded_bill_is_verified_after_the_host_has_stopped()
    {
        await using var visit = await portal.VisitAsResidentAsync();
        var page = visit.Page;
        await visit.GoToAsync(ReplayedPortal.Loop + "/bills");
        var bill = await page.Locator("main table a[href*='/bills/']").First.GetAttributeAsync("href");
        await visit.GoToAsync(bill.ShouldNotBeNull());
        var saved = await SaveAsync(page, () => page.Locator(".proof a[href$='/proof']").ClickAsync());
        saved.Name.ShouldEndWith(".tlog-proof");

        await visit.GoToAsync("/verify?loop=" + ReplayedPortal.Slug);
        await page.Locator("summary", new() { HasText = "Use the policy that" }).ClickAsync();
        var policy = await SaveAsync(page, () => page.Locator("a[download]").ClickAsync());
        var requests = 0;
        page.Request += (_, _) => requests++;
        await portal.App.StopAsync();
        try
        {
            await page.SetInputFilesAsync("#verify-proof", new FilePayload { Name = saved.Name, MimeType = "text/plain", Buffer = saved.Bytes });
            await page.SetInputFilesAsync("#verify-policy", new FilePayload { Name = policy.Name, MimeType = "text/plain", Buffer = policy.Bytes });

            var result = page.Locator("[data-part=result]");
            await Assertions.Expect(result.Locator(".notice-good")).ToContainTextAsync("Proved");
            await Assertions.Expect(result).ToContainTextAsync("a bill or statement");
            await Assertions.Expect(result.Locator("tr", new() { HasText = "number" })).ToContainTextAsync("WINTER-DAYS-");
            requests.ShouldBe(0);
            await visit.ShootAsync("verify-offline");

            // One byte of the bill, and it is refused, with nobody to ask about that either.
            var text = Encoding.UTF8.GetString(saved.Bytes);
            var at = text.IndexOf("extra ", StringComparison.Ordinal) + 100;
            var changed = text[..at] + (text[at] == 'A' ? 'B' : 'A') + text[(at + 1)..];
            await page.SetInputFilesAsync("#verify-proof", new FilePayload { Name = saved.Name, MimeType = "text/plain", Buffer = Encoding.UTF8.GetBytes(changed) });
            await Assertions.Expect(result.Locator(".notice-alarm")).ToContainTextAsync("Not proved");
            requests.ShouldBe(0);
        }
        finally
        {
            // The other tests find the host as it was, whatever came out here.
            await portal.RestartAsync();
        }
    }

    private static async Task<(string Name, byte[] Bytes)> SaveAsync(IPage page, Func<Task> click)
    {
        var download = await page.RunAndWaitForDownloadAsync(click);
        return (download.SuggestedFilename, await File.ReadAllBytesAsync(await download.PathAsync()));
    }
}
