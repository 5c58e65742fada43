using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Marketplace.Metering.MBus;

/// <summary>
/// A telegram as JSON: <c>id</c>, <c>manufacturer</c>, <c>version</c>, <c>medium</c>, <c>accessNumber</c>, <c>status</c>, <c>signature</c>,
/// <c>records</c> of <c>function</c>, <c>storage</c>, <c>tariff</c>, <c>device</c>, <c>unit</c>, <c>quantity</c>, <c>value</c>. Numbers are rounded
/// to the sixth decimal; where that loses something, <c>exact</c> has all of it. <c>valid</c> stands only where it is false, <c>digits</c> beside it where digits are none,
/// <c>remarks</c> only where there are some, <c>error</c> only in an error telegram.
/// </summary>
public static class MBusJson
{
    private const int Decimals = 6;

    // Degrees and ampersands are read by people; the output is not put into HTML.
    private static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a telegram.</summary>
    public static string Write(MBusTelegram telegram)
    {
        ArgumentNullException.ThrowIfNull(telegram);
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            if (telegram.Error is { } error)
            {
                json.WriteStartObject("error");
                json.WriteNumber("code", error.Code);
                json.WriteString("message", error.Words);
                json.WriteEndObject();
            }
            else
            {
                WriteHeader(json, telegram.Header);
            }

            json.WriteStartArray("records");
            foreach (var record in telegram.Records)
            {
                WriteRecord(json, record);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>The function of a record in the words of the standard.</summary>
    public static string Words(MBusFunction function) => function switch
    {
        MBusFunction.Instantaneous => "Instantaneous value",
        MBusFunction.Maximum => "Maximum value",
        MBusFunction.Minimum => "Minimum value",
        MBusFunction.DuringError => "Value during error state",
        MBusFunction.ManufacturerSpecific => "Manufacturer specific",
        MBusFunction.MoreRecordsFollow => "More records follow",
        MBusFunction.Actual => "Actual value",
        MBusFunction.Stored => "Stored value",
    };

    private static void WriteHeader(Utf8JsonWriter json, MBusHeader header)
    {
        json.WriteString("id", header.Id);
        json.WriteString("manufacturer", header.Manufacturer);
        WriteOptional(json, "version", header.Version);
        json.WriteString("medium", header.Medium);
        WriteOptional(json, "accessNumber", header.AccessNumber);
        json.WriteString("status", header.Status?.ToString("X2", CultureInfo.InvariantCulture));
        json.WriteString("signature", header.Signature?.ToString("X4", CultureInfo.InvariantCulture));
    }

    private static void WriteRecord(Utf8JsonWriter json, MBusRecord record)
    {
        json.WriteStartObject();
        json.WriteString("function", Words(record.Function));
        json.WriteNumber("storage", record.Storage);
        json.WriteNumber("tariff", record.Tariff);
        json.WriteNumber("device", record.Subunit);
        json.WriteString("unit", record.Unit);
        json.WriteString("quantity", record.Quantity);
        if (record.Value.Number is { } number)
        {
            var rounded = Math.Round(number, Decimals, MidpointRounding.ToEven);
            json.WritePropertyName("value");
            json.WriteRawValue(Plain(rounded));
            if (rounded != number)
            {
                json.WritePropertyName("exact");
                json.WriteRawValue(Plain(number));
            }
        }
        else
        {
            json.WriteString("value", record.Value.Text);
        }

        if (!record.Value.IsValid)
        {
            json.WriteBoolean("valid", false);
            if (record.Value is { Number: not null, Text: { } digits })
            {
                json.WriteString("digits", digits);
            }
        }

        if (record.Remarks.Count > 0)
        {
            json.WriteStartArray("remarks");
            foreach (var remark in record.Remarks)
            {
                json.WriteStringValue(remark);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    // No exponent and no trailing zeros: 12.5650 is 12.565.
    private static string Plain(decimal number) => number.ToString("0.############################", CultureInfo.InvariantCulture);

    private static void WriteOptional(Utf8JsonWriter json, string name, int? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
