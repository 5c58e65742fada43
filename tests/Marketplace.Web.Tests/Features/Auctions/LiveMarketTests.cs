using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Auctions.Live;
using Marketplace.Web.Features.Auctions.Rules;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Operations;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Auctions;

public sealed class LiveMarketTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    private const int Hour = 3;

    private async Task<SmallMarket> ContinuousAsync()
    {
        var market = await SmallMarket.CreateAsync(host, clockAt: MarketplaceHost.Start.AddHours(-3));
        await market.DeliverAsync();
        await host.Send(
            new SetMarketRules(
                market.LoopId, new RulesWished(Mechanism.Coupled, Mechanism.Coupled, Mechanism.PayAsBid, null, null, MarketRules.DefaultRounds),
                market.FirstHour, "Neighbours trade"),
            market.ActorOf(6, Role.Operator));
        return market;
    }

    private Task<long> PlaceAsync(SmallMarket market, int member, OrderSide side, long wattHours, long limit, long? replaces = null) => host.Send(
        new PlaceOrder(
            market.LoopId, member, Guid.NewGuid(), market.FirstHour.AddHours(Hour), Carrier.Electricity, side, Energy.FromWh(wattHours),
            Price.FromMicroPerKWh(limit), side == OrderSide.Sell ? "pv" : null, replaces),
        market.ActorOf(member));

    private Task<List<LiveTrade>> TradesAsync(SmallMarket market) => host.Look(db => db.LiveTrades
        .Where(trade => trade.LoopId == market.LoopId).OrderBy(trade => trade.Id).ToListAsync());

    [Fact]
    public async Task Orders_trade_as_they_come_and_what_they_traded_is_in_the_result()
    {
        var market = await ContinuousAsync();
        var offer = await PlaceAsync(market, SmallMarket.SolarOwner, OrderSide.Sell, 1_000, 90_000);
        var first = await PlaceAsync(market, SmallMarket.HomeA, OrderSide.Buy, 400, 120_000);
        (await PlaceAsync(market, SmallMarket.HomeB, OrderSide.Buy, 500, 80_000)).ShouldBeGreaterThan(first);

        var trade = (await TradesAsync(market)).ShouldHaveSingleItem();
        (trade.BuyOrderId, trade.SellOrderId, trade.Energy, trade.Price).ShouldBe((first, offer, Energy.FromWh(400), Price.FromMicroPerKWh(90_000)));

        var view = await host.Send(new ShowLiveBook(market.LoopId, market.FirstHour.AddHours(Hour)), market.ActorOf(SmallMarket.HomeB));
        var live = view.Carriers.ShouldHaveSingleItem();
        live.Bids.ShouldBe([new DepthLevel(Price.FromMicroPerKWh(80_000), Energy.FromWh(500), 1)]);
        live.Offers.ShouldBe([new DepthLevel(Price.FromMicroPerKWh(90_000), Energy.FromWh(600), 1)]);
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new ShowLiveBook(market.LoopId, market.FirstHour), Actor.Visitor));

        // What is left of the offer is withdrawn; what it traded binds. Another offer meets the buyer who waits.
        await host.Send(new WithdrawOrder(market.LoopId, SmallMarket.SolarOwner, offer), market.ActorOf(SmallMarket.SolarOwner));
        var second = await PlaceAsync(market, SmallMarket.SolarOwner, OrderSide.Sell, 2_000, 70_000);
        var trades = await TradesAsync(market);
        trades.Count.ShouldBe(2);
        (trades[1].SellOrderId, trades[1].Energy, trades[1].Price).ShouldBe((second, Energy.FromWh(500), Price.FromMicroPerKWh(80_000)));

        var refused = await Should.ThrowAsync<RefusedException>(() => host.Send(
            new SetMarketRules(
                market.LoopId, new RulesWished(Mechanism.Coupled, Mechanism.Coupled, Mechanism.Coupled, null, null, MarketRules.DefaultRounds),
                market.FirstHour, "Back again"),
            market.ActorOf(6, Role.Operator)));
        refused.Message.ShouldContain("already traded");

        await market.EndAsync();
        (await market.AdvanceAsync()).ShouldBe(3 * market.Hours);
        var result = await host.Look(db => db.Trades
            .Where(row => row.LoopId == market.LoopId && row.Hour == market.FirstHour.AddHours(Hour) && row.Carrier == Carrier.Electricity)
            .OrderBy(row => row.Number).Take(2).ToListAsync());
        result.Select(row => (row.Energy, row.Price)).ShouldBe(trades.Select(row => (row.Energy, row.Price)));
        var bought = await host.Look(db => db.Positions.SingleAsync(position => position.LoopId == market.LoopId && position.MemberId == SmallMarket.HomeA
            && position.Hour == market.FirstHour.AddHours(Hour) && position.Carrier == Carrier.Electricity));
        (bought.Traded, bought.TradedAmount).ShouldBe((Energy.FromWh(400), Price.FromMicroPerKWh(90_000).Of(Energy.FromWh(400))));
    }

    [Fact]
    public async Task Many_at_once_trade_as_if_one_after_the_other()
    {
        var market = await ContinuousAsync();
        await Task.WhenAll(Enumerable.Range(0, 12).Select(i => i % 3 == 0
            ? PlaceAsync(market, SmallMarket.SolarOwner, OrderSide.Sell, 300 + i, 60_000 + (i * 1_000))
            : PlaceAsync(market, i % 3 == 1 ? SmallMarket.HomeA : SmallMarket.HomeB, OrderSide.Buy, 200 + i, 100_000 - (i * 2_000))));

        var orders = await host.Look(db => db.Orders.Where(order => order.LoopId == market.LoopId).OrderBy(order => order.Id).ToListAsync());
        var book = new ContinuousBook();
        foreach (var order in orders)
        {
            book.Place(new Order(
                order.Id.ToString(System.Globalization.CultureInfo.InvariantCulture), "electricity", order.Side == OrderSide.Buy ? Side.Buy : Side.Sell,
                order.Quantity, order.Limit, order.MemberId.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        }

        orders.Count.ShouldBe(12);
        (await TradesAsync(market)).Select(trade => (trade.BuyOrderId, trade.SellOrderId, trade.Energy, trade.Price))
            .ShouldBe(book.Trades.Select(trade => (orders[trade.Buy].Id, orders[trade.Sell].Id, trade.Energy, trade.Price)));

        await market.EndAsync();
        (await market.AdvanceAsync()).ShouldBe(3 * market.Hours);
    }
}
