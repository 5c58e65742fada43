using System.Numerics;
using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>How a price came about at a node, or what holds it.</summary>
public enum PriceCause
{
    /// <summary>An order at the node with this limit is, or could be, accepted in part.</summary>
    MarginalOrder,

    /// <summary>A converter or connection runs in part: the price follows from those of its other nodes and its cost.</summary>
    PassedOn,

    /// <summary>A converter or connection runs at capacity: the prices of its nodes lie further apart than its cost.</summary>
    AtCapacity,

    /// <summary>No single order sets it: any price of the interval would do and the middle of what was left was taken.</summary>
    Middle,

    /// <summary>Only one end of the interval is bounded, and that end was taken.</summary>
    FiniteEnd,

    /// <summary>Prices differ by trade; what is shown is their average by energy.</summary>
    AverageOfTrades,
}

/// <summary>Who sets the price of a node, or holds it where it is.</summary>
/// <param name="Cause">In which way.</param>
/// <param name="Id">The order, converter or connection; null where the rule alone decides.</param>
/// <param name="Volume">Accepted energy of the order, or activity of the unit.</param>
/// <param name="Most">Its quantity at this limit, or capacity.</param>
/// <param name="Margin">What one kWh of a unit's activity earns at the prices: the scarcity of its capacity. Zero for others.</param>
/// <param name="Through">Nodes to which the price is tied by the unit; empty for others.</param>
public sealed record PriceSetter(PriceCause Cause, string? Id, Energy Volume, Energy Most, Price Margin, IReadOnlyList<string> Through);

/// <summary>What moves a price: so much more demand (or supply) at the node is taken up by its own orders at the present price, beyond that its
/// orders answer at the next one. Converters and connections that run in part take up more.</summary>
/// <param name="Room">Energy that the node's orders at the price still take up.</param>
/// <param name="Next">Limit of the node's next order, or null if there is none.</param>
public sealed record PriceMove(Energy Room, Price? Next);

/// <summary>A unit that stands still at a node, and by how much its margin would have to rise until it ran.</summary>
/// <param name="Id">The converter or connection.</param>
/// <param name="Missing">Per kWh of its activity.</param>
/// <param name="IsHeld">It stands still whatever the prices, because one of its nodes is cleared by itself.</param>
public sealed record IdleUnit(string Id, Price Missing, bool IsHeld = false);

/// <summary>Why the price of one node is what it is.</summary>
/// <param name="Node">The node.</param>
/// <param name="Price">Its price, or null if nothing sets one.</param>
/// <param name="Low">Lowest optimal price.</param>
/// <param name="High">Highest optimal price.</param>
/// <param name="Bought">Energy of all accepted buyers.</param>
/// <param name="Sold">Energy of all accepted sellers.</param>
/// <param name="SetBy">Who sets it, marginal orders first in order of time; at most a hundred orders.</param>
/// <param name="WithMoreDemand">What more demand would have changed.</param>
/// <param name="WithMoreSupply">What more supply would have changed.</param>
/// <param name="Idle">Units at the node that stand still, nearest to running first.</param>
public sealed record NodeExplanation(
    string Node, Price? Price, Price? Low, Price? High, Energy Bought, Energy Sold,
    IReadOnlyList<PriceSetter> SetBy, PriceMove WithMoreDemand, PriceMove WithMoreSupply, IReadOnlyList<IdleUnit> Idle);

/// <summary>What became of an order.</summary>
public enum OrderOutcome
{
    /// <summary>Accepted in full.</summary>
    Accepted,

    /// <summary>Accepted in part: its limit, or that of one of its steps, is the price, and those at one limit share.</summary>
    Shared,

    /// <summary>In the money, yet a few Wh short, because converters and connections run in whole Wh.</summary>
    Rounded,

    /// <summary>Accepted in part, the steps beyond the price not.</summary>
    StepsAccepted,

    /// <summary>Its limit is the price, but nothing was left to share.</summary>
    AtThePrice,

    /// <summary>The price is beyond its limit.</summary>
    BeyondLimit,

    /// <summary>Its limit is beyond the cap or floor of the market.</summary>
    OutsideBounds,

    /// <summary>It wants nothing.</summary>
    NoQuantity,

    /// <summary>Prices differ by trade, and nobody of the other side with whom it may trade was left within its limit.</summary>
    Unmatched,
}

