namespace Marketplace.Contracts.Governance;

/// <summary>How a vote ended or, before its deadline, would end.</summary>
public enum Outcome : short
{
    /// <summary>Quorum and majority were reached.</summary>
    Accepted = 1,

    /// <summary>The quorum was reached, the majority was not: a tie rejects.</summary>
    Rejected = 2,

    /// <summary>Too little weight was cast.</summary>
    NoQuorum = 3,
}

/// <summary>The count of a vote, with everything it follows from.</summary>
/// <param name="Yes">Weight for it.</param>
/// <param name="No">Weight against it.</param>
/// <param name="Abstained">Weight that abstained.</param>
/// <param name="Weight">Of all who may vote.</param>
/// <param name="Voters">How many may vote.</param>
/// <param name="Voted">How many did.</param>
/// <param name="QuorumAt">The least weight that reaches the quorum.</param>
/// <param name="MajorityAt">The least yes that reaches the majority at what was cast.</param>
/// <param name="Outcome">What follows.</param>
public sealed record Count(long Yes, long No, long Abstained, long Weight, int Voters, int Voted, long QuorumAt, long MajorityAt, Outcome Outcome)
{
    /// <summary>The weight that was cast.</summary>
    public long Cast => Yes + No + Abstained;

    /// <summary>Whether enough was cast.</summary>
    public bool QuorumMet => Cast >= QuorumAt;
}

/// <summary>Counts votes: the same votes give the same count whoever counts, in whatever order.</summary>
public static class Tally
{
    /// <summary>Counts the last vote of each member who may vote. Votes of others count nothing.</summary>
    /// <param name="rule">When the proposal is accepted.</param>
    /// <param name="voters">Who may vote; each member once.</param>
    /// <param name="ballots">All votes that were cast in time, those that were changed later included, in any order.</param>
    /// <exception cref="ArgumentException">A member may vote twice, a weight is below zero, or two votes of a member have one number.</exception>
    public static Count Of(VotingRule rule, IReadOnlyCollection<Voter> voters, IEnumerable<Ballot> ballots)
    {
        ArgumentNullException.ThrowIfNull(rule);
        ArgumentNullException.ThrowIfNull(voters);
        ArgumentNullException.ThrowIfNull(ballots);
        var weights = new Dictionary<int, long>(voters.Count);
        foreach (var voter in voters)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(voter.Weight, nameof(voters));
            if (!weights.TryAdd(voter.Member, voter.Weight))
            {
                throw new ArgumentException($"Member {voter.Member} stands among the voters twice", nameof(voters));
            }
        }

        var last = new Dictionary<int, Ballot>();
        foreach (var ballot in ballots.Where(ballot => weights.ContainsKey(ballot.Member)))
        {
            if (!Enum.IsDefined(ballot.Choice))
            {
                throw new ArgumentException($"{ballot.Choice} is no choice", nameof(ballots));
            }

            if (last.TryGetValue(ballot.Member, out var other) && other.Number == ballot.Number)
            {
                throw new ArgumentException($"Two votes of member {ballot.Member} have the number {ballot.Number}", nameof(ballots));
            }

            if (!last.ContainsKey(ballot.Member) || ballot.Number > other.Number)
            {
                last[ballot.Member] = ballot;
            }
        }

        long Sum(Choice choice) => last.Values.Where(ballot => ballot.Choice == choice).Aggregate(0L, (sum, ballot) => checked(sum + weights[ballot.Member]));
        var (yes, no, abstained) = (Sum(Choice.Yes), Sum(Choice.No), Sum(Choice.Abstain));
        var whole = weights.Values.Aggregate(0L, (sum, weight) => checked(sum + weight));
        var quorumAt = rule.Quorum.LeastOf(whole);
        // Nobody's yes changes nothing: even a majority of none needs somebody.
        var majorityAt = Math.Max(1, rule.Qualified?.LeastOf(yes + no) ?? ((yes + no) / 2) + 1);
        return new Count(
            yes, no, abstained, whole, weights.Count, last.Count, quorumAt, majorityAt,
            yes + no + abstained < quorumAt ? Outcome.NoQuorum : yes >= majorityAt ? Outcome.Accepted : Outcome.Rejected);
    }
}
