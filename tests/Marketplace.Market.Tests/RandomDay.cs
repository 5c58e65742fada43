using System.Globalization;
using Marketplace.Quantities;
using static Marketplace.Market.Tests.Books;

namespace Marketplace.Market.Tests;

/// <summary>Seeded days of few hours with stores, loads, heat pumps and prices that move.</summary>
internal static class RandomDay
{
    public static DayBook Of(int seed)
    {
        var random = new Random(seed);
        var hours = random.Next(1, 7);
        string[] nodes = random.Next(2) == 0 ? ["electricity"] : ["heat", "electricity"];
        var largest = new[] { 40, 5_000, 300_000 }[random.Next(3)];
        Converter[] plants = nodes.Length == 1 ? [] : [Plant("hp", random.Next(1, largest), random.Next(0, 5_000), ("electricity", -1_000_000), ("heat", random.Next(2_000_000, 5_000_000)))];
        var books = Enumerable.Range(0, hours).Select(h =>
        {
            var level = random.Next(10, 300) * 1_000;
            var orders = Enumerable.Range(0, random.Next(1, 14)).Select(i =>
            {
                var node = nodes[random.Next(nodes.Length)];
                var limit = level + (random.Next(-80, 81) * 1_000);
                return random.Next(2) == 0
                    ? Buy(string.Create(CultureInfo.InvariantCulture, $"b{i}"), node, random.Next(0, largest), limit)
                    : Sell(string.Create(CultureInfo.InvariantCulture, $"s{i}"), node, random.Next(0, largest), limit);
            });
            return new OrderBook(RandomMarket.Hour.AddHours(h), nodes, [.. orders], plants, []);
        });
        var stores = Enumerable.Range(0, random.Next(0, 4)).Select(s =>
        {
            var capacity = random.Next(0, 2 * largest);
            return new Store(
                string.Create(CultureInfo.InvariantCulture, $"store{s}"), nodes[random.Next(nodes.Length)], Energy.FromWh(random.Next(0, largest)), Energy.FromWh(random.Next(0, largest)),
                Energy.FromWh(capacity), Energy.FromWh(random.Next(0, capacity + 1)), Price.FromMicroPerKWh(random.Next(0, 200) * 1_000),
                random.Next(2) == 0 ? Limits.One : random.Next(700_000, 1_000_000), random.Next(2) == 0 ? Limits.One : random.Next(700_000, 1_000_000),
                random.Next(2) == 0 ? 0 : random.Next(0, 30_000), Price.FromMicroPerKWh(random.Next(2) * 1_000));
        });
        var loads = Enumerable.Range(0, random.Next(0, 3)).Select(l =>
        {
            var first = random.Next(hours);
            return new ShiftableLoad(
                string.Create(CultureInfo.InvariantCulture, $"load{l}"), nodes[random.Next(nodes.Length)], Energy.FromWh(random.Next(0, largest)), Energy.FromWh(random.Next(0, largest)),
                first, random.Next(first + 1, hours + 1), Price.FromMicroPerKWh(random.Next(50, 350) * 1_000));
        });
        return new DayBook([.. books], [.. stores], [.. loads]);
    }
}

/// <summary>The naive twin of a day: one column for each order, in floating point, written down without the auction's own program.</summary>
internal static class DayTwin
{
    public static double Welfare(DayBook day, ILinearProgram solver)
    {
        var nodes = day.Nodes.Count;
        var (costs, uppers, starts, rows, values) = (new List<double>(), new List<double>(), new List<int> { 0 }, new List<int>(), new List<double>());
        var right = new double[(day.Hours.Count * (nodes + day.Stores.Count)) + day.Loads.Count];
        void Add(double cost, double upper, params (int Row, double Value)[] entries)
        {
            costs.Add(cost);
            uppers.Add(upper);
            foreach (var (row, value) in entries)
            {
                rows.Add(row);
                values.Add(value);
            }

            starts.Add(rows.Count);
        }

        for (var h = 0; h < day.Hours.Count; h++)
        {
            var book = day.Hours[h];
            foreach (var order in book.Orders)
            {
                var sign = order.Side == Side.Buy ? 1 : -1;
                Add(sign * order.Limit.MicroPerKWh, order.Quantity.WattHours, ((h * nodes) + book.NodeIndex(order.Node), sign));
            }

            foreach (var plant in book.Converters)
            {
                Add(-plant.Cost.MicroPerKWh, plant.Capacity.WattHours, [.. plant.Flows.Select(f => ((h * nodes) + book.NodeIndex(f.Key), -f.Value / 1e6))]);
            }

            for (var s = 0; s < day.Stores.Count; s++)
            {
                var store = day.Stores[s];
                var (node, row) = ((h * nodes) + book.NodeIndex(store.Node), (day.Hours.Count * nodes) + (s * day.Hours.Count) + h);
                var kept = 1 - (store.Loss / 1e6);
                right[row] += h == 0 ? kept * store.Initial.WattHours : 0;
                Add(-store.Fee.MicroPerKWh, store.ChargePerHour.WattHours, (node, 1), (row, -store.ChargeEfficiency / 1e6));
                Add(0, store.DischargePerHour.WattHours, (node, -1), (row, 1e6 / store.DischargeEfficiency));
                if (h + 1 < day.Hours.Count)
                {
                    Add(0, store.Capacity.WattHours, (row, 1), (row + 1, -kept));
                }
                else
                {
                    Add(store.EndValue.MicroPerKWh, store.Capacity.WattHours, (row, 1));
                }
            }
        }

        for (var l = 0; l < day.Loads.Count; l++)
        {
            var (load, row) = (day.Loads[l], (day.Hours.Count * (nodes + day.Stores.Count)) + l);
            right[row] = load.Total.WattHours;
            for (var h = load.FirstHour; h < load.EndHour; h++)
            {
                Add(load.Limit.MicroPerKWh, load.PerHour.WattHours, ((h * nodes) + day.Hours[0].NodeIndex(load.Node), 1), (row, 1));
            }

            Add(0, load.Total.WattHours, (row, 1));
        }

        return solver.Solve(new LinearProblem([.. costs], [.. uppers], [.. starts], [.. rows], [.. values], right)).Objective;
    }
}
