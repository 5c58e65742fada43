namespace Marketplace.Billing;

/// <summary>What a document does. The numeric values are stored and must never change.</summary>
public enum DocumentKind
{
    /// <summary>A bill or statement (type 380; self-billed 389).</summary>
    Invoice = 1,

    /// <summary>Takes a bill or statement back, with the same amounts (type 381; self-billed 261).</summary>
    CreditNote = 2,
}

/// <summary>Names of kinds in records.</summary>
public static class DocumentKinds
{
    /// <summary>The lower-case name used in records.</summary>
    public static string Name(this DocumentKind kind) => kind switch
    {
        DocumentKind.Invoice => "invoice",
        DocumentKind.CreditNote => "credit-note",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a kind of document"),
    };

    /// <summary>1 where a document's amounts are owed, −1 where they are given back.</summary>
    public static int Sign(this DocumentKind kind) => kind == DocumentKind.CreditNote ? -1 : 1;
}
