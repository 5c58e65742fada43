using System.Numerics;
using Marketplace.Market.Exact;

namespace Marketplace.Market.Coupled;

/// <summary>Whole activities that balance without any rounding. What runs in a market is a sum of circuits: smallest sets of units
/// that together take from some nodes what they give at others. Each circuit, brought to the smallest whole activities whose flows are all
/// whole, is run as many whole times as the fractions run it. Every market has such activities, none is above its fraction,
/// and they are the bound that docs/clearing.md derives for markets in which nothing nearer fits together.</summary>
internal static class WholeCircuits
{
    /// <summary>Whole activities at or below the fractions, at which every flow is whole and nothing is over or missing anywhere that was not so before.</summary>
    public static long[] Of(UnitGroup[] units, int nodes, Rational[] exact)
    {
        var left = (Rational[])exact.Clone();
        var whole = new long[units.Length];
        var net = Net(units, nodes, left);
        while (Array.Exists(left, x => !x.IsZero))
        {
            var running = Enumerable.Range(0, units.Length).Where(u => !left[u].IsZero).ToArray();
            var trading = Enumerable.Range(0, nodes).Where(n => !net[n].IsZero).ToArray();
            var circuit = Circuit(units, nodes, running, trading, net);
            var times = Enumerable.Range(0, running.Length).Where(i => !circuit[i].IsZero).Min(i => left[running[i]] / circuit[i]);
            times = trading.Select((n, i) => (Part: circuit[running.Length + i], Left: Absolute(net[n])))
                .Where(x => !x.Part.IsZero).Aggregate(times, (least, x) => Smaller(least, x.Left / x.Part));
            var round = times.Floor();
            for (var i = 0; i < running.Length; i++)
            {
                left[running[i]] -= times * circuit[i];
                whole[running[i]] += round == 0 ? 0 : (circuit[i] * round).Floor();
            }

            net = Net(units, nodes, left);
        }

        return whole;
    }

    private static Rational Absolute(Rational value) => value.Sign < 0 ? -value : value;

    private static Rational Smaller(Rational a, Rational b) => a < b ? a : b;

    private static Rational[] Net(UnitGroup[] units, int nodes, Rational[] activities)
    {
        var net = new Rational[nodes];
        for (var u = 0; u < units.Length; u++)
        {
            for (var k = 0; k < units[u].Nodes.Length; k++)
            {
                net[units[u].Nodes[k]] += units[u].Rates[k] * activities[u];
            }
        }

        return net;
    }

    /// <summary>One circuit among the running units and the nodes that trade: a corner of all mixtures that balance, in whole numbers.</summary>
    private static Rational[] Circuit(UnitGroup[] units, int nodes, int[] running, int[] trading, Rational[] net)
    {
        var columns = new List<ExactColumn>();
        foreach (var u in running)
        {
            columns.Add(new ExactColumn([.. units[u].Nodes, nodes], [.. units[u].Rates, Rational.One], Rational.Zero, null));
        }

        foreach (var n in trading)
        {
            columns.Add(new ExactColumn([n, nodes], [net[n].Sign > 0 ? -Rational.One : Rational.One, Rational.One], Rational.Zero, null));
        }

        var count = columns.Count;
        var target = new Rational[nodes + 1];
        target[nodes] = Rational.One;
        var simplex = ExactSimplex.Start(columns, target, null) ?? throw new InvalidOperationException("What runs is not a sum of circuits");
        var values = Enumerable.Range(0, count).Select(simplex.Value).ToArray();
        var scale = BigInteger.One;
        for (var i = 0; i < running.Length; i++)
        {
            foreach (var rate in units[running[i]].Rates.Append(Rational.One))
            {
                scale = Multiple(scale, (values[i] * rate).BigDenominator);
            }
        }

        var factor = Rational.Of(scale, 1);
        return [.. values.Select(v => v * factor)];
    }

    private static BigInteger Multiple(BigInteger a, BigInteger b) => a / BigInteger.GreatestCommonDivisor(a, b) * b;
}
