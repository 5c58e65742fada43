using System.Text.Json;
using Microsoft.Playwright;
using Shouldly;
using Xunit;

namespace Marketplace.Browser.Tests;

/// <summary>A founder proposes a change, is led to make a passkey, comes back and signs the vote with it, in a real browser with a real assertion.</summary>
[Collection(Portal.Contracts)]
public sealed class VoteTests(Portal portal)
{
    private const string Votes = "/loops/lindenhof/votes";

    [Fact]
    public async Task A_founder_proposes_and_signs_the_vote_with_a_passkey()
    {
        // Passkeys belong to a host name; an address in numbers has none.
        var at = $"http://localhost:{portal.App.Address.Port}";
        await using var founder = await portal.VisitAsync();
        var page = founder.Page;
        await founder.AddPasskeyDeviceAsync();
        await founder.SignInAsync("prosumer@lindenhof.example", at);
        await founder.GoToAsync(at + Votes + "/new?kind=MarketRules");
        await page.FillAsync("#f-Cap", "80");
        await page.FillAsync("#reason", "Nobody should have to pay more than this in a cold hour.");
        await page.GetByRole(AriaRole.Button, new() { Name = "Propose it" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Your proposal is open", new() { Exact = true })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Radio, new() { NameRegex = new System.Text.RegularExpressions.Regex("^Yes") }).CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Go on to sign" }).ClickAsync();
        await Assertions.Expect(page.GetByText("To sign you need a second factor")).ToBeVisibleAsync();
        await founder.ShootAsync("vote-without-second-factor");

        await page.GetByRole(AriaRole.Link, new() { Name = "Make a passkey" }).ClickAsync();
        await page.FillAsync("#new-name", "Test");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add a passkey from this device" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Back to what you wanted to sign" }).ClickAsync();
        await founder.ShouldBeAccessibleAsync();
        await founder.ShootAsync("vote-to-sign");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign with a passkey" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Your vote is counted", new() { Exact = true })).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("1 yes · 0 no", new() { Exact = true }).First).ToBeVisibleAsync();
        await founder.ShouldBeAccessibleAsync();
        await founder.ShootAsync("vote-signed");

        var file = await page.GetByRole(AriaRole.Link, new() { Name = "Signature" }).First.GetAttributeAsync("href");
        using var signature = JsonDocument.Parse(await (await page.APIRequest.GetAsync(at + file)).TextAsync());
        signature.RootElement.GetProperty("method").GetString().ShouldBe("passkey");
        signature.RootElement.GetProperty("statement").GetString().ShouldNotBeNull().ShouldContain("title Vote Yes on proposal");
        await founder.GoToAsync(at + Votes);
        await Assertions.Expect(page.GetByText("voted").First).ToBeVisibleAsync();
        await founder.ShouldBeAccessibleAsync();
        founder.ShouldBeContent();
    }
}
