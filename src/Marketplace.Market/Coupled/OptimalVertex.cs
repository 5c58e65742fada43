using Marketplace.Market.Exact;

namespace Marketplace.Market.Coupled;

/// <summary>An exact optimum of the auction in fractions of a Wh, chosen among all optima by the rules for ties:
/// most traded energy, then least activity of converters and connections in the order of their ids.</summary>
/// <param name="Buys">Volume accepted of each node's buyers.</param>
/// <param name="Sells">Volume accepted of each node's sellers.</param>
/// <param name="Activities">Activity of each unit group.</param>
internal sealed record OptimalVertex(StepVolume[] Buys, StepVolume[] Sells, Rational[] Activities);

/// <summary>How far into a merit order acceptance reaches: all steps before <paramref name="Step"/> fully,
/// that step by <paramref name="Partial"/> (zero or more, less than its total), none after.</summary>
internal readonly record struct StepVolume(int Step, Rational Partial);

/// <summary>Finds the optimal vertex. The solver in floating point proposes a basis over the steps near the prices;
/// exact arithmetic confirms it, and the window moves until no step outside could change the outcome.</summary>
internal sealed class VertexSearch
{
    private const int Fine = 64;
    private const int Coarser = 16;

    private readonly ILinearProgram _solver;
    private readonly UnitGroup[] _units;
    private readonly MeritOrder[] _ladders;
    private readonly int _nodes;
    private readonly (int From, int To)[] _windows;

    private VertexSearch(MeritOrder[] buys, MeritOrder[] sells, UnitGroup[] units, ILinearProgram solver)
    {
        (_solver, _units, _nodes) = (solver, units, buys.Length);
        _ladders = [.. buys, .. sells];
        _windows = Array.ConvertAll(_ladders, ladder => (0, ladder.Steps));
    }

    public static OptimalVertex Find(MeritOrder[] buys, MeritOrder[] sells, UnitGroup[] units, ILinearProgram solver)
    {
        var search = new VertexSearch(buys, sells, units, solver);
        search.Narrow();
        while (true)
        {
            if (search.Attempt() is { } vertex)
            {
                return vertex;
            }
        }
    }

    /// <summary>Solves coarse ladders first, to know near which steps the prices lie.</summary>
    private void Narrow()
    {
        var longest = _ladders.Max(ladder => (int?)ladder.Steps) ?? 0;
        var size = 1;
        while (longest > Fine * size)
        {
            size *= Coarser;
        }

        for (; size > 1; size /= Coarser)
        {
            var (problem, _) = Build(size);
            var solution = _solver.Solve(problem);
            if (!solution.Optimal)
            {
                continue;
            }

            var column = 0;
            for (var k = 0; k < _ladders.Length; k++)
            {
                var (from, to) = _windows[k];
                var segments = (to - from + size - 1) / size;
                var middle = (int)Math.Min(to, from + Reached(problem, solution, column, segments, size));
                column += segments;
                _windows[k] = (Math.Max(from, middle - (2 * size)), Math.Min(to, middle + (2 * size)));
            }
        }
    }

    /// <summary>How many steps of a ladder the coarse solution accepts.</summary>
    private static long Reached(LinearProblem problem, LinearSolution solution, int column, int segments, int size)
    {
        for (var s = 0; s < segments; s++)
        {
            var share = solution.Values[column + s] / problem.Uppers[column + s];
            if (share < 0.999_999)
            {
                return ((long)s * size) + (long)(Math.Max(0, share) * size);
            }
        }

        return (long)segments * size;
    }

    /// <summary>The linear program over the windows: first the segments of each ladder, then the units.</summary>
    private (LinearProblem Problem, long[] Fixed) Build(int size)
    {
        var costs = new List<double>();
        var uppers = new List<double>();
        var starts = new List<int> { 0 };
        var rows = new List<int>();
        var values = new List<double>();
        var fixedVolumes = new long[_nodes];
        double largestQuantity = 1;
        double largestPrice = 1;
        for (var k = 0; k < _ladders.Length; k++)
        {
            var ladder = _ladders[k];
            var sign = k < _nodes ? 1 : -1;
            var (from, to) = _windows[k];
            for (var s = 0; s < from; s++)
            {
                fixedVolumes[k % _nodes] -= sign * ladder.Totals[s];
            }

            for (var s = from; s < to; s += size)
            {
                var end = Math.Min(to, s + size);
                double total = 0;
                for (var t = s; t < end; t++)
                {
                    total += ladder.Totals[t];
                }

                double limit = ladder.Limits[(s + end - 1) / 2];
                costs.Add(sign * limit);
                uppers.Add(total);
                rows.Add(k % _nodes);
                values.Add(sign);
                starts.Add(rows.Count);
                largestQuantity = Math.Max(largestQuantity, total);
                largestPrice = Math.Max(largestPrice, Math.Abs(limit));
            }
        }

        foreach (var unit in _units)
        {
            costs.Add(-unit.Cost);
            uppers.Add(unit.Capacity);
            for (var i = 0; i < unit.Nodes.Length; i++)
            {
                rows.Add(unit.Nodes[i]);
                values.Add(-unit.Flows[i] / (double)Limits.One);
            }

            starts.Add(rows.Count);
        }

        // The solver's tolerances are absolute: bring quantities to about a million and prices to about a thousand.
        var quantityScale = 1e6 / largestQuantity;
        var priceScale = 1e3 / largestPrice;
        return (
            new LinearProblem(
                [.. costs.Select(c => c * priceScale)], [.. uppers.Select(u => u * quantityScale)],
                [.. starts], [.. rows], [.. values], [.. fixedVolumes.Select(f => f * quantityScale)]),
            fixedVolumes);
    }

