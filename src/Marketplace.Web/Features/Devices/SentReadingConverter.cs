using System.Text.Json;
using System.Text.Json.Serialization;
using Marketplace.Metering;
using Marketplace.Web.Features.Api;

namespace Marketplace.Web.Features.Devices;

/// <summary>Reads one reading of a batch. Most of what arrives are these: written out it makes no box for a number and no new text for a name that
/// is known. As strict as the serializer: no other field, none missing, none null.</summary>
internal sealed class SentReadingConverter : JsonConverter<ApiSentReading>
{
    private static readonly string[] Names = [.. Registers.All.Select(register => register.Name()), .. Registers.All.Select(register => register.Unit()).Distinct()];

    public override ApiSentReading Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException();
        }

        string? register = null, unit = null;
        DateTimeOffset? start = null;
        int? seconds = null;
        long? value = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            switch (FieldOf(ref reader))
            {
                case "register":
                    register = Text(ref reader);
                    break;
                case "start":
                    start = InstantConverter.Read(ref reader, "start");
                    break;
                case "seconds":
                    seconds = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var length) ? length : throw new JsonException();
                    break;
                case "value":
                    value = reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number) ? number : throw new JsonException();
                    break;
                case "unit":
                    unit = Text(ref reader);
                    break;
                default:
                    throw new JsonException();
            }
        }

        return register is not null && unit is not null && start is { } at && seconds is { } lasting && value is { } counted
            ? new ApiSentReading(register, at, lasting, counted, unit)
            : throw new JsonException();
    }

    public override void Write(Utf8JsonWriter writer, ApiSentReading value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteString("register", value.Register);
        writer.WriteString("start", value.Start);
        writer.WriteNumber("seconds", value.Seconds);
        writer.WriteNumber("value", value.Value);
        writer.WriteString("unit", value.Unit);
        writer.WriteEndObject();
    }

    /// <summary>The name of the field that the reader stands at, moved on to its value.</summary>
    private static string? FieldOf(ref Utf8JsonReader reader)
    {
        var field = reader.ValueTextEquals("register"u8) ? "register"
            : reader.ValueTextEquals("start"u8) ? "start"
            : reader.ValueTextEquals("seconds"u8) ? "seconds"
            : reader.ValueTextEquals("value"u8) ? "value"
            : reader.ValueTextEquals("unit"u8) ? "unit"
            : reader.GetString()?.ToLowerInvariant();
        reader.Read();
        return field;
    }

    private static string Text(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            throw new JsonException();
        }

        foreach (var name in Names)
        {
            if (reader.ValueTextEquals(name))
            {
                return name;
            }
        }

        return reader.GetString() ?? throw new JsonException();
    }
}
