using Marketplace.Quantities;
using Shouldly;
using Xunit;
using static Marketplace.Market.Tests.Books;

namespace Marketplace.Market.Tests.Mechanisms;

/// <summary>The worked numbers of docs/mechanisms.md and the corners of each rule.</summary>
public sealed class MechanismsByHandTests
{
    private static Order Buyer(string id, long wattHours, long limit, string? party = null, Origin origin = Origin.Inside) =>
        new(id, "heat", Side.Buy, Energy.FromWh(wattHours), Price.FromMicroPerKWh(limit), party, origin);

    private static Order Seller(string id, long wattHours, long limit, string? party = null, Origin origin = Origin.Inside, bool standing = false) =>
        new(id, "heat", Side.Sell, Energy.FromWh(wattHours), Price.FromMicroPerKWh(limit), party, origin, standing);

    private static OrderBook Book(Mechanism mechanism, Order[] orders, long? cap = null, long? floor = null, int? rounds = null) => new(
        RandomMarket.Hour, ["heat"], orders, [], [], cap is { } c ? Price.FromMicroPerKWh(c) : null, floor is { } f ? Price.FromMicroPerKWh(f) : null, [mechanism], rounds);

    private static ClearingResult Clear(OrderBook book)
    {
        var result = Clearing.Run(book, Solver);
        Clearing.Check(book, result).Findings.ShouldBeEmpty();
        return result;
    }

    private static (string? Buy, string? Sell, long Wh, long Price, int Round)[] Trades(OrderBook book, ClearingResult result) =>
        [.. result.Trades.Select(t => (t.Buy < 0 ? null : book.Orders[t.Buy].Id, t.Sell < 0 ? null : book.Orders[t.Sell].Id, t.Energy.WattHours, t.Price.MicroPerKWh, t.Round))];

    [Fact]
    public void One_price_is_the_middle_of_what_the_orders_leave()
    {
        var result = Clear(Book(Mechanism.Uniform, [Buyer("a", 100, 300_000), Buyer("b", 100, 200_000), Seller("c", 100, 100_000), Seller("d", 50, 240_000)]));
        result.Accepted.Wh().ShouldBe([100, 0, 100, 0]);
        result.Prices[0].ShouldBe(new NodePrice("heat", new Price(220_000), new Price(200_000), new Price(240_000)));
    }

    [Fact]
    public void Who_comes_trades_with_the_best_that_rest_at_their_limits_and_the_earliest_among_equals()
    {
        var book = Book(Mechanism.PayAsBid, [
            Seller("dear", 400, 90_000), Seller("first", 300, 60_000), Seller("second", 500, 60_000), Buyer("home", 900, 90_000), Buyer("low", 100, 50_000), Seller("late", 80, 40_000)]);
        var result = Clear(book);
        Trades(book, result).ShouldBe([
            ("home", "first", 300, 60_000, 0), ("home", "second", 500, 60_000, 0), ("home", "dear", 100, 90_000, 0), ("low", "late", 80, 50_000, 0)]);
        result.Accepted.Wh().ShouldBe([100, 300, 500, 900, 80, 80]);
        // (800 · 60,000 + 100 · 90,000 + 80 · 50,000) / 980 = 62,244.9
        result.Prices[0].ShouldBe(new NodePrice("heat", new Price(62_245), new Price(50_000), new Price(90_000)));
        // Gains 800 · 30 + 0 + 80 · 10, one price would give: home 80 late, 300 + 500 at 60 and 20 at 90.
        result.Welfare.Micro.ShouldBe(24_800);
        result.WelfareGivenUp[0].ShouldBe(Money.FromMicro(28_000 - 24_800));
    }

    [Fact]
    public void Each_step_rests_at_its_own_limit()
    {
        var book = Book(Mechanism.PayAsBid, [
            Order.Stepwise("steps", "heat", Side.Sell, [new(new(100), new(10)), new(new(100), new(20)), new(new(100), new(30))]), Buyer("b", 250, 25)]);
        Trades(book, Clear(book)).ShouldBe([("b", "steps", 100, 10, 0), ("b", "steps", 100, 20, 0)]);
    }

    [Fact]
    public void Orders_of_one_party_pass_each_other()
    {
        var book = Book(Mechanism.PayAsBid, [Seller("own", 100, 10, "anna"), Seller("other", 100, 20, "ben"), Buyer("b", 150, 30, "anna"), Buyer("c", 50, 30, "cleo")]);
        var result = Clear(book);
        Trades(book, result).ShouldBe([("b", "other", 100, 20, 0), ("c", "own", 50, 10, 0)]);
    }

    [Fact]
    public void Cap_and_floor_count_as_limits_in_continuous_trading()
    {
        var book = Book(Mechanism.PayAsBid, [Buyer("rich", 100, 900), Seller("dear", 100, 800), Seller("cheap", 100, 10), Buyer("poor", 50, 40)], cap: 500, floor: 50);
        Trades(book, Clear(book)).ShouldBe([("rich", "cheap", 100, 500, 0)]);
    }

