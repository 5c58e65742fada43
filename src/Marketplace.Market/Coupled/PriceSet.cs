using Marketplace.Market.Exact;

namespace Marketplace.Market.Coupled;

/// <summary>All optimal prices: those under which the optimal volumes are what everybody would choose. Each node's own
/// orders give it a lowest and a highest price; a unit ties the prices of its nodes: idle it must not gain, at capacity it
/// must not lose, between it must do neither.</summary>
internal sealed class PriceSet
{
    private readonly Rational?[] _low;
    private readonly Rational?[] _high;
    private readonly List<(UnitGroup Unit, int Relation)> _ties = [];

    /// <summary>Derives the set from an optimal vertex.</summary>
    public PriceSet(MeritOrder[] buys, MeritOrder[] sells, UnitGroup[] units, OptimalVertex vertex)
    {
        _low = new Rational?[buys.Length];
        _high = new Rational?[buys.Length];
        for (var n = 0; n < buys.Length; n++)
        {
            var (accepted, waiting) = Edges(buys[n], vertex.Buys[n]);
            var (sold, unsold) = Edges(sells[n], vertex.Sells[n]);
            _low[n] = Highest(waiting, sold);
            _high[n] = Lowest(accepted, unsold);
        }

        for (var u = 0; u < units.Length; u++)
        {
            _ties.Add((units[u], vertex.Activities[u].IsZero ? -1 : vertex.Activities[u] == units[u].Capacity ? 1 : 0));
        }
    }

    /// <summary>Limits of the last step that is accepted at least in part, and of the first that is not accepted in full.</summary>
    private static (Rational? Accepted, Rational? Waiting) Edges(MeritOrder ladder, StepVolume volume)
    {
        var last = volume.Partial.IsZero ? volume.Step - 1 : volume.Step;
        return (last >= 0 ? ladder.Limits[last] : null, volume.Step < ladder.Steps ? ladder.Limits[volume.Step] : null);
    }

    private static Rational? Highest(Rational? a, Rational? b) => a is null || b > a ? b ?? a : a;

    private static Rational? Lowest(Rational? a, Rational? b) => a is null || b < a ? b ?? a : a;

    /// <summary>Leaves only this price at a node.</summary>
    public void Fix(int node, Rational price) => (_low[node], _high[node]) = (price, price);

    /// <summary>Keeps prices between floor and cap where some optimal price lies there.</summary>
    public void Confine(int node, Rational? floor, Rational? cap) =>
        (_low[node], _high[node]) = (Highest(_low[node], floor), Lowest(_high[node], cap));

    /// <summary>A copy that can be narrowed on its own.</summary>
    public PriceSet Copy() => new(this);

    private PriceSet(PriceSet other)
    {
        _low = (Rational?[])other._low.Clone();
        _high = (Rational?[])other._high.Clone();
        _ties = other._ties;
    }

    /// <summary>Whether any prices are left.</summary>
    public bool IsEmpty()
    {
        for (var n = 0; n < _low.Length; n++)
        {
            if (_low[n] > _high[n] || (!IsFixed(n) && Bound(n, 1) is (false, _)))
            {
                return true;
            }
        }

        return !FixedPricesAgree();
    }

    private bool FixedPricesAgree() => _ties.TrueForAll(tie =>
    {
        if (!tie.Unit.Nodes.All(IsFixed))
        {
            return true;
        }

        Rational margin = -tie.Unit.Cost;
        for (var k = 0; k < tie.Unit.Nodes.Length; k++)
        {
            margin += tie.Unit.Rates[k] * _low[tie.Unit.Nodes[k]]!.Value;
        }

        return tie.Relation == 0 ? margin.IsZero : margin.Sign * tie.Relation >= 0;
    });

    private bool IsFixed(int node) => _low[node] is { } low && _high[node] is { } high && low == high;

    /// <summary>The interval of one node's price over the whole set; null is an open end.</summary>
    public (Rational? Low, Rational? High) Interval(int node)
    {
        if (IsFixed(node))
        {
            return (_low[node], _high[node]);
        }

        var (_, high) = Bound(node, 1);
        var (_, low) = Bound(node, -1);
        return (low is { } l ? -l : null, high);
    }

    /// <summary>The highest value of sign × price of a node, or null if there is none. It is the least cost at which one
    /// unit at the node can be had from the bounds (linear programming duality), over the nodes joined to it by units
    /// through prices that are not yet settled. Reachable is false if the set is empty there.</summary>
    private (bool Feasible, Rational? Value) Bound(int node, int sign)
    {
        var (rows, ties) = Neighbourhood(node);
        if (ties.Count == 0)
        {
            var own = sign > 0 ? _high[node] : _low[node];
            return (true, own is { } value ? sign * value : null);
        }

        var columns = new List<ExactColumn>();
        var costs = new List<Rational>();
        void Add(int[] at, Rational[] values, Rational? lower, Rational? upper, Rational cost)
        {
            columns.Add(new ExactColumn(at, values, lower, upper));
            costs.Add(-cost);
        }

        foreach (var (n, row) in rows)
        {
            if (_high[n] is { } high)
            {
                Add([row], [Rational.One], Rational.Zero, null, high);
            }

            if (_low[n] is { } low)
            {
                Add([row], [-Rational.One], Rational.Zero, null, -low);
            }
        }

        foreach (var (unit, relation) in ties)
        {
            Rational cost = unit.Cost;
            var at = new List<int>();
            var values = new List<Rational>();
            for (var k = 0; k < unit.Nodes.Length; k++)
            {
                if (rows.TryGetValue(unit.Nodes[k], out var row))
                {
                    at.Add(row);
                    values.Add(unit.Rates[k]);
                }
                else
                {
                    cost -= unit.Rates[k] * _low[unit.Nodes[k]]!.Value;
                }
            }

            Add([.. at], [.. values], relation < 0 ? Rational.Zero : null, relation > 0 ? Rational.Zero : null, cost);
        }

        var target = new Rational[rows.Count];
        target[rows[node]] = sign;
        var count = columns.Count;
        var simplex = ExactSimplex.Start(columns, target, null);
        if (simplex is null)
        {
            return (true, null);
        }

        try
        {
            simplex.Maximise([.. costs]);
        }
        catch (UnboundedException)
        {
            return (false, null);
        }

        var total = Rational.Zero;
        for (var j = 0; j < count; j++)
        {
            total -= costs[j] * simplex.Value(j);
        }

        return (true, total);
    }

    /// <summary>The unsettled nodes joined to a node by units, with a row number each, and those units.</summary>
    private (Dictionary<int, int> Rows, List<(UnitGroup Unit, int Relation)> Ties) Neighbourhood(int node)
    {
        var rows = new Dictionary<int, int> { [node] = 0 };
        var taken = new bool[_ties.Count];
        var ties = new List<(UnitGroup, int)>();
        for (var grown = true; grown;)
        {
            grown = false;
            for (var t = 0; t < _ties.Count; t++)
            {
                if (!taken[t] && Array.Exists(_ties[t].Unit.Nodes, rows.ContainsKey))
                {
                    taken[t] = grown = true;
                    ties.Add(_ties[t]);
                    foreach (var n in _ties[t].Unit.Nodes)
                    {
                        if (!IsFixed(n))
                        {
                            rows.TryAdd(n, rows.Count);
                        }
                    }
                }
            }
        }

        return (rows, ties);
    }
}
