using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Marketplace.Web.Features.Api;

/// <summary>Times as they come in from outside: with Z or an offset. One without would mean another hour on every server.</summary>
internal static class Instant
{
    public static bool TryParse(string text, out DateTimeOffset instant)
    {
        instant = default;
        return HasZone(text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out instant);
    }

    /// <summary>How to write it, without the full stop.</summary>
    public static string WordsFor(string field) => $"write {field} as 2026-03-05T00:00:00Z, with Z or an offset";

    /// <summary>Whether a time that can be read says where: the date has hyphens of its own, so the offset is looked for behind it.</summary>
    public static bool HasZone(ReadOnlySpan<char> text) => text is [.., 'Z'] || (text.IndexOf('T') is var t and > 0 && text[t..].IndexOfAny('+', '-') > 0);

    public static bool HasZone(ReadOnlySpan<byte> text) =>
        text is [.., (byte)'Z'] || (text.IndexOf((byte)'T') is var t and > 0 && text[t..].IndexOfAny((byte)'+', (byte)'-') > 0);
}

/// <summary>A time in JSON that cannot be read, or that says no zone.</summary>
/// <param name="field">Its name, where the path does not end with it.</param>
internal sealed class InstantException(string? field) : JsonException("Not an instant")
{
    public string? Field { get; } = field;
}

/// <summary>Reads times that say their zone, and no others.</summary>
internal sealed class InstantConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Read(ref reader, null);

    public static DateTimeOffset Read(ref Utf8JsonReader reader, string? field)
    {
        if (reader.TokenType != JsonTokenType.String || !reader.TryGetDateTimeOffset(out var instant))
        {
            throw new InstantException(field);
        }

        return (reader.HasValueSequence ? Instant.HasZone(reader.ValueSequence.ToArray()) : Instant.HasZone(reader.ValueSpan)) ? instant : throw new InstantException(field);
    }

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}
