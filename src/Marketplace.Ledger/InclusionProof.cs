using System.Numerics;

namespace Marketplace.Ledger;

/// <summary>Shows that an entry stands at an index of the tree with a given root (RFC 9162, sections 2.1.3.1 and 2.1.3.2).</summary>
public static class InclusionProof
{
    /// <summary>The ranges of entries (start, end excluded) whose hashes the proof lists, the leaf's sibling first.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index is not below the size.</exception>
    public static IReadOnlyList<(long Start, long End)> Ranges(long index, long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);
        var ranges = new List<(long, long)>();
        long start = 0;
        var end = size;
        while (end - start > 1)
        {
            var middle = start + MerkleTree.SplitOf(end - start);
            if (index < middle)
            {
                ranges.Add((middle, end));
                end = middle;
            }
            else
            {
                ranges.Add((start, middle));
                start = middle;
            }
        }

        ranges.Reverse();
        return ranges;
    }

    /// <summary>The proof, from the hashes of complete subtrees.</summary>
    public static IReadOnlyList<TreeHash> Make(long index, long size, Func<TreeNode, TreeHash> hashOf) =>
        [.. Ranges(index, size).Select(r => TreeNode.Fold(r.Start, r.End, hashOf))];

    /// <summary>The complete subtrees <see cref="Make"/> will ask for.</summary>
    public static IEnumerable<TreeNode> NodesFor(long index, long size) =>
        Ranges(index, size).SelectMany(r => TreeNode.Cover(r.Start, r.End));

    /// <summary>
    /// Whether the leaf hash stands at the index of the tree with this size and root. Any shape of input is answered;
    /// a proof with a hash too few or too many is false.
    /// </summary>
    public static bool Verify(long index, long size, TreeHash leaf, IReadOnlyList<TreeHash> proof, TreeHash root)
    {
        ArgumentNullException.ThrowIfNull(proof);
        if (index < 0 || index >= size)
        {
            return false;
        }

        var inner = BitLength(index ^ (size - 1));
        var border = inner >= 64 ? 0 : BitOperations.PopCount((ulong)index >> inner);
        if (proof.Count != inner + border)
        {
            return false;
        }

        var hash = leaf;
        for (var j = 0; j < inner; j++)
        {
            hash = ((index >> j) & 1) == 1 ? MerkleHash.Node(proof[j], hash) : MerkleHash.Node(hash, proof[j]);
        }

        for (var j = inner; j < proof.Count; j++)
        {
            hash = MerkleHash.Node(proof[j], hash);
        }

        return hash == root;
    }

    internal static int BitLength(long value) => 64 - BitOperations.LeadingZeroCount((ulong)value);
}
