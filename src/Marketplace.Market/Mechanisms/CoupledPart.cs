using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>The coupled nodes of a book as a book of their own, and where its parts stand in the whole.</summary>
internal sealed class CoupledPart
{
    private readonly int[] _orders;

    private CoupledPart(OrderBook book, int[] nodes, int[] orders, int[] converters, int[] connections)
    {
        (Nodes, _orders, Converters, Connections) = (nodes, orders, converters, connections);
        Book = new OrderBook(
            book.Hour, [.. nodes.Select(n => book.Nodes[n])], [.. orders.Select(i => book.Orders[i])],
            [.. converters.Select(c => book.Converters[c])], [.. connections.Select(c => book.Connections[c])], book.Cap, book.Floor);
    }

    /// <summary>The part as a book.</summary>
    public OrderBook Book { get; }

    /// <summary>Positions of its nodes in the whole book.</summary>
    public int[] Nodes { get; }

    /// <summary>Positions of its converters in the whole book.</summary>
    public int[] Converters { get; }

    /// <summary>Positions of its connections in the whole book.</summary>
    public int[] Connections { get; }

    public static CoupledPart Of(OrderBook book) => new(
        book,
        [.. Enumerable.Range(0, book.Nodes.Count).Where(n => book.MechanismOf(n) == Mechanism.Coupled)],
        [.. book.Orders.Index().Where(o => book.MechanismOf(book.NodeIndex(o.Item.Node)) == Mechanism.Coupled).Select(o => o.Index)],
        [.. book.Converters.Index().Where(c => book.CanRun(c.Item)).Select(c => c.Index)],
        [.. book.Connections.Index().Where(c => book.CanRun(c.Item)).Select(c => c.Index)]);

    /// <summary>Puts the entries of the part where they belong in the whole.</summary>
    public static void Copy<T>(IReadOnlyList<T> part, T[] whole, int[] positions)
    {
        for (var i = 0; i < positions.Length; i++)
        {
            whole[positions[i]] = part[i];
        }
    }

    /// <summary>The same for what orders are accepted for.</summary>
    public void Copy(IReadOnlyList<Energy> accepted, long[] whole)
    {
        for (var i = 0; i < _orders.Length; i++)
        {
            whole[_orders[i]] = accepted[i].WattHours;
        }
    }

    /// <summary>Checks the entries of the whole that belong to the part.</summary>
    public CheckReport Examine(IReadOnlyList<NodePrice> prices, IReadOnlyList<Energy> accepted, IReadOnlyList<Energy> converters, IReadOnlyList<Energy> connections) =>
        ClearingCheck.Examine(
            Book, [.. Nodes.Select(n => prices[n])], [.. _orders.Select(i => accepted[i])],
            [.. Converters.Select(c => converters[c])], [.. Connections.Select(c => connections[c])]);
}
