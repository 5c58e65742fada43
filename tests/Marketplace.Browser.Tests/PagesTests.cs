using System.Collections.Concurrent;
using Microsoft.Playwright;
using Shouldly;
using Xunit;

namespace Marketplace.Browser.Tests;

/// <summary>Every page of the demo loop as its people see it, on a desk and on a telephone.</summary>
[Collection(Portal.Collection)]
public sealed class PagesTests(Portal portal)
{
    private const string Loop = "/loops/lindenhof";

    // Each person signs in once: the portal rightly slows down whoever does so again and again.
    private static readonly ConcurrentDictionary<(Uri Portal, string Person), IReadOnlyList<Cookie>> SignedIn = [];
    private static readonly SemaphoreSlim SigningIn = new(1);

    // Most of a visit is waiting: while one page is judged, the next two are visited too.
    private const int AtOnce = 3;
    private static readonly ConcurrentDictionary<(Uri Portal, string Person, string Path), Lazy<Task>> Visits = [];
    private static readonly SemaphoreSlim Visiting = new(AtOnce);

    public static TheoryData<string, string> Pages => new()
    {
        { "", "/" },
        { "", "/?hours=48" },
        { "", Loop + "/market" },
        { "", Loop + "/market?period=2026-W45" },
        { "", Loop + "/market?period=2026-10" },
        { "", Loop + "/market?period=2026" },
        { "", Loop + "/market?period=2025-01-01" },
        { "", Loop + "/market/2026-11-04T1100Z" },
        { "", Loop + "/market/2030-01-01T0000Z" },
        { "", Loop },
        { "", Loop + "/market?period=2026-W44&carrier=heat" },
        { "resident", Loop },
        { "resident", Loop + "/consumption?period=2026-W44&show=money" },
        { "resident", Loop + "/consumption?period=2026-10&show=carbon&carrier=electricity" },
        { "resident", Loop + "/consumption?period=2026" },
        { "resident", Loop + "/consumption?period=2026-11-04" },
        { "resident", Loop + "/consumption?period=2026-10-25" },
        { "resident", Loop + "/consumption?period=2026-10" },
        { "resident", Loop + "/orders" },
        { "resident", Loop + "/orders/templates" },
        { "resident", Loop + "/preferences" },
        { "resident", Loop + "/market/2026-11-04T1100Z/book" },
        { "operator", Loop + "/operations/market" },
        { "resident", Loop + "/orders/templates/new" },
        { "resident", Loop + "/orders/upload" },
        { "resident", "/account/keys" },
        { "", "/api" },
        { "operator", Loop + "/operations/credit" },
        { "operator", Loop + "/operations/credit/1" },
        { "resident", Loop + "/deals" },
        { "resident", Loop + "/deals/new" },
        { "resident", Loop + "/contracts" },
        { "resident", Loop + "/contracts/new" },
        { "resident", Loop + "/contracts/new?template=energy-performance" },
        { "solar", Loop + "/contracts/new?template=power-purchase" },
        { "resident", Loop + "/contracts/templates/energy-supply" },
        { "operator", Loop + "/contracts?all=1" },
        { "operator", Loop + "/operations/templates" },
        { "operator", Loop + "/operations/templates/new" },
        { "operator", Loop + "/operations/templates/demand-response" },
        { "solar", Loop + "/deals/new" },
        { "resident", Loop + "/market/2026-11-04T1100Z" },
        { "prosumer", Loop },
        { "prosumer", Loop + "/home?as=resident" },
        { "technician", Loop },
        { "auditor", Loop },
        { "auditor", Loop + "/operations/journal" },
        { "prosumer", Loop + "/offers" },
        { "producer", Loop },
        { "producer", Loop + "/offers" },
        { "solar", Loop + "/offers" },
        { "storage", Loop },
        { "storage", Loop + "/storage?period=2026-11-04" },
        { "investor", Loop },
        { "investor", Loop + "/investment?period=2026-10" },
        { "operator", Loop },
        { "operator", Loop + "/operations" },
        { "operator", Loop + "/operations?period=2026-W44" },
        { "operator", Loop + "/operations/plants" },
        { "operator", Loop + "/operations/equipment" },
        { "operator", Loop + "/operations/journal?period=2026-11-04" },
        { "operator", Loop + "/operations/fallback/2026-11-04T1100Z" },
        { "operator", Loop + "/deals" },
        { "operator", Loop + "/deals/all" },
        { "operator", Loop + "/operations/preview" },
        { "operator", Loop + "/operations/corrections/2026-11-04T1100Z" },
        { "operator", Loop + "/operations/preview/2026-11-04T1100Z" },
        { "operator", Loop + "/market/2026-11-04T1100Z" },
        { "resident", Loop + "/charging" },
        { "resident", Loop + "/meters/home-05-heat?period=2026-11-04" },
        { "resident", Loop + "/meters/home-05-heat/care" },
        { "operator", Loop + "/operations/charging" },
        { "operator", Loop + "/operations/network" },
        { "operator", Loop + "/operations/devices" },
        { "operator", Loop + "/operations/readings" },
        { "operator", Loop + "/operations/exceptions" },
        { "operator", Loop + "/operations/checks" },
        { "operator", Loop + "/operations/forecasts" },
        { "operator", Loop + "/operations/alarms" },
        { "operator", Loop + "/operations/alarms/sending" },
        { "operator", Loop + "/operations/scheme" },
        { "operator", Loop + "/operations/announcements" },
        { "operator", Loop + "/operations/temperatures" },
        { "operator", Loop + "/operations/billing" },
        { "operator", Loop + "/operations/billing-terms" },
        { "operator", Loop + "/operations/handover" },
        { "operator", Loop + "/bill-queue" },
        { "operator", Loop + "/operations/payments" },
        { "operator", Loop + "/operations/payments/worklist" },
        { "operator", Loop + "/operations/payments/reminders" },
        { "operator", Loop + "/operations/payments/instalments" },
        { "operator", Loop + "/operations/payments/instalments?member=5" },
        { "operator", Loop + "/operations/disputes" },
        { "operator", Loop + "/disputes/1" },
        { "operator", Loop + "/account?member=9" },
        { "resident", Loop + "/disputes" },
        { "resident", Loop + "/disputes/1" },
        { "operator", Loop + "/operations/sending" },
        { "operator", Loop + "/tariffs" },
        { "resident", Loop + "/billing-details" },
        { "resident", Loop + "/account" },
        { "resident", Loop + "/bills/preview" },
        { "resident", Loop + "/my-data" },
        { "resident", Loop + "/sharing" },
        { "resident", Loop + "/notifications" },
        { "resident", Loop + "/notifications/choices" },
        { "operator", Loop + "/notifications" },
        { "resident", "/shared" },
        { "resident", Loop + "/votes" },
        { "resident", Loop + "/votes/new" },
        { "resident", Loop + "/votes/new?kind=Tariff" },
        { "resident", Loop + "/votes/new?kind=AdmitMember" },
        { "operator", Loop + "/votes/rules" },
        { "resident", Loop + "/agreements" },
        { "resident", Loop + "/agreements?topic=Proof&agrees=yes" },
        { "operator", Loop + "/agreements" },
        { "investor", Loop + "/campaigns" },
        { "solar", Loop + "/campaigns/new" },
        { "resident", Loop + "/parties/sun-coop" },
        { "resident", Loop + "/search?q=heat" },
        { "operator", Loop + "/search?q=lindenhof-2026" },
        { "resident", Loop + "/together" },
        { "operator", Loop + "/together" },
        { "resident", Loop + "/first-steps" },
        { "operator", Loop + "/first-steps" },
        { "operator", Loop + "/operations/texts?page=privacy" },
        { "", Loop + "/about/privacy" },
        { "", Loop + "/about/contact" },
        { "", "/glossary" },
        { "resident", "/help" },
    };

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task A_page_answers_fits_and_keeps_nobody_out(string person, string path)
    {
        var pages = Pages.Select(row => ((string)row[0], (string)row[1])).ToList();
        var visits = pages.Skip(pages.IndexOf((person, path))).Take(AtOnce).Select(page => VisitOnce(page.Item1, page.Item2)).ToList();

        await visits[0];
    }

