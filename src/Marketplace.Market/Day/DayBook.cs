namespace Marketplace.Market;

/// <summary>The order books of a day's hours, one after the other, with the stores and loads that couple them.</summary>
public sealed class DayBook
{
    private const int MostHours = 100;

    /// <summary>Creates a day.</summary>
    /// <param name="hours">One book an hour (23, 24 or 25 of them, or quarter hours), all with the same nodes.</param>
    /// <param name="stores">Stores that the market schedules.</param>
    /// <param name="loads">Loads that it places in their windows.</param>
    /// <exception cref="OrderBookException">The parts do not fit together.</exception>
    public DayBook(IReadOnlyList<OrderBook> hours, IReadOnlyList<Store> stores, IReadOnlyList<ShiftableLoad> loads)
    {
        ArgumentNullException.ThrowIfNull(hours);
        ArgumentNullException.ThrowIfNull(stores);
        ArgumentNullException.ThrowIfNull(loads);
        Order.Require(hours.Count is > 0 and <= MostHours, $"hours: not between 1 and {MostHours}");
        for (var h = 0; h < hours.Count; h++)
        {
            Order.Require(hours[h].IsCoupled, $"hours[{h}]: a day is cleared by the coupled auction at all nodes");
        }

        for (var h = 1; h < hours.Count; h++)
        {
            Order.Require(hours[h].Hour > hours[h - 1].Hour, $"hours[{h}]: it does not come after the one before");
            Order.Require(hours[h].Nodes.SequenceEqual(hours[0].Nodes, StringComparer.Ordinal), $"hours[{h}]: its nodes are not those of the first");
        }

        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var store in stores)
        {
            Order.Require(ids.Add(store.Id), $"store '{store.Id}': this id is used twice");
            Order.Require(hours[0].NodeIndex(store.Node) >= 0, $"store '{store.Id}': node '{store.Node}' is unknown");
        }

        foreach (var load in loads)
        {
            Order.Require(ids.Add(load.Id), $"load '{load.Id}': this id is used twice");
            Order.Require(hours[0].NodeIndex(load.Node) >= 0, $"load '{load.Id}': node '{load.Node}' is unknown");
            Order.Require(load.EndHour <= hours.Count, $"load '{load.Id}': its window ends after the day");
        }

        (Hours, Stores, Loads) = (hours, stores, loads);
    }

    /// <summary>One book an hour.</summary>
    public IReadOnlyList<OrderBook> Hours { get; }

    /// <summary>Stores that the market schedules.</summary>
    public IReadOnlyList<Store> Stores { get; }

    /// <summary>Loads that it places in their windows.</summary>
    public IReadOnlyList<ShiftableLoad> Loads { get; }

    /// <summary>Names of the nodes, the same in each hour.</summary>
    public IReadOnlyList<string> Nodes => Hours[0].Nodes;
}
