using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>Plays a node's trades again for a check, one by one and on other structures than the mechanisms use.</summary>
internal static class TradesReplay
{
    /// <summary>Continuous trading: who comes meets the best that rest, the earliest among equals, never the own.</summary>
    public static IEnumerable<Trade> Continuous(IReadOnlyList<NodeStep> steps, OrderBook book)
    {
        var left = steps.Select(s => s.Quantity).ToArray();
        var party = steps.Select(s => book.Orders[s.Order].Party).ToArray();
        var resting = new Dictionary<Side, PriorityQueue<int, (long, int)>> { [Side.Buy] = new(), [Side.Sell] = new() };
        void Rest(int k) => resting[steps[k].Side].Enqueue(k, (steps[k].Side == Side.Buy ? -steps[k].Limit : steps[k].Limit, k));
        for (var k = 0; k < steps.Count; k++)
        {
            var buys = steps[k].Side == Side.Buy;
            var others = resting[buys ? Side.Sell : Side.Buy];
            var own = new List<int>();
            while (left[k] > 0 && others.TryPeek(out var best, out _) && (buys ? steps[best].Limit <= steps[k].Limit : steps[best].Limit >= steps[k].Limit))
            {
                if (party[k] is not null && string.Equals(party[best], party[k], StringComparison.Ordinal))
                {
                    own.Add(others.Dequeue());
                    continue;
                }

                var energy = Math.Min(left[k], left[best]);
                (left[k], left[best]) = (left[k] - energy, left[best] - energy);
                yield return new Trade(steps[buys ? k : best].Order, steps[buys ? best : k].Order, Energy.FromWh(energy), Price.FromMicroPerKWh(steps[best].Limit));
                if (left[best] == 0)
                {
                    others.Dequeue();
                }
            }

            own.ForEach(Rest);
            if (left[k] > 0)
            {
                Rest(k);
            }
        }
    }

    /// <summary>Falling offers: round by round, buyer by buyer, the cheapest first, the earliest among equals, never the own.</summary>
    public static IEnumerable<Trade> Falling(IReadOnlyList<NodeStep> steps, OrderBook book)
    {
        var left = steps.Select(s => s.Quantity).ToArray();
        var orders = steps.Select(s => book.Orders[s.Order]).ToArray();
        var buyers = Enumerable.Range(0, steps.Count).Where(k => steps[k].Side == Side.Buy).ToArray();
        var standing = steps.Count == 0 ? null : book.Orders.FirstOrDefault(o => o.IsStanding && string.Equals(o.Node, orders[0].Node, StringComparison.Ordinal));
        var ceiling = Math.Min(standing?.Limit.MicroPerKWh ?? long.MaxValue, book.Cap?.MicroPerKWh ?? long.MaxValue);
        for (var round = 0; round <= book.Rounds + 1; round++)
        {
            var price = new long[steps.Count];
            for (var k = 0; k < steps.Count; k++)
            {
                // Falls by the part of the way that is behind it, rounded so that it is never below.
                var way = Int128.Max(0, (Int128)ceiling - steps[k].Limit);
                price[k] = round > book.Rounds ? steps[k].Limit : (long)(steps[k].Limit + (((way * (book.Rounds - round)) + book.Rounds - 1) / book.Rounds));
            }

            var open = Enumerable.Range(0, steps.Count)
                .Where(k => left[k] > 0 && steps[k].Side == Side.Sell && orders[k].IsStanding == (round > book.Rounds)).ToArray();
            Array.Sort(open, (a, b) => price[a] != price[b] ? price[a].CompareTo(price[b]) : a.CompareTo(b));
            var first = 0;
            foreach (var buyer in buyers)
            {
                while (first < open.Length && left[open[first]] == 0)
                {
                    first++;
                }

                for (var i = first; i < open.Length && left[buyer] > 0 && price[open[i]] <= steps[buyer].Limit; i++)
                {
                    var energy = orders[buyer].Party is { } party && party == orders[open[i]].Party ? 0 : Math.Min(left[buyer], left[open[i]]);
                    if (energy > 0)
                    {
                        (left[buyer], left[open[i]]) = (left[buyer] - energy, left[open[i]] - energy);
                        yield return new Trade(steps[buyer].Order, steps[open[i]].Order, Energy.FromWh(energy), Price.FromMicroPerKWh(price[open[i]]), round);
                    }
                }
            }
        }
    }
}
