using System.Globalization;
using Marketplace.Quantities;

namespace Marketplace.Market.Tests;

/// <summary>Seeded markets of many shapes: ties, chains, negative prices, nodes without orders, zero quantities, odd flows.</summary>
internal sealed class RandomMarket(int seed)
{
    private readonly Random _random = new(seed);

    public static readonly DateTimeOffset Hour = new(2019, 12, 3, 0, 0, 0, TimeSpan.Zero);

    public OrderBook Next(int? orders = null)
    {
        var nodes = Enumerable.Range(0, _random.Next(1, 7)).Select(n => $"n{n.ToString(CultureInfo.InvariantCulture)}").ToArray();
        var tick = Pick(1, 10, 10_000, 7);
        var prices = Pick(5, 40, 400);
        var largest = Pick(3, 50, 50_000, 2_000_000);
        var lowest = Pick(0, 0, -prices / 3);
        var silent = nodes.Length > 2 && _random.Next(3) == 0 ? _random.Next(nodes.Length) : -1;
        var count = orders ?? Pick(0, 1, 3, 12, 60);
        var list = new List<Order>();
        for (var i = 0; i < count; i++)
        {
            var node = _random.Next(nodes.Length);
            if (node != silent)
            {
                list.Add(NextOrder($"o{i.ToString(CultureInfo.InvariantCulture)}", nodes[node], largest, () => tick * _random.Next(lowest, prices)));
            }
        }

        var converters = Enumerable.Range(0, nodes.Length < 2 ? 0 : _random.Next(0, 6)).Select(i => NextConverter(i, nodes, largest, tick * prices / 20)).ToList();
        if (converters.Count > 0 && _random.Next(3) == 0)
        {
            var twin = converters[0];
            converters.Add(new Converter("a-twin", Energy.FromWh(_random.Next(largest)), twin.Flows, twin.Cost));
        }

        var connections = Enumerable.Range(0, nodes.Length < 2 ? 0 : _random.Next(0, 5)).Select(i => NextConnection(i, nodes, largest, tick)).ToList();
        return new OrderBook(Hour, nodes, list, converters, connections);
    }

    /// <summary>A chain of converters and lines through nodes that have no orders of their own.</summary>
    public OrderBook NextChain()
    {
        var length = _random.Next(2, 7);
        var nodes = Enumerable.Range(0, length + 1).Select(n => $"n{n.ToString(CultureInfo.InvariantCulture)}").ToArray();
        var orders = new List<Order>
        {
            new("sell", nodes[0], Side.Sell, Energy.FromWh(_random.Next(1, 100_000)), Price.FromMicroPerKWh(_random.Next(0, 50_000))),
            new("sell-dearer", nodes[0], Side.Sell, Energy.FromWh(_random.Next(1, 100_000)), Price.FromMicroPerKWh(_random.Next(0, 100_000))),
            new("buy", nodes[^1], Side.Buy, Energy.FromWh(_random.Next(1, 100_000)), Price.FromMicroPerKWh(_random.Next(100_000, 5_000_000))),
            new("buy-cheaper", nodes[^1], Side.Buy, Energy.FromWh(_random.Next(1, 100_000)), Price.FromMicroPerKWh(_random.Next(0, 5_000_000))),
        };
        var converters = new List<Converter>();
        var connections = new List<Connection>();
        for (var i = 0; i < length; i++)
        {
            var id = $"u{i.ToString(CultureInfo.InvariantCulture)}";
            var capacity = Energy.FromWh(_random.Next(50_000, 400_000));
            if (_random.Next(2) == 0)
            {
                connections.Add(new Connection(id, nodes[i], nodes[i + 1], capacity, _random.Next(0, 200_000), Price.FromMicroPerKWh(_random.Next(0, 100))));
            }
            else
            {
                var factor = _random.Next(300_000, 4_000_000);
                var flows = _random.Next(2) == 0
                    ? new Dictionary<string, long>(StringComparer.Ordinal) { [nodes[i]] = -Limits.One, [nodes[i + 1]] = factor }
                    : new Dictionary<string, long>(StringComparer.Ordinal) { [nodes[i]] = -factor, [nodes[i + 1]] = Limits.One };
                converters.Add(new Converter(id, capacity, flows, Price.FromMicroPerKWh(_random.Next(0, 100))));
            }
        }

        return new OrderBook(Hour, nodes, orders, converters, connections);
    }

    private Order NextOrder(string id, string node, int largest, Func<int> price)
    {
        var side = _random.Next(2) == 0 ? Side.Buy : Side.Sell;
        var quantity = _random.Next(20) == 0 ? 0 : _random.Next(1, largest);
        if (_random.Next(8) > 0)
        {
            return new Order(id, node, side, Energy.FromWh(quantity), Price.FromMicroPerKWh(price()));
        }

        var limits = Enumerable.Range(0, 3).Select(_ => (long)price()).Distinct().Order().ToArray();
        if (side == Side.Buy)
        {
            Array.Reverse(limits);
        }

        return Order.Stepwise(id, node, side, [.. limits.Select(l => new OrderStep(Energy.FromWh(_random.Next(largest)), Price.FromMicroPerKWh(l)))]);
    }

    private Converter NextConverter(int i, string[] nodes, int largest, int cost)
    {
        var flows = new Dictionary<string, long>(StringComparer.Ordinal);
        var unit = nodes[_random.Next(nodes.Length)];
        flows[unit] = _random.Next(4) == 0 ? Limits.One : -Limits.One;
        foreach (var node in nodes.Where(n => n != unit).OrderBy(_ => _random.Next()).Take(_random.Next(1, 3)))
        {
            var size = Pick(500_000, 3_500_000, 2_500_000, 1_000_000, _random.Next(1, 5_000_000), 333_333);
            flows[node] = _random.Next(5) == 0 ? -size : flows[unit] > 0 ? -size : size;
        }

        return new Converter($"u{i.ToString(CultureInfo.InvariantCulture)}", Energy.FromWh(_random.Next(largest)), flows, Price.FromMicroPerKWh(_random.Next(0, cost + 1)));
    }

    private Connection NextConnection(int i, string[] nodes, int largest, int tick)
    {
        var from = _random.Next(nodes.Length);
        var to = (from + _random.Next(1, nodes.Length)) % nodes.Length;
        return new Connection(
            $"w{i.ToString(CultureInfo.InvariantCulture)}", nodes[from], nodes[to], Energy.FromWh(_random.Next(largest)),
            Pick(0, 0, 20_000, 12_345), Price.FromMicroPerKWh(Pick(0, tick, 3)));
    }

    private int Pick(params int[] choices) => choices[_random.Next(choices.Length)];
}
