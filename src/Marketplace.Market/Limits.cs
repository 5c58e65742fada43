namespace Marketplace.Market;

/// <summary>The largest numbers a book may hold. They keep every product and sum of a clearing exact
/// in 128 bits and every amount of money of a result within 64.</summary>
public static class Limits
{
    /// <summary>Largest quantity or capacity of one order, converter or connection: a thousand terawatt-hours.</summary>
    public const long QuantityWh = 1_000_000_000_000_000;

    /// <summary>Largest absolute limit price, cost or fee: a million units of currency per kWh.</summary>
    public const long PriceMicroPerKWh = 1_000_000_000_000;

    /// <summary>Largest absolute flow of a converter: a thousand per unit.</summary>
    public const long FlowMillionths = 1_000_000_000;

    /// <summary>One, in the millionths in which flows and losses are counted.</summary>
    public const long One = 1_000_000;

    /// <summary>Most nodes of one book.</summary>
    public const int Nodes = 1_000;
}
