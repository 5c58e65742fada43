using System.Globalization;
using System.IO.Compression;
using System.Text;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Web.Features.Devices;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Metering.Files;

/// <summary>A row of a file of readings: the reading it gives, or what is wrong with it.</summary>
/// <param name="Line">As an editor counts.</param>
public sealed record ReadingFileRow(int Line, string Text, DeliveredReading? Reading, FieldFault? Fault);

/// <summary>
/// The rows of a CSV file, one after the other. The hour stands in <c>timestamp_utc</c>, <c>from_utc</c> or <c>start</c>; the meter in
/// <c>meter</c>, or in <c>building</c> and <c>commodity</c>; the energy in <c>kwh</c>, or in <c>value</c> with <c>unit</c>; a note in
/// <c>basis</c> or <c>note</c>. A file packed with gzip is unpacked.
/// </summary>
public sealed class ReadingFileRows : IDisposable
{
    /// <summary>Bytes of a file at most, as sent.</summary>
    public const int MostBytes = 32 * 1024 * 1024;

    /// <summary>Characters of a row at most; of a longer one no more are kept.</summary>
    public const int LongestRow = 4_000;

    private const long MostUnpacked = 256L * 1024 * 1024;

    private readonly StreamReader _reader;
    private readonly StringBuilder _row = new();
    private readonly int _time, _meter, _building, _commodity, _kwh, _value, _unit, _note, _width;
    private int _line = 1;

    private ReadingFileRows(StreamReader reader)
    {
        _reader = reader;
        Header = NextLine(out var isWhole) ?? throw new RefusedException("The file is empty; its first line must name the columns.");
        if (!isWhole || Header.Contains('\0', StringComparison.Ordinal))
        {
            throw new RefusedException("The file is not a table as text in UTF-8. Save a spreadsheet as CSV (UTF-8) first.");
        }

        var names = Fields(Header.TrimStart('\uFEFF')).Select(name => name.ToLowerInvariant()).ToList();
        int Column(params string[] any) => any.Select(name => names.IndexOf(name)).FirstOrDefault(at => at >= 0, -1);
        (_time, _meter, _building, _commodity) = (Column("timestamp_utc", "from_utc", "start"), Column("meter"), Column("building"), Column("commodity"));
        (_kwh, _value, _unit, _note, _width) = (Column("kwh"), Column("value"), Column("unit"), Column("basis", "note"), names.Count);
        if (_time < 0 || (_meter < 0 && (_building < 0 || _commodity < 0)) || (_kwh < 0 && (_value < 0 || _unit < 0)))
        {
            throw new RefusedException($"The first line must name the columns timestamp_utc, meter (or building and commodity) and kwh. It names: {StoredText.Of(Header, 200)}");
        }
    }

    /// <summary>The first line as it stands in the file.</summary>
    public string Header { get; }

    /// <exception cref="RefusedException">The columns that are needed are not there.</exception>
    public static ReadingFileRows Open(byte[] content)
    {
        Stream stream = new MemoryStream(content, writable: false);
        try
        {
            return new ReadingFileRows(new StreamReader(content is [0x1F, 0x8B, ..] ? new Unpacked(new GZipStream(stream, CompressionMode.Decompress)) : stream, Encoding.UTF8));
        }
        catch (InvalidDataException)
        {
            throw new RefusedException("The file is not whole gzip.");
        }
    }

    /// <summary>The next rows, at most so many; fewer at the end.</summary>
    /// <param name="skip">Rows to pass over first.</param>
    /// <exception cref="RefusedException">The file unpacks into more than is sensible, or cannot be unpacked.</exception>
    public List<ReadingFileRow> Take(int skip, int most)
    {
        var rows = new List<ReadingFileRow>();
        try
        {
            while (rows.Count < most && NextLine(out var isWhole) is { } text)
            {
                _line++;
                if (string.IsNullOrWhiteSpace(text) || skip-- > 0)
                {
                    continue;
                }

                rows.Add(isWhole ? RowOf(text) : new ReadingFileRow(_line, text, null, new FieldFault("too-long", "The row has more than 4,000 characters.")));
            }
        }
        catch (InvalidDataException)
        {
            throw new RefusedException("The file is not whole gzip.");
        }

        return rows;
    }

