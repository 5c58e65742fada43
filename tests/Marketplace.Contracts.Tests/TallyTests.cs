using Marketplace.Contracts.Governance;
using Shouldly;
using Xunit;

namespace Marketplace.Contracts.Tests;

public sealed class TallyTests
{
    private static readonly VotingRule Simple = new(null, new Fraction(1, 2));
    private static readonly VotingRule TwoThirds = new(new Fraction(2, 3), new Fraction(1, 2));

    private static Voter[] Members(int count) => [.. Enumerable.Range(1, count).Select(member => new Voter(member, 1))];

    private static Ballot[] Votes(int yes, int no, int abstain = 0) =>
        [.. Enumerable.Range(1, yes + no + abstain).Select(member => new Ballot(member, 1, member <= yes ? Choice.Yes : member <= yes + no ? Choice.No : Choice.Abstain))];

    [Theory]
    [InlineData(10, 3, 2, 0, Outcome.Accepted)]
    [InlineData(10, 3, 3, 0, Outcome.Rejected)]
    [InlineData(10, 2, 2, 1, Outcome.Rejected)]
    [InlineData(10, 3, 1, 0, Outcome.NoQuorum)]
    [InlineData(10, 1, 0, 4, Outcome.Accepted)]
    [InlineData(10, 0, 0, 5, Outcome.Rejected)]
    [InlineData(11, 5, 0, 0, Outcome.NoQuorum)]
    [InlineData(11, 6, 0, 0, Outcome.Accepted)]
    [InlineData(0, 0, 0, 0, Outcome.Rejected)]
    public void A_simple_majority_is_more_yes_than_no_of_enough_votes(int members, int yes, int no, int abstain, Outcome outcome)
    {
        var count = Tally.Of(Simple, Members(members), Votes(yes, no, abstain));

        count.Outcome.ShouldBe(outcome);
        count.QuorumAt.ShouldBe((members + 1) / 2);
        (count.Yes, count.No, count.Abstained, count.Voted).ShouldBe((yes, no, abstain, yes + no + abstain));
    }

    [Theory]
    [InlineData(4, 2, Outcome.Accepted)]
    [InlineData(2, 1, Outcome.NoQuorum)]
    [InlineData(5, 3, Outcome.Rejected)]
    [InlineData(6, 3, Outcome.Accepted)]
    [InlineData(7, 4, Outcome.Rejected)]
    public void Two_thirds_are_exact(int yes, int no, Outcome outcome) => Tally.Of(TwoThirds, Members(12), Votes(yes, no)).Outcome.ShouldBe(outcome);

    [Fact]
    public void A_qualified_majority_of_huge_weights_is_not_off_by_one()
    {
        const long Third = 1_000_000_000_000_000_000;
        var rule = TwoThirds with { Quorum = new Fraction(0, 1) };
        Ballot[] votes = [new(1, 1, Choice.Yes), new(2, 1, Choice.No)];

        Tally.Of(rule, [new(1, 2 * Third), new(2, Third)], votes).Outcome.ShouldBe(Outcome.Accepted);
        var missed = Tally.Of(rule, [new(1, (2 * Third) - 1), new(2, Third)], votes);
        (missed.Outcome, missed.MajorityAt).ShouldBe((Outcome.Rejected, 2 * Third));
    }

    [Fact]
    public void The_last_vote_counts_in_whatever_order_they_come_and_votes_of_others_count_nothing()
    {
        Ballot[] votes = [new(1, 2, Choice.No), new(1, 1, Choice.Yes), new(2, 1, Choice.Yes), new(1, 3, Choice.Yes), new(9, 1, Choice.No)];
        foreach (var order in new[] { votes, [.. votes.Reverse()] })
        {
            var count = Tally.Of(Simple, Members(2), order);

            (count.Yes, count.No, count.Voted, count.Outcome).ShouldBe((2, 0, 2, Outcome.Accepted));
        }

        Should.Throw<ArgumentException>(() => Tally.Of(Simple, Members(2), [new(1, 1, Choice.Yes), new(1, 1, Choice.No)]));
        Should.Throw<ArgumentException>(() => Tally.Of(Simple, [new(1, 1), new(1, 1)], []));
        Should.Throw<ArgumentException>(() => Tally.Of(Simple, Members(1), [new(1, 1, (Choice)4)]));
    }

    [Fact]
    public void Weights_by_share_or_energy_sum_exactly_and_follow_what_is_held()
    {
        for (var seed = 1; seed <= 200; seed++)
        {
            var random = new Random(seed);
            var held = Enumerable.Range(1, random.Next(1, 40)).ToDictionary(member => member, _ => (long)random.Next(3) * random.Next(1_000_000));
            var weights = VoteWeights.Of(WeightRule.Energy, held);

            weights.Select(voter => voter.Member).ShouldBe(held.Keys.Order());
            if (held.Values.All(amount => amount == 0))
            {
                weights.ShouldAllBe(voter => voter.Weight == 1);
                continue;
            }

            weights.Sum(voter => voter.Weight).ShouldBe(VoteWeights.Points, $"seed {seed}");
            var whole = held.Values.Sum();
            foreach (var voter in weights)
            {
                Math.Abs((voter.Weight * (decimal)whole) - (VoteWeights.Points * (decimal)held[voter.Member])).ShouldBeLessThan(whole, $"seed {seed}: less than a point off");
            }
        }

        VoteWeights.Of(WeightRule.Share, new Dictionary<int, long> { [1] = 1, [2] = 1, [3] = 1 }).Select(voter => voter.Weight).ShouldBe([3334, 3333, 3333]);
        VoteWeights.Of(WeightRule.Member, new Dictionary<int, long> { [1] = 5, [2] = 0 }).Select(voter => voter.Weight).ShouldBe([1, 1]);
    }

    [Fact]
    public void A_fraction_is_between_nothing_and_the_whole()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => new Fraction(3, 2));
        Should.Throw<ArgumentOutOfRangeException>(() => new Fraction(1, 0));
        Should.Throw<ArgumentOutOfRangeException>(() => new Fraction(-1, 2));
        new Fraction(2, 3).LeastOf(10).ShouldBe(7);
        new Fraction(2, 3).IsReachedBy(7, 10).ShouldBeTrue();
        new Fraction(2, 3).IsReachedBy(6, 10).ShouldBeFalse();
    }
}
