using System.Globalization;
using System.Text;
using Marketplace.Quantities;

namespace Marketplace.Billing;

/// <summary>The names under which a document is issued.</summary>
/// <param name="Loop">The loop's slug.</param>
/// <param name="Number">The document's number.</param>
/// <param name="MemberKey">The member's pseudonymous key.</param>
/// <param name="Period">The billed period.</param>
/// <param name="Currency">ISO 4217.</param>
/// <param name="IssuedAt">Market time of issue.</param>
/// <param name="DueOn">The day by which it is paid.</param>
public sealed record BillHeader(string Loop, string Number, string MemberKey, Interval Period, string Currency, DateTimeOffset IssuedAt, DateOnly DueOn)
{
    /// <summary>What kind of document it is.</summary>
    public DocumentKind Kind { get; init; } = DocumentKind.Invoice;

    /// <summary>The document that it takes back, or takes the place of; none for an original.</summary>
    public string? Corrects { get; init; }

    /// <summary>A hash over the facts that the law wants beside the lines; none where they are not stated.</summary>
    public string? FactsSha256 { get; init; }
}

/// <summary>The canonical record of a document, <c>bill/v1</c>: what its commitment on the ledger binds. Lines of a name, a
/// space and a value, in UTF-8, each ended by a line feed. A changed byte is a broken promise.</summary>
public static class BillRecord
{
    /// <summary>The version of the layout.</summary>
    public const byte Version = 1;

    /// <summary>The record's bytes.</summary>
    public static byte[] Bytes(BillHeader header, BillDocument document) => Encoding.UTF8.GetBytes(Text(header, document));

    /// <summary>The record's text.</summary>
    /// <exception cref="ArgumentException">A name holds a control character, which could forge a line.</exception>
    public static string Text(BillHeader header, BillDocument document)
    {
        ArgumentNullException.ThrowIfNull(header);
        ArgumentNullException.ThrowIfNull(document);
        var text = new StringBuilder("bill/v1\n");
        void Add(string name, string value)
        {
            if (value.Any(char.IsControl))
            {
                throw new ArgumentException($"The value of '{name}' contains a control character");
            }

            text.Append(name).Append(' ').Append(value).Append('\n');
        }

        Add("loop", header.Loop);
        Add("number", header.Number);
        Add("member", header.MemberKey);
        Add("role", document.Role.Name());
        if (header.Kind != DocumentKind.Invoice)
        {
            Add("kind", header.Kind.Name());
        }

        if (header.Corrects is { } corrects)
        {
            Add("corrects", corrects);
        }

        Add("period", header.Period.ToString());
        Add("currency", header.Currency);
        Add("issued", Instants.Iso(header.IssuedAt));
        Add("due", header.DueOn.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        for (var i = 0; i < document.Lines.Count; i++)
        {
            var line = document.Lines[i];
            Add("line", string.Create(CultureInfo.InvariantCulture,
                $"{i + 1} {line.Kind.Name()} {line.Carrier?.Name() ?? "-"} tariff={line.Trace.TariffVersion} quantity={line.Quantity} {line.Unit} exact={line.Exact.Micro} cents={line.Cents} vat={line.Vat.Code}/{line.Vat.BasisPoints} plant={line.Plant}{(line.Name.Length > 0 ? " name=" + line.Name : "")}"));
        }

        foreach (var group in document.Vat)
        {
            Add("vat", string.Create(CultureInfo.InvariantCulture, $"{group.Rate.Code}/{group.Rate.BasisPoints} net={group.NetCents} tax={group.TaxCents}"));
        }

        Add("net", document.NetCents.ToString(CultureInfo.InvariantCulture));
        Add("tax", document.VatCents.ToString(CultureInfo.InvariantCulture));
        if (header.FactsSha256 is { } facts)
        {
            Add("facts", facts);
        }

        Add("total", document.TotalCents.ToString(CultureInfo.InvariantCulture));
        return text.ToString();
    }
}
