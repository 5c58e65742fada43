using Marketplace.Quantities;
using Shouldly;
using Xunit;

namespace Marketplace.Contracts.Tests;

public sealed class RevenueShareTests
{
    [Fact]
    public void ThreeThirdsOfATenner_SumExactly_AndTheCentLeftGoesToTheLargestRemainder()
    {
        // 1000 ct × 333,333 / 1,000,000 = 333.333 each; the owner keeps 333.334 → 334.
        var parts = RevenueShareClause.Evaluate(Money.FromCents(1000), owner: 1, [new Stake(5, 333_333), new Stake(6, 333_333)]);

        parts.Select(part => (part.Party, part.Amount.Cents)).ShouldBe([(5, 333L), (6, 333L)]);
    }

    [Fact]
    public void EqualRemainders_GoToTheEarlierParty()
    {
        // 101 ct in halves: 50.5 and 50.5; the holder stands before the owner.
        RevenueShareClause.Evaluate(Money.FromCents(101), owner: 1, [new Stake(2, 500_000)])
            .Single().Amount.ShouldBe(Money.FromCents(51));
    }

    [Fact]
    public void RevenueIsRoundedOnce_ToWholeCents()
    {
        // 1.005 € is 101 ct (away from zero); a full share takes all of it.
        var result = RevenueShareClause.Evaluate(Money.FromMicro(1_005_000), owner: 1, [new Stake(2, 1_000_000)]).Single();

        result.Amount.ShouldBe(Money.FromCents(101));
        result.Explanation.Inputs.ShouldContain(new KeyValuePair<string, long>("revenueMicro", 1_005_000));
        result.Explanation.Inputs.ShouldContain(new KeyValuePair<string, long>("revenueCents", 101));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5_000_000)]
    [InlineData(4_999)]
    public void WithoutRevenue_NothingIsShared(long micro) =>
        RevenueShareClause.Evaluate(Money.FromMicro(micro), owner: 1, [new Stake(2, 400_000)]).ShouldBeEmpty();

    [Fact]
    public void TheOwnersOwnStake_IsPartOfWhatTheOwnerKeeps() =>
        RevenueShareClause.Evaluate(Money.FromCents(1000), owner: 1, [new Stake(1, 500_000), new Stake(2, 250_000)])
            .ShouldHaveSingleItem().Amount.ShouldBe(Money.FromCents(250));

    [Fact]
    public void SharesBeyondTheWhole_AreRefused()
    {
        Should.Throw<ArgumentException>(() => RevenueShareClause.Evaluate(Money.FromCents(1), 1, [new Stake(2, 600_000), new Stake(3, 500_000)]));
        Should.Throw<ArgumentException>(() => RevenueShareClause.Evaluate(Money.FromCents(1), 1, [new Stake(2, 100_000), new Stake(2, 100_000)]));
        Should.Throw<ArgumentException>(() => RevenueShareClause.Evaluate(Money.FromCents(1), 1, [new Stake(2, 0)]));
    }
}
