using Marketplace.Quantities;
using Shouldly;
using Xunit;
using static Marketplace.Market.Tests.Books;

namespace Marketplace.Market.Tests;

/// <summary>Days with stores and loads: on paper, against every schedule of a small store, and against the naive twin.</summary>
public sealed class DayAuctionTests
{
    private static DayBook Day(Order[][] hours, Store[]? stores = null, ShiftableLoad[]? loads = null) => new(
        [.. hours.Select((orders, h) => new OrderBook(RandomMarket.Hour.AddHours(h), ["e"], orders, [], []))], stores ?? [], loads ?? []);

    private static (DayResult Result, DayReport Report) Cleared(DayBook day)
    {
        var result = DayAuction.Clear(day, Solver);
        var report = DayCheck.Check(result);
        report.Findings.ShouldBeEmpty(string.Join("; ", report.Findings));
        return (result, report);
    }

    [Fact]
    public void A_store_buys_cheap_and_sells_dear()
    {
        // Sun at noon for 20,000, demand at night up to 200,000: 1,000 Wh in, 900 Wh held, 810 Wh out.
        var store = new Store("battery", "e", new(1_000), new(1_000), new(2_000), new(0), new(0), 900_000, 900_000);
        var (result, report) = Cleared(Day([[Sell("sun", "e", 5_000, 20_000)], [Buy("night", "e", 5_000, 200_000)]], [store]));
        result.Stores[0].Charged.Wh().ShouldBe([1_000, 0]);
        result.Stores[0].Discharged.Wh().ShouldBe([0, 810]);
        result.Stores[0].Held.Wh().ShouldBe([900, 0]);
        result.Hours.Select(h => h.Prices[0].Price!.Value.MicroPerKWh).ShouldBe([20_000, 200_000]);
        report.Welfare.Micro.ShouldBe(810 * 200 - (1_000 * 20));
        result.Hours[1].Accepted.Wh().ShouldBe([810, 0, 810]);
    }

    [Fact]
    public void Losses_that_cost_more_than_the_spread_leave_the_store_idle()
    {
        var store = new Store("battery", "e", new(1_000), new(1_000), new(2_000), new(0), new(0), 900_000, 900_000, 0, new(5_000));
        var (result, _) = Cleared(Day([[Sell("a", "e", 5_000, 80_000)], [Buy("b", "e", 5_000, 100_000)]], [store])); // 80 / 0.81 = 98.8, and the fee
        result.Stores[0].Charged.Wh().ShouldBe([0, 0]);
    }

    [Fact]
    public void Standing_loss_and_end_value_count()
    {
        var store = new Store("tank", "e", new(1_000), new(1_000), new(1_000), new(1_000), new(50_000), loss: 100_000);
        var (result, _) = Cleared(Day([[], [Buy("b", "e", 300, 60_000), Buy("c", "e", 300, 40_000)]], [store]));
        result.Stores[0].Held.Wh().ShouldBe([900, 510]); // 0.9 × 0.9 × 1,000 − 300
        result.Hours[1].Accepted.Wh().ShouldBe([300, 0, 0, 300]);
    }

    [Fact]
    public void A_load_runs_in_the_cheapest_hours_of_its_window()
    {
        var load = new ShiftableLoad("car", "e", new(1_500), new(1_000), 1, 4, new(300_000));
        var (result, _) = Cleared(Day(
            [[Sell("a", "e", 9_000, 10_000)], [Sell("a", "e", 9_000, 70_000)], [Sell("a", "e", 9_000, 30_000)], [Sell("a", "e", 9_000, 50_000)]], loads: [load]));
        result.Loads[0].Taken.Wh().ShouldBe([0, 0, 1_000, 500]);
        result.Loads[0].Scarcity.ShouldBe(new Price(250_000));
    }

    [Theory]
    [InlineData(23)]
    [InlineData(24)]
    [InlineData(25)]
    public void A_day_has_as_many_hours_as_the_clock_says(int hours)
    {
        var store = new Store("s", "e", new(300), new(300), new(1_000), new(500), new(60_000), 950_000, 950_000, 2_000);
        var (result, _) = Cleared(Day([.. Enumerable.Range(0, hours).Select(h => new[] { Sell("a", "e", 2_000, 40_000 + (h % 12 * 9_000)), Buy("b", "e", 900, 150_000) })], [store]));
        result.Hours.Count.ShouldBe(hours);
    }

