using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Auctions.Rules;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Deals;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Features.Settlement;
using Marketplace.Web.Tests.Features.Operations;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Network;

/// <summary>A cable of 300 W with 2 % loss brings 294 Wh an hour to the north. What is traded across it outside the auction gets no more.</summary>
public sealed class CurtailmentTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    private const int CableWatts = 300;
    private static readonly Energy Most = Energy.FromWh(294);
    private static readonly Price Agreed = Price.FromMicroPerKWh(120_000);

    private async Task<long> AgreeAsync(SmallMarket market, long wattHours)
    {
        var day = new LoopCalendar(TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin")).DayOf(market.FirstHour);
        var deal = await host.Send(
            new ProposeDeal(
                market.LoopId, SmallMarket.HomeB, Guid.NewGuid(), SmallMarket.SolarOwner, Carrier.Electricity, OrderSide.Buy,
                new DealWish(Energy.FromWh(wattHours), Agreed, day, day, 0, 24)),
            market.ActorOf(SmallMarket.HomeB));
        await host.Send(new AcceptDeal(market.LoopId, SmallMarket.SolarOwner, deal, 1, "pv"), market.ActorOf(SmallMarket.SolarOwner));
        return deal;
    }

    private Task<long> PlaceAsync(SmallMarket market, int member, OrderSide side, long wattHours, long limit) => host.Send(
        new PlaceOrder(
            market.LoopId, member, Guid.NewGuid(), market.FirstHour, Carrier.Electricity, side, Energy.FromWh(wattHours),
            Price.FromMicroPerKWh(limit), side == OrderSide.Sell ? "pv" : null),
        market.ActorOf(member));

    private Task<List<ZoneTrade>> TradesAsync(SmallMarket market, ZoneTradeKind kind) => host.Look(db => db.ZoneTrades
        .Where(trade => trade.LoopId == market.LoopId && trade.Kind == kind).OrderBy(trade => trade.Hour).ThenBy(trade => trade.Number).ToListAsync());

    private Task<List<Transfer>> OwedAsync(SmallMarket market) => host.Look(db => db.Transfers
        .Where(transfer => transfer.LoopId == market.LoopId && transfer.Kind == TransferKind.Curtailment).OrderBy(transfer => transfer.Hour).ThenByDescending(transfer => transfer.Amount).ToListAsync());

    [Fact]
    public async Task A_deal_gets_what_the_cable_carries_and_both_sides_are_compensated_once()
    {
        var market = await TwoZones.CreateAsync(host, CableWatts);
        var deal = await AgreeAsync(market, 500);
        await market.EndAsync();
        (await market.AdvanceAsync()).ShouldBe(3 * market.Hours);

        var hours = await host.Look(db => db.DealHours.Where(hour => hour.LoopId == market.LoopId).OrderBy(hour => hour.Hour).ToListAsync());
        hours.ShouldAllBe(hour => hour.Delivered == Most && hour.Curtailed == DealCurtailment.NetworkCannotCarry);
        var trades = await TradesAsync(market, ZoneTradeKind.Deal);
        trades.ShouldAllBe(trade => trade.Number == deal && trade.Allowed == Most && trade.Curtailed == Energy.FromWh(206) && trade.Limit == "cable" && trade.Fee == Money.FromMicro(1_500));
        // The cable is the deal's: the auction sends nothing.
        (await host.FlowsAsync(market, "cable")).ShouldAllBe(flow => flow.Sent == Energy.Zero && flow.SentByTrades == Energy.FromWh(300) && flow.ArrivedByTrades == Most && flow.IsFull);

        // By hand, the first hour: in the north, where home B wants more than it gets, a kWh costs 30 ct; the buyer is owed 18 ct for each of 206 Wh.
        // Surplus earns 6 ct at most, or the south's price.
        var south = await host.PriceAsync(market, TwoZones.South, Carrier.Electricity, market.FirstHour);
        var surplus = Price.Min(south, Price.FromMicroPerKWh(60_000));
        var owed = await OwedAsync(market);
        owed.Count.ShouldBe(2 * market.Hours);
        owed.Where(transfer => transfer.Hour == market.FirstHour).Select(transfer => transfer.Amount)
            .ShouldBe([37_080, (Agreed - surplus).Of(Energy.FromWh(206)).Micro], ignoreOrder: true);
        owed.ShouldAllBe(transfer => transfer.Reference == (deal * 2) + 1);

        // Home B pays the agreed price and the cable's fee for what it got; what it still needed it did not get in the pool.
        var bought = await host.Look(db => db.Positions.SingleAsync(position => position.LoopId == market.LoopId && position.Hour == market.FirstHour
            && position.MemberId == SmallMarket.HomeB && position.Carrier == Carrier.Electricity));
        (bought.Traded, bought.TradedAmount).ShouldBe((Most, Agreed.Of(Most) + Money.FromMicro(1_500)));
        (await host.BalanceAsync(market, AccountKind.LineFees, TransferKind.LineFee)).ShouldBe(1_500 * market.Hours);
        // Six watt-hours are lost on the way of each hour, at its import price.
        (await host.BalanceAsync(market, AccountKind.CongestionRent, TransferKind.LineLoss)).ShouldBe(-Enumerable.Range(0, market.Hours).Sum(i => 6 * (200 + (i * 10))));

        var before = await market.TracesAsync();
        await host.Send(new SettleHour(market.LoopId, market.FirstHour));
        (await market.TracesAsync()).ShouldBe(before);
        (await host.Send(new IssueBills(market.LoopId, new Interval(market.FirstHour, market.End), market.End))).Outcome.ShouldBe(BillingOutcome.Issued);
    }

    [Fact]
    public async Task Of_two_deals_the_earlier_has_the_cable()
    {
        var market = await TwoZones.CreateAsync(host, CableWatts);
        var first = await AgreeAsync(market, 200);
        var second = await AgreeAsync(market, 200);
        await market.EndAsync();
        await market.AdvanceAsync(1);

        var trades = (await TradesAsync(market, ZoneTradeKind.Deal)).ToDictionary(trade => trade.Number);
        (trades[first].Allowed, trades[second].Allowed).ShouldBe((Energy.FromWh(200), Energy.FromWh(94)));
    }

    [Fact]
    public async Task A_trade_made_live_binds_as_far_as_the_cable_carries_it()
    {
        var market = await TwoZones.CreateAsync(host, CableWatts);
        await host.Send(
            new SetMarketRules(
                market.LoopId, new RulesWished(Mechanism.Coupled, Mechanism.Coupled, Mechanism.PayAsBid, null, null, MarketRules.DefaultRounds), market.FirstHour, "Neighbours trade"),
            TwoZones.OperatorOf(market));
        await PlaceAsync(market, SmallMarket.SolarOwner, OrderSide.Sell, 2_000, 90_000);
        await PlaceAsync(market, SmallMarket.HomeB, OrderSide.Buy, 600, 120_000);
        await PlaceAsync(market, SmallMarket.HomeA, OrderSide.Buy, 400, 120_000);

        var live = await host.Look(db => db.LiveTrades.Where(trade => trade.LoopId == market.LoopId).OrderBy(trade => trade.Id).ToListAsync());
        live.Select(trade => (trade.Energy.WattHours, trade.Curtailed.WattHours, trade.Limit)).ShouldBe([(600, 306, "cable"), (400, 0, null)]);

        await market.EndAsync();
        (await market.AdvanceAsync()).ShouldBe(3 * market.Hours);
        var carried = (await TradesAsync(market, ZoneTradeKind.Trade)).Where(trade => trade.Hour == market.FirstHour).ToList();
        var trade = carried[0];
        (trade.Allowed, trade.Curtailed, trade.Limit, trade.SellerPlant).ShouldBe((Most, Energy.FromWh(306), "cable", "pv"));
        // What came later across the cable got nothing.
        carried.Skip(1).ShouldAllBe(later => later.Allowed == Energy.Zero);
        var positions = await host.Look(db => db.Positions.Where(position => position.LoopId == market.LoopId && position.Hour == market.FirstHour && position.Carrier == Carrier.Electricity).ToListAsync());
        positions.Single(position => position.MemberId == SmallMarket.HomeB).Traded.ShouldBe(Most);
        positions.Single(position => position.MemberId == SmallMarket.HomeB).TradedAmount.ShouldBe(Price.FromMicroPerKWh(90_000).Of(Most) + Money.FromMicro(1_500));

        // Shortfalls cost the carrier's price or 20 ct, whichever is more; surplus earns 6 ct at most, or the carrier's price.
        var price = await host.PriceAsync(market, "", Carrier.Electricity, market.FirstHour);
        var (shortfall, surplus) = (Price.Max(price, Price.FromMicroPerKWh(200_000)), Price.Min(price, Price.FromMicroPerKWh(60_000)));
        var owed = (await OwedAsync(market)).Where(transfer => transfer.Hour == market.FirstHour && transfer.Reference == trade.Reference).Select(transfer => transfer.Amount);
        owed.ShouldBe([(shortfall - Price.FromMicroPerKWh(90_000)).Of(trade.Curtailed).Micro, (Price.FromMicroPerKWh(90_000) - surplus).Of(trade.Curtailed).Micro], ignoreOrder: true);
    }

    [Fact]
    public async Task A_deal_accepted_before_a_live_trade_keeps_its_room()
    {
        var market = await TwoZones.CreateAsync(host, CableWatts);
        await host.Send(
            new SetMarketRules(
                market.LoopId, new RulesWished(Mechanism.Coupled, Mechanism.Coupled, Mechanism.PayAsBid, null, null, MarketRules.DefaultRounds), market.FirstHour, "Neighbours trade"),
            TwoZones.OperatorOf(market));
        await AgreeAsync(market, 200);
        await PlaceAsync(market, SmallMarket.SolarOwner, OrderSide.Sell, 1_000, 90_000);
        await PlaceAsync(market, SmallMarket.HomeB, OrderSide.Buy, 600, 120_000);

        (await host.Look(db => db.LiveTrades.SingleAsync(trade => trade.LoopId == market.LoopId))).Curtailed.ShouldBe(Energy.FromWh(506));
        await market.EndAsync();
        await market.AdvanceAsync(1);
        (await TradesAsync(market, ZoneTradeKind.Deal)).ShouldAllBe(trade => trade.Allowed == Energy.FromWh(200));
    }

    [Theory]
    [InlineData(Mechanism.FallingOffers)]
    [InlineData(Mechanism.Uniform)]
    [InlineData(Mechanism.CommunityFirst)]
    public async Task Every_mechanism_keeps_the_cable_and_the_books_balance(Mechanism mechanism)
    {
        var market = await TwoZones.CreateAsync(host, CableWatts);
        await host.Send(
            new SetMarketRules(market.LoopId, new RulesWished(Mechanism.Coupled, Mechanism.Coupled, mechanism, null, null, MarketRules.DefaultRounds), market.FirstHour, "To try it"),
            TwoZones.OperatorOf(market));
        await market.EndAsync();
        (await market.AdvanceAsync()).ShouldBe(3 * market.Hours);

        var north = await host.Look(db => db.Positions.Where(position => position.LoopId == market.LoopId && position.MemberId == SmallMarket.HomeB && position.Carrier == Carrier.Electricity).ToListAsync());
        north.ShouldAllBe(position => position.Traded == (mechanism == Mechanism.FallingOffers ? Most : Energy.Zero));
        (await host.FlowsAsync(market, "cable")).ShouldAllBe(flow => flow.Sent == Energy.Zero && flow.SentByTrades == Energy.FromWh(mechanism == Mechanism.FallingOffers ? 300 : 0));
        (await host.Send(new IssueBills(market.LoopId, new Interval(market.FirstHour, market.End), market.End))).Outcome.ShouldBe(BillingOutcome.Issued);
    }
}
