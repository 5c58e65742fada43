using Marketplace.Quantities;
using Shouldly;
using Xunit;
using static Marketplace.Market.Tests.Books;

namespace Marketplace.Market.Tests.Mechanisms;

/// <summary>Results changed with care, so that sums and averages still fit: the rule of the mechanism itself must find them out.</summary>
public sealed class TamperedTradesTests
{
    private delegate List<Trade>? Change(OrderBook book, List<Trade> trades, Random random);

    private static readonly Change[] Changes = [Shift, Drop, MoveWattHour, Swap, Reorder, Split];

    [Theory]
    [InlineData(Mechanism.CommunityFirst)]
    [InlineData(Mechanism.PayAsBid)]
    [InlineData(Mechanism.FallingOffers)]
    public void Every_change_of_the_trades_is_found_by_the_rule(Mechanism mechanism)
    {
        var tried = new int[Changes.Length];
        for (var seed = 0; seed < 300; seed++)
        {
            var book = new RandomMechanisms(seed).Next(mechanism);
            var good = Clearing.Run(book, Solver);
            for (var c = 0; c < Changes.Length; c++)
            {
                if (good.Trades.Count > 0 && Changes[c](book, [.. good.Trades], new Random(seed)) is { } trades)
                {
                    tried[c]++;
                    Clearing.Check(book, With(book, good, trades)).Findings.ShouldContain(f => f.Rule == "mechanism", $"seed {seed}, {Changes[c].Method.Name}");
                }
            }
        }

        tried.ShouldAllBe(n => n > 30);
    }

    [Fact]
    public void One_price_is_the_middle_and_shares_are_by_quantity()
    {
        var found = 0;
        for (var seed = 0; seed < 300; seed++)
        {
            var book = new RandomMechanisms(seed).Next(Mechanism.Uniform);
            var good = Clearing.Run(book, Solver);
            if (good.Prices[0].Price is { } price)
            {
                ShouldFail(book, good, good.Accepted, good.Prices[0] with { Price = price + new Price(1) });
                ShouldFail(book, good, good.Accepted, good.Prices[0] with { Low = price - new Price(1_000_000) });
            }

            var taking = book.Orders.Index().Where(o => good.Accepted[o.Index].WattHours > 0).ToList();
            for (var i = 1; i < taking.Count; i++)
            {
                var (one, other) = (taking[i - 1], taking[i]);
                if (one.Item.Side == other.Item.Side)
                {
                    var moved = good.Accepted.ToArray();
                    (moved[one.Index], moved[other.Index]) = (moved[one.Index] + new Energy(1), moved[other.Index] - new Energy(1));
                    ShouldFail(book, good, moved, good.Prices[0]);
                    found++;
                }
            }
        }

        found.ShouldBeGreaterThan(100);
    }

    [Fact]
    public void What_a_mechanism_gave_up_cannot_be_talked_down()
    {
        var book = new RandomMechanisms(1).Next(Mechanism.PayAsBid);
        var good = Clearing.Run(book, Solver);
        foreach (var stated in new Money?[] { good.WelfareGivenUp[0] + Money.FromMicro(1), null })
        {
            var tampered = new ClearingResult(book, good.Welfare, good.Prices, good.Accepted, [], [], good.Checks, good.Trades, [stated]);
            Clearing.Check(book, tampered).Findings.ShouldContain(f => f.Rule == "welfare");
        }
    }

    [Fact]
    public void Trades_listed_where_every_node_has_one_price_are_found()
    {
        var book = Of(["heat"], [Buy("b", "heat", 10, 5), Sell("s", "heat", 10, 5)]);
        var good = Clearing.Run(book, Solver);
        var tampered = new ClearingResult(book, good.Welfare, good.Prices, good.Accepted, [], [], good.Checks, [new Trade(0, 1, new(10), new(5))]);
        Clearing.Check(book, tampered).Findings.ShouldContain(f => f.Rule == "trades");
    }

