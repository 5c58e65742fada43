using System.Buffers.Binary;

namespace Marketplace.Web.Features.Devices;

/// <summary>
/// A photo as it is kept: written anew from the parts that make the picture, so that neither where and with what it was taken nor anything
/// hidden behind the picture stays in it. Which way up it is stays, alone. JPEG (ITU-T T.81) and PNG (ISO/IEC 15948); whatever is neither is not kept at all.
/// </summary>
internal sealed record Photo(string ContentType, byte[] Content)
{
    public const int MostBytes = 8 * 1024 * 1024;

    private const int MostPixels = 12_000;

    private static readonly byte[] PngStart = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>The photo without what does not make the picture; null where it is no whole JPEG or PNG of sensible size.</summary>
    public static Photo? Clean(byte[] sent)
    {
        var content = sent.AsSpan().StartsWith(PngStart) ? Png(sent) : sent is [0xFF, 0xD8, 0xFF, ..] ? Jpeg(sent) : null;
        return content is null ? null : new Photo(content[0] == 0xFF ? "image/jpeg" : "image/png", content);
    }

    private static byte[]? Png(ReadOnlySpan<byte> sent)
    {
        using var kept = new MemoryStream(sent.Length);
        kept.Write(PngStart);
        var (at, hasHead, hasData) = (PngStart.Length, false, false);
        while (at + 12 <= sent.Length)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(sent[at..]);
            if (length > sent.Length - at - 12)
            {
                return null;
            }

            var name = sent.Slice(at + 4, 4);
            var chunk = sent.Slice(at, (int)length + 12);
            at += chunk.Length;
            if (Crc(chunk[4..^4]) != BinaryPrimitives.ReadUInt32BigEndian(chunk[^4..]))
            {
                return null;
            }

            if (name.SequenceEqual("IHDR"u8))
            {
                if (hasHead || length != 13 || !IsSensible(BinaryPrimitives.ReadUInt32BigEndian(chunk[8..]), BinaryPrimitives.ReadUInt32BigEndian(chunk[12..])))
                {
                    return null;
                }

                hasHead = true;
                kept.Write(chunk);
            }
            else if (name.SequenceEqual("eXIf"u8) && hasHead && !hasData && PhotoTurn.Read(chunk[8..^4]) is { } turn)
            {
                Chunk(kept, "eXIf"u8, PhotoTurn.Tiff(turn));
            }
            else if (name.SequenceEqual("PLTE"u8) || name.SequenceEqual("tRNS"u8) || name.SequenceEqual("IDAT"u8))
            {
                hasData |= name[0] == (byte)'I';
                kept.Write(chunk);
            }
            else if (name.SequenceEqual("IEND"u8))
            {
                kept.Write(chunk);
                return hasHead && hasData ? kept.ToArray() : null;
            }
        }

        return null;
    }

    private static byte[]? Jpeg(ReadOnlySpan<byte> sent)
    {
        using var kept = new MemoryStream(sent.Length);
        kept.Write(sent[..2]);
        var (at, hasFrame) = (2, false);
        while (at + 4 <= sent.Length && sent[at] == 0xFF)
        {
            var marker = sent[at + 1];
            if (marker == 0xFF)
            {
                at++;
                continue;
            }

            if (marker == 0xD9)
            {
                return null;
            }

            var length = BinaryPrimitives.ReadUInt16BigEndian(sent[(at + 2)..]) + 2;
            if (length < 4 || at + length > sent.Length)
            {
                return null;
            }

            var segment = sent.Slice(at, length);
            at += length;
            var isFrame = marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC);
            if (isFrame && (length < 10 || !IsSensible(BinaryPrimitives.ReadUInt16BigEndian(segment[7..]), BinaryPrimitives.ReadUInt16BigEndian(segment[5..]))))
            {
                return null;
            }

            hasFrame |= isFrame;

            // Application segments but JFIF's and Adobe's, which tell the colours, and comments do not make the picture.
            if (marker == 0xE1 && segment.Length > 10 && segment[4..].StartsWith("Exif\0\0"u8) && PhotoTurn.Read(segment[10..]) is { } turn)
            {
                kept.Write([0xFF, 0xE1, 0, 34, .. "Exif\0\0"u8, .. PhotoTurn.Tiff(turn)]);
            }
            else if (marker is not (>= 0xE1 and <= 0xED or 0xEF or 0xFE))
            {
                kept.Write(segment);
            }

            if (marker == 0xDA)
            {
                var end = EndOfScan(sent, at);
                kept.Write(sent[at..end]);
                at = end;
                if (end + 2 <= sent.Length && sent[end + 1] == 0xD9)
                {
                    kept.Write(sent.Slice(end, 2));
                    return hasFrame ? kept.ToArray() : null;
                }
            }
        }

        return null;
    }

    // Within the coded data FF is followed by 00 or a restart marker; anything else ends it.
    private static int EndOfScan(ReadOnlySpan<byte> sent, int at)
    {
        while (at + 1 < sent.Length && (sent[at] != 0xFF || sent[at + 1] is 0x00 or >= 0xD0 and <= 0xD7))
        {
            at++;
        }

        return at + 1 < sent.Length ? at : sent.Length;
    }

    private static bool IsSensible(uint width, uint height) => width is > 0 and <= MostPixels && height is > 0 and <= MostPixels;

    private static void Chunk(MemoryStream kept, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        byte[] chunk = [0, 0, 0, 0, .. name, .. data, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(chunk.Length - 4), Crc(chunk.AsSpan(4, data.Length + 4)));
        kept.Write(chunk);
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320u : crc >> 1;
            }
        }

        return ~crc;
    }
}
