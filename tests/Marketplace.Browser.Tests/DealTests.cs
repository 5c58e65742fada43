using Microsoft.Playwright;
using Shouldly;
using Xunit;

namespace Marketplace.Browser.Tests;

/// <summary>Two neighbours agree on a deal: proposed, answered with other terms, accepted. Plain forms carry it without a script too.</summary>
[Collection(Portal.Contracts)]
public sealed class DealTests(Portal portal)
{
    private const string Deals = "/loops/lindenhof/deals";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Two_neighbours_come_to_terms(bool javaScript)
    {
        await using var buyer = await PagesTests.SignedInAsync(portal, "resident", javaScript);
        await buyer.GoToAsync("/loops/lindenhof/orders");
        await buyer.Page.GetByRole(AriaRole.Link, new() { Name = "Deals with neighbours" }).ClickAsync();
        await Assertions.Expect(buyer.Page.Locator("h1")).ToHaveTextAsync("Deals with neighbours");
        await buyer.GoToAsync(Deals + "/new");
        if (javaScript)
        {
            await CheckAsync(buyer);
        }

        // What was typed stays, and each problem is said at its field.
        await buyer.Page.FillAsync("#field-With", "Nobody at all");
        await buyer.Page.SelectOptionAsync("#field-What", "buy/electricity");
        await buyer.Page.FillAsync("#field-Quantity", "0,4");
        await buyer.Page.FillAsync("#field-Price", "14.5");
        await buyer.Page.GetByRole(AriaRole.Button, new() { Name = "Send proposal" }).ClickAsync();
        await Assertions.Expect(buyer.Page.Locator(".form-errors li")).ToHaveCountAsync(2);
        await Assertions.Expect(buyer.Page.Locator("#field-Quantity")).ToHaveValueAsync("0,4");
        await buyer.Page.FillAsync("#field-With", "sun-coop");
        await buyer.Page.FillAsync("#field-Quantity", "0.4");
        await buyer.Page.FillAsync("#field-Note", "Sun from across the street");
        await buyer.Page.GetByRole(AriaRole.Button, new() { Name = "Send proposal" }).ClickAsync();
        await Assertions.Expect(buyer.Page.GetByText("Your proposal is sent", new() { Exact = true })).ToBeVisibleAsync();
        var deal = new Uri(buyer.Page.Url).AbsolutePath;

        await using var seller = await PagesTests.SignedInAsync(portal, "solar", javaScript);
        await seller.GoToAsync(Deals);
        await Assertions.Expect(seller.Page.GetByRole(AriaRole.Heading, new() { Name = "Your answer is needed" })).ToBeVisibleAsync();
        if (javaScript)
        {
            await CheckAsync(seller);
        }

        await seller.GoToAsync(deal);
        await Assertions.Expect(seller.Page.GetByText("Sun from across the street")).ToBeVisibleAsync();
        await seller.Page.GetByRole(AriaRole.Link, new() { Name = "Propose other terms" }).ClickAsync();
        await Assertions.Expect(seller.Page.Locator("#field-Price")).ToHaveValueAsync("14.5");
        await seller.Page.FillAsync("#field-Price", "15.25");
        await seller.Page.GetByRole(AriaRole.Button, new() { Name = "Send these terms" }).ClickAsync();
        await Assertions.Expect(seller.Page.GetByText("Your terms are sent", new() { Exact = true })).ToBeVisibleAsync();

        await buyer.GoToAsync(deal);
        if (javaScript)
        {
            await CheckAsync(buyer);
        }

        await buyer.Page.GetByRole(AriaRole.Button, new() { Name = "Accept", Exact = true }).ClickAsync();
        await Assertions.Expect(buyer.Page.GetByText("The deal is agreed", new() { Exact = true })).ToBeVisibleAsync();
        await Assertions.Expect(buyer.Page.GetByRole(AriaRole.Button, new() { Name = "Accept", Exact = true })).ToHaveCountAsync(0);
        (await buyer.Page.Locator("#history ~ div tbody tr").CountAsync()).ShouldBe(3);

        // The operator may look, and a neighbour may not.
        await using var operating = await PagesTests.SignedInAsync(portal, "operator", javaScript);
        await operating.GoToAsync(Deals + "/all");
        await Assertions.Expect(operating.Page.Locator($"a[href='{deal}']")).ToBeVisibleAsync();
        (await operating.GoToAsync(deal)).Status.ShouldBe(200);
        (await operating.Page.Locator("button[name=Act]").CountAsync()).ShouldBe(0);
        await using var neighbour = await PagesTests.SignedInAsync(portal, "prosumer", javaScript);
        (await neighbour.GoToAsync(deal)).Status.ShouldBe(404);
        (await neighbour.GoToAsync(Deals + "/all")).Status.ShouldBe(404);
    }

    private static async Task CheckAsync(Visit visit)
    {
        await visit.ShouldBeAccessibleAsync();
        await visit.Page.SetViewportSizeAsync(390, 844);
        (await visit.Page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth")).ShouldBe(0);
        await visit.Page.SetViewportSizeAsync(1280, 900);
    }
}