    private static void ShouldFail(OrderBook book, ClearingResult good, IReadOnlyList<Energy> accepted, NodePrice price) =>
        Clearing.Check(book, new ClearingResult(book, good.Welfare, [price], accepted, [], [], good.Checks, good.Trades, good.WelfareGivenUp)).Holds.ShouldBeFalse();

    /// <summary>A result that agrees with the trades in accepted energy and average price.</summary>
    private static ClearingResult With(OrderBook book, ClearingResult good, List<Trade> trades)
    {
        var accepted = new long[book.Orders.Count];
        foreach (var trade in trades)
        {
            foreach (var order in new[] { trade.Buy, trade.Sell }.Where(o => o != Trade.Pool))
            {
                accepted[order] += trade.Energy.WattHours;
            }
        }

        var energy = trades.Sum(t => t.Energy.WattHours);
        var price = trades.Count == 0 ? new NodePrice(book.Nodes[0], null, null, null) : new NodePrice(
            book.Nodes[0], new Price(Rounding.DivideAwayFromZero(trades.Aggregate((Int128)0, (sum, t) => sum + ((Int128)t.Price.MicroPerKWh * t.Energy.WattHours)), energy)),
            trades.Min(t => t.Price), trades.Max(t => t.Price));
        return new ClearingResult(book, good.Welfare, [price], [.. accepted.Select(Energy.FromWh)], [], [], good.Checks, trades, good.WelfareGivenUp);
    }

    private static List<Trade>? Shift(OrderBook book, List<Trade> trades, Random random)
    {
        // All trades with the pool of a stage share its price, so that all must move together to deceive.
        var (t, by) = (random.Next(trades.Count), new Price(random.Next(2) == 0 ? 1 : -1));
        return [.. trades.Select((trade, i) => i == t || (trade.Round == trades[t].Round && (trade.Buy < 0 || trade.Sell < 0)) ? trade with { Price = trade.Price + by } : trade)];
    }

    private static List<Trade>? Drop(OrderBook book, List<Trade> trades, Random random)
    {
        trades.RemoveAt(random.Next(trades.Count));
        return trades;
    }

    private static List<Trade>? MoveWattHour(OrderBook book, List<Trade> trades, Random random)
    {
        var two = trades.Index().Where(t => t.Item.Energy.WattHours > 1 && t.Item.Round == trades[0].Round && t.Item.Buy < 0 == trades[0].Buy < 0).OrderBy(_ => random.Next()).Take(2).ToList();
        if (two.Count < 2)
        {
            return null;
        }

        trades[two[0].Index] = two[0].Item with { Energy = two[0].Item.Energy + new Energy(1) };
        trades[two[1].Index] = two[1].Item with { Energy = two[1].Item.Energy - new Energy(1) };
        return trades;
    }

    private static List<Trade>? Swap(OrderBook book, List<Trade> trades, Random random)
    {
        var (a, b) = (random.Next(trades.Count), random.Next(trades.Count));
        if (trades[a].Buy < 0 != trades[b].Buy < 0 || trades[a].Energy == trades[b].Energy)
        {
            return null;
        }

        (trades[a], trades[b]) = (trades[a] with { Energy = trades[b].Energy }, trades[b] with { Energy = trades[a].Energy });
        return trades;
    }

    private static List<Trade>? Reorder(OrderBook book, List<Trade> trades, Random random)
    {
        if (trades.Count < 2)
        {
            return null;
        }

        var at = random.Next(trades.Count - 1);
        (trades[at], trades[at + 1]) = (trades[at + 1], trades[at]);
        return trades[at] == trades[at + 1] ? null : trades;
    }

    private static List<Trade>? Split(OrderBook book, List<Trade> trades, Random random)
    {
        var at = random.Next(trades.Count);
        if (trades[at].Energy.WattHours < 2)
        {
            return null;
        }

        trades.Insert(at, trades[at] with { Energy = new Energy(1) });
        trades[at + 1] = trades[at + 1] with { Energy = trades[at + 1].Energy - new Energy(1) };
        return trades;
    }
}
