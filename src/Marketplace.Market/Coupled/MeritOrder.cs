using Marketplace.Quantities;

namespace Marketplace.Market.Coupled;

/// <summary>The orders of one side at one node, best for the market first, those with one limit merged into one step.
/// A limit beyond the cap or floor counts as the cap or floor where its owner gains by it, and is left out where not.</summary>
internal sealed class MeritOrder
{
    private readonly long[] _quantities;
    private readonly int[] _orders;
    private readonly int[] _starts;

    private MeritOrder(Side side, long[] limits, long[] totals, int[] starts, int[] orders, long[] quantities) =>
        (Side, Limits, Totals, _starts, _orders, _quantities) = (side, limits, totals, starts, orders, quantities);

    public Side Side { get; }

    /// <summary>Limit of each step in millionths per kWh: falling when buying, rising when selling.</summary>
    public long[] Limits { get; }

    /// <summary>Energy of each step in Wh, above zero.</summary>
    public long[] Totals { get; }

    public int Steps => Limits.Length;

    /// <summary>What one Wh of a step gains at a price.</summary>
    public long Gain(int step, long price) => Side == Side.Buy ? Limits[step] - price : price - Limits[step];

    /// <summary>Merit orders of a book by node: buyers and sellers.</summary>
    public static (MeritOrder[] Buys, MeritOrder[] Sells) Of(OrderBook book)
    {
        var counts = new int[book.Nodes.Count * 2];
        var entries = new Entry[book.Orders.Count];
        var lists = new int[book.Orders.Count];
        var used = 0;
        for (var i = 0; i < book.Orders.Count; i++)
        {
            var order = book.Orders[i];
            var list = (book.NodeIndex(order.Node) * 2) + (order.Side == Side.Buy ? 0 : 1);
            for (var s = 0; s < order.StepCount; s++)
            {
                var step = order.Step(s);
                if (step.Quantity.WattHours == 0 || Effective(book, order.Side, step.Limit) is not { } limit)
                {
                    continue;
                }

                if (used == entries.Length)
                {
                    Array.Resize(ref entries, entries.Length * 2);
                    Array.Resize(ref lists, lists.Length * 2);
                }

                entries[used] = new Entry(order.Side == Side.Buy ? -limit : limit, i, step.Quantity.WattHours);
                lists[used++] = list;
                counts[list]++;
            }
        }

        var parts = counts.Select(count => new Entry[count]).ToArray();
        Array.Clear(counts);
        for (var k = 0; k < used; k++)
        {
            parts[lists[k]][counts[lists[k]]++] = entries[k];
        }

        return (
            [.. Enumerable.Range(0, book.Nodes.Count).Select(n => Merge(Side.Buy, parts[n * 2]))],
            [.. Enumerable.Range(0, book.Nodes.Count).Select(n => Merge(Side.Sell, parts[(n * 2) + 1]))]);
    }

    /// <summary>The limit that counts under the book's cap and floor, or null if the order cannot be accepted.</summary>
    private static long? Effective(OrderBook book, Side side, Price limit) => side switch
    {
        Side.Buy when limit < book.Floor => null,
        Side.Buy when limit > book.Cap => book.Cap!.Value.MicroPerKWh,
        Side.Sell when limit > book.Cap => null,
        Side.Sell when limit < book.Floor => book.Floor!.Value.MicroPerKWh,
        _ => limit.MicroPerKWh,
    };

    private static MeritOrder Merge(Side side, Entry[] entries)
    {
        Array.Sort(entries);
        var limits = new List<long>();
        var totals = new List<long>();
        var starts = new List<int>();
        for (var k = 0; k < entries.Length; k++)
        {
            if (k == 0 || entries[k].Rank != entries[k - 1].Rank)
            {
                limits.Add(side == Side.Buy ? -entries[k].Rank : entries[k].Rank);
                totals.Add(0);
                starts.Add(k);
            }

            totals[^1] += entries[k].Quantity;
        }

        starts.Add(entries.Length);
        return new MeritOrder(
            side, [.. limits], [.. totals], [.. starts],
            Array.ConvertAll(entries, e => e.Order), Array.ConvertAll(entries, e => e.Quantity));
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

    /// <summary>Hands a volume to the orders, best first; the last step reached shares pro rata, earlier orders take what is left over.</summary>
    public void Distribute(long volume, long[] accepted)
    {
        for (var step = 0; step < Steps && volume > 0; step++)
        {
            var (start, end) = (_starts[step], _starts[step + 1]);
            var taken = Math.Min(volume, Totals[step]);
            volume -= taken;
            var parts = taken == Totals[step]
                ? _quantities.AsSpan(start, end - start)
                : LargestRemainder.Split(taken, _quantities.AsSpan(start, end - start));
            for (var k = start; k < end; k++)
            {
                accepted[_orders[k]] += parts[k - start];
            }
        }
    }

    /// <summary>One step of one order; sorts by rank and then by position in the book.</summary>
    private readonly record struct Entry(long Rank, int Order, long Quantity) : IComparable<Entry>
    {
        public int CompareTo(Entry other) => Rank != other.Rank ? Rank.CompareTo(other.Rank) : Order.CompareTo(other.Order);
    }
}