/// <summary>"Why me, why not me": what became of one order and what would have changed it.</summary>
/// <param name="Id">The order.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Price">Price of its node.</param>
/// <param name="Accepted">Accepted energy.</param>
/// <param name="Missing">What it did not get.</param>
/// <param name="Limit">The limit of the first step that was not accepted in full; of a fully accepted order, that of its last step.</param>
/// <param name="MissedBy">How much better that limit would have had to be to be accepted at least in part, or null where that is not the question.</param>
/// <param name="NextLimit">The nearest limit that would surely have been accepted at least in part, the other orders being as they are;
/// null where none would (nobody trades at the other side) or where it was accepted.</param>
/// <param name="AlikeOrders">How many orders of its side at its node have this limit too, itself among them.</param>
public sealed record OrderExplanation(
    string Id, OrderOutcome Outcome, Price? Price, Energy Accepted, Energy Missing, Price Limit, Price? MissedBy, Price? NextLimit, int AlikeOrders);

/// <summary>"Why this price?" of one clearing, from the book and its result alone.</summary>
public sealed class PriceExplanation
{
    private const int MostSetters = 100;

    private readonly OrderBook _book;
    private readonly ClearingResult _result;
    private readonly Dictionary<(int Node, Side Side, long Limit), int> _alike = [];

    private PriceExplanation(OrderBook book, ClearingResult result)
    {
        (_book, _result) = (book, result);
        foreach (var order in book.Orders)
        {
            for (var s = 0; s < order.StepCount; s++)
            {
                var key = (book.NodeIndex(order.Node), order.Side, order.Step(s).Limit.MicroPerKWh);
                _alike[key] = _alike.GetValueOrDefault(key) + 1;
            }
        }

        Nodes = [.. Enumerable.Range(0, book.Nodes.Count).Select(n => new NodeReading(book, result, n))
            .Select(reading => reading.Explain(MostSetters))];
    }

    /// <summary>Explains a result. Takes time in proportion to the orders times the nodes.</summary>
    public static PriceExplanation Of(OrderBook book, ClearingResult result)
    {
        ArgumentNullException.ThrowIfNull(book);
        ArgumentNullException.ThrowIfNull(result);
        return new PriceExplanation(book, result);
    }

    /// <summary>One for each node, in the order of the book.</summary>
    public IReadOnlyList<NodeExplanation> Nodes { get; }

    /// <summary>Explains one order.</summary>
    /// <param name="index">Its position in the book.</param>
    public OrderExplanation OfOrder(int index)
    {
        var order = _book.Orders[index];
        var node = _result.Prices[_book.NodeIndex(order.Node)];
        var left = _result.Accepted[index].WattHours;
        for (var s = 0; s < order.StepCount; s++)
        {
            var step = order.Step(s);
            var taken = Math.Min(left, step.Quantity.WattHours);
            left -= taken;
            if (taken < step.Quantity.WattHours)
            {
                return Short(order, index, node, step, taken, s);
            }
        }

        var last = order.Step(order.StepCount - 1).Limit;
        return new OrderExplanation(
            order.Id, order.Quantity.WattHours == 0 ? OrderOutcome.NoQuantity : OrderOutcome.Accepted, node.Price,
            _result.Accepted[index], Energy.Zero, last, null, null, Alike(order, last));
    }

    private OrderExplanation Short(Order order, int index, NodePrice node, OrderStep step, long taken, int number)
    {
        var buys = order.Side == Side.Buy;
        var accepted = _result.Accepted[index];
        var byTrade = _book.MechanismOf(_book.NodeIndex(order.Node)).HasTrades();
        var next = byTrade ? NextUnmatched(order) : Next(order.Side, node);
        Price? missedBy = next is { } limit ? (buys ? limit - step.Limit : step.Limit - limit) : null;
        var outcome = byTrade
            ? NodeStep.UnderBounds(order.Side, step.Limit.MicroPerKWh, _book.Cap, _book.Floor) is null ? OrderOutcome.OutsideBounds : OrderOutcome.Unmatched
            : Outcome(order.Side, node.Price, step.Limit, taken);
        if (outcome == OrderOutcome.BeyondLimit && number > 0)
        {
            outcome = OrderOutcome.StepsAccepted;
        }

        var notAccepted = outcome is OrderOutcome.BeyondLimit or OrderOutcome.AtThePrice or OrderOutcome.OutsideBounds or OrderOutcome.StepsAccepted or OrderOutcome.Unmatched;
        return new OrderExplanation(
            order.Id, outcome, node.Price, accepted, order.Quantity - accepted, step.Limit,
            notAccepted ? missedBy : null, notAccepted ? next : null, Alike(order, step.Limit));
    }

