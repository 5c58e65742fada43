using System.Globalization;
using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>Which way an order goes. The numeric values are stored and must never change.</summary>
public enum Side
{
    /// <summary>Takes energy from its node, at most at its limit.</summary>
    Buy = 1,

    /// <summary>Gives energy to its node, at least at its limit.</summary>
    Sell = 2,
}

/// <summary>One step of a stepwise order: a quantity up to a limit of its own.</summary>
public readonly record struct OrderStep(Energy Quantity, Price Limit);

/// <summary>A wish to buy or to sell at one node, up to a quantity, at a limit price or better.
/// Its position in the book is its priority in time.</summary>
public sealed class Order
{
    private readonly OrderStep[]? _steps;

    /// <summary>An order with one limit.</summary>
    /// <param name="id">Unique within its book, not empty.</param>
    /// <param name="node">The node where energy is taken or given.</param>
    /// <param name="side">Buy or sell.</param>
    /// <param name="quantity">The most that is wanted, zero or more.</param>
    /// <param name="limit">Highest price when buying, lowest when selling; may be negative.</param>
    /// <param name="party">Who stands behind it, where the book says so. Where orders trade one with another, those of one party do not.</param>
    /// <param name="origin">Inside or outside the community; matters to <see cref="Mechanism.CommunityFirst"/> only.</param>
    /// <param name="standing">Whether it is the operator's standing offer, which comes last in <see cref="Mechanism.FallingOffers"/>.</param>
    /// <exception cref="OrderBookException">A value is out of range.</exception>
    public Order(string id, string node, Side side, Energy quantity, Price limit, string? party = null, Origin origin = Origin.Inside, bool standing = false)
    {
        ArgumentNullException.ThrowIfNull(id);
        ArgumentNullException.ThrowIfNull(node);
        Require(id.Length > 0, "an order's id is empty");
        Require(side is Side.Buy or Side.Sell, $"order '{id}': side is neither buy nor sell");
        Require(origin is Origin.Inside or Origin.Outside, $"order '{id}': origin is neither inside nor outside");
        Require(!standing || side == Side.Sell, $"order '{id}': a standing offer sells");
        RequireStep(id, quantity, limit);
        (Id, Node, Side, Quantity, Limit, Party, Origin, IsStanding) = (id, node, side, quantity, limit, party, origin, standing);
    }

    private Order(string id, string node, Side side, OrderStep[] steps, Energy quantity, string? party, Origin origin, bool standing)
        : this(id, node, side, quantity, steps[0].Limit, party, origin, standing) => _steps = steps;

    /// <summary>An order whose limit falls (buying) or rises (selling) with the quantity.</summary>
    /// <param name="id">Unique within its book, not empty.</param>
    /// <param name="node">The node where energy is taken or given.</param>
    /// <param name="side">Buy or sell.</param>
    /// <param name="steps">At least one; each limit strictly worse for the market than the one before.</param>
    /// <param name="party">Who stands behind it.</param>
    /// <param name="origin">Inside or outside the community.</param>
    /// <param name="standing">Whether it is the operator's standing offer.</param>
    /// <exception cref="OrderBookException">A value is out of range or the steps are not in order.</exception>
    public static Order Stepwise(string id, string node, Side side, IReadOnlyList<OrderStep> steps, string? party = null, Origin origin = Origin.Inside, bool standing = false)
    {
        ArgumentNullException.ThrowIfNull(steps);
        Require(steps.Count > 0, $"order '{id}': it has no steps");
        Int128 sum = 0;
        for (var i = 0; i < steps.Count; i++)
        {
            RequireStep($"{id}' step '{(i + 1).ToString(CultureInfo.InvariantCulture)}", steps[i].Quantity, steps[i].Limit);
            Require(
                i == 0 || (side == Side.Buy ? steps[i].Limit < steps[i - 1].Limit : steps[i].Limit > steps[i - 1].Limit),
                $"order '{id}': the limits of its steps must {(side == Side.Buy ? "fall" : "rise")} from step to step");
            sum += steps[i].Quantity.WattHours;
        }

        Require(sum <= Limits.QuantityWh, $"order '{id}': its steps together exceed {Text(Limits.QuantityWh)} Wh");
        return new Order(id, node, side, [.. steps], Energy.FromWh((long)sum), party, origin, standing);
    }

    /// <summary>Unique within its book.</summary>
    public string Id { get; }

    /// <summary>The node where energy is taken or given.</summary>
    public string Node { get; }

    /// <summary>Buy or sell.</summary>
    public Side Side { get; }

    /// <summary>The most that is wanted; of a stepwise order, all steps together.</summary>
    public Energy Quantity { get; }

    /// <summary>The limit price; of a stepwise order, that of its first step.</summary>
    public Price Limit { get; }

    /// <summary>Who stands behind it, if the book says so.</summary>
    public string? Party { get; }

    /// <summary>Inside or outside the community.</summary>
    public Origin Origin { get; }

    /// <summary>Whether it is the operator's standing offer, which comes after all falling offers.</summary>
    public bool IsStanding { get; }

    /// <summary>Whether the order was given in steps.</summary>
    public bool IsStepwise => _steps is not null;

    /// <summary>How many steps it has; an order with one limit has one.</summary>
    public int StepCount => _steps?.Length ?? 1;

    /// <summary>A step, the first being the best for the market.</summary>
    public OrderStep Step(int index) => _steps is null && index == 0 ? new OrderStep(Quantity, Limit) : _steps![index];

    /// <summary>The same order with other quantities in its steps.</summary>
    internal Order WithSteps(OrderStep[] steps) => _steps is null
        ? new Order(Id, Node, Side, steps[0].Quantity, steps[0].Limit, Party, Origin, IsStanding)
        : Stepwise(Id, Node, Side, steps, Party, Origin, IsStanding);

    internal static void RequireStep(string id, Energy quantity, Price limit)
    {
        Require(!quantity.IsNegative, $"order '{id}': quantity is negative ({Text(quantity.WattHours)} Wh)");
        Require(quantity.WattHours <= Limits.QuantityWh, $"order '{id}': quantity exceeds {Text(Limits.QuantityWh)} Wh");
        Require(
            limit.MicroPerKWh is >= -Limits.PriceMicroPerKWh and <= Limits.PriceMicroPerKWh,
            $"order '{id}': limit is beyond ±{Text(Limits.PriceMicroPerKWh)} millionths per kWh");
    }

    internal static void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw new OrderBookException(message);
        }
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
