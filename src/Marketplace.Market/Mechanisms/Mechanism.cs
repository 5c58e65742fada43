namespace Marketplace.Market;

/// <summary>How the orders of one node are brought together. The numeric values are stored and must never change.
/// The rules stand in docs/mechanisms.md.</summary>
public enum Mechanism
{
    /// <summary>One auction with the other coupled nodes, through converters and connections.</summary>
    Coupled = 1,

    /// <summary>One price for the node alone, by the same rules.</summary>
    Uniform = 2,

    /// <summary>Orders of the community first among themselves, what is left of them with the outside.</summary>
    CommunityFirst = 3,

    /// <summary>Each order as it comes with the best that rest, at the limit of the one that rests.</summary>
    PayAsBid = 4,

    /// <summary>Offers fall in rounds from a ceiling to their limits and expire; the standing offer comes last.</summary>
    FallingOffers = 5,
}

/// <summary>Whether an order comes from the community or from outside. The numeric values are stored and must never change.</summary>
public enum Origin
{
    /// <summary>From a member of the community.</summary>
    Inside = 1,

    /// <summary>From the grid, another loop or a trader.</summary>
    Outside = 2,
}

/// <summary>The names by which mechanisms are known in files, commands and addresses.</summary>
public static class MechanismNames
{
    /// <summary>All mechanisms by their numbers.</summary>
    public static IReadOnlyList<Mechanism> All { get; } =
        [Mechanism.Coupled, Mechanism.Uniform, Mechanism.CommunityFirst, Mechanism.PayAsBid, Mechanism.FallingOffers];

    /// <summary>The name used in files, such as <c>payAsBid</c>.</summary>
    public static string Name(this Mechanism mechanism) => mechanism switch
    {
        Mechanism.Coupled => "coupled",
        Mechanism.Uniform => "uniform",
        Mechanism.CommunityFirst => "communityFirst",
        Mechanism.PayAsBid => "payAsBid",
        Mechanism.FallingOffers => "fallingOffers",
        _ => throw new ArgumentOutOfRangeException(nameof(mechanism), mechanism, "Not a mechanism"),
    };

    /// <summary>Reads a mechanism's file name; anything else is refused.</summary>
    public static bool TryParse(string? name, out Mechanism mechanism)
    {
        foreach (var candidate in All)
        {
            if (string.Equals(candidate.Name(), name, StringComparison.Ordinal))
            {
                mechanism = candidate;
                return true;
            }
        }

        mechanism = default;
        return false;
    }

    /// <summary>Whether prices differ by trade, so that a result lists its trades.</summary>
    public static bool HasTrades(this Mechanism mechanism) =>
        mechanism is Mechanism.CommunityFirst or Mechanism.PayAsBid or Mechanism.FallingOffers;
}
