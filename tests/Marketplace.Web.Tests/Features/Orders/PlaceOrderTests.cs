using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Operations;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Orders;

public sealed class PlaceOrderTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    private static PlaceOrder Order(SmallMarket market, int hour = 3, long wattHours = 2_000, long limit = 150_000, OrderSide side = OrderSide.Buy, int member = SmallMarket.HomeA, string? plant = null) =>
        new(market.LoopId, member, Guid.NewGuid(), market.FirstHour.AddHours(hour), Carrier.Electricity, side, Energy.FromWh(wattHours), Price.FromMicroPerKWh(limit), plant);

    private async Task<SmallMarket> OpenMarketAsync() => await SmallMarket.CreateAsync(host, clockAt: MarketplaceHost.Start);

    private async Task<Problem> RefusedAsync(PlaceOrder order, Actor actor) =>
        (await Should.ThrowAsync<RefusedException>(() => host.Send(order, actor))).Problems.ShouldHaveSingleItem();

    [Fact]
    public async Task An_order_sent_twice_is_placed_once()
    {
        var market = await OpenMarketAsync();
        var order = Order(market);

        var first = await host.Send(order, market.ActorOf(SmallMarket.HomeA));
        (await host.Send(order, market.ActorOf(SmallMarket.HomeA))).ShouldBe(first);
        (await host.Look(db => db.Orders.CountAsync(placed => placed.LoopId == market.LoopId))).ShouldBe(1);
    }

    [Fact]
    public async Task A_late_order_is_refused_with_the_time_of_the_gate()
    {
        var market = await OpenMarketAsync();

        var problem = await RefusedAsync(Order(market, hour: 1), market.ActorOf(SmallMarket.HomeA));
        problem.Field.ShouldBe("Hour");
        problem.Message.ShouldContain("closed at 01:00 on 5 Mar 2026");
    }

    [Fact]
    public async Task Nobody_orders_for_another()
    {
        var market = await OpenMarketAsync();

        await Should.ThrowAsync<NotPermittedException>(() => host.Send(Order(market), market.ActorOf(SmallMarket.HomeB)));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(Order(market), Actor.Visitor));
    }

    [Fact]
    public async Task A_changed_order_takes_the_place_of_the_old_one()
    {
        var market = await OpenMarketAsync();
        var actor = market.ActorOf(SmallMarket.HomeA);
        var old = await host.Send(Order(market), actor);

        await host.Send(Order(market, wattHours: 900) with { Replaces = old }, actor);

        var orders = await host.Look(db => db.Orders.Where(order => order.LoopId == market.LoopId).OrderBy(order => order.Id).ToListAsync());
        orders[0].WithdrawnAt.ShouldNotBeNull();
        orders[1].WithdrawnAt.ShouldBeNull();
        var shown = await host.Send(new OrdersOf(market.LoopId, SmallMarket.HomeA, market.FirstHour), actor);
        shown.Orders.Count.ShouldBe(2);
    }

    [Fact]
    public async Task An_order_is_not_withdrawn_after_its_gate_has_closed()
    {
        var market = await SmallMarket.CreateAsync(host, clockAt: MarketplaceHost.Start.AddHours(-6));
        var actor = market.ActorOf(SmallMarket.HomeA);
        var placed = await host.Send(Order(market, hour: 0), actor);
        await host.Put(db => db.Clocks.Single(clock => clock.LoopId == market.LoopId).MarketAnchor = MarketplaceHost.Start);

        await Should.ThrowAsync<RefusedException>(() => host.Send(new WithdrawOrder(market.LoopId, SmallMarket.HomeA, placed), actor));
    }

    [Fact]
    public async Task What_a_member_cannot_take_or_give_is_refused_by_field()
    {
        var market = await OpenMarketAsync();
        (await RefusedAsync(Order(market) with { Carrier = Carrier.Cold }, market.ActorOf(SmallMarket.HomeA))).Field.ShouldBe("Carrier");
        (await RefusedAsync(Order(market, wattHours: 0), market.ActorOf(SmallMarket.HomeA))).Field.ShouldBe("Quantity");
        (await RefusedAsync(Order(market, limit: 99_000_000), market.ActorOf(SmallMarket.HomeA))).Field.ShouldBe("Limit");
        var solar = market.ActorOf(SmallMarket.SolarOwner, Role.Producer);
        (await RefusedAsync(Order(market, wattHours: 10_001, side: OrderSide.Sell, member: SmallMarket.SolarOwner, plant: "pv"), solar)).Message.ShouldContain("at most 10 kWh");
        (await RefusedAsync(Order(market, side: OrderSide.Sell, member: SmallMarket.SolarOwner, plant: "grid"), solar)).Field.ShouldBe("PlantCode");
    }

    [Fact]
    public async Task An_order_that_would_trade_with_the_members_own_is_refused()
    {
        var market = await OpenMarketAsync();
        await host.Put(db => db.Meters.Add(new Meter
        {
            LoopId = market.LoopId, Id = 99, MemberId = SmallMarket.SolarOwner, Carrier = Carrier.Electricity, Direction = MeterDirection.Consumption, Code = "solar-electricity", InServiceFrom = market.FirstHour,
        }));
        var actor = market.ActorOf(SmallMarket.SolarOwner, Role.Prosumer);
        await host.Send(Order(market, limit: 100_000, side: OrderSide.Sell, member: SmallMarket.SolarOwner, plant: "pv"), actor);

        (await RefusedAsync(Order(market, limit: 100_000, member: SmallMarket.SolarOwner), actor)).Message.ShouldContain("own order");
        await host.Send(Order(market, limit: 99_999, member: SmallMarket.SolarOwner), actor);
    }

    [Fact]
    public async Task A_standing_order_takes_the_place_of_the_one_before()
    {
        var market = await OpenMarketAsync();
        var actor = market.ActorOf(SmallMarket.HomeA);
        await host.Send(new PlaceStandingOrder(market.LoopId, SmallMarket.HomeA, Carrier.Electricity, null, Price.FromMicroPerKWh(200_000)), actor);
        await host.Send(new PlaceStandingOrder(market.LoopId, SmallMarket.HomeA, Carrier.Electricity, Energy.FromWh(500), Price.FromMicroPerKWh(210_000)), actor);

        var standing = (await host.Send(new OrdersOf(market.LoopId, SmallMarket.HomeA, market.FirstHour), actor)).Standing.ShouldHaveSingleItem();
        standing.Quantity.ShouldBe(Energy.FromWh(500));
        await host.Send(new EndStandingOrder(market.LoopId, SmallMarket.HomeA, Carrier.Electricity), actor);
        (await host.Send(new OrdersOf(market.LoopId, SmallMarket.HomeA, market.FirstHour), actor)).Standing.ShouldBeEmpty();
    }
}
