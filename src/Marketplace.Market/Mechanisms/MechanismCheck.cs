using System.Numerics;
using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>Checks each node of a result by the rules of its mechanism, and what they have in common: idle plants where a node is cleared by
/// itself, welfare, and what a mechanism gave up of it.</summary>
internal static class MechanismCheck
{
    public static CheckReport Check(OrderBook book, ClearingResult result)
    {
        var report = book.IsCoupled
            ? ClearingCheck.Check(book, result)
            : Examine(book, result.Prices, result.Accepted, result.Converters, result.Connections, result.Trades);
        var findings = report.Findings.ToList();
        if (book.IsCoupled)
        {
            findings.AddRange(result.Trades.Take(1).Select(_ => new Finding("trades", "result", "there are trades although every node has one price")));
        }
        else if (result.Welfare != report.Welfare)
        {
            findings.Add(ClearingCheck.WrongWelfare(result.Welfare, report.Welfare));
        }

        var givenUp = GivenUp(book, result.Accepted);
        for (var n = 0; n < givenUp.Length; n++)
        {
            if (result.WelfareGivenUp[n] != givenUp[n])
            {
                findings.Add(new Finding("welfare", $"node '{book.Nodes[n]}'", $"stated {result.WelfareGivenUp[n]} given up, computed {givenUp[n]}"));
            }
        }

        return report with { Findings = findings };
    }

    /// <summary>Makes a result of the parts, with what its check finds.</summary>
    public static ClearingResult Certify(
        OrderBook book, NodePrice[] prices, Energy[] accepted, Energy[] converters, Energy[] connections, List<Trade> trades)
    {
        var report = Examine(book, prices, accepted, converters, connections, trades);
        return new ClearingResult(
            book, report.Welfare, prices, accepted, converters, connections, report.Checks, trades, GivenUp(book, accepted));
    }

    private static CheckReport Examine(
        OrderBook book, IReadOnlyList<NodePrice> prices, IReadOnlyList<Energy> accepted, IReadOnlyList<Energy> converters, IReadOnlyList<Energy> connections,
        IReadOnlyList<Trade> trades)
    {
        var coupled = CoupledPart.Of(book).Examine(prices, accepted, converters, connections);
        var findings = coupled.Findings.ToList();
        findings.AddRange(book.Converters.Zip(converters).Where(c => !book.CanRun(c.First) && c.Second.WattHours != 0).Select(c => Runs("converter", c.First.Id)));
        findings.AddRange(book.Connections.Zip(connections).Where(c => !book.CanRun(c.First) && c.Second.WattHours != 0).Select(c => Runs("connection", c.First.Id)));

        var steps = NodeStep.ByNode(book);
        var unplaced = Beyond(book, steps, accepted).ToList();
        findings.AddRange(unplaced);
        var byNode = trades.ToLookup(t => book.NodeIndex(book.Orders[Math.Max(t.Buy, t.Sell)].Node));
        for (var n = 0; n < steps.Length; n++)
        {
            var where = $"node '{book.Nodes[n]}'";
            if (book.MechanismOf(n).HasTrades())
            {
                findings.AddRange(TradesCheck.Broken(book, n, steps[n], [.. byNode[n]], accepted, prices[n]));
                continue;
            }

            findings.AddRange(byNode[n].Take(1).Select(_ => new Finding("trades", where, "there are trades although the node has one price")));
            if (book.MechanismOf(n) == Mechanism.Uniform)
            {
                findings.AddRange(Uniform(where, steps[n], accepted, prices[n]));
            }
        }

        if (!trades.Select(t => book.NodeIndex(book.Orders[Math.Max(t.Buy, t.Sell)].Node)).IsOrdered())
        {
            findings.Add(new Finding("trades", "result", "the trades are not listed by node"));
        }

        bool Free(params string[] rules) => !findings.Exists(f => rules.Contains(f.Rule, StringComparer.Ordinal));
        return new CheckReport(
            findings,
            coupled.Checks with
            {
                Balanced = Free("balance", "trades"),
                WithinLimits = Free("limits"),
                Complementary = Free("complementary", "mechanism", "price", "interval"),
            },
            Welfare(book, steps, accepted, converters, connections));
    }

    private static bool IsOrdered(this IEnumerable<int> numbers)
    {
        var last = int.MinValue;
        return numbers.All(n => n >= last && (last = n) == n);
    }

    private static Finding Runs(string kind, string id) =>
        new("limits", $"{kind} '{id}'", "it runs although one of its nodes is cleared by itself");

