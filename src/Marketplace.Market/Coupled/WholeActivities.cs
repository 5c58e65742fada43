using Marketplace.Market.Exact;

namespace Marketplace.Market.Coupled;

/// <summary>Turns the fractional activities of an optimal vertex into whole Wh, such that at each node the orders in or at
/// the money can take up exactly what the units bring. Activities round down; where orders cannot take up what is over or
/// missing, a unit there is cut further, which always ends because nothing running is balanced. Then small changes up and
/// down are tried for as long as welfare grows.</summary>
internal sealed class WholeActivities
{
    private const int MostCuts = 200_000;
    private const int MostRounds = 64;
    private const int MostJointlyTried = 4;

    private readonly UnitGroup[] _units;
    private readonly NodeRoom[] _rooms;
    private readonly Rational[] _exact;
    private readonly long[] _activities;
    private readonly long[] _net;
    private readonly List<(int Unit, int Place)>[] _unitsAt;

    private WholeActivities(UnitGroup[] units, NodeRoom[] rooms, Rational[] exact)
    {
        (_units, _rooms, _exact) = (units, rooms, exact);
        _activities = new long[units.Length];
        _net = new long[rooms.Length];
        _unitsAt = [.. rooms.Select(_ => new List<(int, int)>())];
        for (var u = 0; u < units.Length; u++)
        {
            for (var k = 0; k < units[u].Nodes.Length; k++)
            {
                _unitsAt[units[u].Nodes[k]].Add((u, k));
            }
        }
    }

    /// <summary>Whole activity of each unit group, and the net energy that units bring to each node.</summary>
    public static (long[] Activities, long[] Net) Of(UnitGroup[] units, NodeRoom[] rooms, Rational[] exact)
    {
        var whole = new WholeActivities(units, rooms, exact);
        for (var u = 0; u < units.Length; u++)
        {
            whole.Set(u, exact[u].Floor());
        }

        whole.Cut();
        whole.Improve();
        return (whole._activities, whole._net);
    }

    private void Set(int unit, long activity)
    {
        if (activity == _activities[unit])
        {
            return;
        }

        var before = _units[unit].WholeFlows(_activities[unit]);
        var after = _units[unit].WholeFlows(activity);
        for (var k = 0; k < before.Length; k++)
        {
            _net[_units[unit].Nodes[k]] += after[k] - before[k];
        }

        _activities[unit] = activity;
    }

    private void Cut()
    {
        for (var cuts = 0; ; cuts++)
        {
            var node = Array.FindIndex(_rooms, room => Excess(Array.IndexOf(_rooms, room)) != 0);
            if (node < 0)
            {
                return;
            }

            var excess = Excess(node);
            var (unit, flow) = Cuttable(node, excess > 0 ? 1 : -1);
            var step = cuts < MostCuts ? Math.Max(1, (long)((Int128)Math.Abs(excess) * Limits.One / flow)) : long.MaxValue;
            Set(unit, Math.Max(0, _activities[unit] - Math.Min(step, _activities[unit])));
        }
    }

    /// <summary>How far the net energy of a node is above (positive) or below (negative) what its orders can take up.</summary>
    private long Excess(int node) =>
        _net[node] > _rooms[node].Most ? _net[node] - _rooms[node].Most
        : _net[node] < _rooms[node].Least ? _net[node] - _rooms[node].Least
        : 0;

    /// <summary>The running unit to cut at a node: one that the market runs in part before one that runs in full, then the finest flow.</summary>
    private (int Unit, long Flow) Cuttable(int node, int sign)
    {
        var best = (Unit: -1, Flow: 0L, Full: true);
        foreach (var (unit, place) in _unitsAt[node])
        {
            var flow = _units[unit].Flows[place] * sign;
            var full = _exact[unit] == _units[unit].Capacity;
            if (flow > 0 && _activities[unit] > 0
                && (best.Unit < 0 || (best.Full && !full) || (best.Full == full && flow < best.Flow)))
            {
                best = (unit, flow, full);
            }
        }

        return (best.Unit, best.Flow);
    }

    private void Improve()
    {
        var loose = new List<int>();
        for (var u = 0; u < _units.Length; u++)
        {
            if (_exact[u] != _activities[u])
            {
                loose.Add(u);
            }
        }

        var moves = Moves(loose.Count);
        for (var round = 0; round < MostRounds; round++)
        {
            var best = Value();
            long[]? better = null;
            var here = (long[])_activities.Clone();
            foreach (var move in moves)
            {
                var inside = true;
                for (var i = 0; i < loose.Count && inside; i++)
                {
                    var activity = here[loose[i]] + move[i];
                    inside = activity >= 0 && activity <= _units[loose[i]].Capacity;
                }

                if (!inside)
                {
                    continue;
                }

                for (var i = 0; i < loose.Count; i++)
                {
                    Set(loose[i], here[loose[i]] + move[i]);
                }

                if (Value() is { } value && value > best)
                {
                    (best, better) = (value, (long[])_activities.Clone());
                }
            }

            var next = better ?? here;
            foreach (var u in loose)
            {
                Set(u, next[u]);
            }

            if (better is null)
            {
                return;
            }
        }
    }

    /// <summary>Steps of one Wh up and down: all combinations of a few units, else of each two.</summary>
    private static List<int[]> Moves(int count)
    {
        var moves = new List<int[]>();
        if (count <= MostJointlyTried)
        {
            for (var code = 0; code < (int)Math.Pow(3, count); code++)
            {
                var move = new int[count];
                for (var (i, rest) = (0, code); i < count; i++, rest /= 3)
                {
                    move[i] = (rest % 3) - 1;
                }

                moves.Add(move);
            }

            return moves;
        }

        for (var i = 0; i < count; i++)
        {
            for (var j = i; j < count; j++)
            {
                foreach (var (first, second) in new[] { (1, 1), (1, -1), (-1, 1), (1, 0) })
                {
                    var move = new int[count];
                    move[i] = first;
                    move[j] = i == j ? first : second;
                    moves.Add(move);
                }
            }
        }

        return moves;
    }

    /// <summary>Welfare of the present activities but for a constant, or null if the orders cannot take them up.</summary>
    private Int128? Value()
    {
        Int128 value = 0;
        for (var n = 0; n < _rooms.Length; n++)
        {
            if (Excess(n) != 0)
            {
                return null;
            }

            value += ((Int128)_rooms[n].Price * _net[n]) - _rooms[n].Loss(_net[n]);
        }

        for (var u = 0; u < _units.Length; u++)
        {
            value -= (Int128)_units[u].Cost * _activities[u];
        }

        return value;
    }
}
