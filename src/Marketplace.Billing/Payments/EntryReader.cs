using System.Globalization;
using System.Xml;
using System.Xml.Linq;

namespace Marketplace.Billing;

/// <summary>Reads an entry of a statement. Banks fill it differently: names and statuses stand one level deeper in later versions, and
/// amounts of single payments in one of two places.</summary>
internal static class EntryReader
{
    public static IEnumerable<BankMovement> Movements(XElement entry, int place)
    {
        var status = entry.Find("Sts")?.Value.Trim() ?? "BOOK";
        if (status is not ("BOOK" or "PDNG" or "INFO" or "FUTR"))
        {
            throw Fault(entry.Find("Sts") ?? entry, "The status is none that a statement has.");
        }

        if (status != "BOOK")
        {
            return [];
        }

        var cents = Signed(entry);
        var currency = Currency(entry);
        var day = Day(entry);
        var isReversal = entry.Find("RvslInd")?.Value.Trim() is "true" or "1";
        var own = Clean(entry.Find("AcctSvcrRef")?.Value ?? "");
        var isNamed = own.Length > 0 && own is not ("NONREF" or "NOREF" or "NOTPROVIDED");
        var reference = isNamed ? own : Clean(entry.Find("NtryRef")?.Value ?? "");
        var details = entry.All("NtryDtls").SelectMany(group => group.All("TxDtls")).ToList();
        var batch = First([.. entry.All("NtryDtls").SelectMany(group => group.All("Btch"))
            .SelectMany(group => new[] { group.Find("PmtInfId")?.Value, group.Find("MsgId")?.Value })]);
        var parts = details.Select(detail => Part(detail, cents, details.Count)).ToList();

        // Parts that do not make the whole would lose or double money: then the entry stays one movement, with all that it names.
        if (parts.Count > 1 && (parts.Any(part => part is null) || parts.Sum(part => part!.Value) != cents))
        {
            return [One(entry, details, Key(place, reference, null), cents)];
        }

        return details.Count <= 1
            ? [One(entry, details, Key(place, reference, null), cents)]
            : details.Select((detail, i) => One(detail, [detail], Key(place, reference, i + 1), parts[i]!.Value));

        BankMovement One(XElement at, IReadOnlyList<XElement> from, string key, long amount) => new()
        {
            Key = key,
            IsNamedByBank = isNamed,
            Line = LineOf(at),
            BookedOn = day,
            Cents = amount,
            Currency = currency,
            IsReturn = isReversal || from.Any(detail => detail.Find("RtrInf") is not null),
            ReturnReason = Clean(First([.. from.Select(detail => (detail.Find("RtrInf", "Rsn", "Cd") ?? detail.Find("RtrInf", "Rsn", "Prtry"))?.Value)])),
            // The name of one of several payments would say that the whole is that one.
            EndToEndId = from.Count == 1 && Clean(from[0].Find("Refs", "EndToEndId")?.Value ?? "") is var id && id != "NOTPROVIDED" ? id : "",
            BatchId = First([batch, .. from.Select(detail => detail.Find("Refs", "PmtInfId")?.Value)]),
            References = [.. from.SelectMany(References)],
            Text = Cut(string.Join('\n', from.SelectMany(detail => detail.All("RmtInf")).SelectMany(info => info.All("Ustrd")).Select(text => text.Value.Trim())
                .Concat([from.Count == 0 ? entry.Find("AddtlNtryInf")?.Value.Trim() ?? "" : ""]).Where(text => text.Length > 0)), 1000),
            PartyName = Cut(First([.. from.Select(detail => Other(detail, amount, "Nm"))]), 140),
            PartyAccount = Cut(First([.. from.Select(detail => OtherAccount(detail, amount))]), 34),
        };
    }

    /// <summary>An amount with the sign that its indicator gives: credits are above zero.</summary>
    public static long Signed(XElement element)
    {
        var amount = element.Find("Amt") ?? throw Fault(element, "There is no amount (Amt).");
        return Direction(element, element.Name.LocalName) * Cents(amount);
    }

    private static int Direction(XElement element, string what) => element.Find("CdtDbtInd")?.Value.Trim() switch
    {
        "CRDT" => 1,
        "DBIT" => -1,
        _ => throw Fault(element.Find("CdtDbtInd") ?? element, $"{what} does not say whether it is a credit or a debit (CdtDbtInd)."),
    };

