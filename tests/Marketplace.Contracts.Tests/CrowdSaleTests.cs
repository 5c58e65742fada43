using Marketplace.Contracts.CrowdSales;
using Marketplace.Quantities;
using Shouldly;
using Xunit;

namespace Marketplace.Contracts.Tests;

public sealed class CrowdSaleTests
{
    private static readonly Money Target = Money.FromCents(1_000_000);

    [Fact]
    public void An_expected_return_is_computed_by_hand_for_each_kind()
    {
        var assumed = new ReturnAssumptions(Money.FromCents(300_000), 400_000, 350, 10);
        var pledge = Money.FromCents(50_000);

        // 3,000 a year × 40 % × 500 / 10,000 = 60 a year.
        var equity = ExpectedReturn.Of(CampaignKind.Equity, pledge, Target, assumed);
        (equity.PerYear.Cents, equity.Back.Cents, equity.Gain.Cents).ShouldBe((6_000, 60_000, 10_000));
        // 500 × 3.5 % = 17.50 a year, and 500 back.
        var loan = ExpectedReturn.Of(CampaignKind.Loan, pledge, Target, assumed);
        (loan.PerYear.Cents, loan.Back.Cents).ShouldBe((1_750, 67_500));
        ExpectedReturn.Of(CampaignKind.Donation, pledge, Target, assumed).Back.ShouldBe(Money.Zero);
        ExpectedReturn.Of(CampaignKind.Equity, pledge, Target, assumed with { RevenuePerYear = Money.FromCents(-5) }).Back.ShouldBe(Money.Zero);
    }

    [Fact]
    public void Shares_sum_exactly_to_what_is_sold()
    {
        for (var seed = 1; seed <= 200; seed++)
        {
            var random = new Random(seed);
            var pledges = Enumerable.Range(1, random.Next(1, 50)).ToDictionary(party => party, _ => (long)random.Next(1, 500_000));
            var sold = random.Next(1_000, 1_000_000);

            ShareOut.Of(sold, pledges).Sum(stake => (long)stake.ShareMillionths).ShouldBe(sold, $"seed {seed}");
        }
    }
}
