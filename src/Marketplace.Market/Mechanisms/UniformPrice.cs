using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>One price for the orders of one node alone: the coupled auction with nothing to couple.</summary>
internal static class UniformPrice
{
    /// <summary>Clears steps; what each takes stands at its position.</summary>
    public static (NodePrice Price, long[] Taken) Clear(IReadOnlyList<NodeStep> steps, string node, ILinearProgram solver)
    {
        var arrays = new OrderArrays(
            new int[steps.Count], [.. steps.Select(s => s.Side)], [.. steps.Select(s => s.Quantity)], [.. steps.Select(s => s.Limit)]);
        var result = CoupledAuction.Clear(OrderBook.FromArrays(DateTimeOffset.UnixEpoch, [node], arrays, [], []), solver);
        return (result.Prices[0], [.. result.Accepted.Select(a => a.WattHours)]);
    }
}
