using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Marketplace.Contracts;

/// <summary>A whole number in a clause: written in the template, or left to a parameter that each contract fills in.
/// In JSON a number, or <c>"@"</c> and the parameter's code.</summary>
[JsonConverter(typeof(TermJson))]
public readonly record struct Term
{
    private Term(long number, string? parameter) => (Number, Parameter) = (number, parameter);

    /// <summary>The number, where no parameter gives it.</summary>
    public long Number { get; }

    /// <summary>The code of the parameter that gives the number; null for a number written in the template.</summary>
    public string? Parameter { get; }

    /// <summary>A number written in the template.</summary>
    public static Term Of(long number) => new(number, null);

    /// <summary>A number that a parameter gives.</summary>
    public static Term From(string parameter)
    {
        ArgumentException.ThrowIfNullOrEmpty(parameter);
        return new Term(0, parameter);
    }

    /// <summary>Reads <c>120</c> or <c>@price</c>, as people type them into the studio.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Term term)
    {
        term = default;
        var trimmed = text?.Trim() ?? "";
        if (trimmed.StartsWith('@') && trimmed.Length > 1)
        {
            term = From(trimmed[1..]);
            return true;
        }

        if (!long.TryParse(trimmed, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        term = Of(number);
        return true;
    }

    /// <summary>As it is typed: <c>120</c> or <c>@price</c>.</summary>
    public override string ToString() => Parameter is null ? Number.ToString(CultureInfo.InvariantCulture) : "@" + Parameter;

    private sealed class TermJson : JsonConverter<Term>
    {
        public override Term Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number) ? Of(number)
            : reader.TokenType == JsonTokenType.String && reader.GetString() is ['@', _, ..] text ? From(text[1..])
            : throw new JsonException("A term is a whole number or the name of a parameter after @");

        public override void Write(Utf8JsonWriter writer, Term value, JsonSerializerOptions options)
        {
            if (value.Parameter is null)
            {
                writer.WriteNumberValue(value.Number);
            }
            else
            {
                writer.WriteStringValue(value.ToString());
            }
        }
    }
}
