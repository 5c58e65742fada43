using System.Numerics;

namespace Marketplace.Ledger;

/// <summary>
/// A complete subtree: the 2^<paramref name="Level"/> entries from index · 2^level on. It never changes once its last
/// entry is in the tree.
/// </summary>
public readonly record struct TreeNode(int Level, long Index)
{
    /// <summary>
    /// The complete subtrees that together cover the entries from start to end (excluded), left to right. The start must
    /// be a multiple of the largest power of two below the length, as it is for each subtree RFC 6962 splits off.
    /// </summary>
    public static IReadOnlyList<TreeNode> Cover(long start, long end)
    {
        var nodes = new List<TreeNode>();
        while (start < end)
        {
            var level = BitOperations.Log2((ulong)(end - start));
            nodes.Add(new TreeNode(level, start >> level));
            start += 1L << level;
        }

        return nodes;
    }

    /// <summary>The hash over the entries from start to end (excluded), from the hashes of its complete subtrees.</summary>
    public static TreeHash Fold(long start, long end, Func<TreeNode, TreeHash> hashOf)
    {
        ArgumentNullException.ThrowIfNull(hashOf);
        var nodes = Cover(start, end);
        if (nodes.Count == 0)
        {
            return MerkleHash.Empty;
        }

        var hash = hashOf(nodes[^1]);
        for (var i = nodes.Count - 2; i >= 0; i--)
        {
            hash = MerkleHash.Node(hashOf(nodes[i]), hash);
        }

        return hash;
    }

    /// <summary>The tile that holds what is needed to know this subtree's hash, in a tree of this size.</summary>
    public TileId TileAt(long size)
    {
        var tileLevel = Level / TileId.Height;
        var first = Index << (Level % TileId.Height);
        return TileId.Of(tileLevel, first >> TileId.Height, size);
    }

    /// <summary>This subtree's hash, from the bytes of the tile <see cref="TileAt"/> names.</summary>
    /// <exception cref="NotVerifiedException">The tile is too short.</exception>
    public TreeHash HashIn(ReadOnlySpan<byte> tile)
    {
        var height = Level % TileId.Height;
        var first = (int)((Index << height) & (TileId.FullWidth - 1));
        var count = 1 << height;
        if (tile.Length < (first + count) * TreeHash.Length)
        {
            throw new NotVerifiedException("A tile is shorter than the tree's size says");
        }

        return MerkleHash.Subtree(tile.Slice(first * TreeHash.Length, count * TreeHash.Length));
    }
}
