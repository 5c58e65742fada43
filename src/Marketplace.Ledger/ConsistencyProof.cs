using System.Numerics;

namespace Marketplace.Ledger;

/// <summary>Shows that a tree only grew: the older is a prefix of the newer (RFC 9162, sections 2.1.4.1 and 2.1.4.2).</summary>
public static class ConsistencyProof
{
    /// <summary>The ranges of entries (start, end excluded) whose hashes the proof lists, in order.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative, or the old one is larger.</exception>
    public static IReadOnlyList<(long Start, long End)> Ranges(long oldSize, long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(oldSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(oldSize, size);
        var ranges = new List<(long, long)>();
        if (oldSize == 0 || oldSize == size)
        {
            return ranges;
        }

        long start = 0;
        var end = size;
        var remaining = oldSize;
        var isWholeOldTree = true;
        while (remaining != end - start)
        {
            var split = MerkleTree.SplitOf(end - start);
            if (remaining <= split)
            {
                ranges.Add((start + split, end));
                end = start + split;
            }
            else
            {
                ranges.Add((start, start + split));
                start += split;
                remaining -= split;
                isWholeOldTree = false;
            }
        }

        if (!isWholeOldTree)
        {
            ranges.Add((start, end));
        }

        ranges.Reverse();
        return ranges;
    }

    /// <summary>The proof, from the hashes of complete subtrees of the newer tree.</summary>
    public static IReadOnlyList<TreeHash> Make(long oldSize, long size, Func<TreeNode, TreeHash> hashOf) =>
        [.. Ranges(oldSize, size).Select(r => TreeNode.Fold(r.Start, r.End, hashOf))];

    /// <summary>The complete subtrees <see cref="Make"/> will ask for.</summary>
    public static IEnumerable<TreeNode> NodesFor(long oldSize, long size) =>
        Ranges(oldSize, size).SelectMany(r => TreeNode.Cover(r.Start, r.End));

    /// <summary>Whether the tree of the old size and root is a prefix of the newer one.</summary>
    public static bool Verify(long oldSize, long size, TreeHash oldRoot, TreeHash root, IReadOnlyList<TreeHash> proof)
    {
        ArgumentNullException.ThrowIfNull(proof);
        if (oldSize < 0 || oldSize > size)
        {
            return false;
        }

        if (oldSize == size)
        {
            return proof.Count == 0 && oldRoot == root;
        }

        if (oldSize == 0)
        {
            return proof.Count == 0 && oldRoot == MerkleHash.Empty;
        }

        var shift = BitOperations.TrailingZeroCount(oldSize);
        var inner = InclusionProof.BitLength((oldSize - 1) ^ (size - 1)) - shift;
        var border = inner + shift >= 64 ? 0 : BitOperations.PopCount((ulong)(oldSize - 1) >> (inner + shift));
        var isPowerOfTwo = BitOperations.IsPow2(oldSize);
        var skip = isPowerOfTwo ? 0 : 1;
        if (proof.Count != inner + border + skip)
        {
            return false;
        }

        var seed = isPowerOfTwo ? oldRoot : proof[0];
        var mask = (oldSize - 1) >> shift;
        var older = seed;
        var newer = seed;
        for (var j = 0; j < inner; j++)
        {
            var p = proof[j + skip];
            if (((mask >> j) & 1) == 1)
            {
                older = MerkleHash.Node(p, older);
                newer = MerkleHash.Node(p, newer);
            }
            else
            {
                newer = MerkleHash.Node(newer, p);
            }
        }

        for (var j = inner + skip; j < proof.Count; j++)
        {
            older = MerkleHash.Node(proof[j], older);
            newer = MerkleHash.Node(proof[j], newer);
        }

        return older == oldRoot && newer == root;
    }
}
