using System.Globalization;
using System.Net;
using System.Reflection;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Search;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Accounts;
using Marketplace.Web.Tests.Features.Bills;
using Microsoft.AspNetCore.Components;
using Shouldly;
using Xunit;
using Role = Marketplace.Data.Role;

namespace Marketplace.Web.Tests.Features.Search;

/// <summary>A search shows what its reader could open anyway, and nothing else.</summary>
public sealed class FindAnythingTests : IAsyncLifetime
{
    private readonly AccountsHost _host = new();
    private SettledWeekend _weekend = default!;

    private int Loop => _weekend.LoopId;

    public async Task InitializeAsync()
    {
        await _host.InitializeAsync();
        _weekend = await SettledWeekend.InAsync(_host, "seek");
        await _host.Put(db => db.AddRange(
            MeterOf(1, SettledWeekend.Household, "home-01-heat"),
            MeterOf(2, SettledWeekend.Neighbour, "home-02-heat")));
        await _host.Send(new IssueBills(Loop, SettledWeekend.Period));
    }

    public Task DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task The_operator_finds_members_meters_and_bills_by_the_beginnings_of_words()
    {
        var office = _weekend.As(SettledWeekend.Operator, Role.Operator);

        (await FindAsync("kim", office)).ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            found => found.Kind.ShouldBe(FoundKind.Member),
            found => found.Id.ShouldBe(SettledWeekend.Household),
            found => found.Name.ShouldBe("Kim"));
        (await FindAsync("PUMP sun", office)).ShouldHaveSingleItem().Id.ShouldBe(SettledWeekend.Owner);
        (await FindAsync("home heat", office)).Select(found => found.Code).ShouldBe(["home-01-heat", "home-02-heat"], ignoreOrder: true);
        (await FindAsync("home-02-heat", office)).ShouldHaveSingleItem().Name.ShouldBe("Noor");
        (await FindAsync("ump", office)).ShouldBeEmpty("the middle of a word is none of its beginnings");

        var number = await _host.Look(db => Task.FromResult(db.Bills.Where(bill => bill.LoopId == Loop && bill.MemberId == SettledWeekend.Household).OrderBy(bill => bill.Id).First().Number));
        (await FindAsync(number, office)).ShouldHaveSingleItem().Code.ShouldBe(number);
        var counted = int.Parse(number[^6..], CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture);
        (await FindAsync(counted, office)).ShouldContain(found => found.Kind == FoundKind.Bill && found.Code == number);
    }

    [Theory]
    [InlineData("Noor")]
    [InlineData("m-06")]
    [InlineData("home-02-heat")]
    [InlineData("m")]
    [InlineData("home")]
    [InlineData("seek")]
    [InlineData("2026")]
    public async Task A_resident_never_finds_anothers_member_meter_or_bill(string words)
    {
        var found = await FindAsync(words, _weekend.As(SettledWeekend.Household, Role.Consumer));

        var numbers = await _host.Look(db => Task.FromResult(db.Bills.Where(bill => bill.LoopId == Loop && bill.MemberId == SettledWeekend.Household).Select(bill => bill.Number).ToHashSet()));
        found.Where(thing => thing.Kind == FoundKind.Member).ShouldAllBe(thing => thing.Id == SettledWeekend.Household);
        found.Where(thing => thing.Kind == FoundKind.Meter).ShouldAllBe(thing => thing.Code == "home-01-heat");
        found.Where(thing => thing.Kind == FoundKind.Bill).ShouldAllBe(thing => numbers.Contains(thing.Code));
    }

    [Fact]
    public async Task A_resident_finds_what_is_the_own()
    {
        var kim = _weekend.As(SettledWeekend.Household, Role.Consumer);

        (await FindAsync("home", kim)).ShouldHaveSingleItem().Code.ShouldBe("home-01-heat");
        (await FindAsync("seek 2026", kim)).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Loops_are_sealed_off_from_each_other()
    {
        var other = await SettledWeekend.InAsync(_host, "next-door");

        (await FindAsync("kim", other.As(SettledWeekend.Operator, Role.Operator), other.LoopId)).ShouldHaveSingleItem();
        await Should.ThrowAsync<NotPermittedException>(() => FindAsync("kim", other.As(SettledWeekend.Operator, Role.Operator)));
        await Should.ThrowAsync<NotPermittedException>(() => FindAsync("kim", Actor.Visitor));
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("' OR 1=1 --")]
    [InlineData("& | ! :* ()")]
    [InlineData("\\")]
    [InlineData("a:* | b")]
    public async Task Signs_are_no_words(string typed) =>
        (await FindAsync(typed, _weekend.As(SettledWeekend.Operator, Role.Operator))).ShouldBeEmpty();

    [Fact]
    public async Task The_page_answers_a_plain_form_and_keeps_what_was_typed()
    {
        var (_, email) = await _host.AddPerson(Loop, SettledWeekend.Household);
        await _host.Put(db => db.Add(new MemberRole { LoopId = Loop, MemberId = SettledWeekend.Household, Role = Role.Consumer }));
        using var browser = new Browser(_host);
        await browser.SignIn(email, People.Password);

        var page = await browser.Get("/loops/seek/search?q=home-01%20%3Cb%3E");
        page.Status.ShouldBe(HttpStatusCode.OK);
        page.Html.ShouldContain("value=\"home-01 &lt;b&gt;\"");
        (await browser.Get("/loops/seek/search?q=home-01")).Html.ShouldContain("/loops/seek/meters/home-01-heat");
        (await browser.Get("/loops/seek/search?q=noor")).Html.ShouldNotContain("/parties/m-06");
        (await browser.Get("/loops/seek/search?q=bills")).Html.ShouldContain("href=\"/loops/seek/bills\"");
        (await browser.Get("/loops/seek/search?q=2026-03-01%2010:00")).Html.ShouldContain("/loops/seek/market/2026-03-01T0900Z");
    }

    [Fact]
    public void Every_page_that_can_be_found_exists()
    {
        var routes = typeof(PortalPages).Assembly.GetTypes().SelectMany(type => type.GetCustomAttributes<RouteAttribute>()).Select(route => route.Template).ToHashSet();

        foreach (var page in PortalPages.All)
        {
            var template = page.OfPortal ? page.Href : "/loops/{Slug}" + page.Href;
            routes.ShouldContain(template, page.Key);
        }

        PortalPages.All.Select(page => page.Key).ShouldBeUnique();
    }

    private async Task<IReadOnlyList<FoundThing>> FindAsync(string words, Actor actor, int? loop = null) =>
        (await _host.Send(new FindAnything(loop ?? Loop, words), actor)).Things;

    private Meter MeterOf(int id, int member, string code) => new()
    {
        LoopId = Loop, Id = id, MemberId = member, Carrier = Carrier.Heat, Direction = MeterDirection.Consumption, Code = code, InServiceFrom = MarketplaceHost.Start,
    };
}
