namespace Marketplace.Market.Coupled;

/// <summary>The orders of one side at one node, best for the market first, those with one limit merged into one step.</summary>
internal sealed class MeritOrder
{
    private MeritOrder(Side side, long[] limits, long[] totals) => (Side, Limits, Totals) = (side, limits, totals);

    public Side Side { get; }

    /// <summary>Limit of each step in millionths per kWh: falling when buying, rising when selling.</summary>
    public long[] Limits { get; }

    /// <summary>Energy of each step in Wh, above zero.</summary>
    public long[] Totals { get; }

    public int Steps => Limits.Length;

    /// <summary>What one Wh of a step gains at a price.</summary>
    public long Gain(int step, long price) => Side == Side.Buy ? Limits[step] - price : price - Limits[step];

    /// <summary>Merges the steps of one limit. The steps found are handed back as they were met; <paramref name="ranks"/> leads from those to the sorted ones.</summary>
    public static MeritOrder Of(Side side, List<long> limits, List<long> totals, out int[] ranks)
    {
        var keys = new long[limits.Count];
        var found = new int[keys.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            (keys[i], found[i]) = (side == Side.Buy ? -limits[i] : limits[i], i);
        }

        Array.Sort(keys, found);
        ranks = new int[keys.Length];
        var sortedTotals = new long[keys.Length];
        for (var rank = 0; rank < keys.Length; rank++)
        {
            ranks[found[rank]] = rank;
            sortedTotals[rank] = totals[found[rank]];
            keys[rank] = side == Side.Buy ? -keys[rank] : keys[rank];
        }

        return new MeritOrder(side, keys, sortedTotals);
    }

    /// <summary>How many steps, from the best, have a limit strictly better than the price.</summary>
    public int StepsInTheMoney(long price)
    {
        var (low, high) = (0, Steps);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (Gain(middle, price) > 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
