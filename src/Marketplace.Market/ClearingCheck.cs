using System.Globalization;
using System.Numerics;
using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>Checks a result against its book without trusting who made it, in whole numbers of any size. It knows nothing of how the
/// result was found. With prices p any volumes satisfy, exactly,
/// dual value − welfare = Σ orders (quantity·max(0, gain) − accepted·gain) + Σ units (capacity·max(0, margin) − activity·margin) + Σ rounding·p,
/// and no volumes have more welfare than the dual value: so small sums prove a result near optimal. How small they must be
/// is derived in docs/clearing.md.</summary>
public static class ClearingCheck
{
    private const int MostAmplification = 1_000_000;
    private const int CoarseNode = 100;

    /// <summary>Checks a result.</summary>
    public static CheckReport Check(OrderBook book, ClearingResult result) => Check(book, result, null);

    /// <summary>Checks a result at some of whose nodes more Wh may be missed, because stores are run there in whole Wh.</summary>
    internal static CheckReport Check(OrderBook book, ClearingResult result, IReadOnlyList<long>? moreMissed)
    {
        ArgumentNullException.ThrowIfNull(book);
        ArgumentNullException.ThrowIfNull(result);
        var report = Examine(book, result.Prices, result.Accepted, result.Converters, result.Connections, moreMissed);
        return result.Welfare == report.Welfare ? report : report with { Findings = [.. report.Findings, WrongWelfare(result.Welfare, report.Welfare)] };
    }

    internal static Finding WrongWelfare(Money stated, Money computed) => new("welfare", "result", $"stated {stated}, computed {computed}");

    /// <summary>Checks the parts of a result, all but the welfare that it states.</summary>
    internal static CheckReport Examine(
        OrderBook book, IReadOnlyList<NodePrice> prices, IReadOnlyList<Energy> accepted, IReadOnlyList<Energy> converters, IReadOnlyList<Energy> connections,
        IReadOnlyList<long>? moreMissed = null)
    {
        var report = new Calculation(book, prices, accepted, converters, connections, moreMissed).Run();
        var findings = report.Findings.ToList();
        for (var n = 0; n < book.Nodes.Count; n++)
        {
            var price = prices[n];
            if (price.Price < price.Low || price.Price > price.High)
            {
                findings.Add(new Finding("interval", $"node '{price.Node}'", "the price lies outside its interval"));
            }
        }

        return report with { Findings = findings };
    }

    /// <summary>Makes a result of the parts, with what its check finds.</summary>
    internal static ClearingResult Certify(
        OrderBook book, NodePrice[] prices, Energy[] accepted, Energy[] converters, Energy[] connections, IReadOnlyList<long>? moreMissed = null)
    {
        var report = new Calculation(book, prices, accepted, converters, connections, moreMissed).Run();
        return new ClearingResult(book, report.Welfare, prices, accepted, converters, connections, report.Checks);
    }

    /// <summary>Wh × millionths per kWh × millionths as money, halves away from zero; what does not fit is the largest amount that does.</summary>
    internal static Money ToMoney(BigInteger scaled)
    {
        var divisor = (BigInteger)1000 * Limits.One;
        var magnitude = BigInteger.Min(((2 * BigInteger.Abs(scaled)) + divisor) / (2 * divisor), long.MaxValue);
        return Money.FromMicro((long)(scaled.Sign < 0 ? -magnitude : magnitude));
    }

    /// <summary>A converter or connection as the check sees it.</summary>
    private sealed record Unit(string Name, (int Node, long Flow)[] Flows, long Capacity, long Cost, long Activity)
    {
        /// <summary>Gain per unit of activity at the prices, in millionths of a millionth per kWh.</summary>
        public BigInteger Margin { get; init; }

        /// <summary>By how much rounding each price by half a millionth can move the margin, doubled.</summary>
        public BigInteger TwiceSlack => Flows.Aggregate(BigInteger.Zero, (sum, f) => sum + Math.Abs(f.Flow));

