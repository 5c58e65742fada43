namespace Marketplace.Billing;

/// <summary>Whose side a document shows. The numeric values are stored and must never change.</summary>
public enum DocumentRole
{
    /// <summary>A bill for energy taken.</summary>
    Consumer = 2,

    /// <summary>A statement of energy given, and of what converters took for it.</summary>
    Producer = 3,

    /// <summary>A statement of a store's charging and discharging.</summary>
    Storage = 5,

    /// <summary>A statement of shares in the revenue of plants.</summary>
    Investor = 6,
}

/// <summary>Names of roles in records and addresses.</summary>
public static class DocumentRoles
{
    /// <summary>The roles in the order in which a member's documents are numbered.</summary>
    public static IReadOnlyList<DocumentRole> All { get; } = [DocumentRole.Consumer, DocumentRole.Producer, DocumentRole.Storage, DocumentRole.Investor];

    /// <summary>The lower-case name used in records.</summary>
    public static string Name(this DocumentRole role) => role switch
    {
        DocumentRole.Consumer => "consumer",
        DocumentRole.Producer => "producer",
        DocumentRole.Storage => "storage",
        DocumentRole.Investor => "investor",
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "Not a document's role"),
    };
}
