using Marketplace.Quantities;

namespace Marketplace.Contracts;

/// <summary>A party's claim on the revenue of a plant.</summary>
/// <param name="Party">The member who holds it.</param>
/// <param name="ShareMillionths">The part of the revenue, in millionths: 250,000 is a quarter.</param>
public sealed record Stake(int Party, int ShareMillionths);

/// <summary>What a clause found for one party, and from what: the same for payer and payee.</summary>
/// <param name="Party">Who receives.</param>
/// <param name="Amount">What the clause gives, in whole cents.</param>
/// <param name="Explanation">How it came about.</param>
public sealed record ClauseResult(int Party, Money Amount, Explanation Explanation);

/// <summary>The formula of an amount and what went into it. The formula is a name; pages hold the words for it.</summary>
/// <param name="Formula">The formula's name, such as <c>revenue-share</c>.</param>
/// <param name="Inputs">Named whole numbers; the unit ends the name.</param>
public sealed record Explanation(string Formula, IReadOnlyList<KeyValuePair<string, long>> Inputs);

/// <summary>The clause by which an investor takes part in what a plant earns: revenue × share, only when there is revenue.</summary>
public static class RevenueShareClause
{
    /// <summary>The whole of a plant's revenue in millionths.</summary>
    public const int Whole = 1_000_000;

    /// <summary>The name of this clause's formula.</summary>
    public const string Formula = "revenue-share";

    /// <summary>Splits the revenue of a period, rounded once to whole cents, among the holders and the owner, who keeps what
    /// is not given away. The parts sum exactly: cents left over go to the largest remainders, the owner last among equals.
    /// Nothing is shared when the plant earned nothing; losses stay with the owner.</summary>
    /// <param name="revenue">What the plant earned in the period, after what it bought; may be negative.</param>
    /// <param name="owner">The owner; a stake of the owner's own is part of what the owner keeps.</param>
    /// <param name="stakes">The holders; at most one stake a party.</param>
    /// <returns>One result for each holder who receives at least a cent, by party.</returns>
    /// <exception cref="ArgumentException">A share is not positive, the shares exceed the whole, or a party appears twice.</exception>
    public static IReadOnlyList<ClauseResult> Evaluate(Money revenue, int owner, IReadOnlyList<Stake> stakes)
    {
        ArgumentNullException.ThrowIfNull(stakes);
        if (stakes.Any(stake => stake.ShareMillionths <= 0))
        {
            throw new ArgumentException("A share of a plant's revenue is above zero", nameof(stakes));
        }

        if (stakes.Sum(stake => (long)stake.ShareMillionths) > Whole)
        {
            throw new ArgumentException("The shares of a plant's revenue exceed the whole", nameof(stakes));
        }

        if (stakes.DistinctBy(stake => stake.Party).Count() != stakes.Count)
        {
            throw new ArgumentException("A party holds at most one stake in a plant", nameof(stakes));
        }

        var holders = stakes.Where(stake => stake.Party != owner).OrderBy(stake => stake.Party).ToArray();
        var cents = revenue.Cents;
        if (cents <= 0 || holders.Length == 0)
        {
            return [];
        }

        long[] weights = [.. holders.Select(holder => (long)holder.ShareMillionths), Whole - holders.Sum(holder => (long)holder.ShareMillionths)];
        var parts = LargestRemainder.Split(cents, weights);
        return
        [
            .. holders.Select((holder, i) => new ClauseResult(holder.Party, Money.FromCents(parts[i]), new Explanation(Formula,
                [
                    new("revenueMicro", revenue.Micro),
                    new("revenueCents", cents),
                    new("shareMillionths", holder.ShareMillionths),
                    new("resultCents", parts[i]),
                ])))
                .Where(result => result.Amount > Money.Zero),
        ];
    }
}
