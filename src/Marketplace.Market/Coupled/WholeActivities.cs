using Marketplace.Market.Exact;

namespace Marketplace.Market.Coupled;

/// <summary>Turns the fractional activities of an optimal vertex into whole Wh, such that at each node the orders in or at
/// the money can take up exactly what the units bring. Activities round down; where orders cannot take up what is then over or
/// missing, whole activities close by are searched that balance, and whole circuits, which always do. Last, small changes are
/// made for as long as they lead nearer to the fractions or welfare grows.</summary>
internal sealed class WholeActivities
{
    private const int MostRounds = 64;
    private const int FinestPart = 30;

    private readonly UnitGroup[] _units;
    private readonly NodeRoom[] _rooms;
    private readonly Rational[] _exact;
    private readonly long[] _least;
    private readonly long[] _most;
    private readonly long[] _coarseness;
    private readonly long[] _activities;
    private readonly long[] _net;
    private readonly bool[] _indifferent;
    private bool[] _focus;

    private WholeActivities(UnitGroup[] units, NodeRoom[] rooms, Rational[] exact, long[] duals)
    {
        (_units, _rooms, _exact) = (units, rooms, exact);
        _least = Array.ConvertAll(exact, x => (long)x.Floor());
        _most = Array.ConvertAll(exact, x => -(long)(-x).Floor());
        _coarseness = Array.ConvertAll(units, u => (u.Flows.Max(Math.Abs) + Limits.One - 1) / Limits.One);
        _activities = new long[units.Length];
        _net = new long[rooms.Length];
        _focus = [.. rooms.Select(_ => true)];
        _indifferent = Array.ConvertAll(units, u => IsIndifferent(u, duals));
    }

    /// <summary>Whether a unit gains nothing and loses nothing at the prices, but for their rounding: it may run at any activity.</summary>
    private static bool IsIndifferent(UnitGroup unit, long[] duals)
    {
        var margin = -((Int128)unit.Cost * Limits.One);
        Int128 slack = 0;
        for (var k = 0; k < unit.Nodes.Length; k++)
        {
            margin += (Int128)unit.Flows[k] * duals[unit.Nodes[k]];
            slack += Math.Abs(unit.Flows[k]);
        }

        return 2 * Int128.Abs(margin) <= slack;
    }

    /// <summary>Whole activity of each member of each unit group, and the net energy that units bring to each node.</summary>
    /// <param name="units">The units.</param>
    /// <param name="rooms">What the orders of each node can take up.</param>
    /// <param name="exact">Activity of each unit in fractions.</param>
    /// <param name="duals">Price of each node, or what stands for it where there is none.</param>
    public static (long[][] Parts, long[] Net) Of(UnitGroup[] units, NodeRoom[] rooms, Rational[] exact, long[] duals)
    {
        var whole = new WholeActivities(units, rooms, exact, duals);
        if (whole.StartFrom(value => value.Floor()))
        {
            whole.Improve();
            return (whole.Parts(), whole._net);
        }

        // What follows is rare: units meet where no order can take up a remainder. Converters alike may then run unlike.
        var alone = units.SelectMany((unit, u) => unit.Alone(exact[u]).Select(one => (one.Unit, one.Activity, Group: u))).ToArray();
        whole = new WholeActivities([.. alone.Select(a => a.Unit)], rooms, [.. alone.Select(a => a.Activity)], duals);
        whole.Nearest();
        var activities = whole._activities.Zip(alone, (activity, a) => (activity, a.Group)).ToLookup(x => x.Group, x => x.activity);
        return ([.. units.Select((_, u) => activities[u].ToArray())], whole._net);
    }

    /// <summary>The same with every fraction rounded down, whether the orders can take that up or not.</summary>
    public static (long[][] Parts, long[] Net) RoundedDown(UnitGroup[] units, NodeRoom[] rooms, Rational[] exact, long[] duals)
    {
        var whole = new WholeActivities(units, rooms, exact, duals);
        if (whole.StartFrom(value => value.Floor()))
        {
            whole.Improve();
        }

        return (whole.Parts(), whole._net);
    }

