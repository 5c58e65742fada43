using Shouldly;
using Xunit;
using static Marketplace.Market.Tests.Books;

namespace Marketplace.Market.Tests;

/// <summary>Markets small enough to be worked out on paper.</summary>
public sealed class ClearingByHandTests
{
    private static ClearingResult Cleared(OrderBook book)
    {
        var result = Clear(book);
        ClearingCheck.Check(book, result).Findings.ShouldBeEmpty();
        return result;
    }

    [Fact]
    public void A_partly_accepted_order_sets_the_price()
    {
        var result = Cleared(Of(["heat"], [Buy("b", "heat", 100, 50_000), Sell("s", "heat", 60, 20_000), Sell("t", "heat", 60, 30_000)]));
        result.Micro().ShouldBe([30_000]);
        result.Accepted.Wh().ShouldBe([100, 60, 40]);
        result.Welfare.Micro.ShouldBe(2_600);
        result.Interval(0).ShouldBe((30_000, 30_000));
    }

    [Fact]
    public void Where_many_prices_would_do_the_middle_is_taken()
    {
        var result = Cleared(Of(["heat"], [Buy("b", "heat", 100, 50_000), Sell("s", "heat", 100, 20_001)]));
        result.Interval(0).ShouldBe((20_001, 50_000));
        result.Micro().ShouldBe([35_001]);
    }

    [Fact]
    public void Nodes_fix_their_middles_one_after_the_other()
    {
        // Both intervals are wide, yet tied: the second follows from the first.
        var result = Cleared(Of(
            ["a", "b"], [Sell("s", "a", 100, 10_000), Buy("b", "b", 100, 50_000)], lines: [Line("l", "a", "b", 500, fee: 1_000)]));
        result.Interval(0).ShouldBe((10_000, 49_000));
        result.Interval(1).ShouldBe((11_000, 50_000));
        result.Micro().ShouldBe([29_500, 30_500]);
    }

    [Fact]
    public void An_empty_book_trades_nothing_and_has_no_price()
    {
        var result = Cleared(Of(["heat", "cold"], []));
        result.Micro().ShouldBe([null, null]);
        result.Welfare.Micro.ShouldBe(0);
        Cleared(Of([], [])).Accepted.ShouldBeEmpty();
    }

    [Fact]
    public void A_one_sided_book_takes_the_finite_end()
    {
        var result = Cleared(Of(["heat", "cold"], [Buy("b", "heat", 100, 50_000), Sell("s", "cold", 7, -3)]));
        result.Accepted.Wh().ShouldBe([0, 0]);
        result.Micro().ShouldBe([50_000, -3]);
        result.Interval(0).ShouldBe((50_000, null));
        result.Interval(1).ShouldBe((null, -3));
    }

    [Fact]
    public void In_scarcity_equal_buyers_share_and_the_earlier_takes_the_odd_watt_hour()
    {
        var result = Cleared(Of(["heat"], [Buy("b", "heat", 100, 50_000), Buy("c", "heat", 100, 50_000), Sell("s", "heat", 51, 20_000)]));
        result.Micro().ShouldBe([50_000]);
        result.Accepted.Wh().ShouldBe([26, 25, 51]);
    }

    [Fact]
    public void In_surplus_equal_sellers_share_by_quantity()
    {
        var result = Cleared(Of(["heat"], [Sell("s", "heat", 300, 20_000), Sell("t", "heat", 100, 20_000), Buy("b", "heat", 100, 50_000)]));
        result.Micro().ShouldBe([20_000]);
        result.Accepted.Wh().ShouldBe([75, 25, 100]);
    }

    [Fact]
    public void Prices_go_below_zero()
    {
        var result = Cleared(Of(["electricity"], [Sell("wind", "electricity", 100, -30_000), Buy("b", "electricity", 40, -10_000), Buy("c", "electricity", 10, -40_000)]));
        result.Micro().ShouldBe([-30_000]);
        result.Accepted.Wh().ShouldBe([40, 40, 0]);
        result.Welfare.Micro.ShouldBe(800);
    }

