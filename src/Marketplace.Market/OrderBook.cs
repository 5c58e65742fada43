using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>Everything one clearing knows: the nodes, the orders in order of time, the plants and lines between the nodes.</summary>
public sealed class OrderBook
{
    /// <summary>How often falling offers fall where the book does not say.</summary>
    public const int DefaultRounds = 10;

    private const int MostRounds = 1_000;

    private readonly Mechanism[]? _mechanisms;
    private readonly Dictionary<string, int> _nodeIndex = new(StringComparer.Ordinal);

    /// <summary>Creates a book and checks that its parts fit together.</summary>
    /// <param name="hour">Start of the delivery hour.</param>
    /// <param name="nodes">Names of the nodes; their order decides which price is fixed first where prices are not unique.</param>
    /// <param name="orders">Orders; position is priority in time.</param>
    /// <param name="converters">Plants.</param>
    /// <param name="connections">Lines and pipes.</param>
    /// <param name="cap">Highest price allowed: a higher limit of a buyer counts as the cap, a higher limit of a seller is not accepted.</param>
    /// <param name="floor">Lowest price allowed: a lower limit of a seller counts as the floor, a lower limit of a buyer is not accepted.</param>
    /// <param name="mechanisms">One for each node; without them all nodes are coupled.</param>
    /// <param name="rounds">How often falling offers fall, 1 to 1,000; <see cref="DefaultRounds"/> where null.</param>
    /// <exception cref="OrderBookException">A node is unknown, an id is used twice, or the values together are too large.</exception>
    public OrderBook(
        DateTimeOffset hour,
        IReadOnlyList<string> nodes,
        IReadOnlyList<Order> orders,
        IReadOnlyList<Converter> converters,
        IReadOnlyList<Connection> connections,
        Price? cap = null,
        Price? floor = null,
        IReadOnlyList<Mechanism>? mechanisms = null,
        int? rounds = null)
        : this(hour, nodes, orders, null, converters, connections, cap, floor, mechanisms, rounds)
    {
    }

    private OrderBook(
        DateTimeOffset hour, IReadOnlyList<string> nodes, IReadOnlyList<Order>? orders, OrderArrays? arrays,
        IReadOnlyList<Converter> converters, IReadOnlyList<Connection> connections, Price? cap, Price? floor,
        IReadOnlyList<Mechanism>? mechanisms, int? rounds)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        ArgumentNullException.ThrowIfNull(converters);
        ArgumentNullException.ThrowIfNull(connections);
        Order.Require(nodes.Count <= Limits.Nodes, $"nodes: more than {Limits.Nodes}");
        Order.Require(cap is null || floor is null || floor <= cap, "the floor is above the cap");
        Order.Require(mechanisms is null || mechanisms.Count == nodes.Count, "mechanism: not one for each node");
        Order.Require(rounds is null or (>= 1 and <= MostRounds), $"rounds: not between 1 and {MostRounds}");
        (Hour, Nodes, Converters, Connections, Cap, Floor, StatedRounds) = (hour.ToUniversalTime(), nodes, converters, connections, cap, floor, rounds);
        _mechanisms = mechanisms is null || mechanisms.All(m => m == Mechanism.Coupled) ? null : [.. mechanisms];
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
        CheckMechanisms();
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
        Price? floor = null,
        IReadOnlyList<Mechanism>? mechanisms = null,
        int? rounds = null)
    {
        ArgumentNullException.ThrowIfNull(orders);
        return new OrderBook(hour, nodes, null, orders, converters, connections, cap, floor, mechanisms, rounds);
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

    /// <summary>Whether every node is cleared by the one coupled auction.</summary>
    public bool IsCoupled => _mechanisms is null;

    /// <summary>How the orders of a node are brought together.</summary>
    /// <param name="node">Position of the node.</param>
    public Mechanism MechanismOf(int node) => _mechanisms is null ? Mechanism.Coupled : _mechanisms[node];

    /// <summary>How often falling offers fall.</summary>
    public int Rounds => StatedRounds ?? DefaultRounds;

    /// <summary>The same where the book says it.</summary>
    internal int? StatedRounds { get; }

    /// <summary>Whether all nodes of a converter or connection are coupled; one of whose nodes is cleared by itself stands still.</summary>
    public bool CanRun(Converter converter)
    {
        ArgumentNullException.ThrowIfNull(converter);
        return IsCoupled || converter.Flows.Keys.All(node => MechanismOf(NodeIndex(node)) == Mechanism.Coupled);
    }

    /// <inheritdoc cref="CanRun(Converter)"/>
    public bool CanRun(Connection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return MechanismOf(NodeIndex(connection.From)) == Mechanism.Coupled && MechanismOf(NodeIndex(connection.To)) == Mechanism.Coupled;
    }

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

    /// <summary>Falling offers need a ceiling to fall from, and a standing offer has its place only behind them.</summary>
    private void CheckMechanisms()
    {
        var standing = new Order?[Nodes.Count];
        foreach (var order in Orders is ArrayOrders ? [] : Orders)
        {
            var node = NodeIndex(order.Node);
            if (order.IsStanding)
            {
                Order.Require(MechanismOf(node) == Mechanism.FallingOffers, $"order '{order.Id}': a standing offer has its place only where offers fall, not at '{order.Node}'");
                Order.Require(standing[node] is null, $"order '{order.Id}': there is a standing offer at '{order.Node}' already");
                standing[node] = order;
            }
        }

        for (var n = 0; n < standing.Length; n++)
        {
            Order.Require(Enum.IsDefined(MechanismOf(n)), $"mechanism: that of '{Nodes[n]}' is unknown");
            Order.Require(
                MechanismOf(n) != Mechanism.FallingOffers || Cap is not null || standing[n] is not null,
                $"node '{Nodes[n]}': offers fall from a ceiling, so that it needs a cap or a standing offer");
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
