using Marketplace.Quantities;

namespace Marketplace.Contracts.CrowdSales;

/// <summary>What those who pledge get. Stored as numbers: never renumber.</summary>
public enum CampaignKind : short
{
    /// <summary>A share of the plant's revenue.</summary>
    Equity = 1,

    /// <summary>The money back with interest.</summary>
    Loan = 2,

    /// <summary>Something in return that is not money.</summary>
    Reward = 3,

    /// <summary>Nothing but thanks.</summary>
    Donation = 4,
}

/// <summary>What a campaign assumes of the years to come. Nobody promises it; it is stated so that the figure can be computed again.</summary>
/// <param name="RevenuePerYear">What the plant is expected to earn in a year.</param>
/// <param name="ShareMillionths">Equity: the part of the revenue that all pledges together get.</param>
/// <param name="InterestBasisPoints">Loan: interest a year, in hundredths of a percent.</param>
/// <param name="Years">Over which it is computed.</param>
public sealed record ReturnAssumptions(Money RevenuePerYear, int ShareMillionths, int InterestBasisPoints, int Years);

/// <summary>What a pledge is expected to bring over the years, with the arithmetic.</summary>
/// <param name="Pledged">What is paid.</param>
/// <param name="Back">What comes back in all the years together; zero for rewards and donations.</param>
/// <param name="PerYear">What comes back in one of them, on average, before the last repays a loan.</param>
/// <param name="Explanation">Formula and inputs.</param>
public sealed record ExpectedReturn(Money Pledged, Money Back, Money PerYear, Explanation Explanation)
{
    /// <summary>What comes back beyond what is paid; below zero where it is less.</summary>
    public Money Gain => Back - Pledged;

    /// <summary>Computes what a pledge is expected to bring. Each amount is rounded once, towards zero, to whole cents: an expectation is not rounded up.</summary>
    /// <param name="kind">What those who pledge get.</param>
    /// <param name="pledge">What is paid; above zero.</param>
    /// <param name="target">What all pledges together come to.</param>
    /// <param name="assumptions">Of the years to come.</param>
    public static ExpectedReturn Of(CampaignKind kind, Money pledge, Money target, ReturnAssumptions assumptions)
    {
        ArgumentNullException.ThrowIfNull(assumptions);
        ArgumentOutOfRangeException.ThrowIfLessThan(pledge, Money.FromCents(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(target, pledge);
        ArgumentOutOfRangeException.ThrowIfLessThan(assumptions.Years, 1);
        var inputs = new List<KeyValuePair<string, long>> { new("pledgeCents", pledge.Cents), new("targetCents", target.Cents), new("years", assumptions.Years) };
        long Cents(Int128 micro) => checked((long)(micro / 10_000));
        switch (kind)
        {
            case CampaignKind.Equity:
                inputs.AddRange([new("revenuePerYearCents", assumptions.RevenuePerYear.Cents), new("shareMillionths", assumptions.ShareMillionths)]);
                // Revenue × share × pledge / target, for the whole time and for one year.
                var yearly = Int128.Max(0, assumptions.RevenuePerYear.Micro) * assumptions.ShareMillionths * pledge.Cents / ((Int128)RevenueShareClause.Whole * target.Cents);
                var (all, one) = (Money.FromCents(Cents(yearly * assumptions.Years)), Money.FromCents(Cents(yearly)));
                return new ExpectedReturn(pledge, all, one, new Explanation("expected-equity", inputs));
            case CampaignKind.Loan:
                inputs.Add(new("interestBasisPoints", assumptions.InterestBasisPoints));
                // Simple interest each year, the money itself in the last.
                var interest = Money.FromCents(Cents((Int128)pledge.Micro * assumptions.InterestBasisPoints / 10_000));
                return new ExpectedReturn(pledge, pledge + Money.FromCents(checked(interest.Cents * assumptions.Years)), interest, new Explanation("expected-loan", inputs));
            case CampaignKind.Reward:
            case CampaignKind.Donation:
                return new ExpectedReturn(pledge, Money.Zero, Money.Zero, new Explanation("expected-nothing", inputs));
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a kind of campaign");
        }
    }
}

/// <summary>Shares out what a campaign sells by what was pledged.</summary>
public static class ShareOut
{
    /// <summary>The shares of the pledges in millionths of the plant's revenue; they sum exactly to what the campaign sells.</summary>
    /// <param name="shareMillionths">What all of them get together.</param>
    /// <param name="pledges">What each party pledged, in cents; each party once.</param>
    /// <returns>By party; parties whose pledge is too small for a millionth are left out.</returns>
    public static IReadOnlyList<Stake> Of(int shareMillionths, IReadOnlyDictionary<int, long> pledges)
    {
        ArgumentNullException.ThrowIfNull(pledges);
        int[] parties = [.. pledges.Keys.Order()];
        var parts = LargestRemainder.Split(shareMillionths, [.. parties.Select(party => pledges[party])]);
        return [.. parties.Select((party, i) => new Stake(party, checked((int)parts[i]))).Where(stake => stake.ShareMillionths > 0)];
    }
}