    private long[][] Parts() => [.. _units.Select((unit, u) => unit.Split(_activities[u]))];

    /// <summary>Settles one after the other what hangs together and is out of balance: the best that searches from several places find, and never worse than whole circuits.</summary>
    private void Nearest()
    {
        StartFrom(value => value.Floor());
        for (var node = 0; node < _rooms.Length; node++)
        {
            if (Excess(node) == 0)
            {
                continue;
            }

            _focus = Joined(node);
            (Score Score, long[] Activities)? best = null;
            foreach (var start in new Func<Rational, long>[] { v => v.Floor(), v => v.Round(), v => -(-v).Floor() })
            {
                best = StartFrom(start) || Approach() ? Kept(best) : best;
            }

            var isFar = best is null;
            for (var wide = isFar ? 0 : 2; wide < 2; wide++)
            {
                StartFrom(v => v.Floor());
                if (WholeWalk.Find(_units, _rooms, _exact, _activities, wide == 1 ? InFocus() : Loose()) is { } found)
                {
                    Go(found);
                    best = TotalExcess() == 0 ? Kept(best) : best;
                }
            }

            // Where energy runs in circles, all of it a little smaller leaves room for what is lost at each turn.
            for (var halvings = isFar ? FinestPart : 0; halvings > 0; halvings--)
            {
                var part = Rational.One - Rational.Of(1, 1L << halvings);
                if (StartFrom(v => (v * part).Floor()))
                {
                    best = Kept(best);
                    break;
                }
            }

            // Circuits always balance, unless a day's schedule brings something to a node whatever units do: it then gives way.
            Go(WholeCircuits.Of(_units, _rooms.Length, [.. _exact.Select((x, u) => IsInFocus(u) ? x : Rational.Zero)]));
            best = TotalExcess() == 0 ? Kept(best) : best;
            Go(best?.Activities ?? (long[])_activities.Clone());
        }

        Array.Fill(_focus, true);
        if (TotalExcess() == 0)
        {
            Improve();
        }
    }

    private bool IsInFocus(int unit) => Array.Exists(_units[unit].Nodes, n => _focus[n]);

    private List<int> InFocus() => [.. Enumerable.Range(0, _units.Length).Where(u => IsInFocus(u) && (!_exact[u].IsZero || _indifferent[u]))];

    /// <summary>The nodes joined to one by units that run or could.</summary>
    private bool[] Joined(int node)
    {
        var reached = new bool[_rooms.Length];
        reached[node] = true;
        for (var grown = true; grown;)
        {
            grown = false;
            for (var u = 0; u < _units.Length; u++)
            {
                if ((!_exact[u].IsZero || _indifferent[u]) && Array.Exists(_units[u].Nodes, n => reached[n]) && Array.Exists(_units[u].Nodes, n => !reached[n]))
                {
                    grown = true;
                    Array.ForEach(_units[u].Nodes, n => reached[n] = true);
                }
            }
        }

        return reached;
    }

    private void Go(long[] activities)
    {
        for (var u = 0; u < _units.Length; u++)
        {
            if (IsInFocus(u))
            {
                Set(u, activities[u]);
            }
        }
    }

    /// <summary>Rounds every activity in one way; says whether the orders can take that up.</summary>
    private bool StartFrom(Func<Rational, long> round)
    {
        for (var u = 0; u < _units.Length; u++)
        {
            if (IsInFocus(u))
            {
                Set(u, round(_exact[u]));
            }
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
            total += _focus[n] ? Math.Abs(Excess(n)) : 0;
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
            if (!IsInFocus(u))
            {
                continue;
            }

            if (_exact[u] != _activities[u]
                || (!_exact[u].IsZero && (_exact[u] < _units[u].Capacity || Array.Exists(_units[u].Nodes, n => Excess(n) != 0)))
                || (_indifferent[u] && Array.Exists(_units[u].Nodes, n => Excess(n) != 0)))
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

    /// <summary>How far the net energy of a node is above (positive) or below (negative) what its orders can take up.</summary>
    private long Excess(int node) => _rooms[node].Excess(_net[node]);

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
            if (!_focus[n])
            {
                continue;
            }

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