    /// <summary>Orders that took something although none of their steps may trade: those of the coupled part are found there.</summary>
    private static IEnumerable<Finding> Beyond(OrderBook book, List<NodeStep>[] steps, IReadOnlyList<Energy> accepted)
    {
        var able = steps.SelectMany(s => s).Select(s => s.Order).ToHashSet();
        for (var i = 0; i < accepted.Count; i++)
        {
            if (accepted[i].WattHours != 0 && !able.Contains(i) && book.MechanismOf(book.NodeIndex(book.Orders[i].Node)) != Mechanism.Coupled)
            {
                yield return new Finding("limits", $"order '{book.Orders[i].Id}'", $"accepted {accepted[i]} although it wants nothing or its limit is beyond the floor or cap");
            }
        }
    }

    private static IEnumerable<Finding> Uniform(string where, List<NodeStep> steps, IReadOnlyList<Energy> accepted, NodePrice price)
    {
        foreach (var what in UniformCheck.Broken(steps, order => accepted[order].WattHours, price.Price?.MicroPerKWh, whereNothingTrades: true))
        {
            yield return new Finding("mechanism", where, what);
        }

        var (low, high) = UniformCheck.Interval(steps, UniformCheck.Taken(steps, order => accepted[order].WattHours, out _));
        if (price.Low?.MicroPerKWh != low || price.High?.MicroPerKWh != high || price.Support is not null)
        {
            yield return new Finding("interval", where, "the interval is not the one that the orders accepted leave");
        }
    }

    /// <summary>Accepted buy value less accepted sell value, running cost and fees, summed exactly over all nodes.</summary>
    private static Money Welfare(
        OrderBook book, List<NodeStep>[] steps, IReadOnlyList<Energy> accepted, IReadOnlyList<Energy> converters, IReadOnlyList<Energy> connections)
    {
        var sum = steps.Aggregate(BigInteger.Zero, (total, node) => total + (BigInteger)Value(node, accepted));
        sum -= book.Converters.Zip(converters).Aggregate(BigInteger.Zero, (cost, c) => cost + ((BigInteger)c.First.Cost.MicroPerKWh * c.Second.WattHours));
        sum -= book.Connections.Zip(connections).Aggregate(BigInteger.Zero, (cost, c) => cost + ((BigInteger)c.First.Fee.MicroPerKWh * c.Second.WattHours));
        return ClearingCheck.ToMoney(sum * Limits.One);
    }

    /// <summary>What buyers would pay less what sellers would want for what they were accepted for, in Wh times millionths per kWh.</summary>
    private static Int128 Value(List<NodeStep> steps, IReadOnlyList<Energy> accepted)
    {
        var taken = UniformCheck.Taken(steps, order => accepted[order].WattHours, out _);
        Int128 value = 0;
        for (var k = 0; k < taken.Length; k++)
        {
            value += (Int128)taken[k] * (steps[k].Side == Side.Buy ? steps[k].Limit : -steps[k].Limit);
        }

        return value;
    }

    private static Money?[] GivenUp(OrderBook book, IReadOnlyList<Energy> accepted)
    {
        var givenUp = new Money?[book.Nodes.Count];
        if (!book.IsCoupled)
        {
            var steps = NodeStep.ByNode(book);
            for (var n = 0; n < givenUp.Length; n++)
            {
                givenUp[n] = book.MechanismOf(n).HasTrades() ? ClearingCheck.ToMoney((BigInteger)(MostValue(steps[n]) - Value(steps[n], accepted)) * Limits.One) : null;
            }
        }

        return givenUp;
    }

    /// <summary>The most that trading at one node can gain: dearest buyers with cheapest sellers as long as it gains.</summary>
    private static Int128 MostValue(List<NodeStep> steps)
    {
        var buys = steps.Where(s => s.Side == Side.Buy).OrderByDescending(s => s.Limit).ToArray();
        var sells = steps.Where(s => s.Side == Side.Sell).OrderBy(s => s.Limit).ToArray();
        Int128 value = 0;
        long bought = 0, sold = 0;
        for (int b = 0, s = 0; b < buys.Length && s < sells.Length && buys[b].Limit > sells[s].Limit;)
        {
            var energy = Math.Min(buys[b].Quantity - bought, sells[s].Quantity - sold);
            value += (Int128)energy * (buys[b].Limit - sells[s].Limit);
            (bought, sold) = (bought + energy, sold + energy);
            (b, bought) = bought == buys[b].Quantity ? (b + 1, 0) : (b, bought);
            (s, sold) = sold == sells[s].Quantity ? (s + 1, 0) : (s, sold);
        }

        return value;
    }
}
