using Marketplace.Quantities;

namespace Marketplace.Replica;

/// <summary>What is left for the market when a member makes and uses the same carrier in the same hour.</summary>
/// <param name="Orders">The orders that remain; other carriers and buy orders are untouched.</param>
/// <param name="StillNeeded">Own use that own production does not cover, to be bought.</param>
public sealed record AfterOwnUse(IReadOnlyList<PlantOrder> Orders, Energy StillNeeded);

/// <summary>A member uses its own production first: an order that crosses the member's own opposite order would be refused.</summary>
public static class OwnUse
{
    /// <summary>Takes the expected own use out of the sell orders of a carrier, the cheapest first.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The use is negative.</exception>
    public static AfterOwnUse Net(IReadOnlyList<PlantOrder> orders, Carrier carrier, Energy use)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(use.WattHours, nameof(use));
        var left = new List<PlantOrder>(orders.Count);
        var needed = use;
        foreach (var order in orders.OrderBy(order => order.Limit))
        {
            if (order.Carrier != carrier || order.Side != BidSide.Sell)
            {
                left.Add(order);
                continue;
            }

            var own = Energy.Min(needed, order.Quantity);
            needed -= own;
            if (order.Quantity > own)
            {
                left.Add(order with { Quantity = order.Quantity - own });
            }
        }

        return new AfterOwnUse(left, needed);
    }
}