    /// <summary>Solves over the windows at full resolution. Null if a step outside a window could matter; the windows are wider then.</summary>
    private OptimalVertex? Attempt()
    {
        var (problem, fixedVolumes) = Build(1);
        var (columns, costs) = ExactColumns();
        var solution = problem.Columns == 0 ? null : _solver.Solve(problem);
        var proposal = solution is { Optimal: true } ? (BasisStatus[])[.. solution.Columns, .. solution.Rows] : null;
        var simplex = ExactSimplex.Start(columns, [.. fixedVolumes.Select(f => (Rational)f)], proposal);
        if (simplex is null)
        {
            WidenAll();
            return null;
        }

        var prices = simplex.Maximise(costs);
        if (Widen(prices))
        {
            return null;
        }

        SettleTies(simplex, costs.Length);
        return Read(simplex);
    }

    private (List<ExactColumn> Columns, Rational[] Costs) ExactColumns()
    {
        var columns = new List<ExactColumn>();
        var costs = new List<Rational>();
        for (var k = 0; k < _ladders.Length; k++)
        {
            var sign = k < _nodes ? 1 : -1;
            int[] row = [k % _nodes];
            Rational[] value = [sign];
            for (var s = _windows[k].From; s < _windows[k].To; s++)
            {
                columns.Add(new ExactColumn(row, value, Rational.Zero, (Rational)_ladders[k].Totals[s]));
                costs.Add(sign * _ladders[k].Limits[s]);
            }
        }

        foreach (var unit in _units)
        {
            columns.Add(new ExactColumn(unit.Nodes, Array.ConvertAll(unit.Rates, r => -r), Rational.Zero, (Rational)unit.Capacity));
            costs.Add(-unit.Cost);
        }

        return (columns, [.. costs]);
    }

    private void SettleTies(ExactSimplex simplex, int columns)
    {
        if (!simplex.IsOpen())
        {
            return;
        }

        var traded = new Rational[columns];
        Array.Fill(traded, Rational.One, 0, columns - _units.Length);
        simplex.Maximise(traded);
        for (var u = 0; u < _units.Length && simplex.IsOpen(); u++)
        {
            var least = new Rational[columns];
            least[columns - _units.Length + u] = -Rational.One;
            simplex.Maximise(least);
        }
    }

    private OptimalVertex Read(ExactSimplex simplex)
    {
        var column = 0;
        var volumes = new StepVolume[_ladders.Length];
        for (var k = 0; k < _ladders.Length; k++)
        {
            var (from, to) = _windows[k];
            volumes[k] = new StepVolume(to, Rational.Zero);
            for (var s = from; s < to; s++)
            {
                var value = simplex.Value(column + s - from);
                if (value < _ladders[k].Totals[s])
                {
                    volumes[k] = new StepVolume(s, value);
                    break;
                }
            }

            column += to - from;
        }

        var activities = new Rational[_units.Length];
        for (var u = 0; u < _units.Length; u++)
        {
            activities[u] = simplex.Value(column + u);
        }

        return new OptimalVertex(volumes[.._nodes], volumes[_nodes..], activities);
    }

    /// <summary>Widens each window that has a neighbour which is not strictly in or out of the money as assumed. Says whether it did.</summary>
    private bool Widen(Rational[] prices)
    {
        var widened = false;
        for (var k = 0; k < _ladders.Length; k++)
        {
            var ladder = _ladders[k];
            var price = prices[k % _nodes];
            var sign = k < _nodes ? 1 : -1;
            var (from, to) = _windows[k];
            if (from > 0 && ((Rational)ladder.Limits[from - 1]).CompareTo(price) * sign <= 0)
            {
                from = Math.Max(0, from - Math.Max(Fine, 2 * (to - from)));
                widened = true;
            }

            if (to < ladder.Steps && ((Rational)ladder.Limits[to]).CompareTo(price) * sign >= 0)
            {
                to = Math.Min(ladder.Steps, to + Math.Max(Fine, 2 * (to - from)));
                widened = true;
            }

            _windows[k] = (from, to);
        }

        return widened;
    }

    private void WidenAll()
    {
        for (var k = 0; k < _ladders.Length; k++)
        {
            var (from, to) = _windows[k];
            var more = Math.Max(Fine, 2 * (to - from));
            _windows[k] = (Math.Max(0, from - more), Math.Min(_ladders[k].Steps, to + more));
        }
    }
}
