using Marketplace.Market.Coupled;

namespace Marketplace.Market.Day;

/// <summary>A day as one linear program: the merit orders of each hour and node (near the prices only), units hour by hour, stores and
/// loads. Rows: the balance of each hour's nodes, what each store holds after each hour, the total of each load.</summary>
internal sealed class DayProgram
{
    private const int Fine = 64;
    private const int Coarser = 16;
    private const int MostRounds = 40;

    private readonly DayBook _day;
    private readonly ILinearProgram _solver;
    private readonly Ladders[] _ladders;
    private readonly UnitGroup[][] _units;
    private readonly MeritOrder[] _lists;
    private readonly (int From, int To)[] _windows;
    private readonly int _nodes;

    private readonly List<double> _costs = [];
    private readonly List<double> _uppers = [];
    private readonly List<int> _starts = [0];
    private readonly List<int> _rows = [];
    private readonly List<double> _values = [];
    private double _quantityScale = 1;
    private double _priceScale = 1;

    public DayProgram(DayBook day, Ladders[] ladders, UnitGroup[][] units, ILinearProgram solver)
    {
        (_day, _solver, _ladders, _units, _nodes) = (day, solver, ladders, units, day.Nodes.Count);
        _lists = [.. ladders.SelectMany(l => l.Buys.Concat(l.Sells))];
        _windows = Array.ConvertAll(_lists, list => (0, list.Steps));
    }

    /// <summary>What the solver found, in Wh and millionths per kWh.</summary>
    public sealed record Found(double[][] Prices, double[][] Activities, double[][] Charged, double[][] Discharged, double[][] Worth, double[][] Taken, double[] Scarcity);

    /// <summary>Solves the day: coarse merit orders first, then at full resolution near the prices, until no step outside could matter.</summary>
    public Found Solve()
    {
        var longest = _lists.Max(list => (int?)list.Steps) ?? 0;
        var size = 1;
        while (longest > Fine * size)
        {
            size *= Coarser;
        }

        for (; size > 1; size /= Coarser)
        {
            Narrow(size);
        }

        for (var round = 0; round < MostRounds; round++)
        {
            var problem = Build(1);
            var solution = _solver.Solve(problem);
            if (!solution.Optimal)
            {
                WidenAll();
            }
            else if (!Widen(solution))
            {
                return Read(solution);
            }
        }

        throw new InvalidOperationException("The solver finds no schedule of the day");
    }

    private int Hour(int list) => list / (2 * _nodes);

    private int Row(int list) => (Hour(list) * _nodes) + (list % _nodes);

    private int Sign(int list) => list % (2 * _nodes) < _nodes ? 1 : -1;

    private void Narrow(int size)
    {
        var solution = _solver.Solve(Build(size));
        if (!solution.Optimal)
        {
            return;
        }

        var column = 0;
        for (var k = 0; k < _lists.Length; k++)
        {
            var (from, to) = _windows[k];
            var segments = (to - from + size - 1) / size;
            var reached = from + (segments * size);
            for (var s = 0; s < segments; s++)
            {
                var share = solution.Values[column + s] / _uppers[column + s];
                if (share < 0.999_999)
                {
                    reached = from + (s * size) + (int)(Math.Max(0, share) * size);
                    break;
                }
            }

            column += segments;
            _windows[k] = (Math.Max(from, Math.Min(to, reached) - (2 * size)), Math.Min(to, reached + (2 * size)));
        }
    }

    private LinearProblem Build(int size)
    {
        _costs.Clear();
        _uppers.Clear();
        _starts.RemoveRange(1, _starts.Count - 1);
        _rows.Clear();
        _values.Clear();
        var (hours, stores, loads) = (_day.Hours.Count, _day.Stores, _day.Loads);
        var balance = hours * _nodes;
        var right = new double[balance + (stores.Count * hours) + loads.Count];
        double largestPrice = 1;
        double largestQuantity = 1;
        for (var k = 0; k < _lists.Length; k++)
        {
            var (list, sign) = (_lists[k], Sign(k));
            var (from, to) = _windows[k];
            for (var s = 0; s < from; s++)
            {
                right[Row(k)] -= sign * (double)list.Totals[s];
            }

            for (var s = from; s < to; s += size)
            {
                var end = Math.Min(to, s + size);
                double total = 0;
                for (var t = s; t < end; t++)
                {
                    total += list.Totals[t];
                }

                double limit = list.Limits[(s + end - 1) / 2];
                (largestPrice, largestQuantity) = (Math.Max(largestPrice, Math.Abs(limit)), Math.Max(largestQuantity, total));
                Column(sign * limit, total, (Row(k), sign));
            }
        }

        for (var h = 0; h < hours; h++)
        {
            foreach (var unit in _units[h])
            {
                var at = h * _nodes;
                Column(-unit.Cost, unit.Capacity, [.. unit.Nodes.Select((n, i) => (at + n, -unit.Flows[i] / (double)Limits.One))]);
            }
        }

        for (var s = 0; s < stores.Count; s++)
        {
            StoreColumns(stores[s], balance + (s * hours), right);
        }

        for (var l = 0; l < loads.Count; l++)
        {
            var row = balance + (stores.Count * hours) + l;
            var node = _day.Hours[0].NodeIndex(loads[l].Node);
            right[row] = loads[l].Total.WattHours;
            for (var h = loads[l].FirstHour; h < loads[l].EndHour; h++)
            {
                Column(loads[l].Limit.MicroPerKWh, loads[l].PerHour.WattHours, ((h * _nodes) + node, 1), (row, 1));
            }

            Column(0, loads[l].Total.WattHours, (row, 1));
        }

        (_quantityScale, _priceScale) = (1e6 / largestQuantity, 1e3 / largestPrice);
        return new LinearProblem(
            [.. _costs.Select(c => c * _priceScale)], [.. _uppers.Select(u => u * _quantityScale)],
            [.. _starts], [.. _rows], [.. _values], [.. right.Select(r => r * _quantityScale)]);
    }

