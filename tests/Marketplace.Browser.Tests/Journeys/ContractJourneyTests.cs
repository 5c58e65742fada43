using Microsoft.Playwright;
using Shouldly;
using Xunit;

namespace Marketplace.Browser.Tests.Journeys;

/// <summary>Two members agree on a contract from a template: filled in, looked at, offered and accepted, each with a passkey of their own.</summary>
[Collection(Portal.Contracts)]
public sealed class ContractJourneyTests(Portal portal)
{
    private const string Contracts = "/loops/lindenhof/contracts";

    public static TheoryData<int> Widths => Walk.Widths;

    [Theory]
    [MemberData(nameof(Widths))]
    public async Task A_contract_is_offered_and_accepted_with_two_signatures(int width)
    {
        await using var seller = await SignedInAsync("solar", width);
        var page = seller.Page;
        await MakePasskeyAsync(seller, width);
        await seller.GoToAsync(At + Contracts + "/new?template=bilateral-deal");
        await page.Locator("#role-buyer").SelectOptionAsync(new SelectOptionValue { Index = 1 });

        // What is wrong is said at its field, and what was typed stays.
        await page.FillAsync("#field-rebate", "-1");
        await page.GetByRole(AriaRole.Button, new() { Name = "Keep as draft" }).ClickAsync();
        await Assertions.Expect(page.Locator("#field-rebate-error")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("#field-rebate")).ToHaveValueAsync("-1");
        await page.FillAsync("#field-rebate", "0.02");
        var resident = await ResidentAsync();
        await page.Locator("#role-buyer").SelectOptionAsync(new SelectOptionValue { Label = resident });
        await page.GetByRole(AriaRole.Button, new() { Name = "Preview" }).ClickAsync();
        await Assertions.Expect(page.GetByText("the seller gives back 0.02")).ToBeVisibleAsync();
        await seller.ShouldFitAsync();
        await seller.ShouldBeOpenToAllAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Keep as draft" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Draft kept", new() { Exact = true })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign with a passkey" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Offered", new() { Exact = true }).First).ToBeVisibleAsync();
        await seller.ShouldFitAsync();
        await seller.ShouldBeOpenToAllAsync();
        var contract = new Uri(page.Url).AbsolutePath;

        await using var buyer = await SignedInAsync("resident", width);
        await MakePasskeyAsync(buyer, width);
        await buyer.GoToAsync(At + Contracts);
        await Assertions.Expect(buyer.Page.GetByRole(AriaRole.Heading, new() { Name = "Your answer is needed" })).ToBeVisibleAsync();
        await buyer.ShouldBeOpenToAllAsync();
        await buyer.ShouldFitAsync();
        await buyer.Page.Locator($"a[href='{contract}']").First.ClickAsync();
        await buyer.Page.GetByRole(AriaRole.Button, new() { Name = "Sign with a passkey" }).ClickAsync();
        await Assertions.Expect(buyer.Page.GetByText("Agreed, not begun")).ToBeVisibleAsync();
        (await buyer.Page.GetByRole(AriaRole.Link, new() { Name = "Signed" }).CountAsync()).ShouldBe(2);
        await buyer.ShouldFitAsync();
        await buyer.ShootAsync("contract-agreed");
        buyer.ShouldBeContent();

        await using var neighbour = await PagesTests.SignedInAsync(portal, "storage", true);
        (await neighbour.GoToAsync(contract)).Status.ShouldBe(404);
    }

    // Passkeys belong to a host name; an address in numbers has none.
    private string At => $"http://localhost:{portal.App.Address.Port}";

    private async Task<string> ResidentAsync()
    {
        await using var resident = await PagesTests.SignedInAsync(portal, "resident", true);
        await resident.GoToAsync(Contracts + "/new?template=energy-supply");
        return (await resident.Page.Locator("#role-customer option[selected]").InnerTextAsync()).Replace(" (you)", "", StringComparison.Ordinal).Trim();
    }

    private async Task<Visit> SignedInAsync(string person, int width)
    {
        var visit = await portal.VisitAsync(width);
        await visit.AddPasskeyDeviceAsync();
        await visit.SignInAsync(person + "@lindenhof.example", At);
        return visit;
    }

    private async Task MakePasskeyAsync(Visit visit, int width)
    {
        var name = $"Passkey of {width}";
        await visit.GoToAsync(At + "/account/passkeys");
        await visit.Page.FillAsync("#new-name", name);
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Add a passkey from this device" }).ClickAsync();
        await Assertions.Expect(visit.Page.GetByText(name).First).ToBeVisibleAsync();
    }
}
