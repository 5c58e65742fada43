using System.Globalization;
using System.Text;

namespace Marketplace.Ledger;

/// <summary>
/// The bytes of a record that a commitment binds: UTF-8 lines, the first naming kind and version (<c>reading/v1</c>), each
/// other one a name, a space and a value, in the order they were added. A person can read them, so that a proof shows what
/// it proved. A changed byte is a broken promise: each record's layout is pinned by a test.
/// </summary>
public sealed class CanonicalRecord
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly List<(string Name, string Value)> _fields = [];

    private CanonicalRecord(string title) => Title = title;

    /// <summary>The first line, as in <c>reading/v1</c>.</summary>
    public string Title { get; }

    /// <summary>Names and values in order; a name may come more than once.</summary>
    public IReadOnlyList<(string Name, string Value)> Fields => _fields;

    /// <summary>Starts a record of this kind and version.</summary>
    public static CanonicalRecord Of(string kind, int version)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(version, 1);
        return new CanonicalRecord($"{NameOf(kind)}/v{version.ToString(CultureInfo.InvariantCulture)}");
    }

    /// <summary>Adds a line.</summary>
    /// <exception cref="ArgumentException">The name has a space or is empty, or either has a control character or broken Unicode.</exception>
    public CanonicalRecord Add(string name, string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (value.Any(char.IsControl))
        {
            throw new ArgumentException($"The value of '{name}' contains a control character");
        }

        _fields.Add((NameOf(name), value));
        return this;
    }

    /// <summary>Adds a whole number.</summary>
    public CanonicalRecord Add(string name, long value) => Add(name, value.ToString(CultureInfo.InvariantCulture));

    /// <summary>Adds an instant as ISO 8601 in UTC to the second.</summary>
    public CanonicalRecord Add(string name, DateTimeOffset instant) =>
        Add(name, instant.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));

    /// <summary>Adds a day as ISO 8601.</summary>
    public CanonicalRecord Add(string name, DateOnly day) => Add(name, day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));

    /// <summary>The bytes.</summary>
    public byte[] ToBytes()
    {
        try
        {
            return Utf8.GetBytes(ToString());
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException($"The record '{Title}' contains broken Unicode", e);
        }
    }

    /// <summary>The lines.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Title).Append('\n');
        foreach (var (name, value) in _fields)
        {
            text.Append(name).Append(' ').Append(value).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>Reads a record back.</summary>
    /// <exception cref="NotVerifiedException">These are not the bytes of a canonical record.</exception>
    public static CanonicalRecord Parse(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var text = Utf8.GetString(bytes);
            var lines = text.Split('\n');
            var title = lines[0].Split("/v");
            if (title.Length != 2 || lines[^1].Length > 0 || !Checkpoint.TryReadNumber(title[1], out var version) || version is < 1 or > int.MaxValue)
            {
                throw new NotVerifiedException("The record does not start with its kind and version");
            }

            var record = Of(title[0], (int)version);
            foreach (var line in lines[1..^1])
            {
                var space = line.IndexOf(' ', StringComparison.Ordinal);
                record.Add(space < 0 ? "" : line[..space], line[(space + 1)..]);
            }

            return record;
        }
        catch (ArgumentException)
        {
            throw new NotVerifiedException("The record is not made of lines of a name and a value");
        }
    }

    private static string NameOf(string name) =>
        string.IsNullOrEmpty(name) || name.Any(c => char.IsControl(c) || char.IsWhiteSpace(c))
            ? throw new ArgumentException($"'{name}' cannot name a line of a record")
            : name;
}
