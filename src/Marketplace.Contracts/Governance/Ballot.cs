namespace Marketplace.Contracts.Governance;

/// <summary>What a member says to a proposal. Stored and signed as numbers: never renumber.</summary>
public enum Choice : short
{
    /// <summary>For the change.</summary>
    Yes = 1,

    /// <summary>Against it.</summary>
    No = 2,

    /// <summary>Present, but neither for nor against: counts towards the quorum only.</summary>
    Abstain = 3,
}

/// <summary>One vote. A member may vote again; the vote with the highest number counts.</summary>
/// <param name="Member">Who votes.</param>
/// <param name="Number">Counted for each member within the proposal, from 1.</param>
/// <param name="Choice">What the member says.</param>
public readonly record struct Ballot(int Member, int Number, Choice Choice);

/// <summary>A member who may vote, and how much the vote weighs.</summary>
/// <param name="Member">The member's number in the loop.</param>
/// <param name="Weight">A whole number, zero or more; fixed when the proposal was opened.</param>
public readonly record struct Voter(int Member, long Weight);

/// <summary>A part of a whole, such as two thirds. Kept as two whole numbers, so that nothing is ever rounded.</summary>
public readonly record struct Fraction
{
    /// <exception cref="ArgumentOutOfRangeException">It is below zero, above one or has no denominator.</exception>
    public Fraction(int numerator, int denominator)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(denominator, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(numerator);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(numerator, denominator);
        (Numerator, Denominator) = (numerator, denominator);
    }

    /// <summary>From 0 to the denominator.</summary>
    public int Numerator { get; }

    /// <summary>From 1.</summary>
    public int Denominator { get; }

    /// <summary>Whether a part of a whole is at least this fraction of it.</summary>
    public bool IsReachedBy(long part, long whole) => (Int128)part * Denominator >= (Int128)Numerator * whole;

    /// <summary>The smallest whole part that reaches it.</summary>
    public long LeastOf(long whole) => (long)((((Int128)Numerator * whole) + Denominator - 1) / Denominator);
}

/// <summary>When a proposal is accepted.</summary>
/// <param name="Qualified">The part of all yes and no that the yes must reach, such as two thirds; null for the simple majority: more yes than no.</param>
/// <param name="Quorum">The part of all weight that must be cast, abstentions included; zero asks for none.</param>
public sealed record VotingRule(Fraction? Qualified, Fraction Quorum);
