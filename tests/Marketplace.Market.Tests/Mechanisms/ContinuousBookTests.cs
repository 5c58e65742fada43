using FsCheck;
using FsCheck.Fluent;
using Marketplace.Quantities;
using Shouldly;
using Xunit;
using static Marketplace.Market.Tests.Books;

namespace Marketplace.Market.Tests.Mechanisms;

/// <summary>The live book against the whole book cleared at once.</summary>
public sealed class ContinuousBookTests
{
    private static void ForAll(Action<int> holds) => Prop.ForAll<int>(holds).Check(Config.QuickThrowOnFailure.WithMaxTest(300).WithReplay(20_191_203, 7));

    [Fact]
    public void Order_by_order_gives_the_trades_of_the_whole_book() => ForAll(seed =>
    {
        var book = new RandomMechanisms(seed).Next(Mechanism.PayAsBid);
        var live = new ContinuousBook(book.Cap, book.Floor);
        book.Orders.SelectMany(live.Place).ToList().ShouldBe(Clearing.Run(book, Solver).Trades);
        live.Trades.ShouldBe(Clearing.Run(book, Solver).Trades);
    });

    [Fact]
    public void A_book_with_withdrawals_is_the_book_of_what_the_withdrawn_had_traded() => ForAll(seed =>
    {
        var book = new RandomMechanisms(seed).Next(Mechanism.PayAsBid);
        var random = new Random(seed);
        var live = new ContinuousBook(book.Cap, book.Floor);
        for (var i = 0; i < book.Orders.Count; i++)
        {
            live.Place(book.Orders[i]);
            if (random.Next(3) == 0)
            {
                var id = book.Orders[random.Next(i + 1)].Id;
                var resting = live.Resting(id);
                live.Withdraw(id).ShouldBe(resting);
                live.Resting(id).ShouldBe(Energy.Zero);
            }
        }

        var kept = new OrderBook(book.Hour, book.Nodes, live.Orders(), [], [], book.Cap, book.Floor, [Mechanism.PayAsBid]);
        var result = Clearing.Run(kept, Solver);
        result.Trades.ShouldBe(live.Trades);
        Clearing.Check(kept, result).Findings.ShouldBeEmpty();
    });

    [Fact]
    public void The_depth_is_what_rests_best_first_and_crosses_only_among_the_own() => ForAll(seed =>
    {
        var book = new RandomMechanisms(seed).Next(Mechanism.PayAsBid);
        var live = new ContinuousBook(book.Cap, book.Floor);
        foreach (var order in book.Orders)
        {
            live.Place(order);
        }

        foreach (var side in new[] { Side.Buy, Side.Sell })
        {
            var depth = live.Depth(side);
            depth.Select(d => d.Price).ShouldBe(side == Side.Buy ? depth.Select(d => d.Price).OrderDescending() : depth.Select(d => d.Price).Order());
            depth.ShouldAllBe(d => d.Energy > Energy.Zero && d.Orders > 0);
            var resting = book.Orders.Where(o => o.Side == side).Sum(o => live.Resting(o.Id).WattHours);
            depth.Sum(d => d.Energy.WattHours).ShouldBe(resting);
            live.Depth(side, 1).ShouldBe(depth.Take(1));
        }

        var rests = book.Orders.Where(o => !o.IsStepwise && live.Resting(o.Id) > Energy.Zero).ToList();
        foreach (var buy in rests.Where(o => o.Side == Side.Buy))
        {
            rests.Where(o => o.Side == Side.Sell && o.Limit <= buy.Limit).ShouldAllBe(o => o.Party != null && o.Party == buy.Party);
        }
    });

    [Fact]
    public void Withdrawing_twice_or_after_all_is_traded_takes_nothing_and_the_unknown_is_refused_by_name()
    {
        var live = new ContinuousBook();
        live.Place(Sell("s", "heat", 100, 10));
        live.Place(Buy("b", "heat", 60, 10)).Count.ShouldBe(1);
        live.Depth(Side.Sell).ShouldBe([new DepthLevel(new(10), new(40), 1)]);
        live.Withdraw("s").ShouldBe(new Energy(40));
        live.Withdraw("s").ShouldBe(Energy.Zero);
        live.Withdraw("b").ShouldBe(Energy.Zero);
        live.Depth(Side.Sell).ShouldBeEmpty();
        Should.Throw<OrderBookException>(() => live.Withdraw("x")).Message.ShouldContain("'x'");
        Should.Throw<OrderBookException>(() => live.Place(Sell("s", "heat", 1, 1))).Message.ShouldContain("'s'");
        live.Orders().Select(o => o.Quantity.WattHours).ShouldBe([60, 60]);
    }

    [Fact]
    public void A_hundred_thousand_orders_trade_as_their_replay_does()
    {
        var random = new Random(11);
        var orders = Enumerable.Range(0, 100_000).Select(i => new Order(
            i.ToString(System.Globalization.CultureInfo.InvariantCulture), "heat", random.Next(2) == 0 ? Side.Buy : Side.Sell,
            new(random.Next(1, 50_000)), new(random.Next(4_000) * 100), $"p{random.Next(1_000)}")).ToArray();
        var book = new OrderBook(RandomMarket.Hour, ["heat"], orders, [], [], mechanisms: [Mechanism.PayAsBid]);
        var result = Clearing.Run(book, Solver);
        result.Trades.Count.ShouldBeGreaterThan(50_000);
        Clearing.Check(book, result).Findings.ShouldBeEmpty();
    }
}