    [Fact]
    public void No_schedule_of_a_small_store_is_better()
    {
        for (var seed = 0; seed < 25; seed++)
        {
            var random = new Random(seed);
            var limits = Enumerable.Range(0, 3).Select(_ => (Sell: random.Next(1, 20) * 1_000L, Buy: random.Next(5, 25) * 1_000L)).ToArray();
            var store = new Store("s", "e", new(3), new(3), new(4), new(random.Next(3)), new(random.Next(12) * 1_000));
            var hours = limits.Select(l => new[] { Sell("a", "e", 2, l.Sell), Sell("b", "e", 2, l.Sell + 3_000), Buy("c", "e", 2, l.Buy), Buy("d", "e", 2, l.Buy - 4_000) }).ToArray();
            var (_, report) = Cleared(Day(hours, [store]));
            report.Welfare.Micro.ShouldBe(Best(hours, store, 0, store.Initial.WattHours), $"seed {seed}"); // lossless: whole Wh lose nothing
        }
    }

    private static long Best(Order[][] hours, Store store, int hour, long held)
    {
        if (hour == hours.Length)
        {
            return held * store.EndValue.MicroPerKWh / 1_000;
        }

        var best = long.MinValue;
        for (var net = -3L; net <= 3; net++)
        {
            if (held + net is >= 0 and <= 4 && HourWelfare(hours[hour], net) is { } welfare)
            {
                best = Math.Max(best, welfare + Best(hours, store, hour + 1, held + net));
            }
        }

        return best;
    }

    /// <summary>The best welfare of the orders that sell so much more than they buy.</summary>
    private static long? HourWelfare(Order[] orders, long net)
    {
        long? best = null;
        for (var bought = 0L; bought <= 4; bought++)
        {
            var sold = bought + net;
            if (sold is >= 0 and <= 4)
            {
                var value = Value(orders.Where(o => o.Side == Side.Buy), bought) - Value(orders.Where(o => o.Side == Side.Sell), sold);
                best = best is { } b ? Math.Max(b, value) : value;
            }
        }

        return best;
    }

    private static long Value(IEnumerable<Order> best, long volume)
    {
        long value = 0;
        foreach (var order in best)
        {
            var taken = Math.Min(volume, order.Quantity.WattHours);
            value += taken * order.Limit.MicroPerKWh / 1_000;
            volume -= taken;
        }

        return value;
    }

    [Fact]
    public void Random_days_have_the_welfare_of_the_full_program()
    {
        for (var seed = 0; seed < 400; seed++)
        {
            var day = RandomDay.Of(seed);
            var result = DayAuction.Clear(day, Solver);
            var report = DayCheck.Check(result);
            report.Findings.ShouldBeEmpty($"seed {seed}: {string.Join("; ", report.Findings)}");
            var twin = DayTwin.Welfare(day, Solver) / 1_000;
            ((double)report.Welfare.Micro).ShouldBe(twin, 2 + (1e-9 * Math.Abs(twin)) + report.DualityGapBound.Micro, $"seed {seed}");
        }
    }

    [Fact]
    public void A_changed_day_is_found_out()
    {
        var store = new Store("battery", "e", new(1_000), new(1_000), new(2_000), new(0), new(0), 900_000, 900_000);
        var (good, _) = Cleared(Day([[Sell("sun", "e", 5_000, 20_000)], [Buy("night", "e", 5_000, 200_000)]], [store]));
        var held = good.Stores[0] with { Held = [new(901), new(0)] };
        DayCheck.Check(good with { Stores = [held] }).Findings.ShouldContain(f => f.Rule == "store");
        var idle = new StoreSchedule([new(0), new(0)], [new(0), new(0)], [new(0), new(0)], good.Stores[0].Worth);
        DayCheck.Check(good with { Stores = [idle] }).Findings.ShouldContain(f => f.Rule == "schedule");
        var worthless = good.Stores[0] with { Worth = [new(0), new(0)] };
        DayCheck.Check(good with { Stores = [worthless] }).Findings.ShouldContain(f => f.Rule == "schedule");
    }

    [Fact]
    public void Deviations_are_traded_at_what_the_content_is_worth()
    {
        var store = new Store("battery", "e", new(1_000), new(1_000), new(2_000), new(500), new(90_000), 900_000, 900_000, 0, new(1_000));
        var (result, _) = Cleared(Day([[Sell("sun", "e", 400, 20_000)], [Buy("night", "e", 5_000, 60_000)]], [store]));
        var orders = result.DeviationOrders(0);
        orders.Select(o => (o.Id, o.Side, o.Quantity.WattHours, o.Limit.MicroPerKWh)).ShouldBe([
            ("store/battery/charge-more", Side.Buy, 600, 80_000), // 0.9 × 90,000 − 1,000
            ("store/battery/discharge-more", Side.Sell, 774, 100_000), // 0.9 × 860 Wh at 90,000 / 0.9
        ]);
    }
}
