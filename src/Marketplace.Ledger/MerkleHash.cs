using System.Security.Cryptography;

namespace Marketplace.Ledger;

/// <summary>The hashes of an RFC 6962 / RFC 9162 Merkle tree over SHA-256 (RFC 9162, section 2.1.1).</summary>
public static class MerkleHash
{
    private const int OnStack = 512;

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
        Span<byte> input = stackalloc byte[1 + TreeHash.Length + TreeHash.Length];
        input[0] = 1;
        left.CopyTo(input[1..]);
        right.CopyTo(input[(1 + TreeHash.Length)..]);
        Span<byte> hash = stackalloc byte[TreeHash.Length];
        SHA256.HashData(input, hash);
        return new TreeHash(hash);
    }
}
