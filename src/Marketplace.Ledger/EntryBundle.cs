using System.Buffers.Binary;

namespace Marketplace.Ledger;

/// <summary>The published form of up to 256 entries: each as its length (two bytes, big-endian) and its bytes (c2sp.org/tlog-tiles).</summary>
public static class EntryBundle
{
    /// <summary>The largest entry a bundle can hold.</summary>
    public const int MaxEntry = ushort.MaxValue;

    /// <summary>Appends one entry to the buffer.</summary>
    /// <exception cref="ArgumentException">The entry is longer than 65,535 bytes.</exception>
    public static void Append(List<byte> bundle, ReadOnlySpan<byte> entry)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        if (entry.Length > MaxEntry)
        {
            throw new ArgumentException("An entry has at most 65,535 bytes");
        }

        bundle.Add((byte)(entry.Length >> 8));
        bundle.Add((byte)(entry.Length & 0xff));
        bundle.AddRange(entry);
    }

    /// <summary>The entries of a bundle that must hold exactly this many.</summary>
    /// <exception cref="NotVerifiedException">It holds fewer, more, or a part of one.</exception>
    public static IReadOnlyList<ReadOnlyMemory<byte>> Read(ReadOnlyMemory<byte> bundle, int count)
    {
        var entries = ReadFirst(bundle, count, out var used);
        return used == bundle.Length ? entries : throw new NotVerifiedException($"The entry bundle has {bundle.Length - used} bytes too many");
    }

    /// <summary>The first entries of a bundle that may hold more, and how many bytes they take.</summary>
    /// <exception cref="NotVerifiedException">It holds fewer.</exception>
    public static IReadOnlyList<ReadOnlyMemory<byte>> ReadFirst(ReadOnlyMemory<byte> bundle, int count, out int used)
    {
        var entries = new List<ReadOnlyMemory<byte>>(count);
        used = 0;
        for (var i = 0; i < count; i++)
        {
            var rest = bundle[used..];
            var length = rest.Length < 2 ? int.MaxValue : BinaryPrimitives.ReadUInt16BigEndian(rest.Span);
            if (length > rest.Length - 2)
            {
                throw new NotVerifiedException($"The entry bundle ends inside entry {i} of {count}");
            }

            entries.Add(rest.Slice(2, length));
            used += 2 + length;
        }

        return entries;
    }
}
