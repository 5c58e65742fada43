using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Orders;

/// <summary>A row of a file of orders: an order, or what is wrong with it.</summary>
/// <param name="Line">As an editor counts.</param>
/// <param name="Text">The row as it stands in the file.</param>
public sealed record OrderFileRow(int Line, string Text, OrderToPlace? Order, Problem? Fault);

/// <summary>Reads a file of orders: <c>hour_utc</c> or <c>hour_local</c>, <c>carrier,side,quantity_kwh,limit_ct_per_kwh</c> and, for
/// offers, <c>plant</c>. Commas between fields with decimal points, or semicolons (or tabs) with decimal points or commas.</summary>
public sealed class OrderFile
{
    public const int MostRows = 20_000;
    public const int MostBytes = 4 * 1024 * 1024;
    private const int LongestLine = 1_000;

    private static readonly char[] Separators = [';', '\t', ','];
    private static readonly string[] Required = ["carrier", "side", "quantity_kwh", "limit_ct_per_kwh"];
    private static readonly string[] WithoutZone = ["yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm", "yyyy-MM-dd'T'HHmm"];
    private static readonly string[] WithOffset = ["yyyy-MM-dd'T'HH:mm:sszzz", "yyyy-MM-dd'T'HH:mmzzz", "yyyy-MM-dd HH:mm:sszzz", "yyyy-MM-dd HH:mmzzz"];

    private readonly Dictionary<string, int> _columns = new(StringComparer.OrdinalIgnoreCase);
    private readonly LoopCalendar _calendar;
    private readonly byte[] _sha256;
    private readonly int _memberId;
    private char _separator = ',';
    private int _fields;

    private OrderFile(LoopCalendar calendar, byte[] sha256, int memberId) => (_calendar, _sha256, _memberId) = (calendar, sha256, memberId);

    public string Header { get; private set; } = "";

    public IReadOnlyList<OrderFileRow> Rows { get; private set; } = [];

    /// <param name="memberId">Whose orders they are: two members who send the same file place their own orders.</param>
    /// <exception cref="RefusedException">The file as a whole cannot be read; says why in words for its sender.</exception>
    public static OrderFile Read(Stream content, byte[] sha256, int memberId, LoopCalendar calendar)
    {
        var file = new OrderFile(calendar, sha256, memberId);
        using var reader = new StreamReader(content, new UTF8Encoding(false, throwOnInvalidBytes: true), detectEncodingFromByteOrderMarks: true);
        try
        {
            file.ReadAll(reader);
        }
        catch (DecoderFallbackException)
        {
            throw new RefusedException("File", "The file is not text in UTF-8. In a spreadsheet, save it as “CSV UTF-8”.");
        }

        return file;
    }

    private void ReadAll(StreamReader reader)
    {
        var rows = new List<OrderFileRow>();
        var line = 0;
        while (reader.ReadLine() is { } text)
        {
            line++;
            if (text.Contains('\0', StringComparison.Ordinal))
            {
                throw new RefusedException("File", "This is not a text file. Save the table as CSV and send that.");
            }

            if (text.AsSpan().Trim(" \t,;").IsEmpty)
            {
                continue;
            }

            if (_fields == 0)
            {
                ReadHeader(text);
                continue;
            }

            if (rows.Count == MostRows)
            {
                throw new RefusedException([new Problem(
                    "File", $"The file has more than {MostRows:#,0} rows. Send it in parts; nothing of it was placed.", "rows")]);
            }

            rows.Add(text.Length > LongestLine
                ? new OrderFileRow(line, text[..LongestLine], null, new Problem("", "The row is longer than any order can be; a missing line end does that.", "length"))
                : RowOf(line, text));
        }

        if (_fields == 0)
        {
            throw new RefusedException("File", "The file is empty; its first line names the columns.");
        }

        Rows = rows.Count > 0 ? rows : throw new RefusedException("File", "The file has a header but no rows.");
    }

    private void ReadHeader(string text)
    {
        _separator = Separators.FirstOrDefault(separator => text.Contains(separator, StringComparison.Ordinal), ',');
        var names = Split(text).Select(name => name.Trim()).ToList();
        foreach (var (i, name) in names.Index())
        {
            _columns.TryAdd(name, i);
        }

        var missing = Required.Where(name => !_columns.ContainsKey(name)).ToList();
        if (!_columns.ContainsKey("hour_utc") && !_columns.ContainsKey("hour_local"))
        {
            missing.Insert(0, "hour_utc or hour_local");
        }

        if (missing.Count > 0)
        {
            throw new RefusedException(
                "File", $"The first line has to name the columns. Missing: {string.Join(", ", missing)}. It names: {Short(string.Join(", ", names))}. The template file shows the form.");
        }

        (Header, _fields) = (text, names.Count);
    }

