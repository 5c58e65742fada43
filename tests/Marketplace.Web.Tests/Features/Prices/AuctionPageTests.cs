using System.Net;
using System.Text.Json;
using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Features.Prices;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Operations;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Prices;

/// <summary>What the auction page, its files and the preview say, and to whom.</summary>
public sealed class AuctionPageTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    [Fact]
    public async Task Each_price_has_a_reason_and_the_public_sees_no_single_order()
    {
        var market = await ClearedAsync();

        var seen = (await host.Send(new AuctionOfHour(market.LoopId, market.FirstHour), Actor.Visitor)).ShouldNotBeNull();
        var whole = (await host.Send(new AuctionOfHour(market.LoopId, market.FirstHour), market.ActorOf(6, Role.Auditor))).ShouldNotBeNull();

        seen.Reasons.Select(reason => reason.Carrier).ShouldBe(Carriers.All);
        seen.Reasons.Where(reason => reason.Price is not null).ShouldAllBe(reason => reason.SetBy.Count > 0);
        var setters = seen.Reasons.SelectMany(reason => reason.SetBy).ToList();
        setters.ShouldAllBe(setter => setter.Name == null);
        setters.Where(setter => setter.Volume is not null).ShouldAllBe(setter => setter.Party == Party.Grid || setter.Party == Party.BalancingPlant);
        seen.Reasons.SelectMany(reason => reason.Idle).ShouldAllBe(idle => idle.Name == null);
        whole.Whole.ShouldBeTrue();
        whole.Reasons.SelectMany(reason => reason.SetBy).Where(setter => setter.Party is not null).ShouldAllBe(setter => setter.Name != null);
        seen.Checks.ShouldNotBeNull().Hold.ShouldBeTrue();
    }

    [Fact]
    public async Task What_a_member_asked_for_stands_with_its_outcome_and_nobody_else_may_ask()
    {
        var market = await ClearedAsync();

        var own = await host.Send(new OwnAuctionOrders(market.LoopId, SmallMarket.HomeA, market.FirstHour), market.ActorOf(SmallMarket.HomeA));

        own.Count.ShouldBe(2);
        own.ShouldAllBe(order => order.Source == OrderSource.Default && order.Limit > order.Price);
        own.ShouldAllBe(order => order.Outcome == (order.IsFull ? OrderOutcome.Accepted : OrderOutcome.Rounded));
        own.ShouldAllBe(order => order.Quantity - order.Accepted < Energy.FromWh(10));
        foreach (var stranger in new[] { Actor.Visitor, market.ActorOf(SmallMarket.HomeB), market.ActorOf(6, Role.Operator) })
        {
            await Should.ThrowAsync<NotPermittedException>(() => host.Send(new OwnAuctionOrders(market.LoopId, SmallMarket.HomeA, market.FirstHour), stranger));
        }
    }

    [Fact]
    public async Task An_order_beyond_the_price_says_by_how_much_it_missed()
    {
        var market = await SmallMarket.CreateAsync(host, clockAt: MarketplaceHost.Start.AddHours(-2));
        await market.DeliverAsync();
        await host.Send(
            new PlaceOrder(market.LoopId, SmallMarket.HomeA, Guid.NewGuid(), market.FirstHour, Carrier.Electricity, OrderSide.Buy, Energy.FromWh(500), Price.FromMicroPerKWh(10)),
            market.ActorOf(SmallMarket.HomeA));
        await RunClockAsync(market);

        var missed = (await host.Send(new OwnAuctionOrders(market.LoopId, SmallMarket.HomeA, market.FirstHour), market.ActorOf(SmallMarket.HomeA)))
            .Single(order => order.Source == OrderSource.Own);

        missed.Outcome.ShouldBe(OrderOutcome.BeyondLimit);
        missed.Accepted.ShouldBe(Energy.Zero);
        var next = missed.NextLimit.ShouldNotBeNull();
        (next - missed.Limit).ShouldBe(missed.MissedBy.ShouldNotBeNull());
        next.ShouldBeGreaterThan(missed.Price.ShouldNotBeNull());
    }

    [Fact]
    public async Task What_enters_a_carrier_in_the_picture_leaves_it()
    {
        var market = await ClearedAsync();

        var auction = (await host.Send(new AuctionOfHour(market.LoopId, market.FirstHour), market.ActorOf(6, Role.Auditor))).ShouldNotBeNull();

        auction.Flows.Links.ShouldNotBeEmpty();
        foreach (var node in auction.Flows.Nodes.Where(node => node.Column is > 0 and < 4))
        {
            auction.Flows.Links.Where(link => link.To == node.Id).Sum(link => link.Energy.WattHours)
                .ShouldBe(auction.Flows.Links.Where(link => link.From == node.Id).Sum(link => link.Energy.WattHours), node.Id);
        }
    }

    [Fact]
    public async Task A_picture_of_fewer_than_five_members_is_not_for_the_public()
    {
        var market = await ClearedAsync();

        var auction = (await host.Send(new AuctionOfHour(market.LoopId, market.FirstHour), Actor.Visitor)).ShouldNotBeNull();

        auction.Nodes.ShouldContain(node => node.Balance == null);
        auction.Flows.Hidden.ShouldBeTrue();
        auction.Flows.Links.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("prices.json", "application/json")]
    [InlineData("prices.csv", "text/csv")]
    [InlineData("curves.json", "application/json")]
    [InlineData("curves.csv", "text/csv")]
    public async Task A_published_hour_is_there_for_anybody_and_for_ever(string file, string type)
    {
        var market = await ClearedAsync();
        var address = $"{await PathAsync(market)}/market/{HourAddress.Of(market.FirstHour)}/{file}";
        using var client = host.CreateClient();

        using var first = await client.GetAsync(address);
        first.StatusCode.ShouldBe(HttpStatusCode.OK);
        first.Content.Headers.ContentType.ShouldNotBeNull().MediaType.ShouldBe(type);
        first.Headers.CacheControl.ShouldNotBeNull().ToString().ShouldContain("immutable");
        if (type == "application/json")
        {
            using var json = JsonDocument.Parse(await first.Content.ReadAsStringAsync());
            json.RootElement.GetProperty("state").GetString().ShouldBe("cleared");
            json.RootElement.GetProperty("carriers").GetArrayLength().ShouldBe(3);
        }

        client.DefaultRequestHeaders.IfNoneMatch.Add(first.Headers.ETag.ShouldNotBeNull());
        using var again = await client.GetAsync(address);
        again.StatusCode.ShouldBe(HttpStatusCode.NotModified);
    }

    [Fact]
    public async Task An_hour_that_is_not_cleared_has_no_file_and_none_is_kept()
    {
        var market = await SmallMarket.CreateAsync(host, clockAt: MarketplaceHost.Start.AddHours(-2));
        using var client = host.CreateClient();

        using var answer = await client.GetAsync($"{await PathAsync(market)}/market/{HourAddress.Of(market.FirstHour)}/prices.json");

        answer.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        answer.Headers.CacheControl.ShouldNotBeNull().NoStore.ShouldBeTrue();
    }

    [Fact]
    public async Task The_page_of_an_open_hour_counts_down_to_its_gate()
    {
        var market = await SmallMarket.CreateAsync(host, clockAt: MarketplaceHost.Start.AddHours(-2));
        await host.Put(db => db.Clocks.Where(clock => clock.LoopId == market.LoopId).ExecuteUpdate(set => set.SetProperty(clock => clock.Rate, 1)));
        using var client = host.CreateClient();

        var page = await client.GetStringAsync($"{await PathAsync(market)}/market/{HourAddress.Of(market.FirstHour)}");

        page.ShouldContain("<gate-countdown");
        page.ShouldContain(">1:00:00<");
    }

    [Fact]
    public async Task A_preview_shows_what_clearing_then_brings_and_leaves_nothing_behind()
    {
        var market = await SmallMarket.CreateAsync(host, clockAt: MarketplaceHost.Start.AddHours(-2));
        await market.DeliverAsync();
        var before = await market.TracesAsync();

        var preview = await host.Send(new PreviewClearing(market.LoopId, market.FirstHour), market.ActorOf(6, Role.Operator));

        (await market.TracesAsync()).ShouldBe(before);
        preview.Findings.ShouldBeEmpty();
        await RunClockAsync(market);
        var prices = await host.Look(db => db.Prices.Where(price => price.LoopId == market.LoopId && price.Hour == market.FirstHour).ToDictionaryAsync(price => price.Carrier));
        foreach (var node in preview.Nodes)
        {
            (node.Price, node.Traded).ShouldBe((prices[node.Carrier].Price, prices[node.Carrier].Traded));
        }
    }

    [Fact]
    public async Task A_preview_is_for_the_operator_and_for_open_hours()
    {
        var market = await ClearedAsync();

        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new PreviewClearing(market.LoopId, market.FirstHour), market.ActorOf(SmallMarket.HomeA)));
        (await Should.ThrowAsync<RefusedException>(() => host.Send(new PreviewClearing(market.LoopId, market.FirstHour), market.ActorOf(6, Role.Operator))))
            .Problems.ShouldHaveSingleItem().Message.ShouldContain("has closed");
    }

    private async Task<SmallMarket> ClearedAsync()
    {
        var market = await SmallMarket.CreateAsync(host);
        await market.DeliverAsync();
        await market.AdvanceAsync();
        return market;
    }

    private async Task RunClockAsync(SmallMarket market)
    {
        await host.Put(db => db.Clocks.Where(clock => clock.LoopId == market.LoopId)
            .ExecuteUpdate(set => set.SetProperty(clock => clock.MarketAnchor, market.End.AddDays(1))));
        await market.AdvanceAsync();
    }

    private async Task<string> PathAsync(SmallMarket market) =>
        "/loops/" + await host.Look(db => db.Loops.Where(loop => loop.Id == market.LoopId).Select(loop => loop.Slug).SingleAsync());
}
