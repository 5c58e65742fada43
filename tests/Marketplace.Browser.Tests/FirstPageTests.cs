using System.Globalization;
using System.Text.Json;
using Marketplace.Testing;
using Microsoft.Playwright;
using Shouldly;
using Xunit;

namespace Marketplace.Browser.Tests;

/// <summary>How much somebody has to wait for who comes for the first time. What is transferred is the same on every machine and is held; the times are said.</summary>
[Collection(Portal.Collection)]
public sealed class FirstPageTests(Portal portal)
{
    private const int MostBytes = 300_000;

    // The largest paint, and the longest time from a key or a click to the frame that answers it, as the browser itself takes them.
    private const string Watch = """
        window.watched = { paint: 0, answer: 0 };
        new PerformanceObserver(list => list.getEntries().forEach(e => watched.paint = Math.max(watched.paint, e.startTime))).observe({ type: 'largest-contentful-paint', buffered: true });
        new PerformanceObserver(list => list.getEntries().forEach(e => { if (e.interactionId) watched.answer = Math.max(watched.answer, e.duration); })).observe({ type: 'event', durationThreshold: 16, buffered: true });
        """;

    [Theory]
    [InlineData("", "/")]
    [InlineData("", "/sign-in")]
    [InlineData("", "/loops/lindenhof")]
    [InlineData("", "/loops/lindenhof/market")]
    [InlineData("resident", "/loops/lindenhof")]
    [InlineData("operator", "/loops/lindenhof")]
    public async Task The_first_page_is_small_and_quickly_there(string person, string path)
    {
        await using var visit = await PagesTests.SignedInAsync(portal, person, true);
        var page = visit.Page;
        await page.AddInitScriptAsync(Watch);
        var network = await page.Context.NewCDPSessionAsync(page);
        await network.SendAsync("Network.enable");
        await network.SendAsync("Network.clearBrowserCache");
        var bytes = 0.0;
        network.Event("Network.loadingFinished").OnEvent += (_, happened) => bytes += happened.ShouldNotBeNull().GetProperty("encodedDataLength").GetDouble();

        (await visit.GoToAsync(path)).Status.ShouldBe(200);
        var transferred = bytes;
        // What folds out, or else what is typed into.
        await page.Keyboard.PressAsync("Tab");
        await page.Locator("main summary, input:visible").First.ClickAsync();
        var watched = await page.EvaluateAsync<JsonElement>("() => new Promise(done => requestAnimationFrame(() => setTimeout(() => done(watched))))");

        TestNotes.Add(string.Create(
            CultureInfo.InvariantCulture,
            $"first page {path}{(person.Length == 0 ? "" : $" as {person}")}: {transferred / 1000:0} kB transferred, largest paint after {watched.GetProperty("paint").GetDouble():0} ms, interaction {watched.GetProperty("answer").GetDouble():0} ms"));
        transferred.ShouldBeInRange(1_000, MostBytes);
        watched.GetProperty("paint").GetDouble().ShouldBeGreaterThan(0);
        visit.ShouldBeContent();
    }
}
