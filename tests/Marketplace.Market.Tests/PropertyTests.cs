using FsCheck;
using FsCheck.Fluent;
using Marketplace.Quantities;
using Shouldly;
using Xunit;
using static Marketplace.Market.Tests.Books;

namespace Marketplace.Market.Tests;

/// <summary>What must hold in every market.</summary>
public sealed class PropertyTests
{
    private static void ForAllMarkets(Action<OrderBook, int> holds) =>
        Prop.ForAll<int>(seed => holds(new RandomMarket(seed).Next(), seed)).Check(Config.QuickThrowOnFailure.WithMaxTest(150).WithReplay(20_191_203, 7));

    [Fact]
    public void Energy_is_conserved_at_each_node() => ForAllMarkets((book, _) =>
    {
        var result = Clear(book);
        foreach (var node in book.Nodes)
        {
            var orders = book.Orders.Select((o, i) => (o, i)).Where(x => x.o.Node == node).Sum(x => x.o.Side == Side.Sell ? result.Accepted[x.i].WattHours : -result.Accepted[x.i].WattHours);
            var units = result.Flows.Where(f => f.Node == node).Sum(f => f.Energy.WattHours);
            (orders + units).ShouldBe(0);
        }
    });

    [Fact]
    public void Nobody_pays_more_or_gets_less_than_the_own_limit() => ForAllMarkets((book, _) =>
    {
        var result = Clear(book);
        for (var i = 0; i < book.Orders.Count; i++)
        {
            var (order, left) = (book.Orders[i], result.Accepted[i].WattHours);
            left.ShouldBeInRange(0, order.Quantity.WattHours);
            for (var s = 0; s < order.StepCount && left > 0; s++)
            {
                var price = result.Prices[book.NodeIndex(order.Node)].Price!.Value;
                (order.Side == Side.Buy ? order.Step(s).Limit >= price : order.Step(s).Limit <= price).ShouldBeTrue();
                left -= order.Step(s).Quantity.WattHours;
            }
        }
    });

    [Fact]
    public void The_same_book_gives_the_same_bytes() => ForAllMarkets((book, _) =>
        ClearingResultJson.Write(book, Clear(book)).ShouldBe(ClearingResultJson.Write(book, Clear(OrderBookJson.Read(OrderBookJson.Write(book))))));

    [Fact]
    public void Order_of_arrival_matters_only_among_equal_limits() => ForAllMarkets((book, seed) =>
    {
        var random = new Random(seed);
        var shuffled = book.Orders.OrderBy(_ => random.Next()).ToArray();
        var other = new OrderBook(book.Hour, book.Nodes, shuffled, [.. book.Converters.Reverse()], [.. book.Connections.Reverse()]);
        var (one, two) = (Clear(book), Clear(other));
        two.Welfare.ShouldBe(one.Welfare);
        two.Prices.ShouldBe(one.Prices);
        two.Converters.Reverse().ShouldBe(one.Converters);
        two.Connections.Reverse().ShouldBe(one.Connections);
        Volumes(other, two).ShouldBe(Volumes(book, one));
    });

    [Fact]
    public void Orders_in_arrays_clear_as_orders_do() => ForAllMarkets((book, _) =>
    {
        var simple = book.Orders.Where(o => !o.IsStepwise).ToArray();
        var arrays = new OrderArrays(
            [.. simple.Select(o => book.NodeIndex(o.Node))], [.. simple.Select(o => o.Side)], [.. simple.Select(o => o.Quantity.WattHours)],
            [.. simple.Select(o => o.Limit.MicroPerKWh)], [.. simple.Select(o => o.Id)]);
        var one = new OrderBook(book.Hour, book.Nodes, simple, book.Converters, book.Connections);
        var two = OrderBook.FromArrays(book.Hour, book.Nodes, arrays, book.Converters, book.Connections);
        OrderBookJson.Write(two).ShouldBe(OrderBookJson.Write(one));
        ClearingResultJson.Write(two, Clear(two)).ShouldBe(ClearingResultJson.Write(one, Clear(one)));
    });