    [Fact]
    public void The_community_trades_first_although_the_outside_is_cheaper()
    {
        var book = Book(Mechanism.CommunityFirst, [
            Buyer("home", 1_000, 300_000), Buyer("shop", 600, 200_000), Seller("roof", 900, 120_000), Seller("grid", 5_000, 100_000, origin: Origin.Outside), Seller("chp", 400, 180_000)]);
        var result = Clear(book);
        // Inside: home 1,000 and shop 300 with roof 900 and chp 400 at 200,000, which shop sets; then shop's 300 from the grid, at 100,000, which the grid sets.
        Trades(book, result).ShouldBe([
            ("home", null, 1_000, 200_000, 1), ("shop", null, 300, 200_000, 1), (null, "roof", 900, 200_000, 1), (null, "chp", 400, 200_000, 1),
            ("shop", null, 300, 100_000, 2), (null, "grid", 300, 100_000, 2)]);
        result.Accepted.Wh().ShouldBe([1_000, 600, 900, 300, 400]);
        // (1,300 · 200,000 + 300 · 100,000) / 1,600
        result.Prices[0].Price.ShouldBe(new Price(181_250));
        // The grid alone would have served all: 900 · 20,000 + 400 · 80,000, divided by 1,000.
        result.WelfareGivenUp[0].ShouldBe(Money.FromMicro(50_000));
    }

    [Fact]
    public void What_the_community_shares_outside_goes_by_quantity()
    {
        var book = Book(Mechanism.CommunityFirst, [Buyer("a", 100, 300), Buyer("b", 50, 300), Seller("grid", 100, 100, origin: Origin.Outside)]);
        Clear(book).Accepted.Wh().ShouldBe([67, 33, 100]);
    }

    [Fact]
    public void Offers_fall_from_the_ceiling_to_their_limits_and_the_standing_offer_comes_last()
    {
        var book = Book(
            Mechanism.FallingOffers,
            [Buyer("early", 500, 200_000), Buyer("late", 800, 400_000), Seller("pv", 600, 100_000), Seller("chp", 300, 220_000), Seller("diesel", 10_000, 400_000, standing: true)],
            rounds: 3);
        var result = Clear(book);
        // pv: 400, 300, 200, 100; chp: 400, 340, 280, 220 thousand. The opening: late can pay both, pv was there first.
        Trades(book, result).ShouldBe([("late", "pv", 600, 400_000, 0), ("late", "chp", 200, 400_000, 0)]);
    }

    [Fact]
    public void Who_waits_buys_when_the_offers_have_come_down()
    {
        var book = Book(
            Mechanism.FallingOffers,
            [Buyer("a", 500, 210_000), Buyer("b", 400, 300_000), Buyer("c", 300, 350_000), Seller("pv", 700, 100_000), Seller("chp", 100, 200_000), Seller("plant", 900, 350_000, standing: true)],
            rounds: 4);
        var result = Clear(book);
        // pv: 350 000, 287 500, 225 000, 162 500, 100 000; chp: 350 000, 312 500, 275 000, 237 500, 200 000; the plant stands at 350 000.
        Trades(book, result).ShouldBe([("c", "pv", 300, 350_000, 0), ("b", "pv", 400, 287_500, 1), ("a", "chp", 100, 200_000, 4)]);
        result.Accepted.Wh().ShouldBe([100, 400, 300, 700, 100, 0]);
    }

    [Fact]
    public void What_does_not_divide_stays_with_the_seller_until_the_last_round()
    {
        var book = Book(Mechanism.FallingOffers, [Buyer("b", 10, 67), Buyer("c", 10, 33), Seller("s", 100, 0)], cap: 100, rounds: 3);
        Trades(book, Clear(book)).ShouldBe([("b", "s", 10, 67, 1), ("c", "s", 10, 0, 3)]);
    }

    [Fact]
    public void The_standing_offer_serves_who_is_left_at_its_limit()
    {
        var book = Book(Mechanism.FallingOffers, [Seller("grid", 1_000, 300, standing: true), Buyer("x", 10, 300), Buyer("y", 10, 299), Seller("s", 4, 100)], rounds: 1);
        Trades(book, Clear(book)).ShouldBe([("x", "s", 4, 300, 0), ("x", "grid", 6, 300, 2)]);
    }

    [Fact]
    public void Offers_without_a_ceiling_are_refused_by_name() =>
        Should.Throw<OrderBookException>(() => Book(Mechanism.FallingOffers, [Seller("s", 1, 1)])).Message.ShouldContain("'heat'");