    private OrderOutcome Outcome(Side side, Price? price, Price limit, long taken)
    {
        if (side == Side.Buy ? limit < _book.Floor : limit > _book.Cap)
        {
            return OrderOutcome.OutsideBounds;
        }

        if (price is not { } p)
        {
            return OrderOutcome.BeyondLimit;
        }

        var counted = side == Side.Buy && limit > _book.Cap ? _book.Cap!.Value : side == Side.Sell && limit < _book.Floor ? _book.Floor!.Value : limit;
        var gain = side == Side.Buy ? counted - p : p - counted;
        return gain.MicroPerKWh > 0 ? OrderOutcome.Rounded
            : gain.MicroPerKWh < 0 ? OrderOutcome.BeyondLimit
            : taken > 0 ? OrderOutcome.Shared : OrderOutcome.AtThePrice;
    }

    /// <summary>Strictly beyond every optimal price an order must be accepted: without it the dual value would grow.</summary>
    private Price? Next(Side side, NodePrice node)
    {
        var one = Price.FromMicroPerKWh(1);
        Price? next = side == Side.Buy ? node.High + one : node.Low - one;
        return next > _book.Cap || next < _book.Floor ? null : next;
    }

    /// <summary>The best limit of the other side that is still open: with it there would have been somebody left. Where those of a stage share, one millionth more.</summary>
    private Price? NextUnmatched(Order order)
    {
        var shares = _book.MechanismOf(_book.NodeIndex(order.Node)) == Mechanism.CommunityFirst;
        var buys = order.Side == Side.Buy;
        long? next = null;
        for (var i = 0; i < _book.Orders.Count; i++)
        {
            var other = _book.Orders[i];
            if (other.Side != order.Side && string.Equals(other.Node, order.Node, StringComparison.Ordinal)
                && (shares || order.Party is null || !string.Equals(order.Party, other.Party, StringComparison.Ordinal))
                && OpenLimit(other, _result.Accepted[i].WattHours) is { } limit)
            {
                next = next is null ? limit : buys ? Math.Min(next.Value, limit) : Math.Max(next.Value, limit);
            }
        }

        var price = next + (shares ? buys ? 1 : -1 : 0);
        return price > _book.Cap?.MicroPerKWh || price < _book.Floor?.MicroPerKWh || price is null ? null : Price.FromMicroPerKWh(price.Value);
    }

    /// <summary>The limit of the first step that was not filled.</summary>
    private long? OpenLimit(Order order, long left)
    {
        for (var s = 0; s < order.StepCount; s++)
        {
            if (left < order.Step(s).Quantity.WattHours)
            {
                return NodeStep.UnderBounds(order.Side, order.Step(s).Limit.MicroPerKWh, _book.Cap, _book.Floor);
            }

            left -= order.Step(s).Quantity.WattHours;
        }

        return null;
    }

    private int Alike(Order order, Price limit) => _alike.GetValueOrDefault((_book.NodeIndex(order.Node), order.Side, limit.MicroPerKWh));

    /// <summary>What is read from a book and its result at one node.</summary>
    private sealed class NodeReading(OrderBook book, ClearingResult result, int node)
    {
        private readonly NodePrice _price = result.Prices[node];

        private bool ByTrade => book.MechanismOf(node).HasTrades();

        private readonly List<PriceSetter> _setters = [];
        private readonly List<IdleUnit> _idle = [];
        private long _bought;
        private long _sold;
        private long _roomUp;
        private long _roomDown;
        private Price? _nextUp;
        private Price? _nextDown;

