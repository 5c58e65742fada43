using System.Diagnostics;
using System.Globalization;
using Marketplace.Market;
using Marketplace.Native.Clp;
using Marketplace.Quantities;

namespace Marketplace.Benchmarks;

/// <summary>A day of heat, cold and electricity with 50 stores that the market schedules, from arrays to the checked result.</summary>
internal sealed class DaySchedule : IBenchmark
{
    private const int Hours = 24;
    private const int Stores = 50;
    private const int Pumps = 20;

    private static readonly string[] Nodes = ["heat", "cold", "electricity"];

    public string Name => "day";

    public Task<IReadOnlyList<Figure>> MeasureAsync(Size size)
    {
        var perHour = size.Of(20_000, least: 100);
        var day = Day(perHour);
        var solver = new ClpLinearProgram();
        DayAuction.Clear(day, solver);
        var began = Stopwatch.GetTimestamp();
        var result = DayAuction.Clear(day, solver);
        var report = DayCheck.Check(result);
        var took = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        return report.Holds
            ? Task.FromResult<IReadOnlyList<Figure>>([new Figure(string.Create(CultureInfo.InvariantCulture, $"day_{Hours}_hours_{perHour}_orders_an_hour_{Stores}_stores"), took, "ms")])
            : throw new InvalidOperationException($"The check of the day fails: {report.Findings[0]}");
    }

    private static DayBook Day(int perHour)
    {
        var random = new Random(perHour);
        var pumps = Enumerable.Range(0, Pumps).Select(i =>
        {
            var cop = random.Next(2_000, 6_000) * 1_000L;
            return new Converter(
                string.Create(CultureInfo.InvariantCulture, $"hp{i}"), Energy.FromWh(random.Next(1, 20) * (long)perHour),
                new Dictionary<string, long>(StringComparer.Ordinal) { ["electricity"] = -Limits.One, ["heat"] = cop, ["cold"] = cop - Limits.One },
                Price.FromMicroPerKWh(random.Next(400) * 100L));
        }).ToArray();
        var hours = Enumerable.Range(0, Hours).Select(h =>
        {
            var orders = new OrderArrays(new int[perHour], new Side[perHour], new long[perHour], new long[perHour]);
            var lift = 20_000L * (h < Hours / 2 ? h : Hours - h) / 2;
            for (var i = 0; i < perHour; i++)
            {
                orders.Nodes[i] = random.Next(Nodes.Length);
                orders.Sides[i] = random.Next(2) == 0 ? Side.Buy : Side.Sell;
                orders.QuantitiesWh[i] = random.Next(1, 50_001);
                orders.LimitsMicroPerKWh[i] = (random.Next(4_001) * 100L) + lift;
            }

            return OrderBook.FromArrays(new DateTimeOffset(2019, 12, 9, 0, 0, 0, TimeSpan.Zero).AddHours(h), Nodes, orders, pumps, []);
        });
        var stores = Enumerable.Range(0, Stores).Select(i =>
        {
            var capacity = random.Next(1, 100) * 50L * perHour;
            return new Store(
                string.Create(CultureInfo.InvariantCulture, $"store{i}"), Nodes[i % Nodes.Length], Energy.FromWh(capacity / 4), Energy.FromWh(capacity / 5),
                Energy.FromWh(capacity), Energy.FromWh(capacity / 2), Price.FromMicroPerKWh(150_000),
                random.Next(85, 100) * 10_000, random.Next(85, 100) * 10_000, random.Next(20) * 1_000, Price.FromMicroPerKWh(1_000));
        });
        return new DayBook([.. hours], [.. stores], []);
    }
}
