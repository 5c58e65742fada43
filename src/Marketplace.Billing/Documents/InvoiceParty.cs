namespace Marketplace.Billing;

/// <summary>Who gives or receives an invoice, as it stands on it.</summary>
public sealed record InvoiceParty
{
    /// <summary>The legal name.</summary>
    public required string Name { get; init; }

    /// <summary>The name in the loop's records: the member's key, or the loop's slug.</summary>
    public required string Key { get; init; }

    /// <summary>Street and number.</summary>
    public string Street { get; init; } = "";

    /// <summary>The post code.</summary>
    public string PostCode { get; init; } = "";

    /// <summary>The place.</summary>
    public string City { get; init; } = "";

    /// <summary>ISO 3166-1, two letters.</summary>
    public required string Country { get; init; }

    /// <summary>The identifier for value added tax with its country's letters, or empty.</summary>
    public string VatId { get; init; } = "";

    /// <summary>The tax office's number, or empty.</summary>
    public string TaxNumber { get; init; } = "";

    /// <summary>The number in the register of companies or cooperatives, or empty.</summary>
    public string RegisterNumber { get; init; } = "";

    /// <summary>An address for electronic mail, or empty.</summary>
    public string Email { get; init; } = "";

    /// <summary>A telephone number, or empty.</summary>
    public string Phone { get; init; } = "";

    /// <summary>Where money for this party goes.</summary>
    public Iban? Account { get; init; }

    /// <summary>The bank's identifier (ISO 9362), or empty.</summary>
    public string Bic { get; init; } = "";

    /// <summary>The account's holder, where it is not the party.</summary>
    public string AccountHolder { get; init; } = "";
}
