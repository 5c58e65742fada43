using System.Globalization;
using Marketplace.Quantities;

namespace Marketplace.Market.Tests.Mechanisms;

/// <summary>Seeded books whose nodes are cleared by any mechanism, with few prices so that ties are many, and parties that stand on both sides.</summary>
internal sealed class RandomMechanisms(int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>One node, or several with plants and lines between them.</summary>
    public OrderBook Next(Mechanism? only = null)
    {
        var nodes = Enumerable.Range(0, only is null ? _random.Next(1, 5) : 1).Select(n => $"n{n.ToString(CultureInfo.InvariantCulture)}").ToArray();
        var mechanisms = nodes.Select(_ => only ?? MechanismNames.All[_random.Next(5)]).ToArray();
        var prices = _random.Next(2, 30);
        var orders = new List<Order>();
        for (var n = 0; n < nodes.Length; n++)
        {
            var count = _random.Next(30);
            for (var i = 0; i < count; i++)
            {
                orders.Add(NextOrder($"{nodes[n]}-{i.ToString(CultureInfo.InvariantCulture)}", nodes[n], prices, standing: false));
            }

            if (mechanisms[n] == Mechanism.FallingOffers && _random.Next(2) == 0)
            {
                orders.Add(NextOrder($"{nodes[n]}-standing", nodes[n], prices, standing: true));
            }
        }

        var shuffled = orders.OrderBy(_ => _random.Next()).ToArray();
        return new OrderBook(
            RandomMarket.Hour, nodes, shuffled, Plants(nodes), Lines(nodes),
            Price.FromMicroPerKWh(_random.Next(2) == 0 ? 1_000_000 : (prices * 750)), _random.Next(2) == 0 ? null : Price.FromMicroPerKWh(_random.Next(-5, 2) * 1000),
            mechanisms, _random.Next(3) == 0 ? null : _random.Next(1, 20));
    }

    private Order NextOrder(string id, string node, int prices, bool standing)
    {
        var side = standing || _random.Next(2) == 0 ? Side.Sell : Side.Buy;
        var party = _random.Next(3) == 0 ? null : $"p{_random.Next(6).ToString(CultureInfo.InvariantCulture)}";
        var origin = _random.Next(3) == 0 ? Origin.Outside : Origin.Inside;
        Energy Quantity() => Energy.FromWh(_random.Next(12) == 0 ? 0 : _random.Next(1, _random.Next(2) == 0 ? 20 : 50_000));
        Price Limit() => Price.FromMicroPerKWh(_random.Next(-prices / 4, prices) * 1000);
        if (_random.Next(5) > 0)
        {
            return new Order(id, node, side, Quantity(), Limit(), party, origin, standing);
        }

        var limits = Enumerable.Range(0, 3).Select(_ => Limit()).Distinct().Order().ToList();
        if (side == Side.Buy)
        {
            limits.Reverse();
        }

        return Order.Stepwise(id, node, side, [.. limits.Select(l => new OrderStep(Quantity(), l))], party, origin, standing);
    }

    private Converter[] Plants(string[] nodes) => nodes.Length < 2 ? [] :
        [Books.Plant("plant", _random.Next(50_000), _random.Next(3) * 1000, (nodes[0], -1_000_000), (nodes[1], 3_500_000))];

    private Connection[] Lines(string[] nodes) => nodes.Length < 3 ? [] :
        [Books.Line("line", nodes[1], nodes[2], _random.Next(50_000), 20_000, 500), Books.Line("back", nodes[2], nodes[1], _random.Next(50_000))];
}
