using Marketplace.Native.Clp;
using Shouldly;
using Xunit;

namespace Marketplace.Market.Tests;

/// <summary>The auction against its naive twin on seeded random markets; a failure names its seed.</summary>
public sealed class TwinTests
{
    private static readonly ClpLinearProgram Solver = new();

    [Theory]
    [InlineData(0, 150)]
    [InlineData(1_000, 150)]
    [InlineData(2_000, 150)]
    public void Random_markets_have_the_welfare_and_prices_of_the_full_program(int firstSeed, int count)
    {
        for (var seed = firstSeed; seed < firstSeed + count; seed++)
        {
            Compare(new RandomMarket(seed).Next(), seed);
        }
    }

    [Fact]
    public void Hours_like_those_of_a_real_loop_clear_within_the_bound()
    {
        for (var seed = 0; seed < 400; seed++)
        {
            Compare(new ProductionMarket(seed).Next(), seed);
        }
    }

    [Fact]
    public void Chains_of_converters_through_nodes_without_orders_stay_within_the_stated_bound()
    {
        for (var seed = 0; seed < 120; seed++)
        {
            Compare(new RandomMarket(seed).NextChain(), seed);
        }
    }

    [Fact]
    public void Two_coarse_flows_in_series_stay_within_the_wider_bound() => Compare(new RandomMarket(10_904).NextChain(), 10_904);

    [Fact]
    public void Books_with_more_limits_than_one_window_holds_clear_the_same()
    {
        for (var seed = 0; seed < 12; seed++)
        {
            Compare(new RandomMarket(seed).Next(orders: 3_000), seed);
        }
    }

    private static void Compare(OrderBook book, int seed)
    {
        var result = CoupledAuction.Clear(book, Solver);
        var report = ClearingCheck.Check(book, result);
        report.Findings.ShouldBeEmpty($"seed {seed}: {string.Join("; ", report.Findings)}");

        var problem = FullProgram.Of(book);
        if (problem.Columns == 0)
        {
            return;
        }

        var twin = Solver.Solve(problem);
        twin.Optimal.ShouldBeTrue();
        var slack = 1 + (1e-9 * Math.Abs(twin.Objective / 1000)) + result.Checks.DualityGapBound.Micro;
        ((double)result.Welfare.Micro).ShouldBe(twin.Objective / 1000, slack, $"seed {seed}: welfare");
        for (var n = 0; n < book.Nodes.Count; n++)
        {
            var price = result.Prices[n];
            if (price.Price is not null && price.Low == price.High)
            {
                twin.RowPrices[n].ShouldBe(price.Price.Value.MicroPerKWh, 0.51 + 1e-6 * Math.Abs(twin.RowPrices[n]), $"seed {seed}: price of {price.Node}");
            }
        }
    }
}
