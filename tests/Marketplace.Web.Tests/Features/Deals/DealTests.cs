using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Auctions;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Deals;
using Marketplace.Web.Features.Members;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Features.Settlement;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Operations;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Deals;

public sealed class DealTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    private const int Works = 4;
    private const int Operator = 6;
    private static readonly Price Agreed = Price.FromMicroPerKWh(120_000);

    // The clock stands six hours before the first gate closes.
    private Task<SmallMarket> OpenMarketAsync() => SmallMarket.CreateAsync(host, clockAt: MarketplaceHost.Start.AddHours(-7));

    private static DateOnly FirstDay(SmallMarket market) =>
        new LoopCalendar(TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin")).DayOf(market.FirstHour);

    private static DealWish Wish(SmallMarket market, long wattHours = 500) =>
        new(Energy.FromWh(wattHours), Agreed, FirstDay(market), FirstDay(market), 0, 24, Note: "For the summer house");

    private static ProposeDeal BuyFromSolar(SmallMarket market, long wattHours = 500) =>
        new(market.LoopId, SmallMarket.HomeA, Guid.NewGuid(), SmallMarket.SolarOwner, Carrier.Electricity, OrderSide.Buy, Wish(market, wattHours));

    private static Actor Solar(SmallMarket market) => market.ActorOf(SmallMarket.SolarOwner, Role.Producer);

    private static Actor HomeA(SmallMarket market) => market.ActorOf(SmallMarket.HomeA);

    private async Task<long> AgreeAsync(SmallMarket market, long wattHours = 500)
    {
        var deal = await host.Send(BuyFromSolar(market, wattHours), HomeA(market));
        await host.Send(new AcceptDeal(market.LoopId, SmallMarket.SolarOwner, deal, 1, "pv"), Solar(market));
        return deal;
    }

    private async Task<Problem> RefusedAsync<T>(MediatR.IRequest<T> request, Actor actor) =>
        (await Should.ThrowAsync<RefusedException>(() => host.Send(request, actor))).Problems[0];

    private Task<List<DealHour>> HoursAsync(SmallMarket market) =>
        host.Look(db => db.DealHours.Where(hour => hour.LoopId == market.LoopId).OrderBy(hour => hour.Hour).ToListAsync());

    [Fact]
    public async Task Terms_go_to_and_fro_until_one_accepts_and_all_of_them_stay_visible()
    {
        var market = await OpenMarketAsync();
        var propose = BuyFromSolar(market);
        var deal = await host.Send(propose, HomeA(market));
        (await host.Send(propose, HomeA(market))).ShouldBe(deal);

        var counter = new CounterDeal(market.LoopId, SmallMarket.SolarOwner, deal, 1, Wish(market) with { Price = Price.FromMicroPerKWh(140_000), PlantCode = "pv", Note = null });
        await host.Send(counter, Solar(market));
        await host.Send(counter, Solar(market));
        var accept = new AcceptDeal(market.LoopId, SmallMarket.HomeA, deal, 2);
        await host.Send(accept, HomeA(market));
        await host.Send(accept, HomeA(market));

        var shown = await host.Send(new ShowDeal(market.LoopId, deal), HomeA(market));
        shown.State.ShouldBe(DealState.Accepted);
        shown.Steps.Select(step => step.Act.Kind).ShouldBe([DealActKind.Proposed, DealActKind.Countered, DealActKind.Accepted]);
        shown.Steps.Select(step => step.Act.Price.MicroPerKWh).ShouldBe([120_000, 140_000, 140_000]);
        shown.Steps[0].Note.ShouldBe("For the summer house");
        shown.Last.PlantCode.ShouldBe("pv");
        shown.Hours.ShouldBe(market.Hours);
        (await host.Look(db => db.Database.SqlQuery<string>(
            $"SELECT batch_key AS \"Value\" FROM ledger.batches WHERE loop_id = {market.LoopId} AND batch_key LIKE 'deal/%' ORDER BY 1").ToListAsync()))
            .ShouldBe([$"deal/{deal}/1", $"deal/{deal}/2", $"deal/{deal}/3"]);
    }

    [Fact]
    public async Task Only_the_party_whose_turn_it_is_may_answer()
    {
        var market = await OpenMarketAsync();
        var deal = await host.Send(BuyFromSolar(market), HomeA(market));

        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new AcceptDeal(market.LoopId, SmallMarket.HomeB, deal, 1, "pv"), market.ActorOf(SmallMarket.HomeB)));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new AcceptDeal(market.LoopId, SmallMarket.SolarOwner, deal, 1, "pv"), market.ActorOf(SmallMarket.HomeB)));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new DeclineDeal(market.LoopId, Operator, deal, 1), market.ActorOf(Operator, Role.Operator)));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new ShowDeal(market.LoopId, deal), market.ActorOf(SmallMarket.HomeB)));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new DealsOfLoop(market.LoopId, 1), HomeA(market)));
        (await RefusedAsync(new AcceptDeal(market.LoopId, SmallMarket.HomeA, deal, 1), HomeA(market))).Message.ShouldContain("other party");
        (await RefusedAsync(new WithdrawDeal(market.LoopId, SmallMarket.SolarOwner, deal, 1), Solar(market))).Message.ShouldContain("other party");
        (await host.Send(new DealsOfLoop(market.LoopId, 1), market.ActorOf(Operator, Role.Operator))).Deals.ShouldHaveSingleItem().State.ShouldBe(DealState.Proposed);

        await host.Send(new WithdrawDeal(market.LoopId, SmallMarket.HomeA, deal, 1), HomeA(market));
        await host.Send(new WithdrawDeal(market.LoopId, SmallMarket.HomeA, deal, 1), HomeA(market));
        (await RefusedAsync(new AcceptDeal(market.LoopId, SmallMarket.SolarOwner, deal, 1, "pv"), Solar(market))).Message.ShouldContain("changed");
        (await host.Send(new DealsOf(market.LoopId, SmallMarket.SolarOwner), Solar(market))).Deals.ShouldHaveSingleItem().State.ShouldBe(DealState.Withdrawn);
    }

    [Fact]
    public async Task An_answer_comes_before_the_stated_hour_and_before_the_first_gate()
    {
        var market = await OpenMarketAsync();
        var early = await host.Send(BuyFromSolar(market) with { Wish = Wish(market) with { AnswerBy = market.FirstHour.AddHours(-5) } }, HomeA(market));
        var open = await host.Send(BuyFromSolar(market), HomeA(market));
        (await RefusedAsync(BuyFromSolar(market) with { Wish = Wish(market) with { AnswerBy = market.FirstHour } }, HomeA(market))).Field.ShouldBe(nameof(DealWish.AnswerBy));

        await host.Put(db => db.Clocks.Single(clock => clock.LoopId == market.LoopId).MarketAnchor = market.FirstHour.AddHours(-5));
        (await RefusedAsync(new AcceptDeal(market.LoopId, SmallMarket.SolarOwner, early, 1, "pv"), Solar(market))).Bound.ShouldBe("expired");
        (await host.Send(new ShowDeal(market.LoopId, early), Solar(market))).State.ShouldBe(DealState.Expired);
        await host.Put(db => db.Clocks.Single(clock => clock.LoopId == market.LoopId).MarketAnchor = market.FirstHour.AddHours(-1));
        (await RefusedAsync(new AcceptDeal(market.LoopId, SmallMarket.SolarOwner, open, 1, "pv"), Solar(market))).Bound.ShouldBe("expired");
    }

    [Fact]
    public async Task What_a_party_cannot_give_take_or_pay_is_refused_by_field()
    {
        var market = await OpenMarketAsync();
        (await RefusedAsync(BuyFromSolar(market) with { OtherId = SmallMarket.HomeA }, HomeA(market))).Field.ShouldBe(nameof(ProposeDeal.OtherId));
        (await RefusedAsync(BuyFromSolar(market) with { OtherId = Operator }, HomeA(market))).Field.ShouldBe(nameof(ProposeDeal.OtherId));
        (await RefusedAsync(BuyFromSolar(market) with { OtherId = Works }, HomeA(market))).Message.ShouldContain("no plant");
        (await RefusedAsync(BuyFromSolar(market) with { Carrier = Carrier.Cold }, HomeA(market))).Message.ShouldContain("no plant");
        (await RefusedAsync(BuyFromSolar(market, 0), HomeA(market))).Field.ShouldContain("Quantity");
        (await RefusedAsync(BuyFromSolar(market) with { Wish = Wish(market) with { LastDay = FirstDay(market).AddDays(-1) } }, HomeA(market))).Field.ShouldContain("LastDay");
        (await RefusedAsync(BuyFromSolar(market) with { Wish = Wish(market) with { FirstDay = FirstDay(market).AddDays(-9), LastDay = FirstDay(market).AddDays(-8) } }, HomeA(market))).Bound.ShouldBe("gate");

        var sell = new ProposeDeal(market.LoopId, SmallMarket.SolarOwner, Guid.NewGuid(), SmallMarket.HomeA, Carrier.Electricity, OrderSide.Sell, Wish(market));
        (await RefusedAsync(sell, Solar(market))).Field.ShouldBe(nameof(DealWish.PlantCode));
        (await RefusedAsync(sell with { Wish = Wish(market, 10_001) with { PlantCode = "pv" } }, Solar(market))).Message.ShouldContain("at most 10 kWh");
        (await RefusedAsync(sell with { Wish = Wish(market) with { PlantCode = "grid" } }, Solar(market))).Field.ShouldBe(nameof(DealWish.PlantCode));
        (await RefusedAsync(sell with { OtherId = Works, Wish = Wish(market) with { PlantCode = "pv" } }, Solar(market))).Bound.ShouldBe("meter");

        await host.Send(new SetCreditLimit(market.LoopId, SmallMarket.HomeA, Money.FromCents(30)), market.ActorOf(Operator, Role.Operator));
        (await RefusedAsync(BuyFromSolar(market), HomeA(market))).Bound.ShouldBe("operator-limit");
        (await RefusedAsync(sell with { Wish = Wish(market) with { PlantCode = "pv" } }, Solar(market))).Bound.ShouldBe("cover");
    }

    [Fact]
    public async Task A_deal_is_taken_out_of_the_pool_and_billed_at_its_own_price()
    {
        var market = await OpenMarketAsync();
        await market.DeliverAsync();
        var deal = await AgreeAsync(market);
        await market.EndAsync();
        (await market.AdvanceAsync()).ShouldBe(3 * market.Hours);

        var hours = await HoursAsync(market);
        hours.Count.ShouldBe(market.Hours);
        hours.ShouldAllBe(hour => hour.DealId == deal && hour.Delivered == Energy.FromWh(500) && hour.Curtailed == DealCurtailment.None);
        var book = await host.Look(db => db.BookOrders.Where(order => order.LoopId == market.LoopId && order.Carrier == Carrier.Electricity).ToListAsync());
        var positions = await host.Look(db => db.Positions.Where(position => position.LoopId == market.LoopId && position.Carrier == Carrier.Electricity).ToListAsync());
        var prices = await host.Look(db => db.Prices.Where(price => price.LoopId == market.LoopId && price.Carrier == Carrier.Electricity).ToDictionaryAsync(price => price.Hour, price => price.Price!.Value));
        foreach (var (i, hour) in hours.Index())
        {
            // Forecast and reading are alike on the first day: 800 Wh and a little more each hour.
            var need = Energy.FromWh(800 + (i * 100));
            book.Single(order => order.Hour == hour.Hour && order.MemberId == SmallMarket.HomeA).Quantity.ShouldBe(need - hour.Delivered);
            var bought = positions.Single(position => position.Hour == hour.Hour && position.MemberId == SmallMarket.HomeA);
            bought.Traded.ShouldBe(need);
            bought.ImbalanceAmount.ShouldBe(Money.Zero);
            bought.Price.ShouldBeNull();
            bought.TradedAmount.ShouldBe(Agreed.Of(hour.Delivered) + prices[hour.Hour].Of(need - hour.Delivered));
            var sold = positions.Single(position => position.Hour == hour.Hour && position.MemberId == SmallMarket.SolarOwner && position.PlantCode == "pv");
            sold.TradedAmount.ShouldBe(-Agreed.Of(hour.Delivered) + prices[hour.Hour].Of(sold.Traded + hour.Delivered));
        }

        // Debits are credits by construction; that the pool's account is empty says that nobody paid for what another did not get.
        (await host.Look(db => db.Database.SqlQuery<long>($"""
            SELECT coalesce(sum(CASE WHEN a.id = t.debit_account THEN t.amount ELSE -t.amount END), 0)::bigint AS "Value"
            FROM market.transfers t JOIN market.accounts a ON a.loop_id = t.loop_id AND a.kind = {(short)AccountKind.Market} AND a.id IN (t.debit_account, t.credit_account)
            WHERE t.loop_id = {market.LoopId} AND t.kind IN ({(short)TransferKind.Trade}, {(short)TransferKind.Rounding}, {(short)TransferKind.EnergyTraded})
            """).SingleAsync())).ShouldBe(0);
        (await host.Send(new IssueBills(market.LoopId, new Interval(market.FirstHour, market.End), market.End))).Outcome.ShouldBe(BillingOutcome.Issued);
        await ShouldNameTheDealAsync(market, deal, SmallMarket.HomeA, "Solar owner", HomeA(market));
        await ShouldNameTheDealAsync(market, deal, SmallMarket.SolarOwner, "Home A", Solar(market));
        var shown = await host.Send(new ShowDeal(market.LoopId, deal), HomeA(market));
        shown.State.ShouldBe(DealState.Ended);
        shown.Delivered.ShouldBe(Energy.FromWh(500 * market.Hours));
        shown.Amount.ShouldBe(Agreed.Of(Energy.FromWh(500 * market.Hours)));
    }

    // The hour behind a line of the bill shows the deal beside what the auction brought.
    private async Task ShouldNameTheDealAsync(SmallMarket market, long deal, int memberId, string other, Actor actor)
    {
        var bill = await host.Look(db => db.Bills.FirstAsync(bill => bill.LoopId == market.LoopId && bill.MemberId == memberId));
        var line = await host.Look(db => db.BillLines.FirstAsync(line => line.LoopId == market.LoopId && line.BillId == bill.Id && line.Carrier == (short)Carrier.Electricity));
        var hour = await host.Send(new ShowBilledHour(market.LoopId, bill.Number, line.Line, market.FirstHour), actor);
        hour.Deals.ShouldHaveSingleItem().ShouldBe(new DealInHour(deal, other, Energy.FromWh(500), Agreed));
    }

    [Fact]
    public async Task An_hour_that_falls_back_still_settles_its_deals()
    {
        var market = await OpenMarketAsync();
        await market.DeliverAsync();
        await AgreeAsync(market);
        await host.Send(new CloseGate(market.LoopId, market.FirstHour));
        await host.Send(new CloseGate(market.LoopId, market.FirstHour));
        await host.Send(new FallBack(market.LoopId, market.FirstHour, "The solver is out of order"), market.ActorOf(Operator, Role.Operator));
        await host.Send(new SettleHour(market.LoopId, market.FirstHour));

        (await HoursAsync(market)).ShouldHaveSingleItem().Delivered.ShouldBe(Energy.FromWh(500));
        var bought = await host.Look(db => db.Positions.SingleAsync(position => position.LoopId == market.LoopId && position.MemberId == SmallMarket.HomeA && position.Carrier == Carrier.Electricity));
        bought.TradedAmount.ShouldBe(Agreed.Of(Energy.FromWh(500)));
        (bought.Metered - bought.Traded).ShouldBe(Energy.FromWh(300));
    }

    [Fact]
    public async Task Of_two_deals_on_one_plant_the_earlier_comes_first()
    {
        var market = await OpenMarketAsync();
        await market.DeliverAsync();
        var first = await AgreeAsync(market);
        var second = await host.Send(
            new ProposeDeal(market.LoopId, SmallMarket.SolarOwner, Guid.NewGuid(), SmallMarket.HomeB, Carrier.Electricity, OrderSide.Sell, Wish(market) with { PlantCode = "pv" }), Solar(market));
        await host.Send(new AcceptDeal(market.LoopId, SmallMarket.HomeB, second, 1), market.ActorOf(SmallMarket.HomeB));
        await host.Send(new PlaceOrder(
            market.LoopId, SmallMarket.SolarOwner, Guid.NewGuid(), market.FirstHour, Carrier.Electricity, OrderSide.Sell, Energy.FromWh(9_400), Price.Zero, "pv"), Solar(market));
        await host.Send(new CloseGate(market.LoopId, market.FirstHour));

        var hours = (await HoursAsync(market)).ToDictionary(hour => hour.DealId);
        hours[first].Delivered.ShouldBe(Energy.FromWh(500));
        hours[second].Delivered.ShouldBe(Energy.FromWh(100));
        hours[second].Curtailed.ShouldBe(DealCurtailment.SellerCannotGive);
    }

    [Fact]
    public async Task A_deal_binds_credit_as_orders_do()
    {
        var market = await OpenMarketAsync();
        var before = await host.Send(new ShowCredit(market.LoopId, SmallMarket.HomeA), HomeA(market));
        await AgreeAsync(market);

        var after = await host.Send(new ShowCredit(market.LoopId, SmallMarket.HomeA), HomeA(market));
        // Price and network fee with VAT of each of the six hours.
        var hourly = Money.FromMicro(Rounding.DivideAwayFromZero((Int128)Price.FromMicroPerKWh(160_000).Of(Energy.FromWh(500)).Micro * 11_900, 10_000));
        (after.Bound - before.Bound).ShouldBe(Money.FromMicro(hourly.Micro * market.Hours));
    }

    [Fact]
    public async Task A_deal_delivers_no_more_than_the_buyer_takes_or_the_plant_gives()
    {
        var market = await OpenMarketAsync();
        await market.DeliverAsync();
        await AgreeAsync(market, wattHours: 5_000);
        await market.EndAsync();
        await market.AdvanceAsync();

        var hours = await HoursAsync(market);
        hours.ShouldAllBe(hour => hour.Curtailed == DealCurtailment.BuyerCannotTake && hour.Agreed == Energy.FromWh(5_000));
        hours.Select(hour => hour.Delivered.WattHours).ShouldBe(Enumerable.Range(0, market.Hours).Select(i => 800L + (i * 100)));
        (await host.Look(db => db.BookOrders.AnyAsync(order => order.LoopId == market.LoopId && order.MemberId == SmallMarket.HomeA && order.Carrier == Carrier.Electricity))).ShouldBeFalse();
        var bought = await host.Look(db => db.Positions.Where(position => position.LoopId == market.LoopId && position.MemberId == SmallMarket.HomeA && position.Carrier == Carrier.Electricity).ToListAsync());
        bought.ShouldAllBe(position => position.Price == Agreed && position.Traded == position.Metered);
    }

    [Fact]
    public async Task Who_offers_a_plant_or_orders_for_an_hour_leaves_deals_the_rest()
    {
        var market = await OpenMarketAsync();
        await market.DeliverAsync();
        await AgreeAsync(market);
        await host.Send(new PlaceOrder(
            market.LoopId, SmallMarket.SolarOwner, Guid.NewGuid(), market.FirstHour, Carrier.Electricity, OrderSide.Sell, Energy.FromWh(9_700), Price.Zero, "pv"), Solar(market));
        await host.Send(new PlaceOrder(
            market.LoopId, SmallMarket.HomeA, Guid.NewGuid(), market.FirstHour.AddHours(1), Carrier.Electricity, OrderSide.Buy, Energy.FromWh(700), Price.FromMicroPerKWh(400_000)), HomeA(market));
        await market.EndAsync();
        await market.AdvanceAsync();

        var hours = await HoursAsync(market);
        hours[0].Delivered.ShouldBe(Energy.FromWh(300));
        hours[0].Curtailed.ShouldBe(DealCurtailment.SellerCannotGive);
        hours[1].Delivered.ShouldBe(Energy.FromWh(500));
        (await host.Look(db => db.BookOrders.SingleAsync(order => order.LoopId == market.LoopId && order.Hour == market.FirstHour && order.PlantCode == "pv"))).Quantity.ShouldBe(Energy.FromWh(9_700));
        (await host.Look(db => db.BookOrders.SingleAsync(order => order.LoopId == market.LoopId && order.Hour == hours[1].Hour
            && order.MemberId == SmallMarket.HomeA && order.Carrier == Carrier.Electricity))).Quantity.ShouldBe(Energy.FromWh(700));
    }

    [Fact]
    public async Task Erasing_a_member_erases_its_notes_and_keeps_the_deal()
    {
        var market = await OpenMarketAsync();
        var deal = await host.Send(BuyFromSolar(market), HomeA(market));
        var operating = new Account { Id = Guid.NewGuid(), DisplayName = "Olga", UserName = $"{Guid.NewGuid():N}@tests.example", CreatedAt = market.FirstHour };
        await host.Put(db =>
        {
            db.Users.Add(operating);
            db.Memberships.Add(new Membership { LoopId = market.LoopId, MemberId = Operator, AccountId = operating.Id });
        });
        await host.Send(new EraseMember(market.LoopId, SmallMarket.HomeA), market.ActorOf(Operator, Role.Operator));

        var shown = await host.Send(new ShowDeal(market.LoopId, deal), Solar(market));
        shown.Steps.ShouldHaveSingleItem().Note.ShouldBeNull();
        shown.Buyer.ShouldBe("home-a");
        (await RefusedAsync(new AcceptDeal(market.LoopId, SmallMarket.SolarOwner, deal, 1, "pv"), Solar(market))).Bound.ShouldBe("meter");
    }
}
