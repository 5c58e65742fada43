using System.Globalization;
using System.Text;
using Marketplace.Quantities;

namespace Marketplace.Web.Features.Loops;

/// <summary>A table for spreadsheets and programs: invariant numbers, UTC instants, CRLF, quotes where needed (RFC 4180).</summary>
public sealed class CsvText
{
    private readonly StringBuilder _text = new();

    public CsvText(params string[] columns) => Row(columns);

    public void Row(params string?[] cells) => _text.AppendJoin(',', cells.Select(Cell)).Append("\r\n");

    /// <summary>The whole table, for a link that carries it: what is shown can be kept without a script and without asking again.</summary>
    public string DataLink() => "data:text/csv;charset=utf-8;base64," + Convert.ToBase64String(Encoding.UTF8.GetBytes(_text.ToString()));

    public override string ToString() => _text.ToString();

    public IResult File(string name) => Results.File(Encoding.UTF8.GetBytes(_text.ToString()), "text/csv; charset=utf-8", name);

    /// <summary>A price in units of the currency per kWh.</summary>
    public static string? Units(Price? price) => price is { } known ? (known.MicroPerKWh / 1_000_000m).ToString("0.######", CultureInfo.InvariantCulture) : null;

    public static string? KWh(Energy? energy) => energy?.KilowattHours.ToString("0.###", CultureInfo.InvariantCulture);

    public static string Amount(Money money) => money.Amount.ToString("0.######", CultureInfo.InvariantCulture);

    private static string Cell(string? value)
    {
        // A cell that begins like a formula is text, also where a spreadsheet opens it.
        var text = value is ['=' or '@', ..] ? "'" + value : value ?? "";
        return text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : "\"" + text.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
    }
}
