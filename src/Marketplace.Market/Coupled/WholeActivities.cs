using Marketplace.Market.Exact;

namespace Marketplace.Market.Coupled;

/// <summary>Turns the fractional activities of an optimal vertex into whole Wh, such that at each node the orders in or at
/// the money can take up exactly what the units bring. Activities round down; where orders cannot take up what is then over or
/// missing, whole activities close by are searched that balance, and if there are none, units are cut until there is nothing
/// over or missing, which always ends because nothing running is balanced. Last, small changes are made for as long as they lead nearer to the fractions or welfare grows.</summary>
internal sealed class WholeActivities
{
    private const int MostCuts = 200_000;
    private const int MostRounds = 64;

    private readonly UnitGroup[] _units;
    private readonly NodeRoom[] _rooms;
    private readonly Rational[] _exact;
    private readonly long[] _least;
    private readonly long[] _most;
    private readonly long[] _coarseness;
    private readonly long[] _activities;
    private readonly long[] _net;
    private readonly List<(int Unit, int Place)>[] _unitsAt;

    private WholeActivities(UnitGroup[] units, NodeRoom[] rooms, Rational[] exact)
    {
        (_units, _rooms, _exact) = (units, rooms, exact);
        _least = Array.ConvertAll(exact, x => (long)x.Floor());
        _most = Array.ConvertAll(exact, x => -(long)(-x).Floor());
        _coarseness = Array.ConvertAll(units, u => (u.Flows.Max(Math.Abs) + Limits.One - 1) / Limits.One);
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
        var best = whole.StartFrom(value => value.Floor()) ? whole.Kept(null) : null;
        if (best is null)
        {
            foreach (var start in new Func<Rational, long>[] { v => v.Floor(), v => v.Round(), v => -(-v).Floor() })
            {
                best = whole.StartFrom(start) || whole.Approach() ? whole.Kept(best) : best;
            }
        }

        if (best is null)
        {
            whole.StartFrom(value => value.Floor());
            whole.Cut();
            best = whole.Kept(null);
        }

        for (var u = 0; u < units.Length; u++)
        {
            whole.Set(u, best!.Value.Activities[u]);
        }

        return (whole._activities, whole._net);
    }

    /// <summary>Rounds every activity in one way; says whether the orders can take that up.</summary>
    private bool StartFrom(Func<Rational, long> round)
    {
        for (var u = 0; u < _units.Length; u++)
        {
            Set(u, round(_exact[u]));
        }

        return TotalExcess() == 0;
    }

    /// <summary>Improves the present activities and gives the better of them and others.</summary>
    private (Score Score, long[] Activities)? Kept((Score Score, long[] Activities)? other)
    {
        Improve();
        var score = Scored()!.Value;
        return other is { } o && o.Score.CompareTo(score) >= 0 ? other : (score, (long[])_activities.Clone());
    }

    private Int128 TotalExcess()
    {
        Int128 total = 0;
        for (var n = 0; n < _rooms.Length; n++)
        {
            total += Math.Abs(Excess(n));
        }

        return total;
    }

    /// <summary>Changes activities a little, always towards less that is over or missing. Says whether it got to none.</summary>
    private bool Approach()
    {
        var loose = Loose();
        var moves = Moves(loose.Count, 3);
        for (var total = TotalExcess(); total > 0;)
        {
            var here = loose.Select(u => _activities[u]).ToArray();
            int[]? best = null;
            foreach (var move in moves)
            {
                if (Go(loose, here, move) && TotalExcess() is var there && there < total)
                {
                    (total, best) = (there, move);
                }
            }

            Go(loose, here, best ?? new int[loose.Count]);
            if (best is null)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The units that may be changed: those that the market runs in part, and those that run at a node out of balance.</summary>
    private List<int> Loose()
    {
        var loose = new List<int>();
        for (var u = 0; u < _units.Length; u++)
        {
            if (_exact[u] != _activities[u] || (!_exact[u].IsZero && (_exact[u] < _units[u].Capacity || Array.Exists(_units[u].Nodes, n => Excess(n) != 0))))
            {
                loose.Add(u);
            }
        }

        return loose;
    }

    /// <summary>Sets activities some steps from a place, if that lies within capacity.</summary>
    private bool Go(List<int> loose, long[] from, int[] move)
    {
        for (var i = 0; i < move.Length; i++)
        {
            var activity = from[i] + move[i];
            if (activity < 0 || activity > _units[loose[i]].Capacity)
            {
                return false;
            }
        }

        for (var i = 0; i < move.Length; i++)
        {
            Set(loose[i], from[i] + move[i]);
        }

        return true;
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
            var node = FirstExcess();
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

    private int FirstExcess()
    {
        for (var n = 0; n < _rooms.Length; n++)
        {
            if (Excess(n) != 0)
            {
                return n;
            }
        }

        return -1;
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

    /// <summary>Makes small changes for as long as they bring the activities nearer to the fractions or, at the same distance, welfare grows.
    /// Distance comes first: a step further saves up to one Wh of rounding and can have orders miss many, which may be worth it
    /// where the rounding is dear and they gain little, but is more than whole Wh need.</summary>
    private void Improve()
    {
        var loose = Loose();
        var moves = Moves(loose.Count, 1);
        for (var round = 0; round < MostRounds && loose.Count > 0; round++)
        {
            var here = loose.Select(u => _activities[u]).ToArray();
            var best = Scored()!.Value;
            int[]? better = null;
            foreach (var move in moves)
            {
                if (Go(loose, here, move) && Scored() is { } score && score.CompareTo(best) > 0)
                {
                    (best, better) = (score, move);
                }
            }

            Go(loose, here, better ?? new int[loose.Count]);
            if (better is null)
            {
                return;
            }
        }
    }

    /// <summary>Small steps: all combinations where units are few, else of each two.</summary>
    private static List<int[]> Moves(int count, int radius)
    {
        var moves = new List<int[]>();
        var width = (2 * radius) + 1;
        if (Math.Pow(width, count) <= 3_000)
        {
            for (var code = 0; code < (int)Math.Pow(width, count); code++)
            {
                var move = new int[count];
                for (var (i, rest) = (0, code); i < count; i++, rest /= width)
                {
                    move[i] = (rest % width) - radius;
                }

                moves.Add(move);
            }

            return moves;
        }

        for (var i = 0; i < count; i++)
        {
            for (var j = i; j < count; j++)
            {
                for (var first = -radius; first <= radius; first++)
                {
                    for (var second = -radius; second <= radius; second++)
                    {
                        var move = new int[count];
                        move[i] = first;
                        move[j] = i == j ? first : second;
                        moves.Add(move);
                    }
                }
            }
        }

        return moves;
    }

    /// <summary>How good the present activities are, or null if the orders cannot take them up.</summary>
    private Score? Scored()
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

        Int128 distance = 0;
        for (var u = 0; u < _units.Length; u++)
        {
            value -= (Int128)_units[u].Cost * _activities[u];
            distance += (Int128)_coarseness[u] * Math.Max(0, Math.Max(_least[u] - _activities[u], _activities[u] - _most[u]));
        }

        return new Score(distance, value);
    }

    /// <summary>How good whole activities are.</summary>
    /// <param name="Distance">Wh that units move beyond the fraction rounded down or up.</param>
    /// <param name="Value">Welfare but for a constant.</param>
    private readonly record struct Score(Int128 Distance, Int128 Value) : IComparable<Score>
    {
        public int CompareTo(Score other) => Distance != other.Distance ? other.Distance.CompareTo(Distance) : Value.CompareTo(other.Value);
    }
}