    public void Dispose() => _reader.Dispose();

    private ReadingFileRow RowOf(string text)
    {
        ReadingFileRow Bad(string rule, string message) => new(_line, text, null, new FieldFault(rule, message));
        var fields = Fields(text);
        if (fields.Length != _width)
        {
            return Bad("field-count", string.Create(CultureInfo.InvariantCulture, $"The row has {fields.Length} fields, the header {_width}; a decimal comma or a missing quote does that."));
        }

        if (FieldText.Hour(fields[_time], out var hour) is { } timeFault)
        {
            return Bad(timeFault.Rule, timeFault.Message);
        }

        var meter = _meter >= 0 ? fields[_meter] : $"{fields[_building]}-{fields[_commodity].ToLowerInvariant()}";
        decimal kilowattHours;
        if (_kwh >= 0)
        {
            if (FieldText.Number(fields[_kwh], out kilowattHours) is { } fault)
            {
                return Bad(fault.Rule, fault.Message);
            }
        }
        else if (FieldText.Number(fields[_value], out kilowattHours) is { } fault)
        {
            return Bad(fault.Rule, fault.Message);
        }
        else if (fields[_unit] is not ("Wh" or "kWh"))
        {
            return Bad("wrong-unit", $"The unit is '{fields[_unit]}'; energy is given in Wh or kWh.");
        }
        else
        {
            kilowattHours /= fields[_unit] == "Wh" ? 1000m : 1m;
        }

        var note = _note >= 0 && fields[_note].Length > 0 && !fields[_note].Equals("measured", StringComparison.OrdinalIgnoreCase) ? fields[_note] : null;
        return new ReadingFileRow(_line, text, new DeliveredReading(_line, meter, hour, kilowattHours, note is null ? null : StoredText.Of(note, 200)), null);
    }

    /// <summary>The next line without its end, or as much of it as is kept; the rest is passed over a piece at a time, whatever its length.</summary>
    private string? NextLine(out bool isWhole)
    {
        isWhole = true;
        _row.Clear();
        var next = _reader.Read();
        if (next < 0)
        {
            return null;
        }

        for (; next is >= 0 and not '\n' and not '\r'; next = _reader.Read())
        {
            if (_row.Length < LongestRow)
            {
                _row.Append((char)next);
            }
            else
            {
                isWhole = false;
            }
        }

        if (next == '\r' && _reader.Peek() == '\n')
        {
            _ = _reader.Read();
        }

        return _row.ToString();
    }

    /// <summary>The fields of a line of CSV (RFC 4180), without the blanks around them.</summary>
    internal static string[] Fields(string line)
    {
        if (!line.Contains('"', StringComparison.Ordinal))
        {
            return line.Split(',', StringSplitOptions.TrimEntries);
        }

        var (fields, field, isQuoted) = (new List<string>(), new StringBuilder(), false);
        for (var i = 0; i < line.Length; i++)
        {
            if (line[i] == '"' && isQuoted && i + 1 < line.Length && line[i + 1] == '"')
            {
                field.Append('"');
                i++;
            }
            else if (line[i] == '"')
            {
                isQuoted = !isQuoted;
            }
            else if (line[i] == ',' && !isQuoted)
            {
                fields.Add(field.ToString().Trim());
                field.Clear();
            }
            else
            {
                field.Append(line[i]);
            }
        }

        return [.. fields, field.ToString().Trim()];
    }

    /// <summary>What a packed file unpacks into, as long as it is not more than is sensible.</summary>
    private sealed class Unpacked(GZipStream packed) : OneWayStream
    {
        private long _read;

        public override int Read(byte[] buffer, int offset, int count) => Counted(packed.Read(buffer, offset, count));

        public override int Read(Span<byte> buffer) => Counted(packed.Read(buffer));

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => Counted(await packed.ReadAsync(buffer, cancellationToken));

        private int Counted(int count)
        {
            _read += count;
            return _read <= MostUnpacked ? count : throw new RefusedException("Unpacked, the file is larger than 256 MB. Send it in parts.");
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                packed.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