    [Fact]
    public void Equal_limits_trade_although_nobody_gains()
    {
        var result = Cleared(Of(["heat"], [Buy("b", "heat", 100, 10_000), Sell("s", "heat", 80, 10_000)]));
        result.Accepted.Wh().ShouldBe([80, 80]);
        result.Micro().ShouldBe([10_000]);
    }

    [Fact]
    public void A_full_line_splits_the_prices()
    {
        var result = Cleared(Of(["a", "b"], [Sell("s", "a", 100, 10_000), Buy("b", "b", 100, 50_000)], lines: [Line("l", "a", "b", 40)]));
        result.Micro().ShouldBe([10_000, 50_000]);
        result.Connections.Wh().ShouldBe([40]);
        result.Welfare.Micro.ShouldBe(1_600);
    }

    [Fact]
    public void A_fee_counts_once_and_inside_the_merit_order()
    {
        var result = Cleared(Of(
            ["a", "b"],
            [Sell("s", "a", 200, 10_000), Buy("b", "b", 100, 50_000), Sell("t", "b", 100, 10_999)],
            lines: [Line("l", "a", "b", 500, fee: 1_000)]));
        result.Accepted.Wh().ShouldBe([0, 100, 100]);
        result.Connections.Wh().ShouldBe([0]);
        result = Cleared(Of(["a", "b"], [Sell("s", "a", 200, 10_000), Buy("b", "b", 100, 50_000)], lines: [Line("l", "a", "b", 500, fee: 1_000)]));
        result.Micro().ShouldBe([10_000, 11_000]);
        result.Welfare.Micro.ShouldBe(3_900);
    }

    [Fact]
    public void A_loss_is_borne_by_the_price_of_arrival()
    {
        var result = Cleared(Of(["a", "b"], [Sell("s", "a", 200, 9_800), Buy("b", "b", 98, 50_000)], lines: [Line("l", "a", "b", 500, loss: 20_000)]));
        result.Micro().ShouldBe([9_800, 10_000]);
        result.Accepted.Wh().ShouldBe([100, 98]);
        result.Losses.ShouldBe([0, 0]);
    }

    [Fact]
    public void A_heat_pump_gives_heat_and_cold_at_once()
    {
        var book = Of(
            ["heat", "cold", "electricity"],
            [Buy("home", "heat", 7_000, 100_000), Buy("plant", "cold", 100_000, 0), Sell("grid", "electricity", 10_000, 150_000)],
            [Plant("hp", 50_000, 0, ("electricity", -1_000_000), ("heat", 3_500_000), ("cold", 2_500_000))]);
        var result = Cleared(book);
        result.Converters.Wh().ShouldBe([2_000]);
        result.Accepted.Wh().ShouldBe([7_000, 5_000, 2_000]);
        result.Micro().ShouldBe([42_857, 0, 150_000]); // 150,000 / 3.5
        result.Welfare.Micro.ShouldBe(700_000 - 300_000);
        result.Flows.ShouldBe(
            [new("hp", "cold", new(5_000)), new("hp", "electricity", new(-2_000)), new("hp", "heat", new(7_000))]);
    }

    [Fact]
    public void Who_wants_cold_makes_heat_cheaper()
    {
        var result = Cleared(Of(
            ["heat", "cold", "electricity"],
            [Buy("home", "heat", 70_000, 30_000), Buy("shop", "cold", 25_000, 40_000), Buy("plant", "cold", 100_000, 0), Sell("grid", "electricity", 50_000, 150_000)],
            [Plant("hp", 50_000, 0, ("electricity", -1_000_000), ("heat", 3_500_000), ("cold", 2_500_000))]));

        // 3.5 × 30,000 + 2.5 × cold = 150,000 gives cold = 18,000: heat is marginal, the shop pays for the rest.
        result.Converters.Wh().ShouldBe([10_000]);
        result.Accepted.Wh().ShouldBe([35_000, 25_000, 0, 10_000]);
        result.Micro().ShouldBe([30_000, 18_000, 150_000]);
    }

