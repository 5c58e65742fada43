using Microsoft.Playwright;
using Shouldly;
using Xunit;

namespace Marketplace.Browser.Tests;

/// <summary>A lost connection or a server that starts again costs nobody what was typed, and shows nobody an old page.</summary>
[Collection(Portal.Deeds)]
public sealed class DraftTests(Portal portal)
{
    private const string Form = "/loops/lindenhof/operations/texts?page=terms";

    [Fact]
    public async Task What_was_typed_is_back_after_the_page_is_loaded_again_until_it_is_discarded()
    {
        await using var visit = await PagesTests.SignedInAsync(portal, "operator", javaScript: true);
        var page = visit.Page;
        await visit.GoToAsync(Form);
        var before = await page.InputValueAsync("#field-En");
        await page.Locator("#field-En").PressSequentiallyAsync("Typed before the restart.");

        await page.ReloadAsync(new PageReloadOptions { WaitUntil = WaitUntilState.NetworkIdle });

        await Assertions.Expect(page.Locator(".draft-note")).ToBeVisibleAsync();
        (await page.InputValueAsync("#field-En")).ShouldContain("Typed before the restart.");
        await visit.ShouldBeAccessibleAsync();

        await page.Locator(".draft-note button").ClickAsync();
        (await page.InputValueAsync("#field-En")).ShouldBe(before);
        await page.ReloadAsync(new PageReloadOptions { WaitUntil = WaitUntilState.NetworkIdle });
        await Assertions.Expect(page.Locator(".draft-note")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_password_is_never_kept()
    {
        await using var visit = await portal.VisitAsync();
        await visit.GoToAsync("/sign-in");
        await visit.Page.Locator("input[type=email]").PressSequentiallyAsync("kim@lindenhof.example");
        await visit.Page.Locator("input[type=password]").PressSequentiallyAsync("four words only mine");

        (await visit.Page.EvaluateAsync<int>("() => Object.keys(sessionStorage).length")).ShouldBe(0);
    }

    [Fact]
    public async Task Without_a_network_a_page_says_so_and_no_old_page_is_shown()
    {
        await using var visit = await PagesTests.SignedInAsync(portal, "resident", javaScript: true);
        var page = visit.Page;
        await visit.GoToAsync("/loops/lindenhof/bills");
        await page.EvaluateAsync("() => navigator.serviceWorker.ready.then(() => new Promise(done => navigator.serviceWorker.controller ? done() : navigator.serviceWorker.addEventListener('controllerchange', done)))");

        await page.Context.SetOfflineAsync(true);
        await page.GotoAsync("/loops/lindenhof/bills");
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("There is no connection");
        (await page.EvaluateAsync<string[]>("async () => (await Promise.all((await caches.keys()).map(async name => (await (await caches.open(name)).keys()).map(request => new URL(request.url).pathname)))).flat()")).ShouldBe(["/offline"]);

        await page.Context.SetOfflineAsync(false);
        (await visit.GoToAsync("/loops/lindenhof/bills")).Status.ShouldBe(200);
    }
}
