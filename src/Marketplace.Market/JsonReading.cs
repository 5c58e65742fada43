using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace Marketplace.Market;

/// <summary>Reads members of a JSON object strictly and says which one is wrong.</summary>
internal static class JsonReading
{
    private static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    public static JsonDocument Parse(ReadOnlyMemory<byte> json)
    {
        if (!Utf8.IsValid(json.Span))
        {
            throw new OrderBookException("not valid JSON: it is not UTF-8");
        }

        try
        {
            return JsonDocument.Parse(json, Options);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new OrderBookException($"not valid JSON: {e.Message}", e);
        }
    }

    public static JsonElement Object(JsonElement element, string where) =>
        element.ValueKind == JsonValueKind.Object ? element : throw Wrong(where, "is not an object");

    /// <summary>The name of a member, which an escape can make something that is no text.</summary>
    public static string Name(JsonProperty member, string where)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException e)
        {
            throw new OrderBookException($"{where}: a name is not valid Unicode", e);
        }
    }

    public static bool Has(JsonElement element, string name, out JsonElement value) =>
        element.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;

    public static JsonElement Required(JsonElement element, string where, string name) =>
        Has(element, name, out var value) ? value : throw Wrong(where, $"'{name}' is missing");

    public static JsonElement.ArrayEnumerator? Array(JsonElement element, string where, string name) =>
        !Has(element, name, out var value) ? null
        : value.ValueKind == JsonValueKind.Array ? value.EnumerateArray()
        : throw Wrong(where, $"'{name}' is not an array");

    public static string Text(JsonElement element, string where, string name) => AsText(Required(element, where, name), $"{where}: '{name}'");

    public static string AsText(JsonElement value, string where)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Wrong(where, "is not a text");
        }
        catch (InvalidOperationException e)
        {
            throw new OrderBookException($"{where}: is not valid Unicode", e);
        }
    }

    public static long Whole(JsonElement element, string where, string name) => AsWhole(Required(element, where, name), $"{where}: '{name}'");

    public static long? OptionalWhole(JsonElement element, string where, string name) =>
        Has(element, name, out var value) ? AsWhole(value, $"{where}: '{name}'") : null;

    public static long AsWhole(JsonElement value, string where)
    {
        if (value.ValueKind != JsonValueKind.Number)
        {
            throw Wrong(where, "is not a number");
        }

        if (value.TryGetInt64(out var whole))
        {
            return whole;
        }

        throw Wrong(where, $"{Shown(value)} is not a whole number of 64 bits");
    }

    /// <summary>A number with at most six decimals, in millionths.</summary>
    public static long AsMillionths(JsonElement value, string where)
    {
        if (value.ValueKind != JsonValueKind.Number)
        {
            throw Wrong(where, "is not a number");
        }

        if (!value.TryGetDecimal(out var number) || Math.Abs(number) > 1_000_000_000m)
        {
            throw Wrong(where, $"{Shown(value)} is too large");
        }

        var millionths = number * 1_000_000m;
        return decimal.IsInteger(millionths) && !IsBelowDecimal(value, number)
            ? (long)millionths
            : throw Wrong(where, $"{Shown(value)} has more than 6 decimals");
    }

    /// <summary>A number smaller than a decimal can hold reads as zero.</summary>
    private static bool IsBelowDecimal(JsonElement value, decimal number) =>
        number == 0m && value.GetRawText().Split('e', 'E')[0].Any(c => c is >= '1' and <= '9');

    public static string Invariant(long value) => value.ToString(CultureInfo.InvariantCulture);

    public static OrderBookException Wrong(string where, string what) => new($"{where}: {what}");

    private static string Shown(JsonElement value)
    {
        var raw = value.GetRawText();
        return raw.Length <= 40 ? raw : raw[..40] + "…";
    }
}