    [Fact]
    public void Alike_converters_share_by_capacity()
    {
        var result = Cleared(Of(
            ["e", "h"], [Sell("s", "e", 1_000, 10_000), Buy("b", "h", 101, 50_000)],
            [Plant("y", 300, 5, ("e", -1_000_000), ("h", 1_000_000)), Plant("x", 100, 5, ("e", -1_000_000), ("h", 1_000_000))]));
        result.Converters.Wh().ShouldBe([76, 25]);
    }

    [Fact]
    public void Of_equal_lines_the_first_by_id_runs_least()
    {
        var result = Cleared(Of(
            ["a", "b"], [Sell("s", "a", 1_000, 10_000), Buy("b", "b", 120, 50_000)], lines: [Line("z", "a", "b", 100), Line("c", "a", "b", 100), Line("back", "b", "a", 100)]));
        result.Connections.Wh().ShouldBe([100, 20, 0]);
    }

    [Fact]
    public void Whole_watt_hours_cost_the_marginal_order_a_remainder_and_balance_exactly()
    {
        var result = Cleared(Of(
            ["heat", "cold", "electricity"],
            [Buy("home", "heat", 12_000, 120_000), Buy("plant", "cold", 100_000, 0), Sell("grid", "electricity", 100_000, 150_000)],
            [Plant("hp", 50_000, 2_000, ("electricity", -1_000_000), ("heat", 3_333_333), ("cold", 2_333_333))]));
        result.Converters.Wh().ShouldBe([3_600]);
        result.Accepted.Wh().ShouldBe([11_999, 8_399, 3_600]);
        result.Losses.ShouldBe([998_800, 998_800, 0]);
    }

    [Fact]
    public void Steps_of_an_order_are_accepted_from_the_best()
    {
        var steps = Order.Stepwise("b", "heat", Side.Buy, [new(new(50), new(90_000)), new(new(50), new(60_000)), new(new(50), new(10_000))]);
        var result = Cleared(Of(["heat"], [steps, Sell("s", "heat", 70, 20_000)]));
        result.Accepted.Wh().ShouldBe([70, 70]);
        result.Micro().ShouldBe([60_000]);
        result.Welfare.Micro.ShouldBe(((50 * 90) + (20 * 60) - (70 * 20)));
    }

    [Fact]
    public void A_cap_bounds_what_counts_of_a_limit()
    {
        var result = Cleared(Of(
            ["e"], [Buy("b", "e", 100, 900_000), Buy("c", "e", 100, 400_000), Sell("s", "e", 150, 10_000), Sell("t", "e", 100, 500_000)], cap: 400_000));
        result.Micro().ShouldBe([400_000]);
        result.Accepted.Wh().ShouldBe([75, 75, 150, 0]);
        result = Cleared(Of(["e"], [Sell("s", "e", 100, -900), Buy("b", "e", 10, 50)], floor: 0));
        result.Micro().ShouldBe([0]);
        result.Accepted.Wh().ShouldBe([10, 10]);
    }

    [Fact]
    public void A_node_that_only_idle_units_touch_has_no_price_but_a_proof()
    {
        var book = Of(
            ["middle", "a", "b"], [Sell("s", "a", 100, 10_000), Buy("b", "b", 100, 5_000)],
            lines: [Line("l", "a", "middle", 100), Line("m", "middle", "b", 100)]);
        var result = Cleared(book);
        result.Accepted.Wh().ShouldBe([0, 0]);
        result.Prices[0].Price.ShouldBe(new Quantities.Price(7_500));
    }

    [Fact]
    public void The_largest_numbers_clear_exactly()
    {
        const long Most = Limits.QuantityWh;
        var result = Cleared(Of(
            ["a", "b"], [Sell("s", "a", Most, 4_000), Buy("b", "b", Most - 1, 5_000), Buy("c", "a", 1, 4_001)],
            lines: [Line("l", "a", "b", Most, fee: 3)]));
        result.Accepted.Wh().ShouldBe([Most, Most - 1, 1]);
        result.Welfare.Micro.ShouldBe((long)((((Int128)(Most - 1) * (5_000 - 4_000 - 3)) + 1 + 500) / 1000));
    }
}
