using Marketplace.Quantities;
using Shouldly;
using Xunit;
using static Marketplace.Market.Tests.Books;

namespace Marketplace.Market.Tests;

/// <summary>Each kind of plant, tariff and tie that a loop knows, worked out on paper.</summary>
public sealed class PlantsByHandTests
{
    private const long One = Limits.One;

    private static ClearingResult Cleared(OrderBook book)
    {
        var result = Clear(book);
        ClearingCheck.Check(book, result).Findings.ShouldBeEmpty();
        return result;
    }

    [Fact]
    public void A_chiller_gives_cold_and_rejects_heat()
    {
        // 1 kWh at 100,000 gives 3 cold; its 4 heat earn 10,000 each: cold costs (100,000 + 2,000 − 40,000) / 3.
        var result = Cleared(Of(
            ["heat", "cold", "electricity"], [Buy("shop", "cold", 3_000, 90_000), Buy("loop", "heat", 90_000, 10_000), Sell("grid", "electricity", 9_000, 100_000)],
            [Plant("chiller", 5_000, 2_000, ("electricity", -One), ("cold", 3 * One), ("heat", 4 * One))]));
        result.Accepted.Wh().ShouldBe([3_000, 4_000, 1_000]);
        result.Micro().ShouldBe([10_000, 20_667, 100_000]);
        result.Welfare.Micro.ShouldBe((3_000 * 90) + (4_000 * 10) - (1_000 * 100) - (1_000 * 2));
    }

    [Fact]
    public void A_combined_heat_and_power_plant_runs_on_gas_for_both()
    {
        // Its unit is the gas it burns: 0.35 electricity and 0.5 heat for 40,000.
        var result = Cleared(Of(
            ["heat", "electricity", "gas"],
            [Buy("homes", "heat", 5_000, 60_000), Buy("grid", "electricity", 90_000, 50_000), Sell("gas", "gas", 8_000, 40_000)],
            [Plant("chp", 20_000, 0, ("gas", -One), ("electricity", 350_000), ("heat", 500_000))]));
        result.Converters.Wh().ShouldBe([8_000]); // 0.35 × 50,000 + 0.5 × 60,000 = 47,500 for gas at 40,000: all gas is burnt
        result.Accepted.Wh().ShouldBe([4_000, 2_800, 8_000]);
        result.Micro().ShouldBe([60_000, 50_000, 47_500]);
    }

    [Fact]
    public void A_boiler_runs_only_when_the_heat_pump_is_full()
    {
        var result = Cleared(Of(
            ["heat", "electricity"], [Buy("homes", "heat", 5_000, 200_000), Sell("grid", "electricity", 9_000, 98_000)],
            [Plant("boiler", 9_000, 0, ("electricity", -One), ("heat", 980_000)), Plant("pump", 1_000, 0, ("electricity", -One), ("heat", 4 * One))]));
        result.Converters.Wh().ShouldBe([1_021, 1_000]); // 1,000 Wh are missing: 1,020.4 Wh, and 1,021 × 0.98 rounds down to them
        result.Accepted.Wh().ShouldBe([5_000, 2_021]);
        result.Micro().ShouldBe([100_000, 98_000]);
    }

    [Fact]
    public void An_electrolyser_has_three_outputs()
    {
        var result = Cleared(Of(
            ["electricity", "hydrogen", "heat", "oxygen"],
            [Sell("sun", "electricity", 1_000, 0), Buy("bus", "hydrogen", 9_000, 100_000), Buy("homes", "heat", 90, 30_000), Buy("vent", "heat", 9_000, 0), Buy("clinic", "oxygen", 9_000, 1_000)],
            [Plant("electrolyser", 800, 5_000, ("electricity", -One), ("hydrogen", 650_000), ("heat", 200_000), ("oxygen", 125_000))]));
        result.Converters.Wh().ShouldBe([800]);
        result.Accepted.Wh().ShouldBe([800, 520, 90, 70, 100]);
        result.Micro().ShouldBe([0, 100_000, 0, 1_000]);
        result.Welfare.Micro.ShouldBe((520 * 100) + (90 * 30) + 100 - (800 * 5));
    }

