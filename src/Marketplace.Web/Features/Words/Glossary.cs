namespace Marketplace.Web.Features.Words;

/// <summary>The field's words that pages use. The word of a key is <c>Word.{Key}</c> in Texts.resx, its explanation <c>Word.{Key}.Text</c>; its anchor is the key.</summary>
public static class Glossary
{
    /// <summary>What the words are about, as the glossary is divided; the name of a part is <c>Part.{Key}</c>.</summary>
    public static IReadOnlyList<(string Part, IReadOnlyList<string> Keys)> Parts { get; } =
    [
        ("Loop", ["loop", "carrier", "substation", "plant", "converter", "store", "state-of-charge", "zone", "connection", "outside-grid"]),
        ("Market", ["order", "limit", "standing-order", "default-terms", "gate", "book", "auction", "merit-order", "market-price", "deal", "preference", "guarantee", "quota", "curtailed"]),
        ("Metering", ["meter", "reading", "estimated", "substituted", "forecast", "device", "alarm"]),
        ("Money", ["bill", "statement", "credit-note", "standing-charge", "network-fee", "import-price", "feed-in-price", "tariff", "settlement", "imbalance", "deposit", "credit-limit", "journal", "contract"]),
        ("Trust", ["ledger", "entry", "fingerprint", "checkpoint", "witness", "proof", "signature", "passkey", "proposal", "quorum"]),
    ];

    /// <summary>Every key.</summary>
    public static IReadOnlySet<string> Keys { get; } = Parts.SelectMany(part => part.Keys).ToHashSet(StringComparer.Ordinal);
}