    private Task VisitOnce(string person, string path) =>
        Visits.GetOrAdd((portal.App.Address, person, path), _ => new Lazy<Task>(() => Task.Run(async () =>
        {
            await Visiting.WaitAsync();
            try
            {
                await VisitPageAsync(person, path);
            }
            finally
            {
                Visiting.Release();
            }
        }))).Value;

    private async Task VisitPageAsync(string person, string path)
    {
        await using var visit = await SignedInAsync(person);

        var response = await visit.GoToAsync(path);

        response.Status.ShouldBe(200);
        (await visit.Page.Locator("h1").CountAsync()).ShouldBe(1);
        await visit.ShouldBeAccessibleInEachThemeAsync();
        await ShouldFitAsync(visit);
        await visit.ShootAsync((person.Length == 0 ? "visitor" : person) + path.Replace('/', '-').Replace('?', '-').Replace('=', '-'));
        await visit.Page.SetViewportSizeAsync(390, 844);
        await visit.ShouldBeAccessibleInEachThemeAsync();
        await ShouldFitAsync(visit);
        visit.ShouldBeContent();
    }

    [Fact]
    public async Task A_line_is_disputed_from_its_bill()
    {
        await using var visit = await SignedInAsync("resident");
        await visit.GoToAsync(Loop + "/disputes/1");
        await visit.Page.Locator("main a[href*='/bills/']").First.ClickAsync();
        await visit.Page.Locator("a[href*='/disputes/new']").ClickAsync();

        await Assertions.Expect(visit.Page.Locator("#field-Reason")).ToBeVisibleAsync();
        await visit.ShouldBeAccessibleAsync();
        await visit.Page.SetViewportSizeAsync(390, 844);
        await ShouldFitAsync(visit);
        visit.ShouldBeContent();
    }

