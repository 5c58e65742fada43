using Marketplace.Quantities;
using Shouldly;
using Xunit;
using static Marketplace.Market.Tests.Books;

namespace Marketplace.Market.Tests;

/// <summary>Whoever changes a result, however little, is found out by the rule that the change breaks.</summary>
public sealed class TamperedResultTests
{
    private static readonly OrderBook Book = Of(
        ["heat", "cold", "electricity"],
        [
            Buy("home", "heat", 70_000, 120_000), Buy("office", "heat", 30_000, 90_000), Buy("late", "heat", 20_000, 20_000), Sell("waste", "heat", 40_000, 10_000),
            Buy("shop", "cold", 25_000, 40_000), Buy("plant", "cold", 900_000, 0), Sell("grid", "electricity", 500_000, 150_000), Sell("pv", "electricity", 3_000, 0),
        ],
        [Plant("hp", 50_000, 2_000, ("electricity", -1_000_000), ("heat", 3_500_000), ("cold", 2_500_000))]);

    private static readonly ClearingResult Good = Clear(Book);

    private static string[] Rules(ClearingResult result) => [.. ClearingCheck.Check(Book, result).Findings.Select(f => f.Rule).Distinct(StringComparer.Ordinal)];

    private static ClearingResult With(
        Action<long[]>? accepted = null, Func<NodePrice, NodePrice>? price = null, long? activity = null, long? welfare = null)
    {
        var volumes = Good.Accepted.Wh();
        accepted?.Invoke(volumes);
        return new ClearingResult(
            Book, welfare is { } w ? Money.FromMicro(w) : Good.Welfare, [.. Good.Prices.Select(price ?? (p => p))],
            [.. volumes.Select(Energy.FromWh)], activity is { } a ? [Energy.FromWh(a)] : Good.Converters, [], Good.Checks);
    }

    [Fact]
    public void The_untouched_result_holds() => Rules(With()).ShouldBeEmpty();

    [Fact]
    public void One_watt_hour_more_breaks_the_balance() => Rules(With(v => v[0]--)).ShouldContain("balance");

    [Fact]
    public void Energy_moved_from_a_better_to_a_worse_order_is_seen() => Rules(With(v =>
    {
        v[0] -= 5_000;
        v[2] += 5_000;
    })).ShouldBe(["limits", "complementary", "duality gap", "welfare"], ignoreOrder: true);

    [Fact]
    public void More_than_the_quantity_is_seen() => Rules(With(v =>
    {
        v[0] += 10;
        v[1] -= 10;
    })).ShouldContain("limits");

    [Fact]
    public void A_trade_left_out_on_both_sides_is_seen() => Rules(With(v =>
    {
        v[0] -= 1_000;
        v[3] -= 1_000;
    })).ShouldContain("complementary");

    [Fact]
    public void Another_price_is_seen() => Rules(With(price: p => p.Node == "heat" ? p with { Price = p.Price + new Price(1_000), High = null } : p)).ShouldContain("complementary");

    [Fact]
    public void A_price_outside_its_interval_is_seen() => Rules(With(price: p => p.Node == "heat" ? p with { Low = p.Price + new Price(1) } : p)).ShouldContain("interval");

    [Fact]
    public void A_price_taken_away_is_seen() => Rules(With(price: p => p.Node == "cold" ? p with { Price = null } : p)).ShouldContain("complementary");

    [Fact]
    public void Another_activity_is_seen() => Rules(With(activity: Good.Converters[0].WattHours - 1)).ShouldContain("balance");

    [Fact]
    public void Another_welfare_is_seen() => Rules(With(welfare: Good.Welfare.Micro + 1)).ShouldBe(["welfare"]);

    [Fact]
    public void A_market_that_did_not_trade_though_it_could_is_seen()
    {
        var idle = new ClearingResult(
            Book, Money.FromMicro(0), Good.Prices, [.. Good.Accepted.Select(_ => Energy.Zero)], [Energy.Zero], [], Good.Checks);
        Rules(idle).ShouldBe(["complementary", "duality gap"], ignoreOrder: true);
    }

    [Fact]
    public void A_chain_said_to_be_worthless_is_seen()
    {
        var book = Of(
            ["a", "m", "n", "b"], [Sell("s", "a", 100, 10_000), Buy("b", "b", 100, 90_000)],
            lines: [Line("1", "a", "m", 100), Line("2", "m", "n", 100), Line("3", "n", "b", 100)]);
        NodePrice[] prices = [new("a", new(10_000), null, null), new("m", null, null, null), new("n", null, null, null), new("b", new(90_000), null, null)];
        for (var support = 0; support <= 100_000; support += 5_000)
        {
            prices[1] = prices[1] with { Support = new Price(support) };
            prices[2] = prices[2] with { Support = new Price(100_000 - support) };
            var idle = new ClearingResult(book, Money.FromMicro(0), prices, [new(0), new(0)], [], [new(0), new(0), new(0)], Good.Checks);
            ClearingCheck.Check(book, idle).Holds.ShouldBeFalse();
        }
    }
}
