using System.Globalization;
using Marketplace.Quantities;
using static Marketplace.Market.Tests.Books;

namespace Marketplace.Market.Tests;

/// <summary>Seeded hours like those of a real loop: buildings that buy by default at a high limit, a grid that sells and buys without end,
/// a plant that balances heat and cold, heat pumps alike in flows and unlike in cost, a chiller, waste heat, PV and stores.</summary>
internal sealed class ProductionMarket(int seed)
{
    private const long Endless = 70_000_000;

    private readonly Random _random = new(seed);
    private readonly List<Order> _orders = [];

    public OrderBook Next()
    {
        var heatLimit = 20L * _random.Next(3_000, 8_000);
        var import = 100L * _random.Next(600, 4_000);
        var export = import * _random.Next(2, 9) / 10;
        var dearHeat = 20L * _random.Next(1_500, 4_500);
        var dearCold = 20L * _random.Next(1_000, 3_000);
        // A mild hour needs little heat, a hot one much cold; small loops have their prices set by what large ones hardly notice.
        var (heat, cold, power, size) = (Pick(0.0, 0.3, 1, 1), Pick(0.0, 0.05, 1, 1), Pick(0.2, 1, 1), Pick(0.02, 1, 1, 4));
        Demand("heat", heat * size, heatLimit);
        Demand("cold", cold * size, heatLimit - 20_000);
        Demand("electricity", power * size, import + 80_000);
        Add(Sell("heat", Endless, dearHeat));
        Add(Buy("heat", Endless, 0));
        Add(Sell("cold", Endless, dearCold));
        Add(Buy("cold", Endless, Pick(0, 0, 1, 500)));
        Add(Sell("electricity", Endless, import));
        Add(Buy("electricity", Endless, export));
        Some(0, 4, () => Sell("electricity", Amount(600_000 * size), Pick(0, 0, export + 1, (export + import) / 2)));
        Some(0, 10, () => Sell("heat", Amount(300_000 * size), Pick(8_000, 8_000, 5_000, 0)));
        Some(0, 5, () => Sell("cold", Amount(100_000 * size), Pick(0, 3_000)));
        Store("heat", size, dearHeat / 2);
        Store("cold", size, dearCold / 2);
        Store("electricity", size, (import + export) / 2);

        var plants = new List<Converter>();
        var cop = _random.Next(2_500, 6_500) * 1_000L;
        var running = _random.Next(2_000, 25_000);
        plants.Add(Pump("heat-pump-1", cop, running, size));
        plants.Add(Pump("heat-pump-2", cop, running * 3 / 2, size));
        if (_random.Next(3) == 0)
        {
            plants.Add(Pump("heat-pump-3", _random.Next(2_500_000, 6_500_000), running, size));
        }

        if (_random.Next(3) > 0)
        {
            var gain = Pick(3_200_000L, 3_200_000L, _random.Next(2_000_000, 6_000_000));
            plants.Add(Plant("chiller", Amount(300_000 * size), _random.Next(1_000, 12_000), ("electricity", -Limits.One), ("cold", gain), ("heat", gain + Limits.One)));
        }

        if (_random.Next(3) == 0)
        {
            plants.Add(Plant("boiler", Amount(500_000 * size), _random.Next(500, 5_000), ("electricity", -Limits.One), ("heat", Pick(980_000, 990_000, Limits.One))));
        }

        return Of(["heat", "cold", "electricity"], [.. _orders], [.. plants]);
    }

    private Converter Pump(string id, long cop, long cost, double size) =>
        Plant(id, Amount(600_000 * size), cost, ("electricity", -Limits.One), ("heat", cop), ("cold", cop - Limits.One));

    private void Demand(string node, double size, long limit)
    {
        if (size > 0)
        {
            var own = _random.Next(4) == 0;
            Some(15, 32, () => Buy(node, Amount(300_000 * size), own ? limit - _random.Next(0, 60_000) : limit));
        }
    }

    private void Store(string node, double size, long middle)
    {
        if (_random.Next(2) == 0)
        {
            var full = Amount(900_000 * size);
            var half = _random.Next(100, 5_000);
            Add(Buy(node, _random.Next(2) == 0 ? full : Amount(900_000 * size), middle - half));
            Add(Sell(node, full, middle + half));
        }
    }

    private void Some(int least, int most, Func<Order> next)
    {
        for (var left = _random.Next(least, most); left > 0; left--)
        {
            Add(next());
        }
    }

    private void Add(Order order) => _orders.Add(order);

    private Order Buy(string node, long wattHours, long limit) => Books.Buy(NextId(), node, wattHours, limit);

    private Order Sell(string node, long wattHours, long limit) => Books.Sell(NextId(), node, wattHours, limit);

    private string NextId() => string.Create(CultureInfo.InvariantCulture, $"o{_orders.Count}");

    /// <summary>Meters read in tens, hundreds or single Wh.</summary>
    private long Amount(double largest)
    {
        var tick = Pick(1, 10, 100);
        return (1 + (long)(_random.NextDouble() * _random.NextDouble() * largest / tick)) * tick;
    }

    private T Pick<T>(params T[] choices) => choices[_random.Next(choices.Length)];
}
