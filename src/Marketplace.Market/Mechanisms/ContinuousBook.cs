using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>What rests at one limit of a live book.</summary>
/// <param name="Price">The limit.</param>
/// <param name="Energy">All that rests at it.</param>
/// <param name="Orders">How many orders (of a stepwise order, steps) that is.</param>
public sealed record DepthLevel(Price Price, Energy Energy, int Orders);

/// <summary>The live book of one node for continuous trading: each order trades as it comes with the best that rest, at the limit of the
/// one that rests (price, then time), and what is left of it rests. Orders of one party never trade with each other.
/// An order costs time in the logarithm of what rests, and in proportion to its trades and to the party's own opposite orders that it passes.
/// Not to be used by several callers at once.</summary>
public sealed class ContinuousBook
{
    private const long MostEnergy = long.MaxValue / 4;

    private readonly Price? _cap;
    private readonly Price? _floor;
    private readonly ContinuousSide _buys = new(Side.Buy);
    private readonly ContinuousSide _sells = new(Side.Sell);
    private readonly List<Placed> _placed = [];
    private readonly Dictionary<string, int> _byId = new(StringComparer.Ordinal);
    private readonly List<Trade> _trades = [];
    private Int128 _energy;

    private sealed record Placed(Order Order, LinkedListNode<ContinuousSide.Rest>[] Rests)
    {
        public Energy Traded { get; set; }

        public bool Withdrawn { get; set; }
    }

    /// <summary>Opens a book.</summary>
    /// <param name="cap">Highest price allowed: as in <see cref="OrderBook"/>.</param>
    /// <param name="floor">Lowest price allowed.</param>
    public ContinuousBook(Price? cap = null, Price? floor = null)
    {
        Order.Require(cap is null || floor is null || floor <= cap, "the floor is above the cap");
        (_cap, _floor) = (cap, floor);
    }

    /// <summary>Every trade so far. Positions are those in which the orders were placed, from zero.</summary>
    public IReadOnlyList<Trade> Trades => _trades;

    /// <summary>Places an order and returns its trades, in the order in which they came about. A position is used up even if nothing trades.</summary>
    /// <exception cref="OrderBookException">The id is used already, or what was placed would overflow.</exception>
    public IReadOnlyList<Trade> Place(Order order)
    {
        ArgumentNullException.ThrowIfNull(order);
        Order.Require(!_byId.ContainsKey(order.Id), $"order '{order.Id}': this id is used twice");
        Order.Require(_energy + order.Quantity.WattHours <= MostEnergy, $"order '{order.Id}': with it the energy of the book overflows");
        _energy += order.Quantity.WattHours;
        var (position, first) = (_placed.Count, _trades.Count);
        _byId.Add(order.Id, position);
        _placed.Add(new Placed(order, [.. NodeStep.Of(position, order, _cap, _floor).Select(step => Step(step, order.Party)).OfType<LinkedListNode<ContinuousSide.Rest>>()]));
        var trades = _trades[first..];
        foreach (var trade in trades)
        {
            _placed[trade.Buy].Traded += trade.Energy;
            _placed[trade.Sell].Traded += trade.Energy;
        }

        return trades;
    }

    /// <summary>Takes what rests of an order out of the book and says how much that was: nothing if it was traded or withdrawn before.</summary>
    /// <exception cref="OrderBookException">There is no such order.</exception>
    public Energy Withdraw(string id)
    {
        var placed = Find(id);
        var left = Left(placed);
        foreach (var rest in placed.Rests)
        {
            (placed.Order.Side == Side.Buy ? _buys : _sells).Remove(rest);
        }

        placed.Withdrawn = true;
        return left;
    }

    /// <summary>What of an order still rests.</summary>
    /// <exception cref="OrderBookException">There is no such order.</exception>
    public Energy Resting(string id) => Left(Find(id));

    /// <summary>What rests on one side, best limit first.</summary>
    /// <param name="side">Buyers or sellers.</param>
    /// <param name="most">How many limits at most.</param>
    public IReadOnlyList<DepthLevel> Depth(Side side, int most = int.MaxValue) =>
        [.. (side == Side.Buy ? _buys : _sells).Levels.Take(most)
            .Select(level => new DepthLevel(Price.FromMicroPerKWh(level.Limit), Energy.FromWh(level.Energy), level.Queue.Count))];

    /// <summary>The orders in the order in which they were placed, a withdrawn one with no more than it had traded: a book of these
    /// orders has the same trades, so that what was withdrawn needs no entry of its own.</summary>
    public IReadOnlyList<Order> Orders() => [.. _placed.Select(p => p.Withdrawn ? Cut(p.Order, p.Traded) : p.Order)];

    private LinkedListNode<ContinuousSide.Rest>? Step(NodeStep step, string? party)
    {
        var (own, others) = step.Side == Side.Buy ? (_buys, _sells) : (_sells, _buys);
        var left = others.Take(step.Order, party, step.Quantity, step.Limit, _trades);
        return left == 0 ? null : own.Add(new ContinuousSide.Rest(step.Order, party, left), step.Limit);
    }

    private Placed Find(string id) =>
        _byId.TryGetValue(id, out var position) ? _placed[position] : throw new OrderBookException($"order '{id}': it is not in the book");

    private static Energy Left(Placed placed) =>
        placed.Rests.Where(rest => rest.Value.Level is not null).Aggregate(Energy.Zero, (sum, rest) => sum + Energy.FromWh(rest.Value.Left));

    private static Order Cut(Order order, Energy traded)
    {
        var steps = new OrderStep[order.StepCount];
        for (var s = 0; s < steps.Length; s++)
        {
            steps[s] = order.Step(s) with { Quantity = Energy.Min(traded, order.Step(s).Quantity) };
            traded -= steps[s].Quantity;
        }

        return order.WithSteps(steps);
    }

    /// <summary>The same for the steps of a whole book at one node, without keeping its orders.</summary>
    internal static List<Trade> Trade(IEnumerable<NodeStep> steps, Func<int, string?> party)
    {
        var book = new ContinuousBook();
        foreach (var step in steps)
        {
            book.Step(step, party(step.Order));
        }

        return book._trades;
    }
}
