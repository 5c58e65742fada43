using System.Globalization;
using Marketplace.Quantities;
using static Marketplace.Market.Tests.Books;

namespace Marketplace.Market.Tests;

/// <summary>Seeded markets made to break a clearing: rings and stars of converters, coarse flows at nodes without orders, thousands of ties,
/// numbers near the limits, prices below zero, caps and floors, one side only, nothing at all.</summary>
internal sealed class AdversarialMarket(int seed)
{
    private readonly Random _random = new(seed);

    public OrderBook Next() => _random.Next(9) switch
    {
        0 => Ring(),
        1 => Star(),
        2 => Ties(),
        3 => Extreme(),
        4 => OneSided(),
        5 or 6 => Bounded(),
        7 => Zones(),
        _ => new RandomMarket(_random.Next()).Next(),
    };

    /// <summary>Converters and lines from each node to the next and from the last to the first; few nodes have orders.</summary>
    private OrderBook Ring()
    {
        var nodes = Names(_random.Next(2, 7));
        var plants = nodes.Select((node, i) => Plant(
            $"u{I(i)}", Amount(100_000), _random.Next(0, 50), (node, -Limits.One), (nodes[(i + 1) % nodes.Length], Flow()))).ToList();
        if (_random.Next(2) == 0)
        {
            plants.Add(Plant("extra", Amount(100_000), _random.Next(0, 50), (nodes[0], -Flow()), (nodes[^1], Limits.One)));
        }

        return Of(nodes, Orders([nodes[0], nodes[_random.Next(nodes.Length)]], _random.Next(1, 8), 100_000, 0, 400), [.. plants], Lines(nodes, 2));
    }

    /// <summary>Plants with up to five outputs and several inputs.</summary>
    private OrderBook Star()
    {
        var nodes = Names(_random.Next(3, 9));
        var plants = Enumerable.Range(0, _random.Next(1, 8)).Select(i =>
        {
            var touched = nodes.OrderBy(_ => _random.Next()).Take(_random.Next(2, Math.Min(6, nodes.Length) + 1)).ToArray();
            return Plant($"u{I(i)}", Amount(60_000), _random.Next(-20, 200), [.. touched.Select((n, k) => (n, k == 0 ? -Limits.One : _random.Next(5) == 0 ? -Flow() : Flow()))]);
        });
        return Of(nodes, Orders(nodes, _random.Next(2, 40), 50_000, -100, 400), [.. plants], Lines(nodes, 4));
    }

    /// <summary>Thousands of orders at a handful of limits.</summary>
    private OrderBook Ties()
    {
        var nodes = Names(_random.Next(1, 4));
        return Of(nodes, Orders(nodes, _random.Next(500, 3_000), Pick(1, 2, 1_000), 0, Pick(1, 2, 5)), Pumps(nodes), Lines(nodes, 2));
    }

    /// <summary>Quantities and prices at the largest that a book may hold.</summary>
    private OrderBook Extreme()
    {
        var nodes = Names(_random.Next(1, 5));
        var orders = Enumerable.Range(0, _random.Next(1, 9)).Select(i =>
        {
            var quantity = Pick(0L, 1, Limits.QuantityWh / 3, Limits.QuantityWh, _random.NextInt64(Limits.QuantityWh));
            var most = quantity < 1_000_000 ? Limits.PriceMicroPerKWh : 1_000_000;
            var limit = Pick(most, -most, 0, _random.NextInt64(-most, most));
            return _random.Next(2) == 0 ? Buy($"o{I(i)}", nodes[_random.Next(nodes.Length)], quantity, limit) : Sell($"o{I(i)}", nodes[_random.Next(nodes.Length)], quantity, limit);
        });
        var plants = Enumerable.Range(0, nodes.Length < 2 ? 0 : _random.Next(0, 3)).Select(i => Plant(
            $"u{I(i)}", Pick(Limits.QuantityWh / 1_000, 1, 0), _random.Next(0, 1_000), (nodes[0], -Limits.One), (nodes[^1], Pick(Limits.FlowMillionths, 1, 333_333, 999_999))));
        return Of(nodes, [.. orders], [.. plants], Lines(nodes, 2));
    }

