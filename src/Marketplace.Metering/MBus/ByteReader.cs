using System.Globalization;
using System.Text;

namespace Marketplace.Metering.MBus;

/// <summary>Reads fields one after another in the byte order of the telegram: mode 1 sends the least significant byte first, mode 2 last.</summary>
internal sealed class ByteReader(ReadOnlyMemory<byte> bytes, bool mostSignificantFirst)
{
    public int Position { get; private set; }

    public bool IsAtEnd => Position == bytes.Length;

    public byte Next(string what) => Take(1, what)[0];

    /// <summary>Back to where it was, to read the same bytes in another way.</summary>
    public void Return(int position) => Position = position;

    public byte Peek() => bytes.Span[Position];

    /// <summary>The next bytes as they were sent.</summary>
    public ReadOnlySpan<byte> Take(int count, string what)
    {
        if (count > bytes.Length - Position)
        {
            throw new MBusException(string.Create(
                CultureInfo.InvariantCulture,
                $"the data end at byte {bytes.Length}, within {what} of {count} {(count == 1 ? "byte" : "bytes")} from byte {Position + 1}"));
        }

        var taken = bytes.Span.Slice(Position, count);
        Position += count;
        return taken;
    }

    /// <summary>The next bytes of one field, least significant first.</summary>
    public byte[] Field(int count, string what)
    {
        var field = Take(count, what).ToArray();
        if (mostSignificantFirst)
        {
            Array.Reverse(field);
        }

        return field;
    }

    public ReadOnlySpan<byte> Rest() => Take(bytes.Length - Position, "the rest");

    /// <summary>Characters of ISO 8859-1 in reading order; control characters become spaces, filling zeros vanish.</summary>
    public static string Text(ReadOnlySpan<byte> leastSignificantFirst) => Printable(Characters(leastSignificantFirst));

    /// <summary>Characters of ISO 8859-1 in reading order, as they are.</summary>
    public static string Characters(ReadOnlySpan<byte> leastSignificantFirst)
    {
        var text = new StringBuilder(leastSignificantFirst.Length);
        for (var i = leastSignificantFirst.Length - 1; i >= 0; i--)
        {
            text.Append((char)leastSignificantFirst[i]);
        }

        return text.ToString();
    }

    /// <summary>Control characters become spaces, filling zeros vanish.</summary>
    public static string Printable(string characters)
    {
        var text = new StringBuilder(characters.Length);
        foreach (var character in characters.Where(character => character != '\0'))
        {
            text.Append(char.IsControl(character) ? ' ' : character);
        }

        return text.ToString();
    }

    public static string Hexadecimal(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length * 3);
        foreach (var value in bytes)
        {
            text.Append(text.Length == 0 ? "" : " ").Append(value.ToString("X2", CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }
}