        public NodeExplanation Explain(int mostSetters)
        {
            for (var i = 0; i < book.Orders.Count; i++)
            {
                if (string.Equals(book.Orders[i].Node, _price.Node, StringComparison.Ordinal))
                {
                    Read(book.Orders[i], result.Accepted[i].WattHours, mostSetters);
                }
            }

            for (var i = 0; i < book.Converters.Count; i++)
            {
                var unit = book.Converters[i];
                Read(book.CanRun(unit), unit.Id, [.. unit.Flows.Select(f => (book.NodeIndex(f.Key), f.Value))], unit.Cost, unit.Capacity, result.Converters[i]);
            }

            for (var i = 0; i < book.Connections.Count; i++)
            {
                var line = book.Connections[i];
                Read(book.CanRun(line), line.Id, [(book.NodeIndex(line.From), -Limits.One), (book.NodeIndex(line.To), Limits.One - line.LossMillionths)], line.Fee, line.Capacity, result.Connections[i]);
            }

            if (ByTrade && _price.Price is not null)
            {
                _setters.Add(new PriceSetter(PriceCause.AverageOfTrades, null, Energy.Zero, Energy.Zero, default, []));
            }
            else if (_price.Price is not null && !_setters.Exists(s => s.Cause is PriceCause.MarginalOrder or PriceCause.PassedOn))
            {
                var open = _price.Low is null || _price.High is null;
                _setters.Add(new PriceSetter(open ? PriceCause.FiniteEnd : PriceCause.Middle, null, Energy.Zero, Energy.Zero, default, []));
            }

            return new NodeExplanation(
                _price.Node, _price.Price, _price.Low, _price.High, Energy.FromWh(_bought), Energy.FromWh(_sold), _setters,
                new PriceMove(Energy.FromWh(_roomUp), _nextUp), new PriceMove(Energy.FromWh(_roomDown), _nextDown),
                [.. _idle.OrderBy(u => u.Missing).ThenBy(u => u.Id, StringComparer.Ordinal)]);
        }

        private void Read(Order order, long left, int mostSetters)
        {
            var buys = order.Side == Side.Buy;
            _bought += buys ? left : 0;
            _sold += buys ? 0 : left;
            if (_price.Price is not { } price || ByTrade)
            {
                return;
            }

            for (var s = 0; s < order.StepCount; s++)
            {
                var step = order.Step(s);
                var taken = Math.Min(left, step.Quantity.WattHours);
                left -= taken;
                if (step.Quantity.WattHours == 0)
                {
                    continue;
                }

                if (step.Limit == price)
                {
                    // More demand takes from sellers what they have left, and from buyers at the price what they got; supply the other way round.
                    _roomUp += buys ? taken : step.Quantity.WattHours - taken;
                    _roomDown += buys ? step.Quantity.WattHours - taken : taken;
                    if (_setters.Count < mostSetters)
                    {
                        _setters.Add(new PriceSetter(PriceCause.MarginalOrder, order.Id, Energy.FromWh(taken), step.Quantity, default, []));
                    }
                }
                else if (step.Limit > price && (buys ? taken > 0 : taken < step.Quantity.WattHours) && !(step.Limit > _nextUp))
                {
                    _nextUp = step.Limit;
                }
                else if (step.Limit < price && (buys ? taken < step.Quantity.WattHours : taken > 0) && !(step.Limit < _nextDown))
                {
                    _nextDown = step.Limit;
                }
            }
        }

        private void Read(bool canRun, string id, (int Node, long Flow)[] flows, Price cost, Energy capacity, Energy activity)
        {
            if (capacity.WattHours == 0 || !Array.Exists(flows, f => f.Node == node && f.Flow != 0))
            {
                return;
            }

            if (!canRun)
            {
                _idle.Add(new IdleUnit(id, default, IsHeld: true));
                return;
            }

            var margin = flows.Aggregate(-(BigInteger)cost.MicroPerKWh * Limits.One, (sum, f) => sum + ((BigInteger)f.Flow * ((result.Prices[f.Node].Price ?? result.Prices[f.Node].Support)?.MicroPerKWh ?? 0)));
            var slack = flows.Aggregate(BigInteger.Zero, (sum, f) => sum + Math.Abs(f.Flow)) / 2;
            var perKWh = Price.FromMicroPerKWh((long)BigInteger.Clamp(margin / Limits.One, long.MinValue, long.MaxValue));
            var through = flows.Where(f => f.Node != node && f.Flow != 0).Select(f => book.Nodes[f.Node]).ToArray();
            if (BigInteger.Abs(margin) <= slack && activity.WattHours > 0)
            {
                _setters.Add(new PriceSetter(PriceCause.PassedOn, id, activity, capacity, default, through));
            }
            else if (margin > slack)
            {
                _setters.Add(new PriceSetter(PriceCause.AtCapacity, id, activity, capacity, perKWh, through));
            }
            else if (activity.WattHours == 0)
            {
                _idle.Add(new IdleUnit(id, default(Price) - perKWh));
            }
        }
    }
}
