using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>Everything one clearing knows: the nodes, the orders in order of time, the plants and lines between the nodes.</summary>
public sealed class OrderBook
{
    private readonly Dictionary<string, int> _nodeIndex = new(StringComparer.Ordinal);

    /// <summary>Creates a book and checks that its parts fit together.</summary>
    /// <param name="hour">Start of the delivery hour.</param>
    /// <param name="nodes">Names of the nodes; their order decides which price is fixed first where prices are not unique.</param>
    /// <param name="orders">Orders; position is priority in time.</param>
    /// <param name="converters">Plants.</param>
    /// <param name="connections">Lines and pipes.</param>
    /// <param name="cap">Highest price allowed: a higher limit of a buyer counts as the cap, a higher limit of a seller is not accepted.</param>
    /// <param name="floor">Lowest price allowed: a lower limit of a seller counts as the floor, a lower limit of a buyer is not accepted.</param>
    /// <exception cref="OrderBookException">A node is unknown, an id is used twice, or the values together are too large.</exception>
    public OrderBook(
        DateTimeOffset hour,
        IReadOnlyList<string> nodes,
        IReadOnlyList<Order> orders,
        IReadOnlyList<Converter> converters,
        IReadOnlyList<Connection> connections,
        Price? cap = null,
        Price? floor = null)
        : this(hour, nodes, orders, null, converters, connections, cap, floor)
    {
    }

    private OrderBook(
        DateTimeOffset hour, IReadOnlyList<string> nodes, IReadOnlyList<Order>? orders, OrderArrays? arrays,
        IReadOnlyList<Converter> converters, IReadOnlyList<Connection> connections, Price? cap, Price? floor)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        ArgumentNullException.ThrowIfNull(converters);
        ArgumentNullException.ThrowIfNull(connections);
        Order.Require(nodes.Count <= Limits.Nodes, $"nodes: more than {Limits.Nodes}");
        Order.Require(cap is null || floor is null || floor <= cap, "the floor is above the cap");
        (Hour, Nodes, Converters, Connections, Cap, Floor) = (hour.ToUniversalTime(), nodes, converters, connections, cap, floor);
        for (var i = 0; i < nodes.Count; i++)
        {
            Order.Require(!string.IsNullOrEmpty(nodes[i]), "nodes: a name is empty");
            Order.Require(_nodeIndex.TryAdd(nodes[i], i), $"nodes: '{nodes[i]}' is there twice");
        }

        if (arrays is not null)
        {
            arrays.Check(nodes.Count);
            Order.Require(arrays.Ids is not { } ids || ids.Distinct(StringComparer.Ordinal).Count() == ids.Length, "orders: an id is used twice");
            (Orders, Steps) = (new ArrayOrders(arrays, nodes), new OrderSteps(arrays));
        }
        else
        {
            ArgumentNullException.ThrowIfNull(orders);
            Orders = orders;
            CheckOrders();
            Steps = new OrderSteps(orders, NodeIndex);
        }

        CheckUnits();
        CheckSize();
    }

    /// <summary>Creates a book of orders that stand in arrays; the arrays are kept and must not change.</summary>
    /// <exception cref="OrderBookException">As for the other way to create one.</exception>
    public static OrderBook FromArrays(
        DateTimeOffset hour,
        IReadOnlyList<string> nodes,
        OrderArrays orders,
        IReadOnlyList<Converter> converters,
        IReadOnlyList<Connection> connections,
        Price? cap = null,
        Price? floor = null)
    {
        ArgumentNullException.ThrowIfNull(orders);
        return new OrderBook(hour, nodes, null, orders, converters, connections, cap, floor);
    }

    /// <summary>Start of the delivery hour, UTC.</summary>
    public DateTimeOffset Hour { get; }

    /// <summary>Names of the nodes, in the order in which prices are fixed.</summary>
    public IReadOnlyList<string> Nodes { get; }

    /// <summary>Orders in order of time.</summary>
    public IReadOnlyList<Order> Orders { get; }

    internal OrderSteps Steps { get; }

    /// <summary>Plants.</summary>
    public IReadOnlyList<Converter> Converters { get; }

    /// <summary>Lines and pipes.</summary>
    public IReadOnlyList<Connection> Connections { get; }

    /// <summary>Highest price allowed, if there is one.</summary>
    public Price? Cap { get; }

    /// <summary>Lowest price allowed, if there is one.</summary>
    public Price? Floor { get; }

    /// <summary>Position of a node in <see cref="Nodes"/>, or -1.</summary>
    public int NodeIndex(string node) => _nodeIndex.TryGetValue(node, out var index) ? index : -1;

    private void CheckOrders()
    {
        var ids = new HashSet<string>(Orders.Count, StringComparer.Ordinal);
        foreach (var order in Orders)
        {
            Order.Require(order is not null, "orders: one of them is missing");
            Order.Require(ids.Add(order!.Id), $"order '{order.Id}': this id is used twice");
            Order.Require(NodeIndex(order.Node) >= 0, $"order '{order.Id}': node '{order.Node}' is unknown");
        }
    }

    private void CheckUnits()
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var converter in Converters)
        {
            Order.Require(ids.Add(converter.Id), $"converter '{converter.Id}': this id is used twice");
            foreach (var node in converter.Flows.Keys)
            {
                Order.Require(NodeIndex(node) >= 0, $"converter '{converter.Id}': node '{node}' is unknown");
            }
        }

        foreach (var connection in Connections)
        {
            Order.Require(ids.Add(connection.Id), $"connection '{connection.Id}': this id is used twice");
            Order.Require(NodeIndex(connection.From) >= 0, $"connection '{connection.Id}': node '{connection.From}' is unknown");
            Order.Require(NodeIndex(connection.To) >= 0, $"connection '{connection.Id}': node '{connection.To}' is unknown");
        }
    }

    /// <summary>Welfare must fit 64 bits whatever is accepted, and so must the energy at a node.</summary>
    private void CheckSize()
    {
        Int128 energy = 0;
        Int128 value = 0;
        bool Fits(Int128 addedEnergy, Int128 addedValue)
        {
            energy += addedEnergy;
            value += addedValue;
            return energy <= long.MaxValue / 4 && value <= (Int128)long.MaxValue * 1000;
        }

        void Add(string what, string id, Energy quantity, Price price, long largestFlow)
        {
            if (!Fits((Int128)quantity.WattHours * largestFlow / Limits.One, (Int128)quantity.WattHours * Math.Abs(price.MicroPerKWh)))
            {
                throw new OrderBookException($"{what} '{id}': with it the {(energy > long.MaxValue / 4 ? "energy" : "value")} of the book overflows");
            }
        }

        for (var k = 0; k < Steps.Count; k++)
        {
            if (!Fits(Steps.Quantities[k], (Int128)Steps.Quantities[k] * Math.Abs(Steps.StepLimits[k])))
            {
                throw new OrderBookException($"order '{Orders[Steps.Order(k)].Id}': with it the {(energy > long.MaxValue / 4 ? "energy" : "value")} of the book overflows");
            }
        }

        foreach (var converter in Converters)
        {
            Add("converter", converter.Id, converter.Capacity, converter.Cost, converter.Flows.Values.Max(Math.Abs));
        }

        foreach (var connection in Connections)
        {
            Add("connection", connection.Id, connection.Capacity, connection.Fee, Limits.One);
        }
    }
}
