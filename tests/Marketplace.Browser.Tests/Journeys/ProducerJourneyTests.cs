using System.Text.Json;
using Marketplace.Testing;
using Microsoft.Playwright;
using Shouldly;
using Xunit;

namespace Marketplace.Browser.Tests.Journeys;

/// <summary>A producer offers a roof's electricity from the next hour to the end of tomorrow, and sees what the first auction took of it.</summary>
[Collection(Portal.Deeds)]
public sealed class ProducerJourneyTests(Portal portal)
{
    private const string Offers = Walk.Loop + "/offers";

    // The demo's clock makes a market hour of a minute: an hour whose gate is open is cleared within two.
    private static readonly TimeSpan Clearing = TimeSpan.FromMinutes(5);

    /// <summary>A plant for each width, so that neither offers the other's capacity.</summary>
    public static TheoryData<int, string, string> WidthsAndPlants => new() { { 1280, "pv-offices", "Office roofs" }, { 390, "pv-school", "School roof" } };

    [Theory]
    [MemberData(nameof(WidthsAndPlants))]
    public async Task A_producer_offers_for_tomorrow_and_sees_what_is_accepted(int width, string plant, string name)
    {
        await using var visit = await Walk.SetOutAsync(portal, "solar", width);
        var page = visit.Page;
        await visit.GoToAsync(Walk.Loop);
        await visit.GoOnAsync(page.GetByRole(AriaRole.Link, new() { Name = "Offers and accepted volumes" }), "Offers");

        // The first hour's gate may close while the form is filled in: the second is safe.
        var hours = await page.Locator("#field-From option").EvaluateAllAsync<string[][]>("options => options.map(o => [o.value, o.textContent.split(', ').slice(1).join(', ')])");
        var (from, tomorrow) = (hours[1][0], hours.Select(hour => hour[1]).Distinct().ElementAt(1));
        var last = Array.FindLastIndex(hours, hour => hour[1] == tomorrow);
        await page.SelectOptionAsync("#field-PlantCode", plant + "/electricity");
        await page.SelectOptionAsync("#field-From", from);
        await page.SelectOptionAsync("#field-Until", hours[last][0]);

        // What cannot be is said at its field, and what was typed stays.
        await page.FillAsync("#field-Quantity", "1.25");
        await page.FillAsync("#field-Limit", "cheap");
        await page.GetByRole(AriaRole.Button, new() { Name = "Place offers" }).ClickAsync();
        await Assertions.Expect(page.Locator("#field-Limit-error")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("#field-Quantity")).ToHaveValueAsync("1.25");
        await Assertions.Expect(page.Locator("#field-Until")).ToHaveValueAsync(hours[last][0]);
        await page.FillAsync("#field-Limit", "0.01");
        await page.GetByRole(AriaRole.Button, new() { Name = "Place offers" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Your offers are in", new() { Exact = true })).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText($"{last} offers, one for each hour.")).ToBeVisibleAsync();
        await visit.ShouldBeAtAsync("Offers");

        // All of tomorrow stands among the open offers.
        var open = page.Locator("form:has(button[name=WithdrawId]) tbody tr").Filter(new() { HasText = tomorrow }).Filter(new() { HasText = name }).Filter(new() { HasText = "1.250" });
        (await open.CountAsync()).ShouldBeGreaterThanOrEqualTo(hours.Count(hour => hour[1] == tomorrow));
        await visit.ShouldBeOpenToAllAsync();
        await visit.ShootAsync($"journey-producer-placed-from-{width}");

        // Once the hour is cleared, what was taken of the offer stands beside what was offered, with the price.
        await Eventually.HoldsAsync(
            async () => (await page.APIRequest.GetAsync($"{Walk.Loop}/market/{from}/prices.json")).Ok && await IsClearedAsync(visit, from), $"{from} was cleared", Clearing);
        var row = page.Locator("tr", new() { Has = page.Locator($"th a[href$='/market/{from}']") }).Filter(new() { HasText = name });
        await Assertions.Expect(row.Locator("td").Nth(2)).ToHaveTextAsync("1.250");
        await Assertions.Expect(row.Locator("td").Nth(3)).ToHaveTextAsync("1.250");
        await visit.ShootAsync($"journey-producer-accepted-from-{width}");

        // And the auction's page says why.
        await visit.GoOnAsync(row.Locator("th a"), "Auction");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "My orders in this auction" })).ToBeVisibleAsync();
        visit.ShouldBeContent();
    }

    private static async Task<bool> IsClearedAsync(Visit visit, string hour)
    {
        await visit.GoToAsync(Offers);
        return await visit.Page.Locator($"th a[href$='/market/{hour}']").CountAsync() > 0;
    }
}
