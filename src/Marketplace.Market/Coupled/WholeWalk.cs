using Marketplace.Market.Exact;

namespace Marketplace.Market.Coupled;

/// <summary>Searches whole activities that balance where units meet at nodes without orders. Such a node leaves a unit only the
/// activities that bring or take exactly what the others leave: so a chain is settled by one of its units, whose activity is
/// tried outwards from its fraction, and a ring by one or two. The first fit is the nearest for that unit.</summary>
internal sealed class WholeWalk
{
    private const int MostTrials = 150_000;
    private const int WidestFirst = 40_000;
    private const int WidestNext = 6;
    private const int MostMatches = 12;

    private readonly UnitGroup[] _units;
    private readonly NodeRoom[] _rooms;
    private readonly Rational[] _exact;
    private readonly long[] _activities;
    private readonly long[] _net;
    private readonly List<(int Unit, int By)> _sequence = [];
    private readonly List<int>[] _settledAfter;
    private int _trials;

    private WholeWalk(UnitGroup[] units, NodeRoom[] rooms, Rational[] exact, long[] start, List<int> loose)
    {
        (_units, _rooms, _exact) = (units, rooms, exact);
        _activities = (long[])start.Clone();
        _net = new long[rooms.Length];
        for (var u = 0; u < units.Length; u++)
        {
            if (!loose.Contains(u))
            {
                Add(u, start[u], 1);
            }
        }

        Arrange(loose);
        _settledAfter = [.. _sequence.Select(_ => new List<int>())];
        var last = new int[rooms.Length];
        Array.Fill(last, -1);
        for (var i = 0; i < _sequence.Count; i++)
        {
            foreach (var node in units[_sequence[i].Unit].Nodes)
            {
                last[node] = i;
            }
        }

        for (var n = 0; n < rooms.Length; n++)
        {
            if (last[n] >= 0)
            {
                _settledAfter[last[n]].Add(n);
            }
        }
    }

    /// <summary>Whole activities near the fractions at which the orders of each node touched by the loose units can take up what comes, or null.</summary>
    public static long[]? Find(UnitGroup[] units, NodeRoom[] rooms, Rational[] exact, long[] start, List<int> loose)
    {
        var walk = new WholeWalk(units, rooms, exact, start, loose);
        return walk.Try(0) ? walk._activities : null;
    }

    /// <summary>Puts the units in an order in which as many as possible are settled by a node whose other units stand before them.</summary>
    private void Arrange(List<int> loose)
    {
        var open = loose.ToHashSet();
        var silent = Enumerable.Range(0, _rooms.Length).Where(n => _rooms[n] is { Least: 0, Most: 0 }).ToList();
        while (open.Count > 0)
        {
            var (unit, by) = (-1, -1);
            foreach (var node in silent)
            {
                var left = open.Where(u => Array.IndexOf(_units[u].Nodes, node) >= 0).Take(2).ToList();
                if (left.Count == 1)
                {
                    (unit, by) = (left[0], node);
                    break;
                }
            }

            // The unit of the largest flows is tried first: what follows it then moves by finer steps.
            unit = unit >= 0 ? unit : open.OrderByDescending(u => _units[u].Flows.Max(Math.Abs)).ThenBy(u => u).First();
            open.Remove(unit);
            _sequence.Add((unit, by));
        }
    }

    private void Add(int unit, long activity, int sign)
    {
        var flows = _units[unit].WholeFlows(activity);
        for (var k = 0; k < flows.Length; k++)
        {
            _net[_units[unit].Nodes[k]] += sign * flows[k];
        }
    }

    private bool Try(int place)
    {
        if (place == _sequence.Count)
        {
            return true;
        }

        var (unit, by) = _sequence[place];
        foreach (var activity in by >= 0 ? Matching(unit, by) : Around(unit, place == 0 ? WidestFirst : WidestNext))
        {
            if (++_trials > MostTrials)
            {
                return false;
            }

            Add(unit, activity, 1);
            _activities[unit] = activity;
            if (_settledAfter[place].TrueForAll(n => _net[n] >= _rooms[n].Least && _net[n] <= _rooms[n].Most) && Try(place + 1))
            {
                return true;
            }

            Add(unit, activity, -1);
        }

        return false;
    }

    /// <summary>Activities outwards from the fraction.</summary>
    private IEnumerable<long> Around(int unit, int widest)
    {
        var below = _exact[unit].Floor();
        for (var i = 0; i < widest; i++)
        {
            if (below - i >= 0)
            {
                yield return below - i;
            }

            if (below + 1 + i <= _units[unit].Capacity)
            {
                yield return below + 1 + i;
            }
        }
    }

    /// <summary>The activities at which the unit takes or gives at a node exactly what the others leave there, those nearest to the fraction first.</summary>
    private IEnumerable<long> Matching(int unit, int node)
    {
        var flow = _units[unit].Flows[Array.IndexOf(_units[unit].Nodes, node)];
        var wanted = -(Int128)_net[node];
        if (wanted != 0 && (wanted > 0) != (flow > 0))
        {
            return [];
        }

        var (size, amount) = ((Int128)Math.Abs(flow), Int128.Abs(wanted) * Limits.One);
        // Given rounds down: amount ≤ size·x < amount + 1. Taken rounds up: amount − 1 < size·x ≤ amount.
        var least = flow > 0 ? (amount + size - 1) / size : amount == 0 ? 0 : ((amount - Limits.One) / size) + 1;
        var most = flow > 0 ? (amount + Limits.One - 1) / size : amount / size;
        most = Int128.Min(most, _units[unit].Capacity);
        if (least > most)
        {
            return [];
        }

        var nearest = Int128.Clamp(_exact[unit].Floor(), least, most);
        return Enumerable.Range(0, MostMatches * 2)
            .Select(i => nearest + (i % 2 == 0 ? -(i / 2) : (i / 2) + 1))
            .Where(x => x >= least && x <= most).Select(x => (long)x);
    }
}