    [Fact]
    public void Imports_and_exports_at_tariff_bound_the_price()
    {
        static OrderBook Book(long sun, long home) => Of(
            ["electricity"],
            [Sell("import", "electricity", 90_000, 300_000), Buy("export", "electricity", 90_000, 80_000), Sell("sun", "electricity", sun, 0), Buy("home", "electricity", home, 900_000)]);
        Cleared(Book(sun: 100, home: 500)).Micro().ShouldBe([300_000]);
        Cleared(Book(sun: 500, home: 100)).Micro().ShouldBe([80_000]);
        var even = Cleared(Book(sun: 300, home: 300));
        even.Interval(0).ShouldBe((80_000, 300_000));
        even.Micro().ShouldBe([190_000]);
    }

    [Fact]
    public void Three_zones_pay_what_their_lines_let_through()
    {
        // The first line is full; the second is not, so that its fee is the difference.
        var result = Cleared(Of(
            ["A/heat", "B/heat", "C/heat"],
            [Sell("waste", "A/heat", 10_000, 5_000), Sell("plant", "B/heat", 10_000, 40_000), Buy("b", "B/heat", 3_000, 90_000), Buy("c", "C/heat", 2_000, 90_000)],
            lines: [Line("ab", "A/heat", "B/heat", 1_500, fee: 2_000), Line("bc", "B/heat", "C/heat", 9_000, fee: 3_000)]));
        result.Micro().ShouldBe([5_000, 40_000, 43_000]);
        result.Connections.Wh().ShouldBe([1_500, 2_000]);
        result.Accepted.Wh().ShouldBe([1_500, 3_500, 3_000, 2_000]);
    }

    [Fact]
    public void Thousands_of_equal_orders_share_to_the_watt_hour()
    {
        const int Buyers = 3_000;
        var orders = Enumerable.Range(0, Buyers).Select(i => Buy($"b{i}", "heat", 7, 50_000)).Append(Sell("s", "heat", 10_000, 20_000)).ToArray();
        var accepted = Cleared(Of(["heat"], orders)).Accepted.Wh();
        accepted[..Buyers].Sum().ShouldBe(10_000);
        accepted[..Buyers].ShouldAllBe(a => a == 3 || a == 4);
        accepted[..1_000].ShouldAllBe(a => a == 4); // 10,000 = 3,000 × 3 + 1,000: the earlier take the odd ones
        accepted[1_000..Buyers].ShouldAllBe(a => a == 3);
    }

    [Fact]
    public void A_negative_price_pays_for_burning_off_a_surplus()
    {
        var result = Cleared(Of(
            ["electricity", "heat"], [Sell("must-run", "electricity", 1_000, -200_000), Buy("cooler", "heat", 500, -5_000), Buy("lake", "heat", 90_000, -60_000)],
            [Plant("boiler", 5_000, 1_000, ("electricity", -One), ("heat", One))]));
        result.Micro().ShouldBe([-61_000, -60_000]);
        result.Accepted.Wh().ShouldBe([1_000, 500, 500]);
    }

    [Fact]
    public void Neither_fee_nor_loss_counts_twice_on_a_way_of_two_lines()
    {
        var result = Cleared(Of(
            ["a", "b", "c"], [Sell("s", "a", 10_000, 10_000), Buy("b", "c", 810, 90_000)],
            lines: [Line("ab", "a", "b", 9_000, loss: 100_000, fee: 1_700), Line("bc", "b", "c", 9_000, loss: 100_000, fee: 400)]));
        result.Micro().ShouldBe([10_000, 13_000, 14_889]); // (10,000 + 1,700) / 0.9, then (13,000 + 400) / 0.9
        result.Accepted.Wh().ShouldBe([1_000, 810]);
        result.Welfare.Micro.ShouldBe((810 * 90) - (1_000 * 10) - 1_700 - 360);
    }
}
