namespace Marketplace.Quantities;

/// <summary>What is traded on the loop. The numeric values are stored and must never change.</summary>
public enum Carrier
{
    /// <summary>Useful heat taken from the warm side.</summary>
    Heat = 1,

    /// <summary>Cooling delivered.</summary>
    Cold = 2,

    /// <summary>Electric energy.</summary>
    Electricity = 3,
}

/// <summary>The names by which carriers are known in files, commands and addresses.</summary>
public static class Carriers
{
    /// <summary>The three carriers in the order in which nodes are listed everywhere.</summary>
    public static IReadOnlyList<Carrier> All { get; } = [Carrier.Heat, Carrier.Cold, Carrier.Electricity];

    /// <summary>The lower-case name used in files: <c>heat</c>, <c>cold</c>, <c>electricity</c>.</summary>
    public static string Name(this Carrier carrier) => carrier switch
    {
        Carrier.Heat => "heat",
        Carrier.Cold => "cold",
        Carrier.Electricity => "electricity",
        _ => throw new ArgumentOutOfRangeException(nameof(carrier), carrier, "Not a carrier"),
    };

    /// <summary>Reads a carrier's file name; anything else is refused.</summary>
    public static bool TryParse(string? name, out Carrier carrier)
    {
        foreach (var candidate in All)
        {
            if (string.Equals(candidate.Name(), name, StringComparison.Ordinal))
            {
                carrier = candidate;
                return true;
            }
        }

        carrier = default;
        return false;
    }
}