    private OrderBook OneSided()
    {
        var nodes = Names(_random.Next(1, 5));
        var buys = _random.Next(2) == 0;
        var orders = Orders(nodes, _random.Next(0, 20), 1_000, -50, 50).Select(o => buys ? Buy(o.Id, o.Node, o.Quantity.WattHours, o.Limit.MicroPerKWh) : Sell(o.Id, o.Node, o.Quantity.WattHours, o.Limit.MicroPerKWh));
        return Of(nodes, [.. orders], Pumps(nodes), Lines(nodes, 3));
    }

    private OrderBook Bounded()
    {
        var nodes = Names(_random.Next(1, 5));
        var floor = _random.Next(-100, 200);
        return Of(
            nodes, Orders(nodes, _random.Next(1, 60), 20_000, -300, 600), Pumps(nodes), Lines(nodes, 3),
            cap: _random.Next(3) == 0 ? null : floor + _random.Next(0, 300), floor: _random.Next(3) == 0 ? null : floor);
    }

    /// <summary>Zones of three carriers with heat pumps in each and lossy lines between them.</summary>
    private OrderBook Zones()
    {
        var zones = _random.Next(2, 5);
        var nodes = Enumerable.Range(0, zones).SelectMany(z => new[] { $"{I(z)}/heat", $"{I(z)}/cold", $"{I(z)}/electricity" }).ToArray();
        var plants = Enumerable.Range(0, zones).Select(z =>
        {
            var cop = _random.Next(2_000_000, 6_000_000);
            return Plant($"hp{I(z)}", Amount(50_000), _random.Next(0, 90), (nodes[(3 * z) + 2], -Limits.One), (nodes[3 * z], cop), (nodes[(3 * z) + 1], cop - Limits.One));
        });
        return Of(nodes, Orders(nodes, _random.Next(5, 80), 20_000, 0, 300), [.. plants], Lines(nodes, 6));
    }

    private Converter[] Pumps(string[] nodes) => nodes.Length < 2 ? [] :
        [.. Enumerable.Range(0, _random.Next(0, 4)).Select(i => Plant(
            $"u{I(i)}", Amount(40_000), _random.Next(0, 60), [(nodes[0], -Limits.One), .. nodes.Skip(1).Take(2).Select(n => (n, Flow()))]))];

    private Connection[] Lines(string[] nodes, int most) => nodes.Length < 2 ? [] :
        [.. Enumerable.Range(0, _random.Next(0, most + 1)).Select(i =>
        {
            var from = _random.Next(nodes.Length);
            return Line($"w{I(i)}", nodes[from], nodes[(from + _random.Next(1, nodes.Length)) % nodes.Length], Amount(60_000), Pick(0, 0, 1, 20_000, 333_333, 1_000_000), Pick(0, 0, 3, 50));
        })];

    private Order[] Orders(string[] nodes, int count, long largest, long lowest, long highest) =>
        [.. Enumerable.Range(0, count).Select(i =>
        {
            var (node, quantity, limit) = (nodes[_random.Next(nodes.Length)], _random.Next(12) == 0 ? 0 : Amount(largest), _random.NextInt64(lowest, highest));
            return _random.Next(2) == 0 ? Buy($"o{I(i)}", node, quantity, limit) : Sell($"o{I(i)}", node, quantity, limit);
        })];

    private long Flow() => Pick(500_000, 1_000_000, 2_500_000, 3_500_000, 333_333, 999_999, 1_000_001, _random.NextInt64(1, 6_000_000));

    private long Amount(long largest) => _random.NextInt64(1, largest + 1);

    private T Pick<T>(params T[] choices) => choices[_random.Next(choices.Length)];

    private static string[] Names(int count) => [.. Enumerable.Range(0, count).Select(n => $"n{I(n)}")];

    private static string I(int value) => value.ToString(CultureInfo.InvariantCulture);
}
