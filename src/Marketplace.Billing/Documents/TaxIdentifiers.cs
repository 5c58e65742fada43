namespace Marketplace.Billing;

/// <summary>What a party lacks for a document to be an invoice under EN 16931.</summary>
public enum TaxIdentifierGap
{
    /// <summary>The seller has neither a VAT identifier (BT-31) nor a tax number (BT-32): BR-S-02, BR-Z-02, BR-E-02, BR-AE-02.</summary>
    Seller = 1,

    /// <summary>The buyer owes the tax and has neither a VAT identifier (BT-48) nor a number in a register (BT-47): BR-AE-02.</summary>
    Buyer = 2,
}

/// <summary>The categories in which lines stand on a document, and which identifiers of its parties they ask for.</summary>
public static class TaxIdentifiers
{
    /// <summary>Whether nothing of a document is subject to the tax: code O stands alone (BR-O-11 to 14) and names no identifier (BR-O-02). Without an
    /// identifier of the tax office a seller is not subject to the tax, rather than exempt from it.</summary>
    /// <param name="rates">How the lines are taxed.</param>
    /// <param name="sellerHasIdentifier">Whether the seller has a VAT identifier or a tax number.</param>
    public static bool IsOutsideTax(IEnumerable<VatRate> rates, bool sellerHasIdentifier)
    {
        ArgumentNullException.ThrowIfNull(rates);
        var (all, scope) = (true, true);
        foreach (var rate in rates)
        {
            all &= rate.Category is VatCategory.OutsideScope or VatCategory.Exempt;
            scope &= rate.Category == VatCategory.OutsideScope;
        }

        return all && (!sellerHasIdentifier || scope);
    }

    /// <summary>What is missing; empty where the document can be an invoice.</summary>
    /// <param name="rates">How the lines are taxed.</param>
    /// <param name="sellerHasIdentifier">Whether the seller has a VAT identifier or a tax number.</param>
    /// <param name="buyerHasIdentifier">Whether the buyer has a VAT identifier or a number in a register.</param>
    public static IReadOnlyList<TaxIdentifierGap> Missing(IReadOnlyCollection<VatRate> rates, bool sellerHasIdentifier, bool buyerHasIdentifier)
    {
        ArgumentNullException.ThrowIfNull(rates);
        if (IsOutsideTax(rates, sellerHasIdentifier))
        {
            return [];
        }

        var gaps = new List<TaxIdentifierGap>();
        if (!sellerHasIdentifier)
        {
            gaps.Add(TaxIdentifierGap.Seller);
        }

        if (!buyerHasIdentifier && rates.Any(rate => rate.Category == VatCategory.ReverseCharge))
        {
            gaps.Add(TaxIdentifierGap.Buyer);
        }

        return gaps;
    }
}
