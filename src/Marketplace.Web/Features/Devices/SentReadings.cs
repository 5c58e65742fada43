using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Marketplace.Metering;
using Marketplace.Web.Features.Api;
using Marketplace.Web.Features.Metering.Files;

namespace Marketplace.Web.Features.Devices;

/// <summary>One thing that was sent: a signed batch, or one reading without a signature, or what is wrong with it.</summary>
/// <param name="Index">Its place in the body, from 0.</param>
/// <param name="Fault">Why it is neither.</param>
internal sealed record SentItem(int Index, SignedBatch? Batch, DeliveredReading? Reading, BatchOutcome? Fault);

/// <summary>A signed batch, or a reading of a meter's hour without a signature, as it stands in JSON.</summary>
public sealed record ApiSent(
    string? Device = null, long? Sequence = null, IReadOnlyList<ApiSentReading>? Readings = null, string? Signature = null,
    string? Meter = null, DateTimeOffset? Start = null, int? Seconds = null, long? Value = null, string? Unit = null);

/// <summary>A register's value within a batch.</summary>
/// <param name="Seconds">The interval's length; 0 for a counter.</param>
/// <param name="Value">A whole number of the unit.</param>
public sealed record ApiSentReading(string Register, DateTimeOffset Start, int Seconds, long Value, string Unit);

/// <summary>Reads a body as it arrives: JSON (an array), NDJSON (one thing a line) or CSV. What cannot be read is one refused item;
/// only JSON that breaks off ends the whole.</summary>
internal static class SentReadings
{
    /// <summary>Bytes of one line at most: a batch of ten thousand readings fits.</summary>
    private const int LongestLine = 2 * 1024 * 1024;

    /// <summary>Lines of one body at most, empty ones too: each takes time, however little is in it.</summary>
    private const int MostLines = 1_000_000;

    private const string Malformed = "malformed";
    private const string TooLong = "The line is longer than 2 MB. Send a batch in parts.";

    private static readonly JsonSerializerOptions Json = new(ApiProblems.Json) { Converters = { new SentReadingConverter() } };

    private static readonly string[] SignedColumns = ["device", "sequence", "register", "start", "seconds", "value", "unit", "signature"];
    private static readonly string[] PlainColumns = ["meter", "start", "value", "unit"];

    public static IAsyncEnumerable<SentItem> ReadAsync(string mediaType, Stream body, CancellationToken cancellationToken) => mediaType switch
    {
        "application/json" => JsonAsync(body, cancellationToken),
        "application/x-ndjson" or "application/ndjson" or "application/jsonl" => LinesAsync(body, cancellationToken),
        "text/csv" => CsvAsync(body, cancellationToken),
        _ => throw new BodyException("Content-Type", "Send application/json, application/x-ndjson or text/csv."),
    };

    private static async IAsyncEnumerable<SentItem> JsonAsync(Stream body, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var index = 0;
        await foreach (var sent in JsonSerializer.DeserializeAsyncEnumerable<ApiSent>(body, Json, cancellationToken))
        {
            yield return ItemOf(index++, sent);
        }
    }

    private static async IAsyncEnumerable<SentItem> LinesAsync(Stream body, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var index = 0;
        await foreach (var line in LinesOfAsync(body, cancellationToken))
        {
            if (line.IsTooLong)
            {
                yield return Faulty(index++, "", 0, TooLong);
                continue;
            }

            if (line.Bytes.Length == 0)
            {
                continue;
            }

            ApiSent? sent = null;
            string? fault = null;
            try
            {
                sent = JsonSerializer.Deserialize<ApiSent>(line.Bytes.Span, Json);
            }
            catch (JsonException malformed)
            {
                fault = (malformed.Path is { Length: > 1 } ? ApiProblems.WordsFor(malformed, "The line is not the JSON that is expected here") : "The line is not JSON") + ".";
            }

            yield return fault is null ? ItemOf(index++, sent) : Faulty(index++, "", 0, fault);
        }
    }