    private static long? Part(XElement detail, long whole, int count)
    {
        var amount = detail.Find("Amt") ?? detail.Find("AmtDtls", "TxAmt", "Amt");
        if (amount is null)
        {
            return count == 1 ? whole : null;
        }

        var sign = detail.Find("CdtDbtInd") is null ? Math.Sign(whole) : Direction(detail, "TxDtls");
        return sign * Cents(amount);
    }

    private static long Cents(XElement amount)
    {
        if (!decimal.TryParse(amount.Value.Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            || value > 999_999_999_999m || !decimal.IsInteger(value * 100m))
        {
            throw Fault(amount, $"\"{Cut(amount.Value.Trim(), 40)}\" is no amount in whole cents.");
        }

        return (long)(value * 100m);
    }

    private static string Currency(XElement entry) =>
        entry.Find("Amt")!.Attribute("Ccy")?.Value.Trim() is { Length: 3 } currency ? currency : throw Fault(entry.Find("Amt")!, "The amount has no currency (Ccy).");

    private static DateOnly Day(XElement entry)
    {
        var when = entry.Find("BookgDt") ?? entry.Find("ValDt") ?? throw Fault(entry, "There is no date of booking (BookgDt).");
        var text = when.Value.Trim();
        return text.Length >= 10 && DateOnly.TryParseExact(text[..10], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            ? day
            : throw Fault(when, $"\"{Cut(text, 40)}\" is no date.");
    }

    private static IEnumerable<NamedReference> References(XElement detail)
    {
        foreach (var structured in detail.All("RmtInf").SelectMany(info => info.All("Strd")))
        {
            if (structured.Find("CdtrRefInf", "Ref")?.Value.Trim() is { Length: > 0 } reference)
            {
                var amount = structured.Find("RfrdDocAmt", "RmtdAmt") ?? structured.Find("RfrdDocInf", "LineDtls", "Amt", "RmtdAmt");
                yield return new NamedReference(Cut(reference, 35), amount is null ? null : Cents(amount));
            }
        }
    }

    // Who stands at the other end: of money that came in the debtor, of money that went out the creditor. A return names both; the other is not the loop.
    private static string Other(XElement detail, long cents, string name)
    {
        var parties = detail.Find("RltdPties");
        var who = cents >= 0 ? "Dbtr" : "Cdtr";
        return (parties?.Find(who, "Pty", name) ?? parties?.Find(who, name))?.Value.Trim() ?? "";
    }

    private static string OtherAccount(XElement detail, long cents) =>
        string.Concat((detail.Find("RltdPties")?.Find((cents >= 0 ? "Dbtr" : "Cdtr") + "Acct", "Id", "IBAN")?.Value ?? "").Where(c => !char.IsWhiteSpace(c))).ToUpperInvariant();

    private static string Key(int place, string reference, int? part) =>
        string.Create(CultureInfo.InvariantCulture, $"{place}{(part is { } number ? $".{number}" : "")}/{reference}");

    private static string First(params IEnumerable<string?> texts) => texts.Select(text => text?.Trim()).FirstOrDefault(text => !string.IsNullOrEmpty(text)) ?? "";

    // No half of a character stays at the end.
    private static string Cut(string text, int most)
    {
        var clean = Clean(text);
        return clean.Length <= most ? clean : clean[..(char.IsHighSurrogate(clean[most - 1]) ? most - 1 : most)];
    }

    // Control characters that XML carries and that stand for nothing.
    private static string Clean(string text) =>
        text.Any(c => char.IsControl(c) && c != '\n') ? string.Concat(text.Select(c => char.IsControl(c) && c != '\n' ? ' ' : c)).Trim() : text.Trim();

    private static int LineOf(XElement element) => element is IXmlLineInfo info && info.HasLineInfo() ? info.LineNumber : 0;

    private static StatementFormatException Fault(XElement element, string message) => new(LineOf(element), element.Name.LocalName, message);
}

/// <summary>Elements by their names alone: each version of the form has a namespace of its own.</summary>
internal static class Elements
{
    public static XElement? Find(this XElement element, params ReadOnlySpan<string> path)
    {
        XElement? at = element;
        foreach (var name in path)
        {
            at = at?.Elements().FirstOrDefault(child => child.Name.LocalName == name);
        }

        return at;
    }

    public static IEnumerable<XElement> All(this XElement element, string name) => element.Elements().Where(child => child.Name.LocalName == name);
}
