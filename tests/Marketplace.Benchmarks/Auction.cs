using System.Diagnostics;
using System.Globalization;
using Marketplace.Market;
using Marketplace.Native.Clp;
using Marketplace.Quantities;

namespace Marketplace.Benchmarks;

/// <summary>One hour of heat, cold and electricity with two heat pumps and a chiller, every order with a limit of its own,
/// beside the same auction as one linear program with a column an order.</summary>
internal sealed class Auction : IBenchmark
{
    private const int Compared = 10_000;

    private static readonly string[] Nodes = ["heat", "cold", "electricity"];

    public string Name => "auction";

    public Task<IReadOnlyList<Figure>> MeasureAsync(Size size)
    {
        var solver = new ClpLinearProgram();
        var figures = new List<Figure>();
        foreach (var full in new[] { 100, Compared, 100_000 })
        {
            var book = Book(size.Of(full, least: 100));
            var result = CoupledAuction.Clear(book, solver);
            var report = ClearingCheck.Check(book, result);
            if (!report.Holds)
            {
                throw new InvalidOperationException($"The check of {book.Orders.Count} orders fails: {report.Findings[0]}");
            }

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

        return Task.FromResult<IReadOnlyList<Figure>>(figures);
    }

    private static double Median(Action run)
    {
        var samples = new List<double>();
        for (var i = 0; i < 5; i++)
        {
            var began = Stopwatch.GetTimestamp();
            run();
            samples.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        return Figure.Percentile(samples, 0.5);
    }

    private static OrderBook Book(int count)
    {
        var random = new Random(count);
        var orders = Enumerable.Range(0, count).Select(i =>
        {
            var node = i % Nodes.Length;
            var buys = random.Next(2) == 0;
            var limit = (buys ? 60_000 : 20_000) + (40_000 * node) + random.Next(80_000);
            return new Order(
                string.Create(CultureInfo.InvariantCulture, $"o{i}"), Nodes[node], buys ? Side.Buy : Side.Sell,
                Energy.FromWh(random.Next(1, 50_000)), Price.FromMicroPerKWh(limit));
        });
        Converter Plant(string id, long capacity, long cost, long heat, long cold) => new(
            id, Energy.FromWh(capacity * count),
            new Dictionary<string, long>(StringComparer.Ordinal) { ["electricity"] = -1_000_000, ["heat"] = heat, ["cold"] = cold },
            Price.FromMicroPerKWh(cost));
        return new OrderBook(
            new DateTimeOffset(2019, 12, 9, 8, 0, 0, TimeSpan.Zero), Nodes, [.. orders],
            [Plant("heat-pump-1", 800, 18_488, 4_622_000, 3_622_000), Plant("heat-pump-2", 400, 27_732, 4_622_000, 3_622_000), Plant("chiller", 300, 4_000, 4_200_000, 3_200_000)],
            []);
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
