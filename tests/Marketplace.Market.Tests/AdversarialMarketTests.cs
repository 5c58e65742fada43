using System.Globalization;
using Shouldly;
using Xunit;
using static Marketplace.Market.Tests.Books;

namespace Marketplace.Market.Tests;

/// <summary>Markets made to break a clearing, and random markets and chains. ADVERSARIAL_MARKETS says how many of each kind are tried;
/// a failure names its seed.</summary>
public sealed class AdversarialMarketTests
{
    private static int Count => int.Parse(Environment.GetEnvironmentVariable("ADVERSARIAL_MARKETS") ?? "600", CultureInfo.InvariantCulture);

    /// <summary>Twins compare such markets too, so that few are enough here by default.</summary>
    private static int Others => Count == 600 ? 100 : Count;

    [Fact]
    public void Every_market_clears_to_a_checked_result_with_the_welfare_of_the_full_program()
    {
        AllHold(Count, seed => new AdversarialMarket(seed).Next());
    }

    [Fact]
    public void Every_random_market_clears_the_same_way() => AllHold(Others, seed => new RandomMarket(seed).Next());

    [Fact]
    public void Every_chain_clears_the_same_way() => AllHold(Others, seed => new RandomMarket(seed).NextChain());

    [Fact]
    public void A_plant_that_runs_one_watt_hour_at_a_loss_within_the_rounding_of_prices_is_no_error() => HoldsAndMatches(new AdversarialMarket(1_547).Next(), 1_547);

    [Theory]
    [InlineData(925)]
    [InlineData(1_537)]
    [InlineData(6_925)]
    [InlineData(8_368)]
    [InlineData(100_205)]
    [InlineData(138_078)]
    public void Rings_through_nodes_without_orders_clear(int seed) => HoldsAndMatches(new RandomMarket(seed).Next(), seed);

    [Theory]
    [InlineData(21_242)]
    [InlineData(25_275)]
    [InlineData(41_319)]
    [InlineData(90_644)]
    public void What_does_not_hang_together_does_not_disturb_each_other(int seed) => HoldsAndMatches(new AdversarialMarket(seed).Next(), seed);

    [Fact]
    public void A_remainder_at_a_node_of_two_pumps_is_passed_on_in_whole_watt_hours()
    {
        // u0 brings ⌊3.5 x⌋ to the middle, u1 takes ⌈2.5 y⌉ from it: 7 + 7 of the first for 5 + … only every few steps fit.
        var book = Of(
            ["a", "middle", "b"], [Sell("s", "a", 1_000, 10), Buy("b", "b", 1_111, 900)],
            [Plant("u0", 5_000, 0, ("a", -1_000_000), ("middle", 3_500_000)), Plant("u1", 5_000, 0, ("middle", -2_500_000), ("b", 1_000_000))]);
        var result = Clear(book);
        ClearingCheck.Check(book, result).Findings.ShouldBeEmpty();
        var (given, taken) = (result.Converters[0].WattHours * 7 / 2, ((result.Converters[1].WattHours * 5) + 1) / 2);
        given.ShouldBe(taken);
        result.Accepted[1].WattHours.ShouldBeInRange(1_100, 1_111);
    }

    /// <summary>Goes on after a failure, so that one run tells how many there are.</summary>
    private static void AllHold(int count, Func<int, OrderBook> market)
    {
        var failures = new List<string>();
        for (var seed = 0; seed < count; seed++)
        {
            try
            {
                HoldsAndMatches(market(seed), seed);
            }
            catch (ShouldAssertException e)
            {
                failures.Add(e.Message);
            }
        }

        failures.ShouldBeEmpty();
    }

    private static void HoldsAndMatches(OrderBook book, int seed)
    {
        ClearingResult result;
        try
        {
            result = Clear(book);
        }
        catch (OrderBookException e) when (e.Message.Contains("overflows", StringComparison.Ordinal))
        {
            return; // A price beyond 10¹⁵ millionths is refused by name.
        }

        var report = ClearingCheck.Check(book, result);
        report.Findings.ShouldBeEmpty($"seed {seed}: {string.Join("; ", report.Findings)}");
        var problem = FullProgram.Of(book);
        if (problem.Columns == 0 || Solver.Solve(problem) is not { Optimal: true } twin)
        {
            return;
        }

        // The twin may leave 10⁻⁷ Wh unbalanced at each node, at whatever price stands there.
        var tolerance = 1e-7 * result.Prices.Sum(p => Math.Abs((double)((p.Price ?? p.Support)?.MicroPerKWh ?? 0))) / 1000;
        var slack = 1 + tolerance + (1e-9 * Math.Abs(twin.Objective / 1000)) + result.Checks.DualityGapBound.Micro;
        ((double)result.Welfare.Micro).ShouldBe(twin.Objective / 1000, slack, $"seed {seed}: welfare");
    }
}
