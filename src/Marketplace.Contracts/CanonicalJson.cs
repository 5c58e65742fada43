using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Marketplace.Contracts;

/// <summary>The one way to write a JSON value: no space, members sorted by their names' UTF-16 code units, strings with the shortest escapes, UTF-8
/// (RFC 8785, for whole numbers only). Two who write the same value write the same bytes.</summary>
public static class CanonicalJson
{
    /// <summary>Writes a value.</summary>
    /// <exception cref="ArgumentException">A number is not whole or is beyond 2^53, or a string is broken Unicode.</exception>
    public static byte[] Write(JsonElement value)
    {
        var text = new StringBuilder();
        Append(text, value);
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetBytes(text.ToString());
        }
        catch (EncoderFallbackException broken)
        {
            throw new ArgumentException("A string is broken Unicode", nameof(value), broken);
        }
    }

    private static void Append(StringBuilder text, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                AppendAll(text, '{', '}', value.EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal), member =>
                {
                    AppendString(text, member.Name);
                    text.Append(':');
                    Append(text, member.Value);
                });
                break;
            case JsonValueKind.Array:
                AppendAll(text, '[', ']', value.EnumerateArray(), item => Append(text, item));
                break;
            case JsonValueKind.String:
                AppendString(text, value.GetString()!);
                break;
            case JsonValueKind.Number when value.TryGetInt64(out var number) && Math.Abs(number) <= 1L << 53:
                text.Append(number.ToString(CultureInfo.InvariantCulture));
                break;
            case JsonValueKind.Number:
                throw new ArgumentException($"{value.GetRawText()} is not a whole number of at most 2^53", nameof(value));
            case JsonValueKind.True:
                text.Append("true");
                break;
            case JsonValueKind.False:
                text.Append("false");
                break;
            case JsonValueKind.Null:
                text.Append("null");
                break;
            default:
                throw new ArgumentException("There is no value", nameof(value));
        }
    }

    private static void AppendAll<T>(StringBuilder text, char open, char close, IEnumerable<T> items, Action<T> append)
    {
        text.Append(open);
        var first = true;
        foreach (var item in items)
        {
            if (!first)
            {
                text.Append(',');
            }

            first = false;
            append(item);
        }

        text.Append(close);
    }

    private static void AppendString(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (var c in value)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\b' => text.Append("\\b"),
                '\f' => text.Append("\\f"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                < ' ' => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => text.Append(c),
            };
        }

        text.Append('"');
    }
}
