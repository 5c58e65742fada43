using System.Numerics;
using System.Security.Cryptography;

namespace Marketplace.Ledger;

/// <summary>The hashes of an RFC 6962 / RFC 9162 Merkle tree over SHA-256 (RFC 9162, section 2.1.1).</summary>
public static class MerkleHash
{
    private const int OnStack = 512;
    private const int NodeLength = 1 + (2 * TreeHash.Length);

    /// <summary>The root of a tree without entries: SHA-256 of nothing.</summary>
    public static TreeHash Empty { get; } = new(SHA256.HashData([]));

    /// <summary>SHA-256 of 0x00 and the entry.</summary>
    public static TreeHash Leaf(ReadOnlySpan<byte> entry)
    {
        var input = entry.Length < OnStack ? stackalloc byte[1 + entry.Length] : new byte[1 + entry.Length];
        input[0] = 0;
        entry.CopyTo(input[1..]);
        Span<byte> hash = stackalloc byte[TreeHash.Length];
        SHA256.HashData(input, hash);
        return new TreeHash(hash);
    }

    /// <summary>SHA-256 of 0x01, the left and the right child.</summary>
    public static TreeHash Node(TreeHash left, TreeHash right)
    {
        Span<byte> input = stackalloc byte[NodeLength];
        input[0] = 1;
        left.CopyTo(input[1..]);
        right.CopyTo(input[(1 + TreeHash.Length)..]);
        Span<byte> hash = stackalloc byte[TreeHash.Length];
        SHA256.HashData(input, hash);
        return new TreeHash(hash);
    }

    /// <summary>The leaf hashes of entries, one after the other: a tile of level 0.</summary>
    public static byte[] Leaves(IReadOnlyList<ReadOnlyMemory<byte>> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        var ends = new int[entries.Count];
        var length = 0;
        for (var i = 0; i < ends.Length; i++)
        {
            ends[i] = length += 1 + entries[i].Length;
        }

        var messages = new byte[length];
        for (var i = 0; i < ends.Length; i++)
        {
            entries[i].Span.CopyTo(messages.AsSpan(ends[i] - entries[i].Length));
        }

        var hashes = new byte[ends.Length * TreeHash.Length];
        ManyHashes.OfAny(messages, ends, hashes);
        return hashes;
    }

    /// <summary>The leaf hashes of entries of one length that lie one after the other.</summary>
    public static byte[] Leaves(ReadOnlySpan<byte> entries, int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        var messages = new byte[entries.Length / length * (1 + length)];
        for (int from = 0, to = 1; from < entries.Length; from += length, to += 1 + length)
        {
            entries.Slice(from, length).CopyTo(messages.AsSpan(to));
        }

        var hashes = new byte[entries.Length / length * TreeHash.Length];
        ManyHashes.OfEqual(messages, 1 + length, hashes);
        return hashes;
    }

    /// <summary>The root of a complete subtree, from the hashes of its lowest level: as many as a power of two.</summary>
    /// <exception cref="ArgumentException">They are not.</exception>
    public static TreeHash Subtree(ReadOnlySpan<byte> hashes)
    {
        var count = hashes.Length / TreeHash.Length;
        if (hashes.Length != count * TreeHash.Length || !BitOperations.IsPow2(count))
        {
            throw new ArgumentException("A complete subtree has as many hashes as a power of two");
        }

        var level = hashes.ToArray();
        var messages = new byte[count / 2 * NodeLength];
        for (; count > 1; count /= 2)
        {
            for (var i = 0; i < count / 2; i++)
            {
                messages[i * NodeLength] = 1;
                level.AsSpan(2 * i * TreeHash.Length, 2 * TreeHash.Length).CopyTo(messages.AsSpan((i * NodeLength) + 1));
            }

            ManyHashes.OfEqual(messages.AsSpan(0, count / 2 * NodeLength), NodeLength, level.AsSpan(0, count / 2 * TreeHash.Length));
        }

        return new TreeHash(level.AsSpan(0, TreeHash.Length));
    }
}
