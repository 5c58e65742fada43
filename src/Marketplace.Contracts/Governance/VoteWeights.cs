using Marketplace.Quantities;

namespace Marketplace.Contracts.Governance;

/// <summary>What a vote weighs. Stored as numbers: never renumber.</summary>
public enum WeightRule : short
{
    /// <summary>One member, one vote.</summary>
    Member = 1,

    /// <summary>By the shares that members hold in the loop's plants.</summary>
    Share = 2,

    /// <summary>By the energy that members took and gave.</summary>
    Energy = 3,
}

/// <summary>Turns what members hold into weights that add up.</summary>
public static class VoteWeights
{
    /// <summary>What all weights by share or energy sum to: a weight of 250 is 2.5 percent.</summary>
    public const int Points = 10_000;

    /// <summary>The weights of the voters. By share or energy the points are split by largest remainder, equal remainders to the smaller number,
    /// so that they sum exactly to <see cref="Points"/>; where nobody holds anything, every member has one vote.</summary>
    /// <param name="rule">Which measure.</param>
    /// <param name="holdings">What each voter holds: millionths of shares, or Wh; zero or more.</param>
    /// <returns>The voters by number.</returns>
    public static IReadOnlyList<Voter> Of(WeightRule rule, IReadOnlyDictionary<int, long> holdings)
    {
        ArgumentNullException.ThrowIfNull(holdings);
        int[] members = [.. holdings.Keys.Order()];
        long[] held = [.. members.Select(member => holdings[member])];
        if (rule == WeightRule.Member || held.All(amount => amount == 0))
        {
            return [.. members.Select(member => new Voter(member, 1))];
        }

        var points = LargestRemainder.Split(Points, held);
        return [.. members.Select((member, i) => new Voter(member, points[i]))];
    }
}
