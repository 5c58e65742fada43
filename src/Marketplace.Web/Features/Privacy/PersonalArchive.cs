using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Npgsql;

namespace Marketplace.Web.Features.Privacy;

/// <summary>A file of a copy, as its list of contents names it.</summary>
/// <param name="Name">Its path in the archive.</param>
/// <param name="Rows">Of a table; null for a document.</param>
internal sealed record CopiedFile(string Name, long? Rows);

/// <summary>The copy grew beyond what one may be.</summary>
internal sealed class CopyTooLargeException() : Exception("The copy is larger than one may be");

/// <summary>Writes the archive: each table as JSON and as CSV, row by row, never a whole table in memory.</summary>
internal sealed class PersonalArchive(FileStream file) : IAsyncDisposable
{
    /// <summary>Bytes that a copy may have.</summary>
    public const long MostBytes = 1L << 30;

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true };
    private readonly ZipArchive _zip = new(file, ZipArchiveMode.Create, leaveOpen: true);
    private readonly List<CopiedFile> _files = [];

    public IReadOnlyList<CopiedFile> Files => _files;

    /// <summary>Both forms of a table. A table without rows is named in the list of contents and has no files.</summary>
    public async Task AddTableAsync(NpgsqlConnection connection, string folder, PersonalTable table, int loopId, object key, CancellationToken cancellationToken)
    {
        // The two forms are two entries of one stream, so each is read for itself; within one snapshot they are the same rows.
        var rows = await WriteAsync(connection, $"{folder}{table.Name}.json", table, loopId, key, JsonAsync, cancellationToken);
        if (rows > 0)
        {
            await WriteAsync(connection, $"{folder}{table.Name}.csv", table, loopId, key, CsvAsync, cancellationToken);
        }
    }

    public async Task AddAsync(string name, byte[] content, CancellationToken cancellationToken)
    {
        await using (var stream = await _zip.CreateEntry(name, CompressionLevel.Fastest).OpenAsync(cancellationToken))
        {
            await stream.WriteAsync(content, cancellationToken);
        }

        Added(name, null);
    }

    /// <summary>The list of contents, last.</summary>
    public async Task AddContentsAsync(object about, CancellationToken cancellationToken)
    {
        await using var stream = await _zip.CreateEntry("contents.json").OpenAsync(cancellationToken);
        await JsonSerializer.SerializeAsync(stream, about, s_json, cancellationToken);
    }

    public ValueTask DisposeAsync() => _zip.DisposeAsync();

    private async Task<long> WriteAsync(
        NpgsqlConnection connection, string name, PersonalTable table, int loopId, object key, Func<NpgsqlDataReader, Stream, int[], CancellationToken, Task<long>> write, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(table.Sql, connection);
        command.Parameters.Add(new NpgsqlParameter { Value = loopId });
        command.Parameters.Add(new NpgsqlParameter { Value = key });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var columns = Enumerable.Range(0, reader.FieldCount).Where(i => IsHandedOut(reader.GetName(i), reader.GetFieldType(i))).ToArray();
        if (!reader.HasRows)
        {
            _files.Add(new CopiedFile(name, 0));
            return 0;
        }

        long rows;
        await using (var stream = await _zip.CreateEntry(name, CompressionLevel.Fastest).OpenAsync(cancellationToken))
        {
            rows = await write(reader, stream, columns, cancellationToken);
        }

        Added(name, rows);
        return rows;
    }

    /// <summary>Not the bytes of records and files, nor who of the staff did something.</summary>
    private static bool IsHandedOut(string column, Type type) => type != typeof(byte[]) && !(type == typeof(Guid) && column.EndsWith("_by", StringComparison.Ordinal));

    private static async Task<long> JsonAsync(NpgsqlDataReader reader, Stream stream, int[] columns, CancellationToken cancellationToken)
    {
        await using var writer = new Utf8JsonWriter(stream);
        var rows = 0L;
        writer.WriteStartArray();
        while (await reader.ReadAsync(cancellationToken))
        {
            writer.WriteStartObject();
            foreach (var column in columns)
            {
                writer.WritePropertyName(reader.GetName(column));
                Write(writer, reader, column);
            }

            writer.WriteEndObject();
            if (++rows % 1000 == 0)
            {
                await writer.FlushAsync(cancellationToken);
            }
        }

        writer.WriteEndArray();
        return rows;
    }

    private static void Write(Utf8JsonWriter writer, NpgsqlDataReader reader, int column)
    {
        switch (reader.GetValue(column))
        {
            case DBNull:
                writer.WriteNullValue();
                break;
            case bool truth:
                writer.WriteBooleanValue(truth);
                break;
            case short or int or long:
                writer.WriteNumberValue(Convert.ToInt64(reader.GetValue(column), CultureInfo.InvariantCulture));
                break;
            case string json when reader.GetDataTypeName(column) == "jsonb":
                writer.WriteRawValue(json);
                break;
            case Array list:
                writer.WriteStartArray();
                foreach (var item in list)
                {
                    if (item is string text)
                    {
                        writer.WriteStringValue(text);
                    }
                    else
                    {
                        writer.WriteNumberValue(Convert.ToInt64(item, CultureInfo.InvariantCulture));
                    }
                }

                writer.WriteEndArray();
                break;
            case var value:
                writer.WriteStringValue(Text(value));
                break;
        }
    }

    private static async Task<long> CsvAsync(NpgsqlDataReader reader, Stream stream, int[] columns, CancellationToken cancellationToken)
    {
        await using var writer = new StreamWriter(stream, new UTF8Encoding(false)) { NewLine = "\r\n" };
        await writer.WriteLineAsync(string.Join(',', columns.Select(reader.GetName)));
        var rows = 0L;
        var line = new StringBuilder();
        while (await reader.ReadAsync(cancellationToken))
        {
            line.Clear();
            foreach (var column in columns)
            {
                line.Append(line.Length > 0 || column != columns[0] ? "," : "").Append(Quoted(reader.GetValue(column)));
            }

            await writer.WriteLineAsync(line, cancellationToken);
            rows++;
        }

        return rows;
    }

    /// <summary>A text that a table program would take for a formula is shown as text.</summary>
    private static string Quoted(object value)
    {
        var text = value is Array list ? string.Join(' ', list.Cast<object>().Select(Text)) : Text(value);
        if (value is string && text.Length > 0 && text[0] is '=' or '+' or '-' or '@' or '\t')
        {
            text = "'" + text;
        }

        return text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : "\"" + text.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
    }

    private static string Text(object value) => value switch
    {
        DBNull => "",
        bool truth => truth ? "true" : "false",
        DateTime { Kind: DateTimeKind.Unspecified } day => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        DateTime instant => instant.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture),
        DateOnly day => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    private void Added(string name, long? rows)
    {
        _files.Add(new CopiedFile(name, rows));
        if (file.Position > MostBytes)
        {
            throw new CopyTooLargeException();
        }
    }
}
