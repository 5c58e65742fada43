using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>Checks one price for orders of one node without clearing them: as no whole Wh are lost there, every rule holds exactly,
/// those on which price and which volumes are taken where several would do included.</summary>
internal static class UniformCheck
{
    /// <summary>What is wrong, or nothing.</summary>
    /// <param name="steps">The orders' steps, those of an order one after the other.</param>
    /// <param name="accepted">Accepted energy of an order by its position.</param>
    /// <param name="price">The price, or null where there is none.</param>
    /// <param name="whereNothingTrades">Whether a price must be stated where nothing is traded but orders imply one.</param>
    public static IEnumerable<string> Broken(IReadOnlyList<NodeStep> steps, Func<int, long> accepted, long? price, bool whereNothingTrades)
    {
        var taken = Taken(steps, accepted, out var tooMuch);
        if (tooMuch is { } order)
        {
            return [$"order at position {JsonReading.Invariant(order)}: accepted more than it wants, or less than nothing"];
        }

        var broken = new List<string>();
        Int128 bought = 0, sold = 0;
        for (var k = 0; k < steps.Count; k++)
        {
            bought += steps[k].Side == Side.Buy ? taken[k] : 0;
            sold += steps[k].Side == Side.Sell ? taken[k] : 0;
        }

        if (bought != sold)
        {
            broken.Add($"{bought} Wh are bought, {sold} Wh are sold");
        }

        var (low, high) = Interval(steps, taken);
        if (low > high)
        {
            broken.Add("a better order is left out for a worse one, or a trade that both sides want is missing");
            return broken;
        }

        var expected = low is null && high is null ? null : Middle(low ?? high!.Value, high ?? low!.Value);
        if (price != expected && (whereNothingTrades || bought > 0 || price is not null))
        {
            broken.Add($"the price is {Shown(price)}, by the orders accepted it is {Shown(expected)}");
        }

        if (expected is { } p && bought > 0)
        {
            broken.AddRange(AtThePrice(steps, taken, p));
        }

        return broken;
    }

    private static string Shown(long? price) => price is { } p ? JsonReading.Invariant(p) : "none";

    private static long? Middle(long low, long high) => Rounding.DivideAwayFromZero((Int128)low + high, 2);

    /// <summary>An order takes its best steps first.</summary>
    public static long[] Taken(IReadOnlyList<NodeStep> steps, Func<int, long> accepted, out int? tooMuch)
    {
        var taken = new long[steps.Count];
        tooMuch = null;
        for (var k = 0; k < steps.Count;)
        {
            var order = steps[k].Order;
            var left = accepted(order);
            for (; k < steps.Count && steps[k].Order == order; k++)
            {
                taken[k] = Math.Clamp(left, 0, steps[k].Quantity);
                left -= taken[k];
            }

            tooMuch ??= left == 0 ? null : order;
        }

        return taken;
    }

    /// <summary>The steps that are left after the orders took what they were accepted for.</summary>
    public static IReadOnlyList<NodeStep> Left(IReadOnlyList<NodeStep> steps, Func<int, long> accepted)
    {
        var taken = Taken(steps, accepted, out _);
        return [.. steps.Select((step, k) => step with { Quantity = step.Quantity - taken[k] }).Where(step => step.Quantity > 0)];
    }

    /// <summary>Who was accepted could have paid as much or got as little; who was not, or not in full, holds the price from the other side.</summary>
    public static (long? Low, long? High) Interval(IReadOnlyList<NodeStep> steps, long[] taken)
    {
        (long? low, long? high) = (null, null);
        for (var k = 0; k < steps.Count; k++)
        {
            var (_, side, quantity, limit) = steps[k];
            if (side == Side.Sell ? taken[k] > 0 : taken[k] < quantity)
            {
                low = low is null ? limit : Math.Max(low.Value, limit);
            }

            if (side == Side.Buy ? taken[k] > 0 : taken[k] < quantity)
            {
                high = high is null ? limit : Math.Min(high.Value, limit);
            }
        }

        return (low, high);
    }

    /// <summary>At the price as much is traded as can be, and those of one side share what there is by what they want, earlier orders first in the last Wh.</summary>
    private static IEnumerable<string> AtThePrice(IReadOnlyList<NodeStep> steps, long[] taken, long price)
    {
        var short_ = new Dictionary<Side, bool>();
        foreach (var side in new[] { Side.Buy, Side.Sell })
        {
            var sharing = Enumerable.Range(0, steps.Count).Where(k => steps[k].Side == side && steps[k].Limit == price).ToList();
            var parts = LargestRemainder.Split(sharing.Sum(k => taken[k]), [.. sharing.Select(k => steps[k].Quantity)]);
            if (!sharing.Select(k => taken[k]).SequenceEqual(parts))
            {
                yield return $"those who {(side == Side.Buy ? "buy" : "sell")} at the price do not share by what they want";
            }

            short_[side] = sharing.Exists(k => taken[k] < steps[k].Quantity);
        }

        if (short_[Side.Buy] && short_[Side.Sell])
        {
            yield return "both sides at the price would trade more";
        }
    }
}
