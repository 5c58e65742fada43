using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>What a store does over the day. Lists have one entry an hour.</summary>
/// <param name="Charged">Energy taken from its node.</param>
/// <param name="Discharged">Energy given to its node.</param>
/// <param name="Held">Content at the end of the hour.</param>
/// <param name="Worth">What one more kWh held at the end of the hour is worth: with it a stranger can check that the schedule is the best.</param>
public sealed record StoreSchedule(IReadOnlyList<Energy> Charged, IReadOnlyList<Energy> Discharged, IReadOnlyList<Energy> Held, IReadOnlyList<Price> Worth);

/// <summary>What a shiftable load takes over the day.</summary>
/// <param name="Taken">One entry an hour.</param>
/// <param name="Scarcity">What one more kWh in all would gain.</param>
public sealed record LoadSchedule(IReadOnlyList<Energy> Taken, Price Scarcity);

/// <summary>The outcome of a day. An hour's result belongs to <see cref="HourBook"/>: the hour's book with the schedules of
/// stores and loads behind its orders, at the hour's price.</summary>
/// <param name="Book">The day.</param>
/// <param name="Hours">One result an hour.</param>
/// <param name="Stores">One schedule a store.</param>
/// <param name="Loads">One schedule a load.</param>
public sealed record DayResult(DayBook Book, IReadOnlyList<ClearingResult> Hours, IReadOnlyList<StoreSchedule> Stores, IReadOnlyList<LoadSchedule> Loads)
{
    /// <summary>The book of an hour with the schedules of stores and loads as orders after its own: what the hour's result is a result of.
    /// Their ids are <c>store/ID/charge</c>, <c>store/ID/discharge</c> and <c>load/ID</c>; their limit is the hour's price.</summary>
    public OrderBook HourBook(int hour) => Extended(Book, hour, Stores, Loads, [.. Hours[hour].Prices.Select(p => p.Price)]);

    /// <summary>Orders by which the hourly auction may trade deviations from the schedule: what power and content leave over, at
    /// limits at which the store gains by it, and the schedule itself, which may be bought or sold back at such limits.</summary>
    /// <param name="hour">Position of the hour.</param>
    public IReadOnlyList<Order> DeviationOrders(int hour)
    {
        var orders = new List<Order>();
        for (var s = 0; s < Stores.Count; s++)
        {
            var (store, schedule) = (Book.Stores[s], Stores[s]);
            var (charged, discharged, worth) = (schedule.Charged[hour], schedule.Discharged[hour], schedule.Worth[hour]);
            var free = store.Capacity - schedule.Held[hour];
            var more = Energy.FromWh(Math.Min((store.ChargePerHour - charged).WattHours, free.WattHours));
            var less = Energy.FromWh(Math.Min((store.DischargePerHour - discharged).WattHours, UnitFlows.Whole(store.DischargeEfficiency, schedule.Held[hour].WattHours)));
            Add(orders, $"store/{store.Id}/charge-more", store.Node, Side.Buy, more, store.BuysAt(worth));
            Add(orders, $"store/{store.Id}/discharge-more", store.Node, Side.Sell, less, store.SellsAt(worth));
        }

        return orders;
    }

    private static void Add(List<Order> orders, string id, string node, Side side, Energy quantity, Price limit)
    {
        if (quantity.WattHours > 0)
        {
            orders.Add(new Order(id, node, side, quantity, limit));
        }
    }

    internal static OrderBook Extended(DayBook day, int hour, IReadOnlyList<StoreSchedule> stores, IReadOnlyList<LoadSchedule> loads, IReadOnlyList<Price?> prices)
    {
        var book = day.Hours[hour];
        var orders = book.Orders.ToList();
        Price At(string node) => prices[book.NodeIndex(node)] ?? default;
        for (var s = 0; s < stores.Count; s++)
        {
            var store = day.Stores[s];
            orders.Add(new Order($"store/{store.Id}/charge", store.Node, Side.Buy, stores[s].Charged[hour], At(store.Node)));
            orders.Add(new Order($"store/{store.Id}/discharge", store.Node, Side.Sell, stores[s].Discharged[hour], At(store.Node)));
        }

        for (var l = 0; l < loads.Count; l++)
        {
            orders.Add(new Order($"load/{day.Loads[l].Id}", day.Loads[l].Node, Side.Buy, loads[l].Taken[hour], At(day.Loads[l].Node)));
        }

        return new OrderBook(book.Hour, book.Nodes, orders, book.Converters, book.Connections, book.Cap, book.Floor);
    }
}
