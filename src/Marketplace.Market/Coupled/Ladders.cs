using System.Runtime.InteropServices;
using Marketplace.Quantities;

namespace Marketplace.Market.Coupled;

/// <summary>The merit orders of a book: buyers and sellers of each node, and for each order's step where in them it stands.
/// Orders are never sorted, only the limits that differ. A limit beyond the cap or floor counts as the cap or floor where its
/// owner gains by it, and is left out where not.</summary>
internal sealed class Ladders
{
    private readonly OrderSteps _steps;
    private readonly int[] _found;
    private readonly int[][] _ranks;
    private readonly int _nodes;

    /// <summary>Sorts a book's limits.</summary>
    public Ladders(OrderBook book)
    {
        (_steps, _nodes) = (book.Steps, book.Nodes.Count);
        _found = new int[_steps.Count];
        var (cap, floor) = (book.Cap?.MicroPerKWh ?? long.MaxValue, book.Floor?.MicroPerKWh ?? long.MinValue);
        var lists = new LimitIndex[_nodes * 2];
        for (var l = 0; l < lists.Length; l++)
        {
            lists[l] = new LimitIndex();
        }

        var (nodes, sides, quantities, limits) = (_steps.Nodes, _steps.Sides, _steps.Quantities, _steps.StepLimits);
        for (var k = 0; k < _found.Length; k++)
        {
            var (limit, buys) = (limits[k], sides[k] == Side.Buy);
            if (quantities[k] == 0 || (buys ? limit < floor : limit > cap))
            {
                _found[k] = -1;
                continue;
            }

            _found[k] = lists[List(nodes[k], buys)].Add(buys ? Math.Min(limit, cap) : Math.Max(limit, floor), quantities[k]);
        }

        _ranks = new int[lists.Length][];
        var merit = new MeritOrder[lists.Length];
        for (var l = 0; l < lists.Length; l++)
        {
            merit[l] = MeritOrder.Of(l < _nodes ? Side.Buy : Side.Sell, lists[l].Limits, lists[l].Totals, out _ranks[l]);
        }

        (Buys, Sells) = (merit[.._nodes], merit[_nodes..]);
    }

    /// <summary>Buyers of each node.</summary>
    public MeritOrder[] Buys { get; }

    /// <summary>Sellers of each node.</summary>
    public MeritOrder[] Sells { get; }

    private int List(int node, bool buys) => buys ? node : node + _nodes;

    /// <summary>Hands the volume of each node and side to its orders, best first; the last step reached shares pro rata, earlier orders take what is left over.</summary>
    public Energy[] Distribute(int orders, long[] bought, long[] sold)
    {
        var accepted = new Energy[orders];
        var into = MemoryMarshal.Cast<Energy, long>(accepted.AsSpan());
        var full = new int[_ranks.Length];
        var shared = new long[_ranks.Length];
        var sharing = new List<int>[_ranks.Length];
        for (var l = 0; l < full.Length; l++)
        {
            var ladder = l < _nodes ? Buys[l] : Sells[l - _nodes];
            var volume = l < _nodes ? bought[l] : sold[l - _nodes];
            for (; full[l] < ladder.Steps && volume >= ladder.Totals[full[l]]; full[l]++)
            {
                volume -= ladder.Totals[full[l]];
            }

            (shared[l], sharing[l]) = (volume, []);
        }

        for (var k = 0; k < _found.Length; k++)
        {
            if (_found[k] < 0)
            {
                continue;
            }

            var list = List(_steps.Nodes[k], _steps.Sides[k] == Side.Buy);
            var rank = _ranks[list][_found[k]];
            if (rank < full[list])
            {
                into[_steps.Order(k)] += _steps.Quantities[k];
            }
            else if (rank == full[list] && shared[list] > 0)
            {
                sharing[list].Add(k);
            }
        }

        for (var l = 0; l < full.Length; l++)
        {
            var parts = LargestRemainder.Split(shared[l], [.. sharing[l].Select(k => _steps.Quantities[k])]);
            for (var i = 0; i < parts.Length; i++)
            {
                into[_steps.Order(sharing[l][i])] += parts[i];
            }
        }

        return accepted;
    }

    /// <summary>The limits met so far, each with its energy: a table that finds a limit's place in it.</summary>
    private sealed class LimitIndex
    {
        private int[] _table = new int[16];

        public List<long> Limits { get; } = [];

        public List<long> Totals { get; } = [];

        public int Add(long limit, long quantity)
        {
            var mask = _table.Length - 1;
            for (var at = Hash(limit) & mask; ; at = (at + 1) & mask)
            {
                var place = _table[at] - 1;
                if (place < 0)
                {
                    _table[at] = Limits.Count + 1;
                    Limits.Add(limit);
                    Totals.Add(quantity);
                    Grow();
                    return Limits.Count - 1;
                }

                if (Limits[place] == limit)
                {
                    CollectionsMarshal.AsSpan(Totals)[place] += quantity;
                    return place;
                }
            }
        }

        private static int Hash(long limit) => (int)(unchecked((ulong)limit * 0x9E37_79B9_7F4A_7C15UL) >> 33);

        private void Grow()
        {
            if (Limits.Count * 2 <= _table.Length)
            {
                return;
            }

            _table = new int[_table.Length * 2];
            var mask = _table.Length - 1;
            for (var place = 0; place < Limits.Count; place++)
            {
                var at = Hash(Limits[place]) & mask;
                while (_table[at] != 0)
                {
                    at = (at + 1) & mask;
                }

                _table[at] = place + 1;
            }
        }
    }
}
