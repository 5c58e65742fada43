using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>Orders of the community among themselves at one price, then what is left of them together with the orders from outside at a
/// price of its own. What comes from outside never displaces an order from inside, even if it is cheaper.</summary>
internal static class CommunityFirst
{
    /// <summary>The stage in which only orders from inside meet.</summary>
    public const int Inside = 1;

    /// <summary>The stage with the orders from outside.</summary>
    public const int WithOutside = 2;

    /// <summary>The trades of a node, all with the pool: those of the first stage, then those of the second, each in the order of the book.</summary>
    public static List<Trade> Clear(IReadOnlyList<NodeStep> steps, string node, Func<int, Origin> origin, ILinearProgram solver)
    {
        var left = steps.Select(s => s.Quantity).ToArray();
        var trades = new List<Trade>();
        foreach (var stage in new[] { Inside, WithOutside })
        {
            var taking = Enumerable.Range(0, steps.Count).Where(k => left[k] > 0 && (stage == WithOutside || origin(steps[k].Order) == Origin.Inside)).ToArray();
            var (price, taken) = UniformPrice.Clear([.. taking.Select(k => steps[k] with { Quantity = left[k] })], node, solver);
            foreach (var order in taking.Index().GroupBy(t => steps[t.Item].Order))
            {
                var energy = order.Sum(t => taken[t.Index]);
                if (energy > 0)
                {
                    var buys = steps[order.First().Item].Side == Side.Buy;
                    trades.Add(new Trade(buys ? order.Key : Trade.Pool, buys ? Trade.Pool : order.Key, Energy.FromWh(energy), price.Price!.Value, stage));
                }
            }

            for (var t = 0; t < taking.Length; t++)
            {
                left[taking[t]] -= taken[t];
            }
        }

        return trades;
    }
}