    [Fact]
    public void Nobody_envies_another_at_the_same_node() => ForAllMarkets((book, _) =>
    {
        // Who bids more gets everything before who bids less gets anything, but for whole Wh.
        var result = Clear(book);
        if (result.Losses.Any(loss => loss != 0) || book.Converters.Count + book.Connections.Count > 0)
        {
            return;
        }

        for (var i = 0; i < book.Orders.Count; i++)
        {
            for (var j = 0; j < book.Orders.Count; j++)
            {
                var (a, b) = (book.Orders[i], book.Orders[j]);
                if (a.Node == b.Node && a.Side == b.Side && !a.IsStepwise && !b.IsStepwise
                    && (a.Side == Side.Buy ? a.Limit > b.Limit : a.Limit < b.Limit) && result.Accepted[j].WattHours > 0)
                {
                    result.Accepted[i].ShouldBe(a.Quantity);
                }
            }
        }
    });

    private static (string Node, Side Side, long Volume)[] Volumes(OrderBook book, ClearingResult result) =>
        [.. book.Orders.Select((o, i) => (o.Node, o.Side, Volume: result.Accepted[i].WattHours))
            .GroupBy(x => (x.Node, x.Side)).Select(g => (g.Key.Node, g.Key.Side, g.Sum(x => x.Volume)))
            .OrderBy(x => x.Node, StringComparer.Ordinal).ThenBy(x => x.Side)];

    [Fact]
    public void A_higher_bid_never_gets_less() => Prop.ForAll<int>(seed =>
    {
        var random = new Random(seed);
        var orders = Enumerable.Range(0, random.Next(2, 30)).Select(i =>
            random.Next(2) == 0 ? Buy($"b{i}", "n", random.Next(1, 50), random.Next(0, 12)) : Sell($"s{i}", "n", random.Next(1, 50), random.Next(0, 12))).ToArray();
        var raised = Array.FindIndex(orders, o => o.Side == Side.Buy);
        if (raised < 0)
        {
            return;
        }

        var before = Clear(Of(["n"], orders)).Accepted[raised];
        orders[raised] = Buy(orders[raised].Id, "n", orders[raised].Quantity.WattHours, orders[raised].Limit.MicroPerKWh + random.Next(1, 5));
        (Clear(Of(["n"], orders)).Accepted[raised] >= before).ShouldBeTrue();
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(200).WithReplay(20_191_203, 7));

    [Fact]
    public void A_higher_bid_never_gets_less_across_zones() => Prop.ForAll<int>(seed =>
    {
        // Lines without loss keep whole Wh whole, so that there is nothing to round.
        var random = new Random(seed);
        string[] nodes = ["a", "b", "c"];
        var orders = Enumerable.Range(0, random.Next(2, 30)).Select(i =>
            random.Next(2) == 0 ? Buy($"b{i}", nodes[random.Next(3)], random.Next(1, 50), random.Next(0, 30)) : Sell($"s{i}", nodes[random.Next(3)], random.Next(1, 50), random.Next(0, 30))).ToArray();
        var lines = Enumerable.Range(0, 4).Select(i => Line($"l{i}", nodes[i % 3], nodes[(i + 1 + random.Next(2)) % 3], random.Next(1, 60), fee: random.Next(0, 4))).ToArray();
        var raised = Array.FindIndex(orders, o => o.Side == Side.Buy);
        if (raised < 0)
        {
            return;
        }

        var before = Clear(Of(nodes, orders, lines: lines)).Accepted[raised];
        orders[raised] = Buy(orders[raised].Id, orders[raised].Node, orders[raised].Quantity.WattHours, orders[raised].Limit.MicroPerKWh + random.Next(1, 9));
        (Clear(Of(nodes, orders, lines: lines)).Accepted[raised] >= before).ShouldBeTrue();
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(200).WithReplay(20_191_203, 7));
}
