using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>What the difference between metered and traded energy costs. Who is short pays at least what the loop paid
/// for imports, who is long gets at most what surplus earns: nobody gains by trading less than they need.</summary>
public static class Imbalance
{
    /// <summary>The price of a shortfall (metered above traded): the higher of the auction's price and the import price.</summary>
    /// <param name="auction">The auction's price, or null where there is none.</param>
    /// <param name="import">What the loop pays for a kWh from outside.</param>
    public static Price OfShortfall(Price? auction, Price import) => auction is { } price ? Price.Max(price, import) : import;

    /// <summary>The price of a surplus (metered below traded): the lower of the auction's price and the feed-in price.</summary>
    /// <param name="auction">The auction's price, or null where there is none.</param>
    /// <param name="import">What the loop pays for a kWh from outside.</param>
    /// <param name="feedIn">What surplus earns at most; never more than <paramref name="import"/>, else negative hours would print money.</param>
    public static Price OfSurplus(Price? auction, Price import, Price feedIn)
    {
        var earned = Price.Min(feedIn, import);
        return auction is { } price ? Price.Min(price, earned) : earned;
    }
}