    [Fact]
    public void A_second_standing_offer_and_one_that_has_no_place_are_refused_by_name()
    {
        Should.Throw<OrderBookException>(() => Book(Mechanism.FallingOffers, [Seller("s", 1, 1, standing: true), Seller("t", 1, 1, standing: true)])).Message.ShouldContain("'t'");
        Should.Throw<OrderBookException>(() => Book(Mechanism.PayAsBid, [Seller("s", 1, 1, standing: true)])).Message.ShouldContain("'s'");
        Should.Throw<OrderBookException>(() => new Order("b", "heat", Side.Buy, new(1), new(1), standing: true)).Message.ShouldContain("'b'");
    }

    [Theory]
    [InlineData(Mechanism.CommunityFirst)]
    [InlineData(Mechanism.PayAsBid)]
    [InlineData(Mechanism.FallingOffers)]
    public void One_sided_and_empty_books_trade_nothing_and_have_no_price(Mechanism mechanism)
    {
        foreach (Order[] orders in new Order[][] { [], [Buyer("b", 10, 5)], [Seller("s", 10, 5)], [Buyer("b", 10, 4), Seller("s", 10, 5)], [Buyer("b", 0, 9), Seller("s", 10, 5)] })
        {
            var result = Clear(Book(mechanism, orders, cap: 100));
            result.Trades.ShouldBeEmpty();
            result.Prices[0].ShouldBe(new NodePrice("heat", null, null, null));
            result.WelfareGivenUp[0].ShouldBe(Money.Zero);
        }
    }

    [Fact]
    public void Plants_at_a_node_cleared_by_itself_stand_still_and_the_others_run()
    {
        var book = new OrderBook(
            RandomMarket.Hour, ["heat", "electricity", "cold"],
            [Buyer("home", 700, 200_000), Seller("waste", 100, 20_000), Sell("grid", "electricity", 1_000, 100_000), Buy("shop", "cold", 300, 90_000)],
            [Plant("hp", 1_000, 0, ("electricity", -1_000_000), ("heat", 3_500_000)), Plant("chiller", 1_000, 0, ("electricity", -1_000_000), ("cold", 3_000_000))], [],
            mechanisms: [Mechanism.PayAsBid, Mechanism.Coupled, Mechanism.Coupled]);
        var result = Clear(book);
        result.Converters.Wh().ShouldBe([0, 100]);
        result.Accepted.Wh().ShouldBe([100, 100, 100, 300]);
        var tampered = new ClearingResult(book, result.Welfare, result.Prices, result.Accepted, [new(1), new(100)], [], result.Checks, result.Trades, result.WelfareGivenUp);
        Clearing.Check(book, tampered).Findings.ShouldContain(f => f.Where == "converter 'hp'");
    }

    [Fact]
    public void A_plant_held_by_a_mechanism_is_explained_as_such()
    {
        var book = new OrderBook(
            RandomMarket.Hour, ["heat", "electricity"], [Buyer("home", 700, 200_000), Seller("waste", 100, 20_000), Sell("grid", "electricity", 1_000, 100_000)],
            [Plant("hp", 1_000, 0, ("electricity", -1_000_000), ("heat", 3_500_000))], [], mechanisms: [Mechanism.PayAsBid, Mechanism.Coupled]);
        var why = PriceExplanation.Of(book, Clear(book));
        why.Nodes.ShouldAllBe(n => n.Idle.Single() == new IdleUnit("hp", default, true));
        why.Nodes[0].SetBy.ShouldHaveSingleItem().Cause.ShouldBe(PriceCause.AverageOfTrades);
        var home = why.OfOrder(0);
        (home.Outcome, home.Accepted.WattHours, home.Missing.WattHours, home.NextLimit).ShouldBe((OrderOutcome.Unmatched, 100, 600, null));
    }

    [Theory]
    [InlineData(Mechanism.CommunityFirst)]
    [InlineData(Mechanism.PayAsBid)]
    [InlineData(Mechanism.FallingOffers)]
    public void The_limit_named_to_who_got_nothing_would_have_been_accepted(Mechanism mechanism)
    {
        var tried = 0;
        for (var seed = 0; seed < 400; seed++)
        {
            var book = new RandomMechanisms(seed).Next(mechanism);
            var why = PriceExplanation.Of(book, Clear(book));
            for (var i = 0; i < book.Orders.Count; i++)
            {
                var (order, told) = (book.Orders[i], why.OfOrder(i));
                if (!order.IsStepwise && !order.IsStanding && told.Accepted == Energy.Zero && told.NextLimit is { } limit)
                {
                    var orders = book.Orders.ToArray();
                    orders[i] = new Order(order.Id, order.Node, order.Side, order.Quantity, limit, order.Party, order.Origin);
                    var other = new OrderBook(book.Hour, book.Nodes, orders, [], [], book.Cap, book.Floor, [mechanism], book.Rounds);
                    Clearing.Run(other, Solver).Accepted[i].ShouldBeGreaterThan(Energy.Zero, $"seed {seed}, {order.Id}");
                    tried++;
                }
            }
        }

        tried.ShouldBeGreaterThan(100);
    }
}
