using System.Globalization;
using System.Text;
using CsvHelper;

namespace Marketplace.Web.Features.Metering;

/// <summary>A CSV file read row by row: header by name, line numbers as an editor shows them, and a broken row that
/// does not take the following ones with it. Byte order mark, both line ends, quotes and empty lines are understood.</summary>
public sealed class CsvTable : IDisposable
{
    // A quoted field may run over several lines. One that never closes would swallow the rest of the file:
    // after this many lines the opening line is given up and reading goes on behind it.
    private const int LongestRecordLines = 20;

    private static readonly CsvReaderOptions Quoted = new() { HasHeader = false, Separator = ',' };

    private readonly StreamReader _reader;
    private readonly FolderProblems _problems;
    private readonly Queue<string> _putBack = new();
    private readonly Dictionary<string, int> _columns = new(StringComparer.OrdinalIgnoreCase);
    private string[] _fields = [];
    private string? _plain;
    private int[] _ends = new int[16];
    private int _count;
    private int _next = 1;

    private CsvTable(StreamReader reader, string file, FolderProblems problems)
    {
        _reader = reader;
        _problems = problems;
        File = file;
    }

    /// <summary>The file's name, for messages.</summary>
    public string File { get; }

    /// <summary>The column names in order.</summary>
    public IReadOnlyList<string> Header { get; private set; } = [];

    /// <summary>The line on which the current row begins.</summary>
    public int Line { get; private set; }

    /// <summary>Opens a file and reads its header.</summary>
    /// <returns>The table, or null where a required column or the whole file is missing; the problem then says so.</returns>
    public static CsvTable? Open(string folder, string file, FolderProblems problems, ProblemWeight whenUnusable, params string[] required)
    {
        var path = Path.Combine(folder, file);
        if (!System.IO.File.Exists(path))
        {
            problems.Add(file, 0, "", "missing-file", "the file is missing.", whenUnusable);
            return null;
        }

        var table = default(CsvTable);
        try
        {
            table = new CsvTable(new StreamReader(path, Encoding.UTF8, true, 1 << 16), file, problems);
            if (table.ReadHeader(required, whenUnusable))
            {
                return table;
            }
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            problems.Add(file, 0, "", "unreadable-file", $"the file cannot be read: {unreadable.Message}", whenUnusable);
        }

        table?.Dispose();
        return null;
    }

    /// <summary>A table that somebody typed or sent.</summary>
    /// <param name="name">What it is called in messages.</param>
    public static CsvTable? OfText(string text, string name, FolderProblems problems, params string[] required)
    {
        ArgumentNullException.ThrowIfNull(text);
        var table = new CsvTable(new StreamReader(new MemoryStream(Encoding.UTF8.GetBytes(text)), Encoding.UTF8), name, problems);
        if (table.ReadHeader(required, ProblemWeight.Fatal))
        {
            return table;
        }

        table.Dispose();
        return null;
    }

    public bool Has(string column) => _columns.ContainsKey(column);

    /// <summary>The place of a column, or -1.</summary>
    public int Column(string name) => _columns.GetValueOrDefault(name, -1);

    /// <summary>A field of the current row, without surrounding blanks; empty where the file has no such column.</summary>
    public string this[int column] => column < 0 ? "" : _plain is null ? _fields[column].Trim() : Span(column).ToString();

    /// <summary>As <see cref="this[int]"/>, without making a string of it.</summary>
    public ReadOnlySpan<char> Span(int column)
    {
        if (column < 0 || _plain is null)
        {
            return column < 0 ? [] : _fields[column].AsSpan().Trim();
        }

        var start = column == 0 ? 0 : _ends[column - 1] + 1;
        return _plain.AsSpan(start, _ends[column] - start).Trim();
    }

    /// <summary>A field of the current row by the name of its column.</summary>
    public string this[string column] => this[Column(column)];

    /// <summary>Goes to the next row that has as many fields as the header.</summary>
    public bool Read()
    {
        while (NextRecord())
        {
            if (_count == Header.Count)
            {
                return true;
            }

            _problems.Refuse(File, Line, "", "field-count", string.Create(
                CultureInfo.InvariantCulture,
                $"the row has {_count} fields, the header {Header.Count}; a decimal comma or a missing quote does that."));
        }

        return false;
    }

