using System.Buffers.Binary;

namespace Marketplace.Web.Features.Devices;

/// <summary>Which way up a picture is: the orientation of the EXIF data (CIPA DC-008), 1 to 8. Cameras store what the sensor saw and turn it by this
/// number only; without it a picture taken upright lies on its side. Everything else in that data says where, when and with what it was taken.</summary>
internal static class PhotoTurn
{
    private const ushort Orientation = 0x0112;
    private const ushort Short = 3;
    private const int EntryBytes = 12;

    /// <summary>The orientation that a TIFF block names; null where it names none, none that there is, or that of the picture as it lies.</summary>
    public static byte? Read(ReadOnlySpan<byte> tiff)
    {
        if (tiff.Length < 8 || !(tiff.StartsWith("II*\0"u8) || tiff.StartsWith("MM\0*"u8)))
        {
            return null;
        }

        var isLittle = tiff[0] == (byte)'I';
        var directory = U32(tiff[4..]);
        if (directory > tiff.Length - 2)
        {
            return null;
        }

        var entries = tiff[(int)directory..];
        var count = U16(entries);
        for (var i = 0; i < count && 2 + ((i + 1) * EntryBytes) <= entries.Length; i++)
        {
            var entry = entries.Slice(2 + (i * EntryBytes), EntryBytes);
            if (U16(entry) == Orientation)
            {
                return U16(entry[2..]) == Short && U32(entry[4..]) == 1 && U16(entry[8..]) is >= 2 and <= 8 and var turn ? (byte)turn : null;
            }
        }

        return null;

        ushort U16(ReadOnlySpan<byte> at) => isLittle ? BinaryPrimitives.ReadUInt16LittleEndian(at) : BinaryPrimitives.ReadUInt16BigEndian(at);
        uint U32(ReadOnlySpan<byte> at) => isLittle ? BinaryPrimitives.ReadUInt32LittleEndian(at) : BinaryPrimitives.ReadUInt32BigEndian(at);
    }

    /// <summary>A TIFF block of 26 bytes that says the orientation and nothing else.</summary>
    public static byte[] Tiff(byte turn) =>
        [.. "MM\0*"u8, 0, 0, 0, 8, 0, 1, Orientation >> 8, Orientation & 0xFF, 0, (byte)Short, 0, 0, 0, 1, 0, turn, 0, 0, 0, 0, 0, 0];
}
