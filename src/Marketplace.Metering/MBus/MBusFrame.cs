using System.Globalization;

namespace Marketplace.Metering.MBus;

/// <summary>The bytes are no telegram that can be read, and why, in one sentence.</summary>
public sealed class MBusException(string message) : Exception(message);

/// <summary>A long frame of the wired M-Bus link layer (EN 60870-5-1 format class FT 1.2, as EN 13757-2 uses it).</summary>
/// <param name="Control">The C field.</param>
/// <param name="Address">The primary address of the meter.</param>
/// <param name="Information">The CI field: what structure the data have.</param>
/// <param name="Data">The application data after the CI field.</param>
public sealed record MBusFrame(byte Control, byte Address, byte Information, ReadOnlyMemory<byte> Data)
{
    private const byte Start = 0x68;
    private const byte ShortStart = 0x10;
    private const byte Acknowledgement = 0xE5;
    private const byte Stop = 0x16;

    /// <summary>The CI field of an application error.</summary>
    internal const byte ApplicationError = 0x70;

    // Start, length, length, start before what the length counts; checksum and stop after it.
    private const int BytesBefore = 4;
    private const int BytesAround = 6;

    /// <summary>The bytes written in hexadecimal, with white space wherever it pleases.</summary>
    /// <exception cref="MBusException">A character is no hexadecimal digit, or a digit is missing.</exception>
    public static byte[] BytesOf(string hexadecimal)
    {
        ArgumentNullException.ThrowIfNull(hexadecimal);
        var digits = new List<byte>(hexadecimal.Length);
        for (var i = 0; i < hexadecimal.Length; i++)
        {
            if (char.IsAsciiHexDigit(hexadecimal[i]))
            {
                digits.Add((byte)Convert.ToInt32(hexadecimal[i].ToString(), 16));
            }
            else if (!char.IsWhiteSpace(hexadecimal[i]))
            {
                throw new MBusException(string.Create(CultureInfo.InvariantCulture, $"character {i + 1} is no hexadecimal digit"));
            }
        }

        if (digits.Count % 2 != 0)
        {
            throw new MBusException(string.Create(CultureInfo.InvariantCulture, $"{digits.Count} hexadecimal digits are no whole number of bytes"));
        }

        var bytes = new byte[digits.Count / 2];
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)((digits[2 * i] << 4) | digits[(2 * i) + 1]);
        }

        return bytes;
    }

    /// <summary>Reads a long frame that a meter sent.</summary>
    /// <exception cref="MBusException">It is another frame, cut off, too long, damaged, or sent to a meter instead of by one.</exception>
    public static MBusFrame Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            throw new MBusException("there are no bytes");
        }

        switch (bytes[0])
        {
            case Acknowledgement:
                throw new MBusException("E5 is an acknowledgement; it carries no data");
            case ShortStart:
                throw new MBusException("a frame that starts with 10 is a short frame; it carries no data");
            case Start:
                return LongFrame(bytes);
            default:
                throw new MBusException($"a frame starts with 68, not with {bytes[0]:X2}");
        }
    }

    private static MBusFrame LongFrame(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < BytesBefore)
        {
            throw new MBusException("the frame ends within its head");
        }

        int length = bytes[1];
        if (bytes[2] != length || bytes[3] != Start)
        {
            throw new MBusException($"the frame's head is {bytes[0]:X2} {bytes[1]:X2} {bytes[2]:X2} {bytes[3]:X2}; it should be 68, the length twice, 68");
        }

        if (bytes.Length != length + BytesAround)
        {
            throw new MBusException(string.Create(
                CultureInfo.InvariantCulture,
                $"the frame has {bytes.Length} bytes; its length field {length} asks for {length + BytesAround}"));
        }

        if (length < 3)
        {
            throw new MBusException(string.Create(CultureInfo.InvariantCulture, $"a length of {length} leaves no room for control, address and control information"));
        }

        var counted = bytes.Slice(BytesBefore, length);
        byte sum = 0;
        foreach (var value in counted)
        {
            sum = unchecked((byte)(sum + value));
        }

        if (sum != bytes[^2])
        {
            throw new MBusException($"the checksum is {bytes[^2]:X2}, but the bytes add up to {sum:X2}");
        }

        if (bytes[^1] != Stop)
        {
            throw new MBusException($"the frame ends with {bytes[^1]:X2}, not with 16");
        }

        // RSP_UD is 08, with the access demand bit (20) and the data flow bit (10) as they may be.
        if ((counted[0] & 0xCF) != 0x08)
        {
            throw new MBusException($"the control field {counted[0]:X2} is not that of a meter's answer (08, 18, 28 or 38)");
        }

        // An application error may leave its code out (EN 13757-3); all other information without data is a control frame.
        return length == 3 && counted[2] != ApplicationError
            ? throw new MBusException("a control frame carries no data")
            : new MBusFrame(counted[0], counted[1], counted[2], counted[3..].ToArray());
    }
}