    [Theory]
    [InlineData("resident", "/operations")]
    [InlineData("resident", "/operations/plants")]
    [InlineData("resident", "/operations/preview")]
    [InlineData("resident", "/operations/market")]
    [InlineData("resident", "/operations/journal")]
    [InlineData("solar", "/operations")]
    public async Task What_is_not_ones_own_does_not_exist(string person, string path)
    {
        await using var visit = await SignedInAsync(person);

        (await visit.GoToAsync(Loop + path)).Status.ShouldBe(404);
    }

    [Fact]
    public async Task Another_members_consumption_cannot_be_downloaded()
    {
        await using var visit = await SignedInAsync("resident");

        var response = await visit.Page.APIRequest.GetAsync(Loop + "/consumption.csv?member=1&period=2026-11-04");

        response.Status.ShouldBe(404);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_order_keeps_what_was_typed_until_it_is_right_and_can_be_withdrawn(bool javaScript)
    {
        await using var visit = await SignedInAsync("prosumer", javaScript);
        var page = visit.Page;
        await visit.GoToAsync(Loop + "/orders");
        var hour = await page.Locator("#field-Hour option").Last.GetAttributeAsync("value");
        await page.SelectOptionAsync("#field-Hour", hour.ShouldNotBeNull());
        await page.FillAsync("#field-Quantity", "2,5");
        await page.FillAsync("#field-Limit", "much");

        await page.GetByRole(AriaRole.Button, new() { Name = "Place order", Exact = true }).ClickAsync();

        await Assertions.Expect(page.Locator(".form-errors li")).ToHaveCountAsync(2);
        await Assertions.Expect(page.Locator("#field-Quantity")).ToHaveValueAsync("2,5");
        await Assertions.Expect(page.Locator("#field-Hour")).ToHaveValueAsync(hour);

        await page.FillAsync("#field-Quantity", "2.5");
        await page.FillAsync("#field-Limit", "12.25");
        await page.GetByRole(AriaRole.Button, new() { Name = "Place order", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByText("Your order is in", new() { Exact = true })).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Withdraw" }).First.ClickAsync();
        await Assertions.Expect(page.GetByText("Your order is withdrawn", new() { Exact = true })).ToBeVisibleAsync();
    }

    [Theory]
    [InlineData("/market.csv?period=2026-11-04", "text/csv")]
    [InlineData("/market.json?period=2026-11-04", "application/json")]
    [InlineData("/market/2026-11-04T1100Z/result.proof", "text/plain")]
    [InlineData("/market/2026-11-04T1100Z/prices.json", "application/json")]
    [InlineData("/market/2026-11-04T1100Z/prices.csv", "text/csv")]
    [InlineData("/market/2026-11-04T1100Z/curves.json", "application/json")]
    [InlineData("/market/2026-11-04T1100Z/curves.csv", "text/csv")]
    public async Task Anybody_can_download_what_is_public(string path, string type)
    {
        await using var visit = await portal.VisitAsync();

        var response = await visit.Page.APIRequest.GetAsync(Loop + path);

        response.Status.ShouldBe(200);
        response.Headers["content-type"].ShouldStartWith(type);
        (await response.TextAsync()).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task The_whole_book_is_for_those_who_operate_or_audit()
    {
        await using var visitor = await portal.VisitAsync();
        await using var operating = await SignedInAsync("operator");

        (await visitor.Page.APIRequest.GetAsync(Loop + "/market/2026-11-04T1100Z/book.json")).Status.ShouldBe(404);
        (await operating.Page.APIRequest.GetAsync(Loop + "/market/2026-11-04T1100Z/book.json")).Status.ShouldBe(200);
    }

    private Task<Visit> SignedInAsync(string person, bool javaScript = true) => SignedInAsync(portal, person, javaScript);

    internal static async Task<Visit> SignedInAsync(Portal portal, string person, bool javaScript)
    {
        var visit = await portal.VisitAsync(javaScript: javaScript);
        if (person.Length == 0)
        {
            return visit;
        }

        await SigningIn.WaitAsync();
        try
        {
            if (SignedIn.TryGetValue((portal.App.Address, person), out var known))
            {
                await visit.Page.Context.AddCookiesAsync(known);
                return visit;
            }

            await visit.SignInAsync(person + "@lindenhof.example");
            SignedIn[(portal.App.Address, person)] = [.. (await visit.Page.Context.CookiesAsync()).Select(cookie => new Cookie
            {
                Name = cookie.Name, Value = cookie.Value, Domain = cookie.Domain, Path = cookie.Path, HttpOnly = cookie.HttpOnly,
            })];
            return visit;
        }
        finally
        {
            SigningIn.Release();
        }
    }

    /// <summary>Nothing sticks out to the side: what is wide scrolls by itself.</summary>
    private static async Task ShouldFitAsync(Visit visit)
    {
        var sticking = await visit.Page.EvaluateAsync<string[]>(
            """
            () => {
              const page = document.documentElement;
              if (page.scrollWidth <= page.clientWidth) return [];
              const out = [...document.body.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > page.clientWidth);
              return [`${page.scrollWidth} px wide`, ...out.map(e => `<${e.tagName} class="${e.className}"> ${e.textContent.trim().slice(0, 40)}`)];
            }
            """);
        sticking.ShouldBeEmpty($"{visit.Page.Url} is wider than the window at {visit.Page.ViewportSize?.Width}");
    }
}
