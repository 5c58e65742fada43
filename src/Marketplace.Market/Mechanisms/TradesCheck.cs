using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>Checks the trades of one node whose prices differ by trade: that they are what its orders were accepted for, within
/// limits, and, each in its turn, those that the mechanism's rule asks for.</summary>
internal static class TradesCheck
{
    /// <summary>The average price of trades by energy, halves away from zero, and the lowest and highest; none where nothing is traded.</summary>
    public static NodePrice PriceOf(string node, IReadOnlyCollection<Trade> trades)
    {
        if (trades.Count == 0)
        {
            return new NodePrice(node, null, null, null);
        }

        Int128 value = 0, energy = 0;
        foreach (var trade in trades)
        {
            value += (Int128)trade.Price.MicroPerKWh * trade.Energy.WattHours;
            energy += trade.Energy.WattHours;
        }

        var average = Price.FromMicroPerKWh(Rounding.DivideAwayFromZero(value, energy));
        return new NodePrice(node, average, trades.Min(t => t.Price), trades.Max(t => t.Price));
    }

    /// <summary>Everything wrong at a node.</summary>
    /// <param name="book">The book.</param>
    /// <param name="node">Position of the node.</param>
    /// <param name="steps">Its orders' steps.</param>
    /// <param name="trades">Its trades in the order stated.</param>
    /// <param name="accepted">Accepted energy of each order.</param>
    /// <param name="price">Its price as stated.</param>
    public static IEnumerable<Finding> Broken(
        OrderBook book, int node, IReadOnlyList<NodeStep> steps, IReadOnlyList<Trade> trades, IReadOnlyList<Energy> accepted, NodePrice price)
    {
        var where = $"node '{book.Nodes[node]}'";
        var unlike = trades.Index().FirstOrDefault(t => !IsLike(book, node, t.Item), (-1, default));
        if (unlike.Item1 >= 0)
        {
            return [new Finding("trades", where, $"trade {Number(unlike.Item1)} has no energy, or not a buyer and a seller as the mechanism has them")];
        }

        var findings = new List<Finding>();
        findings.AddRange(Sums(book, steps, trades, accepted));
        var pool = trades.Sum(t => (Int128)t.Energy.WattHours * ((t.Buy == Trade.Pool ? 0 : 1) - (t.Sell == Trade.Pool ? 0 : 1)));
        if (pool != 0)
        {
            findings.Add(new Finding("balance", where, $"{Int128.Abs(pool)} Wh too {(pool < 0 ? "much" : "little")}"));
        }

        var computed = PriceOf(book.Nodes[node], trades);
        if (computed with { Support = null } != price)
        {
            findings.Add(new Finding("price", where, $"stated {Shown(price)}, by the trades {Shown(computed)}"));
        }

        findings.AddRange((book.MechanismOf(node) switch
        {
            Mechanism.CommunityFirst => Community(book, steps, trades),
            Mechanism.PayAsBid => Differences(TradesReplay.Continuous(steps, book), trades),
            Mechanism.FallingOffers => Differences(TradesReplay.Falling(steps, book), trades),
            Mechanism.Coupled or Mechanism.Uniform => [],
            _ => throw new ArgumentOutOfRangeException(nameof(book)),
        }).Select(what => new Finding("mechanism", where, what)));
        return findings;
    }

    private static Int128 Sum(this IEnumerable<Trade> trades, Func<Trade, Int128> part) => trades.Aggregate((Int128)0, (sum, trade) => sum + part(trade));

    private static string Number(int index) => JsonReading.Invariant(index + 1);

    private static string Shown(NodePrice price) => price.Price is { } average ? $"{average} in [{price.Low}, {price.High}]" : "none";

    /// <summary>A buyer and a seller of the node, or where all trade with the pool one of them.</summary>
    private static bool IsLike(OrderBook book, int node, Trade trade)
    {
        bool At(int position, Side side) => position != Trade.Pool && book.Orders[position].Side == side && book.NodeIndex(book.Orders[position].Node) == node;
        return trade.Energy.WattHours > 0 && (book.MechanismOf(node) == Mechanism.CommunityFirst
            ? At(trade.Buy, Side.Buy) ? trade.Sell == Trade.Pool : trade.Buy == Trade.Pool && At(trade.Sell, Side.Sell)
            : At(trade.Buy, Side.Buy) && At(trade.Sell, Side.Sell) && trade.Buy != trade.Sell);
    }

