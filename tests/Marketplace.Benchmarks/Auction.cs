using System.Diagnostics;
using System.Globalization;
using Marketplace.Market;
using Marketplace.Native.Clp;
using Marketplace.Quantities;

namespace Marketplace.Benchmarks;

/// <summary>One hour of heat, cold and electricity with 200 heat pumps, from arrays to the checked result, beside the same auction as
/// one linear program with a column an order; and twenty zones with sixty lines between them.</summary>
internal sealed class Auction : IBenchmark
{
    private const int Compared = 10_000;
    private const int Pumps = 200;

    private static readonly string[] Nodes = ["heat", "cold", "electricity"];
    private static readonly DateTimeOffset Hour = new(2019, 12, 9, 8, 0, 0, TimeSpan.Zero);

    public string Name => "auction";

    public Task<IReadOnlyList<Figure>> MeasureAsync(Size size)
    {
        var solver = new ClpLinearProgram();
        var figures = new List<Figure>();
        foreach (var full in new[] { 100, Compared, 100_000, 1_000_000 })
        {
            var book = Book(size.Of(full, least: 100));
            var result = Checked(book, solver);
            var took = Median(() => CoupledAuction.Clear(book, solver));
            double? ratio = null;
            if (full == Compared)
            {
                var problem = FullProgram(book);
                var objective = solver.Solve(problem).Objective / 1000;
                if (Math.Abs(objective - result.Welfare.Micro) > 1 + (1e-9 * Math.Abs(objective)) + result.Checks.DualityGapBound.Micro)
                {
                    throw new InvalidOperationException($"The full program finds welfare {objective}, the auction {result.Welfare}");
                }

                var twin = Median(() => solver.Solve(problem));
                figures.Add(new Figure(string.Create(CultureInfo.InvariantCulture, $"auction_{book.Orders.Count}_orders_full_program"), twin, "ms"));
                ratio = took / twin;
            }

            figures.Add(new Figure(
                string.Create(CultureInfo.InvariantCulture, $"auction_{book.Orders.Count}_orders"), took, "ms", ratio, ratio is null ? null : "full_program"));
        }

        figures.Add(new Figure("auction_peak_memory", Process.GetCurrentProcess().PeakWorkingSet64 / 1e6, "MB"));
        var zones = Zones(size.Of(100_000, least: 1_000));
        Checked(zones, solver);
        figures.Add(new Figure(string.Create(CultureInfo.InvariantCulture, $"auction_20_zones_{zones.Orders.Count}_orders"), Median(() => CoupledAuction.Clear(zones, solver)), "ms"));
        return Task.FromResult<IReadOnlyList<Figure>>(figures);
    }

    private static ClearingResult Checked(OrderBook book, ClpLinearProgram solver)
    {
        var result = CoupledAuction.Clear(book, solver);
        var report = ClearingCheck.Check(book, result);
        return report.Holds ? result : throw new InvalidOperationException($"The check of {book.Orders.Count} orders fails: {report.Findings[0]}");
    }

    /// <summary>The median of nine runs after some that let the code get warm.</summary>
    private static double Median(Action run)
    {
        var samples = new List<double>();
        for (var i = 0; i < 12; i++)
        {
            var began = Stopwatch.GetTimestamp();
            run();
            samples.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        return Figure.Percentile([.. samples.Skip(3)], 0.5);
    }

    private static OrderArrays Orders(int count, int nodes, Random random)
    {
        var orders = new OrderArrays(new int[count], new Side[count], new long[count], new long[count]);
        for (var i = 0; i < count; i++)
        {
            orders.Nodes[i] = random.Next(nodes);
            orders.Sides[i] = random.Next(2) == 0 ? Side.Buy : Side.Sell;
            orders.QuantitiesWh[i] = random.Next(1, 50_001);
            orders.LimitsMicroPerKWh[i] = random.Next(4_001) * 100L;
        }

        return orders;
    }

    private static Converter Pump(int i, string zone, int most, Random random)
    {
        var cop = random.Next(2_000, 6_000) * 1_000L;
        return new Converter(
            string.Create(CultureInfo.InvariantCulture, $"hp{i}"), Energy.FromWh(random.Next(1, 20) * (long)most),
            new Dictionary<string, long>(StringComparer.Ordinal) { [$"{zone}electricity"] = -Limits.One, [$"{zone}heat"] = cop, [$"{zone}cold"] = cop - Limits.One },
            Price.FromMicroPerKWh(random.Next(400) * 100L));
    }

    private static OrderBook Book(int count)
    {
        var random = new Random(count);
        var orders = Orders(count, Nodes.Length, random);
        return OrderBook.FromArrays(Hour, Nodes, orders, [.. Enumerable.Range(0, Pumps).Select(i => Pump(i, "", count, random))], []);
    }

    private static OrderBook Zones(int count)
    {
        const int All = 20;
        var random = new Random(count);
        var zones = Enumerable.Range(0, All).Select(z => string.Create(CultureInfo.InvariantCulture, $"{z}/")).ToArray();
        var nodes = zones.SelectMany(z => Nodes.Select(n => z + n)).ToArray();
        var orders = Orders(count, nodes.Length, random);
        var pumps = Enumerable.Range(0, Pumps).Select(i => Pump(i, zones[i % All], count / 5, random));
        var lines = Enumerable.Range(0, 60).Select(i =>
        {
            var from = random.Next(All);
            var to = (from + 1 + random.Next(All - 1)) % All;
            return new Connection(
                string.Create(CultureInfo.InvariantCulture, $"line{i}"), zones[from] + Nodes[i % Nodes.Length], zones[to] + Nodes[i % Nodes.Length],
                Energy.FromWh(random.Next(1, 4_000_000)), random.Next(60) * 1_000, Price.FromMicroPerKWh(random.Next(100) * 100));
        });
        return OrderBook.FromArrays(Hour, nodes, orders, [.. pumps], [.. lines]);
    }

    private static LinearProblem FullProgram(OrderBook book)
    {
        var (costs, uppers, starts, rows, values) = (new List<double>(), new List<double>(), new List<int> { 0 }, new List<int>(), new List<double>());
        foreach (var order in book.Orders)
        {
            var sign = order.Side == Side.Buy ? 1 : -1;
            costs.Add(sign * order.Limit.MicroPerKWh);
            uppers.Add(order.Quantity.WattHours);
            rows.Add(book.NodeIndex(order.Node));
            values.Add(sign);
            starts.Add(rows.Count);
        }

        foreach (var unit in book.Converters)
        {
            costs.Add(-unit.Cost.MicroPerKWh);
            uppers.Add(unit.Capacity.WattHours);
            foreach (var (node, flow) in unit.Flows)
            {
                rows.Add(book.NodeIndex(node));
                values.Add(-flow / 1e6);
            }

            starts.Add(rows.Count);
        }

        return new LinearProblem([.. costs], [.. uppers], [.. starts], [.. rows], [.. values], new double[book.Nodes.Count]);
    }
}
