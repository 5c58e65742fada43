using Microsoft.Playwright;
using Shouldly;
using Xunit;

namespace Marketplace.Browser.Tests;

/// <summary>What can be done with every chart: read it by keyboard and as a table, keep its values and its picture.</summary>
[Collection(Portal.Collection)]
public sealed class ChartToolsTests(Portal portal)
{
    private const string Week = "/loops/lindenhof/market?period=2026-W44";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_values_are_kept_as_csv_with_and_without_a_script(bool javaScript)
    {
        await using var visit = await portal.VisitAsync(javaScript: javaScript);
        await visit.GoToAsync(Week);

        var download = await visit.Page.RunAndWaitForDownloadAsync(() => visit.Page.Locator("figure:has(.heat-scale) a[download$='.csv']").First.ClickAsync());

        var lines = await File.ReadAllLinesAsync((await download.PathAsync()).ShouldNotBeNull());
        lines.Length.ShouldBe(8, "a head and seven days");
        lines[0].Split(',').Length.ShouldBe(25, "the day and its hours");
        (await visit.Page.Locator("[data-png]").First.IsVisibleAsync()).ShouldBe(javaScript);
    }

    [Fact]
    public async Task The_picture_is_kept_as_png_and_each_point_is_read_out()
    {
        await using var visit = await portal.VisitAsync();
        var page = visit.Page;
        await visit.GoToAsync(Week);

        var download = await page.RunAndWaitForDownloadAsync(() => page.Locator("[data-png]").First.ClickAsync());
        (await File.ReadAllBytesAsync((await download.PathAsync()).ShouldNotBeNull()))[..4].ShouldBe([0x89, (byte)'P', (byte)'N', (byte)'G']);
        download.SuggestedFilename.ShouldEndWith(".png");

        // Where the pointer rested, the page that scrolls to the focus would bring a point under it.
        await page.Mouse.MoveAsync(0, 0);
        await page.Locator(".heat-cell[tabindex='0']").First.FocusAsync();
        await page.Keyboard.PressAsync("ArrowRight");
        var second = await page.Locator(".heat-cell.point").Nth(1).GetAttributeAsync("aria-label");
        await Assertions.Expect(page.Locator(".chart:has(.heat-cell.point) .chart-readout")).ToHaveTextAsync(second.ShouldNotBeNull());
        visit.ShouldBeContent();
    }
}
