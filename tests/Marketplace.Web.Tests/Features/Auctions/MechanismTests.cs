using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Auctions.Rules;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Operations;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Auctions;

public sealed class MechanismTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    private static readonly RulesWished Coupled = new(Mechanism.Coupled, Mechanism.Coupled, Mechanism.Coupled, null, null, MarketRules.DefaultRounds);

    private static Actor OperatorOf(SmallMarket market) => market.ActorOf(6, Role.Operator);

    [Theory]
    [InlineData(Mechanism.Uniform, Mechanism.Uniform)]
    [InlineData(Mechanism.CommunityFirst, Mechanism.Coupled)]
    [InlineData(Mechanism.PayAsBid, Mechanism.CommunityFirst)]
    [InlineData(Mechanism.FallingOffers, Mechanism.FallingOffers)]
    public async Task Each_mechanism_runs_from_the_gate_to_the_bill(Mechanism electricity, Mechanism heat)
    {
        // The clock stands before the first gate, so that the rules can still be set; then it goes to the end.
        var market = await SmallMarket.CreateAsync(host, clockAt: MarketplaceHost.Start.AddHours(-3));
        await market.DeliverAsync();
        await host.Send(new SetMarketRules(market.LoopId, Coupled with { Electricity = electricity, Heat = heat }, market.FirstHour, "To try it"), OperatorOf(market));
        await market.EndAsync();

        (await market.AdvanceAsync()).ShouldBe(3 * market.Hours);
        (await host.Send(new IssueBills(market.LoopId, new Interval(market.FirstHour, market.End), market.End))).Outcome.ShouldBe(BillingOutcome.Issued);

        var book = OrderBookJson.Read((await host.Look(db => db.Books.FirstAsync(book => book.LoopId == market.LoopId))).Json);
        book.MechanismOf(book.NodeIndex("electricity")).ShouldBe(electricity);
        book.MechanismOf(book.NodeIndex("heat")).ShouldBe(heat);
        var bought = await host.Look(db => db.Positions
            .Where(position => position.LoopId == market.LoopId && position.MemberId == SmallMarket.HomeA && position.Carrier == Carrier.Electricity)
            .ToListAsync());
        bought.ShouldAllBe(position => position.Traded > Energy.Zero);

        var trades = await host.Look(db => db.Trades.Where(trade => trade.LoopId == market.LoopId).ToListAsync());
        if (electricity.HasTrades())
        {
            // What a position costs is the sum of its trades, each at its own price.
            var orders = await host.Look(db => db.BookOrders.Where(order => order.LoopId == market.LoopId && order.MemberId == SmallMarket.HomeA).ToListAsync());
            foreach (var position in bought)
            {
                var own = trades.Where(trade => trade.Hour == position.Hour && trade.BuyPosition is { } buyer
                    && orders.Exists(order => order.Hour == position.Hour && order.Position == buyer && order.Carrier == Carrier.Electricity));
                var byPrice = own.GroupBy(trade => trade.Price).Select(group => group.Key.Of(Energy.FromWh(group.Sum(trade => trade.Energy.WattHours)))).ToList();
                byPrice.ShouldNotBeEmpty();
                position.TradedAmount.ShouldBe(byPrice.Aggregate(Money.Zero, (sum, amount) => sum + amount));
            }
        }
        else
        {
            trades.ShouldAllBe(trade => trade.Carrier == Carrier.Heat);
        }
    }

    [Fact]
    public async Task A_cap_and_a_floor_bound_every_price()
    {
        var market = await SmallMarket.CreateAsync(host, clockAt: MarketplaceHost.Start.AddHours(-3));
        await market.DeliverAsync();
        var (floor, cap) = (Price.FromMicroPerKWh(10_000), Price.FromMicroPerKWh(215_000));
        await host.Send(new SetMarketRules(market.LoopId, Coupled with { Cap = cap, Floor = floor }, market.FirstHour, "Bounds"), OperatorOf(market));
        await market.EndAsync();
        await market.AdvanceAsync();

        var prices = await host.Look(db => db.Prices.Where(price => price.LoopId == market.LoopId && price.Carrier == Carrier.Electricity && price.Price != null).ToListAsync());
        prices.ShouldNotBeEmpty();
        prices.ShouldAllBe(price => price.Price >= floor && price.Price <= cap);
    }

    [Fact]
    public async Task Rules_are_set_by_operators_for_hours_whose_gate_is_open()
    {
        var market = await SmallMarket.CreateAsync(host, clockAt: MarketplaceHost.Start);
        var set = new SetMarketRules(market.LoopId, Coupled with { Heat = Mechanism.PayAsBid }, market.FirstHour.AddHours(4), "Neighbours want to trade");

        await Should.ThrowAsync<NotPermittedException>(() => host.Send(set, market.ActorOf(SmallMarket.HomeA)));
        var late = await Should.ThrowAsync<RefusedException>(() => host.Send(set with { ValidFrom = market.FirstHour }, OperatorOf(market)));
        late.Problems.ShouldHaveSingleItem().Field.ShouldBe(nameof(SetMarketRules.ValidFrom));
        await Should.ThrowAsync<RefusedException>(() => host.Send(set with { Rules = Coupled with { Cap = Price.Zero, Floor = Price.FromMicroPerKWh(1) } }, OperatorOf(market)));
        (await host.Send(set, OperatorOf(market))).ShouldBe(1);

        var view = await host.Send(new ShowMarketRules(market.LoopId), Actor.Visitor);
        view.InForce.Heat.ShouldBe(Mechanism.Coupled);
        view.History.ShouldHaveSingleItem().Heat.ShouldBe(Mechanism.PayAsBid);
        (await host.Look(db => db.OperatorActions.AnyAsync(act => act.LoopId == market.LoopId && act.Action == nameof(SetMarketRules)))).ShouldBeTrue();
    }

    [Fact]
    public async Task A_halted_hour_waits_and_is_cleared_when_the_halt_is_lifted()
    {
        var market = await SmallMarket.CreateAsync(host, hours: 2);
        await market.DeliverAsync();
        await host.Send(new HaltMarket(market.LoopId, market.FirstHour, "Meters report nonsense"), OperatorOf(market));

        (await market.AdvanceAsync(stopOnFailure: false)).ShouldBe(1);
        (await host.Look(db => db.HourFailures.SingleAsync(failure => failure.LoopId == market.LoopId))).Reason.ShouldContain("Meters report nonsense");
        await Should.ThrowAsync<RefusedException>(() => host.Send(new HaltMarket(market.LoopId, market.FirstHour, "Again"), OperatorOf(market)));

        await host.Send(new LiftHalt(market.LoopId), OperatorOf(market));
        (await market.AdvanceAsync(stopOnFailure: false)).ShouldBe((3 * market.Hours) - 1);
    }

    [Fact]
    public async Task Trying_rules_shows_the_last_day_and_stores_nothing()
    {
        var market = await SmallMarket.CreateAsync(host);
        await market.DeliverAsync();
        await market.AdvanceAsync();
        var before = await market.TracesAsync();

        var same = await host.Send(new PreviewRules(market.LoopId, Coupled), OperatorOf(market));
        same.WouldBeWelfare.ShouldBe(same.Welfare);
        same.Carriers.ShouldAllBe(carrier => carrier.Price == carrier.WouldBePrice && carrier.Bought == carrier.WouldBeBought);
        same.Idle.ShouldBeEmpty();

        var alone = await host.Send(new PreviewRules(market.LoopId, Coupled with { Heat = Mechanism.Uniform }), OperatorOf(market));
        alone.Idle.ShouldBe(["Heat pump"]);
        alone.WouldBeWelfare.ShouldBeLessThan(alone.Welfare);
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new PreviewRules(market.LoopId, Coupled), market.ActorOf(SmallMarket.HomeA)));
        (await market.TracesAsync()).ShouldBe(before);
    }
}
