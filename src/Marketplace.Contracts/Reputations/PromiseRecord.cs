using Marketplace.Quantities;

namespace Marketplace.Contracts.Reputations;

/// <summary>What a party promised in contracts and what became of it: one promise for each period of each clause that is the price of a broken one.</summary>
/// <param name="Promises">Periods that were evaluated.</param>
/// <param name="Kept">Those in which the clause came to nothing.</param>
/// <param name="Paid">What the party paid for the others.</param>
public sealed record PromiseRecord(long Promises, long Kept, Money Paid)
{
    /// <summary>Fewer promises than this are too few to judge by.</summary>
    public const int LeastPromises = 3;

    /// <summary>Nothing promised.</summary>
    public static PromiseRecord None { get; } = new(0, 0, Money.Zero);

    /// <summary>Those that were not kept.</summary>
    public long Broken => Promises - Kept;

    /// <summary>Kept of all, in ten-thousandths, rounded down; null where nothing was promised.</summary>
    public int? KeptPart => Promises == 0 ? null : (int)((Int128)Kept * Reputation.Whole / Promises);

    /// <summary>Whether there is enough to judge by.</summary>
    public bool IsKnown => Promises >= LeastPromises;

    /// <summary>Both records together.</summary>
    public static PromiseRecord operator +(PromiseRecord a, PromiseRecord b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        return checked(new PromiseRecord(a.Promises + b.Promises, a.Kept + b.Kept, a.Paid + b.Paid));
    }

    /// <summary>The same as <c>a + b</c>.</summary>
    public static PromiseRecord Add(PromiseRecord a, PromiseRecord b) => a + b;
}
