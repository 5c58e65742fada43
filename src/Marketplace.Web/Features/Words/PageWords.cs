namespace Marketplace.Web.Features.Words;

/// <summary>Which of the field's words stand on which pages, so that each page can explain its own in one place: at its end.</summary>
public static class PageWords
{
    // The longest place that an address begins with counts.
    private static readonly (string Place, string[] Words)[] s_words =
    [
        ("/home", ["loop", "carrier", "market-price", "gate"]),
        ("/consumption", ["carrier", "reading", "estimated", "forecast"]),
        ("/orders", ["order", "limit", "gate", "standing-order", "default-terms"]),
        ("/orders/templates", ["order", "limit", "standing-order"]),
        ("/orders/upload", ["order", "limit", "gate"]),
        ("/offers", ["order", "limit", "gate", "merit-order", "plant"]),
        ("/preferences", ["preference", "guarantee", "market-price"]),
        ("/charging", ["quota", "curtailed"]),
        ("/storage", ["store", "state-of-charge", "market-price"]),
        ("/investment", ["plant", "settlement", "statement"]),
        ("/bills", ["bill", "statement", "standing-charge", "network-fee", "imbalance", "estimated", "credit-note", "proof"]),
        ("/account", ["bill", "credit-note", "deposit"]),
        ("/together", ["contract", "deal", "proposal"]),
        ("/contracts", ["contract", "signature", "deal"]),
        ("/deals", ["deal", "gate", "settlement"]),
        ("/votes", ["proposal", "quorum", "signature"]),
        ("/agreements", ["signature", "ledger"]),
        ("/members", ["carrier", "credit-limit"]),
        ("/meters", ["meter", "reading", "estimated", "substituted", "fingerprint"]),
        ("/market", ["auction", "market-price", "merit-order", "gate", "book", "outside-grid"]),
        ("/tariffs", ["tariff", "standing-charge", "network-fee", "import-price", "feed-in-price"]),
        ("/ledger", ["ledger", "entry", "fingerprint", "checkpoint", "witness", "proof"]),
        ("/operations", ["gate", "auction", "settlement"]),
        ("/operations/alarms", ["alarm", "substation", "device"]),
        ("/operations/scheme", ["substation", "zone", "connection"]),
        ("/operations/network", ["zone", "connection", "curtailed"]),
        ("/operations/plants", ["plant", "converter", "store"]),
        ("/operations/devices", ["device", "meter", "signature"]),
        ("/operations/exceptions", ["reading", "estimated", "substituted"]),
        ("/operations/checks", ["reading", "estimated", "substituted"]),
        ("/operations/readings", ["reading", "meter"]),
        ("/operations/forecasts", ["forecast", "default-terms"]),
        ("/operations/market", ["auction", "market-price", "gate"]),
        ("/operations/credit", ["credit-limit", "deposit"]),
        ("/operations/journal", ["journal", "settlement"]),
        ("/operations/ledger", ["ledger", "checkpoint", "witness"]),
        ("/operations/templates", ["contract", "settlement"]),
        ("/bill-run", ["bill", "statement", "tariff"]),
        ("/bill-queue", ["bill", "statement", "credit-note"]),
    ];

    /// <summary>The places that have words.</summary>
    public static IEnumerable<string> Places => s_words.Select(place => place.Place);

    /// <summary>The keys of the words of a page.</summary>
    /// <param name="path">Its address, of a loop: <c>/loops/slug/…</c>.</param>
    public static IReadOnlyList<string> Of(string path)
    {
        if (path.Split('/') is not ["", "loops", _, .. var rest])
        {
            return [];
        }

        var below = "/" + (rest.Length == 0 ? "home" : string.Join('/', rest));
        return s_words.Where(place => (below + "/").StartsWith(place.Place + "/", StringComparison.Ordinal))
            .OrderByDescending(place => place.Place.Length).Select(place => place.Words).FirstOrDefault() ?? [];
    }
}