    /// <summary>What an order was accepted for is the sum of its trades, each within the limit of the steps that it fills.</summary>
    private static IEnumerable<Finding> Sums(OrderBook book, IReadOnlyList<NodeStep> steps, IReadOnlyList<Trade> trades, IReadOnlyList<Energy> accepted)
    {
        var first = new Dictionary<int, int>();
        for (var k = steps.Count - 1; k >= 0; k--)
        {
            first[steps[k].Order] = k;
        }

        var traded = new Dictionary<int, Int128>();
        foreach (var (t, (buy, sell, energy, price, _)) in trades.Index())
        {
            foreach (var order in new[] { buy, sell }.Where(o => o != Trade.Pool))
            {
                // Trades fill an order's steps from the best on: the last one reached has the limit that counts.
                var sum = traded[order] = traded.GetValueOrDefault(order) + energy.WattHours;
                var step = first.GetValueOrDefault(order, -1);
                while (step >= 0 && sum > steps[step].Quantity)
                {
                    sum -= steps[step].Quantity;
                    step = step + 1 < steps.Count && steps[step + 1].Order == order ? step + 1 : -1;
                }

                if (step < 0 || (order == buy ? price.MicroPerKWh > steps[step].Limit : price.MicroPerKWh < steps[step].Limit))
                {
                    yield return new Finding("limits", $"order '{book.Orders[order].Id}'", $"its trade {Number(t)} is beyond its quantity or limit");
                }
            }
        }

        foreach (var order in steps.Select(s => s.Order).Concat(traded.Keys).Distinct())
        {
            if (traded.GetValueOrDefault(order) != accepted[order].WattHours)
            {
                yield return new Finding("trades", $"order '{book.Orders[order].Id}'", $"accepted {accepted[order]}, traded {traded.GetValueOrDefault(order)} Wh");
            }
        }
    }

    private static IEnumerable<string> Differences(IEnumerable<Trade> expected, IReadOnlyList<Trade> stated)
    {
        var t = 0;
        foreach (var trade in expected)
        {
            if (t == stated.Count || stated[t] != trade)
            {
                return [$"trade {Number(t)} is not the one that follows from the orders"];
            }

            t++;
        }

        return t == stated.Count ? [] : [$"trade {Number(t)} follows from no orders"];
    }

    private static IEnumerable<string> Community(OrderBook book, IReadOnlyList<NodeStep> steps, IReadOnlyList<Trade> trades)
    {
        int OrderOf(Trade trade) => Math.Max(trade.Buy, trade.Sell);
        for (var t = 1; t < trades.Count; t++)
        {
            if ((trades[t - 1].Round, OrderOf(trades[t - 1])).CompareTo((trades[t].Round, OrderOf(trades[t]))) >= 0)
            {
                yield return $"trade {Number(t)} is not listed by stage and order";
                yield break;
            }
        }

        var left = steps;
        foreach (var stage in new[] { CommunityFirst.Inside, CommunityFirst.WithOutside })
        {
            var here = trades.Where(t => t.Round == stage).ToList();
            var taken = new Dictionary<int, long>();
            here.ForEach(t => taken[OrderOf(t)] = taken.GetValueOrDefault(OrderOf(t)) + t.Energy.WattHours);
            if (here.Exists(t => t.Price != here[0].Price))
            {
                yield return $"stage {JsonReading.Invariant(stage)} has several prices";
            }

            bool Meets(int order) => stage == CommunityFirst.WithOutside || book.Orders[order].Origin == Origin.Inside;
            if (taken.Keys.Any(order => !Meets(order)))
            {
                yield return "an order from outside trades in the stage of the community";
            }

            var meeting = left.Where(s => Meets(s.Order)).ToList();
            foreach (var what in UniformCheck.Broken(meeting, order => taken.GetValueOrDefault(order), here.Count == 0 ? null : here[0].Price.MicroPerKWh, whereNothingTrades: false))
            {
                yield return $"stage {JsonReading.Invariant(stage)}: {what}";
            }

            left = UniformCheck.Left(left, order => Meets(order) ? taken.GetValueOrDefault(order) : 0);
        }

        if (trades.Any(t => t.Round is not (CommunityFirst.Inside or CommunityFirst.WithOutside)))
        {
            yield return "a trade belongs to no stage";
        }
    }
}