    private static async IAsyncEnumerable<SentItem> CsvAsync(Stream body, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        int[]? columns = null;
        var (index, width, isSigned) = (0, 0, false);
        var open = default(CsvBatch);
        await foreach (var (bytes, isTooLong) in LinesOfAsync(body, cancellationToken))
        {
            var line = Encoding.UTF8.GetString(bytes.Span);
            if (columns is null)
            {
                var header = Array.ConvertAll(ReadingFileRows.Fields(line), name => name.ToLowerInvariant());
                isSigned = header.Contains("device");
                columns = [.. (isSigned ? SignedColumns : PlainColumns).Select(name => Array.IndexOf(header, name))];
                width = header.Length;
                if (Array.FindIndex(columns, column => column < 0) is var missing and >= 0)
                {
                    throw new BodyException("header", $"The column '{(isSigned ? SignedColumns : PlainColumns)[missing]}' is missing from the header. Batches have {string.Join(',', SignedColumns)}; readings without a signature {string.Join(',', PlainColumns)}.");
                }

                continue;
            }

            if (line.Length == 0 && !isTooLong)
            {
                continue;
            }

            var fields = ReadingFileRows.Fields(line);
            var isRow = !isTooLong && fields.Length == width;

            // Rows of one device and number that follow each other are one batch.
            if (open is not null && !(isRow && open.Continues(fields, columns)))
            {
                yield return open.ToItem(index++);
                open = null;
            }

            if (!isRow)
            {
                yield return Faulty(index++, "", 0, isTooLong ? TooLong : "The row has not as many fields as the header.");
                continue;
            }

            if (!isSigned)
            {
                yield return PlainRow(index++, fields, columns);
                continue;
            }

            (open ??= new CsvBatch(fields[columns[0]], fields[columns[1]])).Add(fields, columns);
        }

        if (open is not null)
        {
            yield return open.ToItem(index);
        }
    }

    /// <summary>Batches of a CSV: the signature stands in any of their rows.</summary>
    private sealed class CsvBatch(string device, string sequence)
    {
        private readonly List<SignedReading> _readings = [];
        private string _signature = "";
        private string? _fault;

        public bool Continues(string[] fields, int[] columns) => fields[columns[0]] == device && fields[columns[1]] == sequence;