    private OrderFileRow RowOf(int line, string text)
    {
        var fields = Split(text);
        if (fields.Count != _fields)
        {
            return new OrderFileRow(line, text, null, new Problem(
                "",
                _separator == ','
                    ? Said.Of($"The row has {fields.Count} fields, the header {_fields}. Between commas, write decimals with a point (2.5); with decimal commas, separate the fields by semicolons.")
                    : Said.Of($"The row has {fields.Count} fields, the header {_fields}."),
                "fields"));
        }

        string Field(string column) => _columns.TryGetValue(column, out var i) ? fields[i].Trim() : "";
        var problems = new List<Problem>();
        var hour = HourOf(Field("hour_utc"), Field("hour_local"), problems);
        if (!Carriers.TryParse(Field("carrier").ToLowerInvariant(), out var carrier))
        {
            problems.Add(new Problem("carrier", $"“{Short(Field("carrier"))}” is no carrier: write heat, cold or electricity."));
        }

        var side = Field("side").ToLowerInvariant() switch { "buy" => OrderSide.Buy, "sell" => OrderSide.Sell, _ => default };
        if (side == default)
        {
            problems.Add(new Problem("side", $"“{Short(Field("side"))}” is no side: write buy or sell."));
        }

        var quantity = QuantityText.KWh(Decimal(Field("quantity_kwh")), "quantity_kwh", problems);
        var limit = QuantityText.Cents(Decimal(Field("limit_ct_per_kwh")), "limit_ct_per_kwh", "ct/kWh", problems);
        var plant = Field("plant");
        if (side == OrderSide.Sell && plant.Length == 0)
        {
            problems.Add(new Problem("plant", "Name the plant that will deliver, by its code."));
        }

        return problems.Count > 0
            ? new OrderFileRow(line, text, null, problems[0])
            : new OrderFileRow(
                line, text,
                new OrderToPlace(SubmissionOf(line), hour!.Value, carrier, side, quantity!.Value, limit!.Value, side == OrderSide.Sell ? plant : null), null);
    }

    /// <summary>From the file's own content and the line, so that the same file names the same submissions whenever it is sent.</summary>
    private Guid SubmissionOf(int line) => new(SHA256.HashData(Encoding.UTF8.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $"order file/{_memberId}/{Convert.ToHexStringLower(_sha256)}/{line}"))).AsSpan(0, 16));

    // Between semicolons or tabs a comma can only be a decimal one.
    private string Decimal(string text) => _separator == ',' || text.Contains('.', StringComparison.Ordinal) ? text : text.Replace(',', '.');

    private DateTimeOffset? HourOf(string utc, string local, List<Problem> problems)
    {
        var column = utc.Length > 0 || !_columns.ContainsKey("hour_local") ? "hour_utc" : "hour_local";
        var text = column == "hour_utc" ? utc : local;
        DateTimeOffset? hour = null;
        if (column == "hour_utc")
        {
            var bare = text.EndsWith('Z') ? text[..^1] : text;
            hour = DateTimeOffset.TryParseExact(bare, WithoutZone, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null;
        }
        else if (DateTimeOffset.TryParseExact(text, WithOffset, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out var at))
        {
            hour = at;
        }
        else if (DateTime.TryParseExact(text, WithoutZone, CultureInfo.InvariantCulture, DateTimeStyles.None, out var clock))
        {
            if (_calendar.Zone.IsInvalidTime(clock))
            {
                problems.Add(new Problem(column, $"{text} does not exist: the clocks go forward over it."));
                return null;
            }

            if (_calendar.Zone.IsAmbiguousTime(clock))
            {
                var offsets = _calendar.Zone.GetAmbiguousTimeOffsets(clock).OrderDescending().Select(offset => $"{text}+{offset:hh\\:mm}");
                problems.Add(new Problem(column, $"{text} comes twice that day. Write which one is meant: {string.Join(" or ", offsets)}."));
                return null;
            }

            hour = new DateTimeOffset(clock, _calendar.Zone.GetUtcOffset(clock)).ToUniversalTime();
        }

        if (hour is not { } found)
        {
            problems.Add(new Problem(column, text.Length == 0 ? "The hour is missing." : Said.Of($"“{Short(text)}” is no hour such as 2026-11-21 14:00.")));
            return null;
        }

        if (!MarketHour.IsStart(found))
        {
            problems.Add(new Problem(column, $"“{Short(text)}” is not on the hour; an hour is named by its start."));
        }

        return found;
    }

    private List<string> Split(string text)
    {
        if (!text.Contains('"', StringComparison.Ordinal))
        {
            return [.. text.Split(_separator)];
        }

        var (fields, field, quoted) = (new List<string>(), new StringBuilder(), false);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '"' && quoted && i + 1 < text.Length && text[i + 1] == '"')
            {
                field.Append('"');
                i++;
            }
            else if (text[i] == '"')
            {
                quoted = !quoted;
            }
            else if (text[i] == _separator && !quoted)
            {
                fields.Add(field.ToString());
                field.Clear();
            }
            else
            {
                field.Append(text[i]);
            }
        }

        fields.Add(field.ToString());
        return fields;
    }

    private static string Short(string text) => text.Length <= 80 ? text : text[..80] + "…";

    /// <summary>The header and a row with the reason as its last column.</summary>
    public static string WithReason(string header, string row, string reason)
    {
        var separator = Separators.FirstOrDefault(separator => header.Contains(separator, StringComparison.Ordinal), ',');
        return row + separator + "\"" + reason.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
    }
}