        public bool Gains => 2 * Margin > TwiceSlack;

        public bool Loses => 2 * Margin < -TwiceSlack;

        /// <summary>Whether it runs, or would but for whole Wh: in the money or at it.</summary>
        public bool Runs => Activity > 0 || (Capacity > 0 && !Loses);

        /// <summary>Whether its activity may have been rounded: below capacity, or brought up to it at no gain.</summary>
        public bool IsPartial => Activity < Capacity || !Gains;

        public long LargestFlow => Flows.Max(f => Math.Abs(f.Flow));
    }

    private sealed class Calculation(
        OrderBook book, IReadOnlyList<NodePrice> prices, IReadOnlyList<Energy> accepted, IReadOnlyList<Energy> converters, IReadOnlyList<Energy> connections,
        IReadOnlyList<long>? moreMissed)
    {
        private readonly List<Finding> _findings = [];
        private readonly long?[] _prices = [.. prices.Select(p => p.Price?.MicroPerKWh)];
        private readonly long _cap = book.Cap?.MicroPerKWh ?? long.MaxValue;
        private readonly long _floor = book.Floor?.MicroPerKWh ?? long.MinValue;
        private readonly BigInteger[] _unitNet = new BigInteger[book.Nodes.Count];
        private readonly Int128[] _orderNet = new Int128[book.Nodes.Count];
        private readonly Int128[] _missing = new Int128[book.Nodes.Count];
        private readonly long[] _largestMissedGain = new long[book.Nodes.Count];
        private readonly bool[] _wanted = new bool[book.Nodes.Count];
        private readonly bool[] _traded = new bool[book.Nodes.Count];
        // Sums over orders fit 128 bits: a book's energy is below 2⁶¹ Wh, limits and prices below 10¹⁵.
        private Int128 _orderWelfare;
        private Int128 _orderGap;
        private BigInteger _unitCost;
        private BigInteger _gap;
        private BigInteger _bound;

        public CheckReport Run()
        {
            var units = Units();
            CheckOrders();
            CheckUnits(units);
            _gap += (BigInteger)_orderGap * Limits.One;
            var tolerance = Tolerances(units);
            CheckBalance();
            CheckComplementary(units, tolerance);
            CheckGap(units, tolerance);
            bool Free(params string[] rules) => !_findings.Exists(f => rules.Contains(f.Rule, StringComparer.Ordinal));
            return new CheckReport(
                _findings,
                new ClearingChecks(Free("balance"), Free("limits"), Free("complementary"), ToMoney(_gap), ToMoney(_bound)),
                ToMoney((_orderWelfare - _unitCost) * Limits.One));
        }

        private void Find(string rule, string where, string what) => _findings.Add(new Finding(rule, where, what));

        /// <summary>The price, or where there is none the value that proves that nothing should run.</summary>
        private long Dual(int node) => (prices[node].Price ?? prices[node].Support)?.MicroPerKWh ?? 0;

        private List<Unit> Units()
        {
            var units = new List<Unit>();
            void Add(string name, IEnumerable<(int, long)> flows, Energy capacity, Price cost, Energy activity)
            {
                var unit = new Unit(name, [.. flows.Where(f => f.Item2 != 0)], capacity.WattHours, cost.MicroPerKWh, activity.WattHours);
                units.Add(unit with { Margin = unit.Flows.Aggregate(-((BigInteger)unit.Cost * Limits.One), (sum, f) => sum + ((BigInteger)f.Flow * Dual(f.Node))) });
            }

            for (var i = 0; i < book.Converters.Count; i++)
            {
                var c = book.Converters[i];
                Add($"converter '{c.Id}'", c.Flows.Select(f => (book.NodeIndex(f.Key), f.Value)), c.Capacity, c.Cost, converters[i]);
            }

            for (var i = 0; i < book.Connections.Count; i++)
            {
                var c = book.Connections[i];
                Add($"connection '{c.Id}'", [(book.NodeIndex(c.From), -Limits.One), (book.NodeIndex(c.To), Limits.One - c.LossMillionths)], c.Capacity, c.Fee, connections[i]);
            }

            return units;
        }

        /// <summary>Each order within its quantity and limit; what it misses in the money counts towards its node.</summary>
        private void CheckOrders()
        {
            var steps = book.Steps;
            for (var k = 0; k < steps.Count;)
            {
                var (i, node, side) = (steps.Order(k), steps.Nodes[k], steps.Sides[k]);
                var (left, quantity) = (accepted[i].WattHours, 0L);
                _orderNet[node] += side == Side.Sell ? left : -left;
                for (var first = k; k < steps.Count && (k == first || steps.Order(k) == i); k++)
                {
                    var most = steps.Quantities[k];
                    var taken = Math.Clamp(left, 0, most);
                    left -= taken;
                    quantity += most;
                    if (most > 0)
                    {
                        CheckStep(i, side, node, most, steps.StepLimits[k], taken);
                    }
                }

                if (left != 0)
                {
                    Find("limits", Name(i), $"accepted {accepted[i]} of {Energy.FromWh(quantity)}");
                }
            }
        }

        private string Name(int order) => $"order '{book.Orders[order].Id}'";

        private void CheckStep(int order, Side side, int node, long quantity, long stated, long taken)
        {
            if (EffectiveLimit(side, stated) is not { } limit)
            {
                if (taken > 0)
                {
                    Find("limits", Name(order), "accepted although its limit is beyond the floor or cap");
                }

                return;
            }

            _wanted[node] = true;
            _traded[node] |= taken > 0;
            _orderWelfare += (Int128)taken * (side == Side.Buy ? limit : -limit);
            if (_prices[node] is not { } price)
            {
                if (taken > 0)
                {
                    Find("limits", Name(order), "accepted at a node without a price");
                }

                return;
            }

            var gain = side == Side.Buy ? limit - price : price - limit;
            if (gain < 0 && taken > 0)
            {
                Find("limits", Name(order), $"accepted {taken.ToString(CultureInfo.InvariantCulture)} Wh at a price beyond its limit");
            }

            if (gain > 0 && taken < quantity)
            {
                _missing[node] += quantity - taken;
                _largestMissedGain[node] = Math.Max(_largestMissedGain[node], gain);
            }

            // Quantity times what is gained or could be, less what is: nothing where an order that gains is accepted in full.
            if (gain < 0 ? taken > 0 : taken < quantity)
            {
                _orderGap += gain < 0 ? -(Int128)taken * gain : (Int128)(quantity - taken) * gain;
            }
        }

        /// <summary>The limit that counts under floor and cap; null if it cannot be accepted.</summary>
        private long? EffectiveLimit(Side side, long limit) => side == Side.Buy
            ? limit < _floor ? null : Math.Min(limit, _cap)
            : limit > _cap ? null : Math.Max(limit, _floor);

        private void CheckUnits(List<Unit> units)
        {
            foreach (var unit in units)
            {
                if (unit.Activity < 0 || unit.Activity > unit.Capacity)
                {
                    Find("limits", unit.Name, $"activity {unit.Activity.ToString(CultureInfo.InvariantCulture)} of {unit.Capacity.ToString(CultureInfo.InvariantCulture)} Wh");
                }

                _unitCost += (BigInteger)unit.Cost * unit.Activity;
                _gap += ((BigInteger)unit.Capacity * BigInteger.Max(0, unit.Margin)) - (unit.Activity * unit.Margin);
                foreach (var (node, flow) in unit.Flows)
                {
                    // Whole Wh: what is taken rounds up, what is given rounds down. Both are "towards less energy".
                    var exact = (BigInteger)flow * unit.Activity;
                    var whole = BigInteger.DivRem(exact, Limits.One, out var rest) - (rest.Sign < 0 ? 1 : 0);
                    _unitNet[node] += whole;
                    _gap += (exact - (whole * Limits.One)) * Dual(node);
                }
            }
        }

        private void CheckBalance()
        {
            for (var n = 0; n < book.Nodes.Count; n++)
            {
                var net = _orderNet[n] + _unitNet[n];
                if (!net.IsZero)
                {
                    Find("balance", $"node '{book.Nodes[n]}'", $"{BigInteger.Abs(net).ToString(CultureInfo.InvariantCulture)} Wh too {(net.Sign > 0 ? "much" : "little")}");
                }

                if (_wanted[n] && prices[n].Price is null)
                {
                    Find("complementary", $"node '{book.Nodes[n]}'", "there are orders but no price");
                }
            }
        }

        /// <summary>K of each node: how many Wh its orders in the money may miss because units joined to it run in whole Wh.</summary>
        private BigInteger[] Tolerances(List<Unit> units)
        {
            var nodes = book.Nodes.Count;
            var root = Enumerable.Range(0, nodes).ToArray();
            int Root(int n) => root[n] == n ? n : root[n] = Root(root[n]);
            var running = units.Where(u => u.Runs).ToList();
            foreach (var unit in running)
            {
                foreach (var (node, _) in unit.Flows)
                {
                    root[Root(node)] = Root(unit.Flows[0].Node);
                }
            }

            var sum = new BigInteger[nodes];
            var amplification = Enumerable.Repeat(BigInteger.One, nodes).ToArray();
            foreach (var unit in running)
            {
                sum[Root(unit.Flows[0].Node)] += unit.Flows.Length + (unit.IsPartial ? CeilingDivide(unit.LargestFlow, Limits.One) : 0);
            }

            for (var n = 0; n < nodes; n++)
            {
                var flows = running.Where(u => u.IsPartial).SelectMany(u => u.Flows).Where(f => f.Node == n).Select(f => Math.Abs(f.Flow)).ToList();
                if (flows.Count > 1)
                {
                    // Where no order can take up a remainder and every flow moves by more than one Wh a step, few activities fit together.
                    var step = CeilingDivide(flows.Max(), flows.Min()) * (!_traded[n] && flows.Min() > Limits.One ? CoarseNode : 1);
                    amplification[Root(n)] = BigInteger.Min(MostAmplification, amplification[Root(n)] * step);
                }
            }

            for (var n = 0; n < nodes && moreMissed is not null; n++)
            {
                sum[Root(n)] += moreMissed[n];
            }

            var near = Enumerable.Range(0, nodes).Select(n => sum[Root(n)] * amplification[Root(n)]).ToArray();
            foreach (var ring in Rings(running).Select(Root).Distinct().ToList())
            {
                var joined = Enumerable.Range(0, nodes).Where(n => Root(n) == ring).ToList();
                var circuits = CircuitTolerance([.. running.Where(u => Root(u.Flows[0].Node) == ring)], joined);
                joined.ForEach(n => near[n] = BigInteger.Max(near[n], circuits));
            }

            return near;
        }

        /// <summary>A node of each ring of units that hangs together with a node where nothing is bought or sold: a remainder may run around it without end.</summary>
        private List<int> Rings(List<Unit> running)
        {
            var root = Enumerable.Range(0, book.Nodes.Count).ToArray();
            int Root(int n) => root[n] == n ? n : root[n] = Root(root[n]);
            var rings = new List<int>();
            foreach (var unit in running.DistinctBy(u => string.Join(';', u.Flows), StringComparer.Ordinal))
            {
                var first = unit.Flows[0].Node;
                foreach (var (node, _) in unit.Flows.Skip(1))
                {
                    if (Root(node) == Root(first))
                    {
                        rings.Add(node);
                    }

                    root[Root(node)] = Root(first);
                }
            }

            var silent = running.SelectMany(u => u.Flows).Select(f => f.Node).Where(n => !_traded[n]).Select(Root).ToHashSet();
            return [.. rings.Where(n => silent.Contains(Root(n)))];
        }

        /// <summary>What running all circuits in whole multiples can cost: at most so many circuits, each with no activity above a
        /// determinant of the flows in whole numbers, which is at most the product of the rows' sums.</summary>
        private static BigInteger CircuitTolerance(List<Unit> units, List<int> nodes)
        {
            var (product, scale) = (BigInteger.One, BigInteger.One);
            foreach (var n in nodes)
            {
                var flows = units.SelectMany(u => u.Flows).Where(f => f.Node == n).Select(f => (BigInteger)Math.Abs(f.Flow)).ToList();
                var divisor = flows.Aggregate((BigInteger)Limits.One, BigInteger.GreatestCommonDivisor);
                var one = Limits.One / divisor;
                product *= flows.Aggregate(one, (sum, flow) => sum + (flow / divisor));
                scale = scale / BigInteger.GreatestCommonDivisor(scale, one) * one;
            }

            return (units.Count + nodes.Count) * product * scale * units.Aggregate(BigInteger.One, (sum, u) => sum + CeilingDivide(u.LargestFlow, Limits.One));
        }

        private static BigInteger CeilingDivide(BigInteger a, BigInteger b) => (a + b - 1) / b;

        private void CheckComplementary(List<Unit> units, BigInteger[] tolerance)
        {
            for (var n = 0; n < tolerance.Length; n++)
            {
                if (_missing[n] > tolerance[n])
                {
                    Find("complementary", $"node '{book.Nodes[n]}'", $"orders in the money miss {_missing[n].ToString(CultureInfo.InvariantCulture)} Wh, rounding explains {tolerance[n].ToString(CultureInfo.InvariantCulture)}");
                }
            }

            foreach (var unit in units)
            {
                if (unit.Activity > 0 && unit.Loses)
                {
                    Find("complementary", unit.Name, "runs at a loss");
                }

                if (unit.Gains && unit.Capacity - unit.Activity > tolerance[unit.Flows[0].Node])
                {
                    Find("complementary", unit.Name, "does not run at capacity although it would gain");
                }
            }
        }

        private void CheckGap(List<Unit> units, BigInteger[] tolerance)
        {
            for (var n = 0; n < tolerance.Length; n++)
            {
                _bound += tolerance[n] * _largestMissedGain[n] * Limits.One;
            }

            var losses = BigInteger.Zero;
            var atALoss = BigInteger.Zero;
            foreach (var unit in units)
            {
                // A margin within the rounding of the prices proves nothing about the activity, but is as small as that rounding.
                _bound += unit.Gains ? tolerance[unit.Flows[0].Node] * unit.Margin
                    : unit.Loses ? 0
                    : unit.Capacity * BigInteger.Abs(unit.Margin);
                atALoss += unit.Activity * BigInteger.Max(0, -unit.Margin);
                losses += unit.Activity > 0 ? unit.Flows.Aggregate(BigInteger.Zero, (sum, f) => sum + Math.Abs(Dual(f.Node))) * Limits.One : 0;
            }

            _bound += losses;

            // Where nobody trades beyond the own limit, at most the dual value is lost, however far rounding reaches, and
            // what units lose by running at a margin that is below zero by the rounding of the prices.
            var dualValue = _gap + ((_orderWelfare - _unitCost) * Limits.One) + atALoss;
            // (An hour of a day has a schedule to follow and may not be free to let nothing run.)
            _bound = moreMissed is null ? BigInteger.Min(_bound, dualValue + losses) : _bound;
            if (BigInteger.Abs(_gap) > _bound)
            {
                Find("duality gap", "result", $"{ToMoney(_gap)}, rounding explains {ToMoney(_bound)}");
            }
        }
    }
}