    public void Dispose() => _reader.Dispose();

    private bool ReadHeader(string[] required, ProblemWeight whenUnusable)
    {
        if (!NextRecord())
        {
            _problems.Add(File, 1, "", "missing-header", "the file is empty; its first line must name the columns.", whenUnusable);
            return false;
        }

        Header = [.. Enumerable.Range(0, _count).Select(column => this[column])];
        for (var i = 0; i < Header.Count; i++)
        {
            if (!_columns.TryAdd(Header[i], i))
            {
                _problems.Warn(File, Line, Header[i], "repeated-column", "the column is named twice; the first is used.");
            }
        }

        var missing = required.Where(name => !Has(name)).ToArray();
        foreach (var name in missing)
        {
            _problems.Add(File, Line, name, "missing-column", $"the column '{name}' is missing. {Hint(name)}".TrimEnd(), whenUnusable);
        }

        return missing.Length == 0;
    }

    private string Hint(string missing)
    {
        if (Header.Count == 1 && (Header[0].Contains(';', StringComparison.Ordinal) || Header[0].Contains('\t', StringComparison.Ordinal)))
        {
            return "Columns are separated by commas.";
        }

        var other = missing == "kwh" ? Header.FirstOrDefault(name => name.ToLowerInvariant() is "wh" or "mwh" or "gwh" or "kw" or "mj" or "gj" or "m3") : null;
        return other is null
            ? $"The columns are: {string.Join(", ", Header)}."
            : $"The file has '{other}' instead; energy is given in kWh.";
    }

    private bool NextRecord()
    {
        while (NextLine() is { } line)
        {
            Line = _next - 1;
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            if (!line.Contains('"', StringComparison.Ordinal))
            {
                Split(line);
                return true;
            }

            if (Complete(line) is { } record)
            {
                using var parser = CsvReader.FromText(record, Quoted);
                if (parser.Read())
                {
                    _fields = [.. Enumerable.Range(0, parser.FieldCount).Select(parser.GetString)];
                    (_plain, _count) = (null, _fields.Length);
                    return true;
                }
            }

            _problems.Refuse(File, Line, "", "open-quote", "a quote is opened and not closed.");
        }

        return false;
    }

    // A line without quotes stays whole: only where its fields end is kept.
    private void Split(string line)
    {
        (_plain, _count) = (line, 0);
        for (var from = 0; ; from = _ends[_count - 1] + 1)
        {
            if (_count == _ends.Length)
            {
                Array.Resize(ref _ends, 2 * _count);
            }

            var comma = line.AsSpan(from).IndexOf(',');
            _ends[_count++] = comma < 0 ? line.Length : from + comma;
            if (comma < 0)
            {
                return;
            }
        }
    }

    // The whole record that begins with this line, or null (and the further lines put back) if its quotes never close.
    private string? Complete(string first)
    {
        var record = new StringBuilder(first);
        var further = new List<string>();
        while (QuotesOpen(record))
        {
            if (further.Count == LongestRecordLines || NextLine() is not { } line)
            {
                foreach (var back in further.Concat(DrainPutBack()).ToArray())
                {
                    _putBack.Enqueue(back);
                }

                _next -= further.Count;
                return null;
            }

            further.Add(line);
            record.Append('\n').Append(line);
        }

        return record.ToString();
    }

    private List<string> DrainPutBack()
    {
        var waiting = _putBack.ToList();
        _putBack.Clear();
        return waiting;
    }

    private static bool QuotesOpen(StringBuilder record)
    {
        var open = false;
        foreach (var chunk in record.GetChunks())
        {
            foreach (var c in chunk.Span)
            {
                open ^= c == '"';
            }
        }

        return open;
    }

    private string? NextLine()
    {
        var line = _putBack.Count > 0 ? _putBack.Dequeue() : _reader.ReadLine();
        _next += line is null ? 0 : 1;
        return line;
    }
}