    private void Column(double cost, double upper, params (int Row, double Value)[] entries)
    {
        _costs.Add(cost);
        _uppers.Add(upper);
        foreach (var (row, value) in entries)
        {
            _rows.Add(row);
            _values.Add(value);
        }

        _starts.Add(_rows.Count);
    }

    /// <summary>Hour by hour: charged, discharged, held at the end.</summary>
    private void StoreColumns(Store store, int row, double[] right)
    {
        var node = _day.Hours[0].NodeIndex(store.Node);
        var kept = 1 - (store.Loss / (double)Limits.One);
        right[row] += kept * store.Initial.WattHours;
        for (var h = 0; h < _day.Hours.Count; h++)
        {
            var last = h == _day.Hours.Count - 1;
            Column(-store.Fee.MicroPerKWh, store.ChargePerHour.WattHours, ((h * _nodes) + node, 1), (row + h, -store.ChargeEfficiency / (double)Limits.One));
            Column(0, store.DischargePerHour.WattHours, ((h * _nodes) + node, -1), (row + h, Limits.One / (double)store.DischargeEfficiency));
            (int, double)[] held = last ? [(row + h, 1)] : [(row + h, 1), (row + h + 1, -kept)];
            Column(last ? store.EndValue.MicroPerKWh : 0, store.Capacity.WattHours, held);
        }
    }

    private bool Widen(LinearSolution solution)
    {
        var widened = false;
        for (var k = 0; k < _lists.Length; k++)
        {
            var list = _lists[k];
            var price = solution.RowPrices[Row(k)] / _priceScale;
            var near = 1e-6 * (1 + Math.Abs(price));
            var (from, to) = _windows[k];
            if (from > 0 && (list.Limits[from - 1] - price) * Sign(k) <= near)
            {
                from = Math.Max(0, from - Math.Max(Fine, 2 * (to - from)));
                widened = true;
            }

            if (to < list.Steps && (list.Limits[to] - price) * Sign(k) >= -near)
            {
                to = Math.Min(list.Steps, to + Math.Max(Fine, 2 * (to - from)));
                widened = true;
            }

            _windows[k] = (from, to);
        }

        return widened;
    }

    private void WidenAll()
    {
        for (var k = 0; k < _lists.Length; k++)
        {
            var (from, to) = _windows[k];
            var more = Math.Max(Fine, 2 * (to - from));
            _windows[k] = (Math.Max(0, from - more), Math.Min(_lists[k].Steps, to + more));
        }
    }

    private Found Read(LinearSolution solution)
    {
        var (hours, stores, loads) = (_day.Hours.Count, _day.Stores.Count, _day.Loads);
        var column = _windows.Sum(w => w.To - w.From);
        double Next() => solution.Values[column++] / _quantityScale;
        double Dual(int row) => solution.RowPrices[row] / _priceScale;
        var prices = Enumerable.Range(0, hours).Select(h => Enumerable.Range(0, _nodes).Select(n => Dual((h * _nodes) + n)).ToArray()).ToArray();
        var activities = _units.Select(units => units.Select(_ => Next()).ToArray()).ToArray();
        var (charged, discharged, worth) = (new double[stores][], new double[stores][], new double[stores][]);
        for (var s = 0; s < stores; s++)
        {
            (charged[s], discharged[s], worth[s]) = (new double[hours], new double[hours], new double[hours]);
            for (var h = 0; h < hours; h++)
            {
                (charged[s][h], discharged[s][h], worth[s][h]) = (Next(), Next(), Dual((hours * _nodes) + (s * hours) + h));
                column++;
            }
        }

        var taken = loads.Select(load =>
        {
            var perHour = new double[hours];
            for (var h = load.FirstHour; h < load.EndHour; h++)
            {
                perHour[h] = Next();
            }

            column++;
            return perHour;
        }).ToArray();
        return new Found(prices, activities, charged, discharged, worth, taken, [.. loads.Select((_, l) => Dual((hours * _nodes) + (stores * hours) + l))]);
    }
}
