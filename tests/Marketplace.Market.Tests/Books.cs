using Marketplace.Native.Clp;
using Marketplace.Quantities;

namespace Marketplace.Market.Tests;

/// <summary>Short words for books in tests.</summary>
internal static class Books
{
    public static readonly ClpLinearProgram Solver = new();

    public static Order Buy(string id, string node, long wattHours, long limit) => new(id, node, Side.Buy, Energy.FromWh(wattHours), Price.FromMicroPerKWh(limit));

    public static Order Sell(string id, string node, long wattHours, long limit) => new(id, node, Side.Sell, Energy.FromWh(wattHours), Price.FromMicroPerKWh(limit));

    public static Converter Plant(string id, long capacity, long cost, params (string Node, long Millionths)[] flows) =>
        new(id, Energy.FromWh(capacity), flows.ToDictionary(f => f.Node, f => f.Millionths, StringComparer.Ordinal), Price.FromMicroPerKWh(cost));

    public static Connection Line(string id, string from, string to, long capacity, long loss = 0, long fee = 0) =>
        new(id, from, to, Energy.FromWh(capacity), loss, Price.FromMicroPerKWh(fee));

    public static OrderBook Of(string[] nodes, Order[] orders, Converter[]? plants = null, Connection[]? lines = null, long? cap = null, long? floor = null) =>
        new(RandomMarket.Hour, nodes, orders, plants ?? [], lines ?? [], cap is { } c ? Price.FromMicroPerKWh(c) : null, floor is { } f ? Price.FromMicroPerKWh(f) : null);

    public static ClearingResult Clear(OrderBook book) => CoupledAuction.Clear(book, Solver);

    public static long[] Wh(this IEnumerable<Energy> energies) => [.. energies.Select(e => e.WattHours)];

    public static long?[] Micro(this ClearingResult result) => [.. result.Prices.Select(p => p.Price?.MicroPerKWh)];

    public static (long? Low, long? High) Interval(this ClearingResult result, int node) => (result.Prices[node].Low?.MicroPerKWh, result.Prices[node].High?.MicroPerKWh);
}