        public void Add(string[] fields, int[] columns)
        {
            if (_readings.Count >= SignedBatch.MostReadings)
            {
                _fault ??= string.Create(CultureInfo.InvariantCulture, $"A batch has at most {SignedBatch.MostReadings} readings.");
                return;
            }

            _signature = fields[columns[7]].Length > 0 ? fields[columns[7]] : _signature;
            if (TryTime(fields[columns[3]], out var start)
                && int.TryParse(fields[columns[4]], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
                && long.TryParse(fields[columns[5]], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
            {
                _readings.Add(new SignedReading(fields[columns[2]], start, seconds, value, fields[columns[6]]));
            }
            else
            {
                _fault ??= string.Create(CultureInfo.InvariantCulture, $"Reading {_readings.Count} is malformed: start as 2026-03-05T00:00:00Z, seconds and value as whole numbers.");
            }
        }

        public SentItem ToItem(int index) =>
            !long.TryParse(sequence, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? Faulty(index, device, 0, "The sequence number is not a whole number.")
            : _fault is not null ? Faulty(index, device, number, _fault)
            : Signed(index, device, number, _readings, _signature);
    }

    private static SentItem PlainRow(int index, string[] fields, int[] columns) =>
        TryTime(fields[columns[1]], out var start) && long.TryParse(fields[columns[2]], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? Plain(index, fields[columns[0]], start, 3600, value, fields[columns[3]])
            : Faulty(index, fields[columns[0]], 0, "Write start as 2026-03-05T00:00:00Z and value as a whole number.");

    private static SentItem ItemOf(int index, ApiSent? sent)
    {
        switch (sent)
        {
            case { Device: { } device, Sequence: { } sequence, Readings: { } readings, Signature: { } signature, Meter: null }:
                if (readings.Any(reading => reading is null))
                {
                    return Faulty(index, device, sequence, "A reading is null.");
                }

                return Signed(index, device, sequence, [.. readings.Select(reading => new SignedReading(reading.Register, reading.Start, reading.Seconds, reading.Value, reading.Unit))], signature);
            case { Meter: { } meter, Start: { } start, Value: { } value, Unit: { } unit, Device: null }:
                return Plain(index, meter, start, sent.Seconds ?? 3600, value, unit);
            default:
                return Faulty(index, sent?.Device ?? "", sent?.Sequence ?? 0, "Send device, sequence, readings and signature; or, without a signature, meter, start, value and unit.");
        }
    }

    private static SentItem Plain(int index, string meter, DateTimeOffset start, int seconds, long value, string unit) =>
        unit != "Wh" ? new SentItem(index, null, null, BatchOutcome.RefusedFor(meter, 0, "wrong-unit", $"The unit is '{unit}'; energy comes in Wh."))
        : seconds != 3600 ? new SentItem(index, null, null, BatchOutcome.RefusedFor(meter, 0, "wrong-length", "Energy comes by the hour: 3600 seconds."))
        : new SentItem(index, null, new DeliveredReading(index, meter, start, value / 1000m), null);

    private static SentItem Signed(int index, string device, long sequence, IReadOnlyList<SignedReading> readings, string signature)
    {
        var bytes = new byte[80];
        if (!Convert.TryFromBase64String(signature, bytes, out var length))
        {
            return Faulty(index, device, sequence, "The signature is not base64.");
        }

        var batch = SignedBatch.Of(device, sequence, readings, bytes[..length], out var fault);
        return batch is null ? Faulty(index, device, sequence, fault ?? "") : new SentItem(index, batch, null, null);
    }

    private static SentItem Faulty(int index, string device, long sequence, string reason) =>
        new(index, null, null, BatchOutcome.RefusedFor(device.Length > SignedBatch.LongestName ? device[..SignedBatch.LongestName] : device, sequence, Malformed, reason));

    private static bool TryTime(string text, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(text, ["yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:sszzz"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);

    /// <summary>A line of a body, good until the next is asked for; without its bytes where it is longer than <see cref="LongestLine"/>.</summary>
    private readonly record struct Line(ReadOnlyMemory<byte> Bytes, bool IsTooLong);

    /// <summary>The lines of a body without their ends and without a byte order mark.</summary>
    private static async IAsyncEnumerable<Line> LinesOfAsync(Stream body, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reader = PipeReader.Create(body, new StreamPipeReaderOptions(bufferSize: 64 * 1024));
        var (lines, isPassedOver) = (0, false);

        // Bytes of a line that has not ended yet, in which no end was found.
        var searched = 0L;
        while (true)
        {
            var result = await reader.ReadAsync(cancellationToken);
            var buffer = result.Buffer;
            while (buffer.Slice(searched).PositionOf((byte)'\n') is { } end)
            {
                if (++lines > MostLines)
                {
                    throw new BodyException("", string.Create(CultureInfo.InvariantCulture, $"The body has more than {MostLines} lines. Send it in parts; what came before is taken in."));
                }

                yield return LineOf(buffer.Slice(0, end), lines == 1, isPassedOver);
                buffer = buffer.Slice(buffer.GetPosition(1, end));
                (searched, isPassedOver) = (0, false);
            }

            if (result.IsCompleted)
            {
                if (buffer.Length > 0 || isPassedOver)
                {
                    yield return LineOf(buffer, lines == 0, isPassedOver);
                }

                break;
            }

            if (buffer.Length > LongestLine)
            {
                // It is told of when its end has come; until then nothing of it is kept.
                isPassedOver = true;
                buffer = buffer.Slice(buffer.End);
            }

            searched = buffer.Length;
            reader.AdvanceTo(buffer.Start, buffer.End);
        }

        await reader.CompleteAsync();
    }

    private static Line LineOf(ReadOnlySequence<byte> line, bool isFirst, bool isPassedOver)
    {
        if (isPassedOver || line.Length > LongestLine)
        {
            return new Line(default, true);
        }

        var bytes = line.IsSingleSegment ? line.First : line.ToArray();
        if (isFirst && bytes.Span.StartsWith("\uFEFF"u8))
        {
            bytes = bytes[3..];
        }

        return new Line(bytes.Span is [.., (byte)'\r'] ? bytes[..^1] : bytes, false);
    }
}
