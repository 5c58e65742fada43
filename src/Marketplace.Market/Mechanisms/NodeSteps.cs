using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>One step of an order as a mechanism sees it: of some quantity, its limit under floor and cap.</summary>
/// <param name="Order">Position of the order in the book.</param>
/// <param name="Side">Buy or sell.</param>
/// <param name="Quantity">Wh, more than zero.</param>
/// <param name="Limit">Millionths per kWh.</param>
internal readonly record struct NodeStep(int Order, Side Side, long Quantity, long Limit)
{
    /// <summary>The steps of each node in order of time. Steps beyond floor or cap can trade nowhere and are left out; steps
    /// of one order that the floor or cap brings to one limit are one.</summary>
    public static List<NodeStep>[] ByNode(OrderBook book)
    {
        var steps = book.Steps;
        var nodes = new List<NodeStep>[book.Nodes.Count];
        for (var n = 0; n < nodes.Length; n++)
        {
            nodes[n] = [];
        }

        for (var k = 0; k < steps.Count; k++)
        {
            if (steps.Quantities[k] > 0 && UnderBounds(steps.Sides[k], steps.StepLimits[k], book.Cap, book.Floor) is { } limit)
            {
                Add(nodes[steps.Nodes[k]], new NodeStep(steps.Order(k), steps.Sides[k], steps.Quantities[k], limit));
            }
        }

        return nodes;
    }

    /// <summary>The same for one order.</summary>
    public static List<NodeStep> Of(int position, Order order, Price? cap, Price? floor)
    {
        var steps = new List<NodeStep>(order.StepCount);
        for (var s = 0; s < order.StepCount; s++)
        {
            var (quantity, limit) = order.Step(s);
            if (quantity.WattHours > 0 && UnderBounds(order.Side, limit.MicroPerKWh, cap, floor) is { } counted)
            {
                Add(steps, new NodeStep(position, order.Side, quantity.WattHours, counted));
            }
        }

        return steps;
    }

    private static void Add(List<NodeStep> steps, NodeStep step)
    {
        if (steps.Count > 0 && steps[^1].Order == step.Order && steps[^1].Limit == step.Limit)
        {
            steps[^1] = step with { Quantity = steps[^1].Quantity + step.Quantity };
        }
        else
        {
            steps.Add(step);
        }
    }

    /// <summary>The limit that counts under floor and cap; null where the order can trade nowhere.</summary>
    public static long? UnderBounds(Side side, long limit, Price? cap, Price? floor)
    {
        var (most, least) = (cap?.MicroPerKWh ?? long.MaxValue, floor?.MicroPerKWh ?? long.MinValue);
        return side == Side.Buy
            ? limit < least ? null : Math.Min(limit, most)
            : limit > most ? null : Math.Max(limit, least);
    }
}
