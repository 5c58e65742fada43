using System.Numerics;

namespace Marketplace.Ledger;

/// <summary>A tile or bundle that has just been completed.</summary>
public delegate void TileCompleted(TileId tile, ReadOnlyMemory<byte> bytes);

/// <summary>
/// A growing RFC 6962 tree in the shape it is published in (c2sp.org/tlog-tiles). It holds only the right edge: the last,
/// partial tile of each level and the last bundle, at most 256 hashes a level, whatever the size. Completed tiles and
/// bundles are handed out once and forgotten.
/// </summary>
public sealed class MerkleTree
{
    private readonly List<List<byte>> _tails;
    private readonly List<byte> _bundle;

    /// <summary>A tree without entries.</summary>
    public MerkleTree()
        : this(0, [], ReadOnlyMemory<byte>.Empty)
    {
    }

    /// <summary>A tree taken up again at a size, from its partial tiles (level 0 first) and its partial bundle.</summary>
    /// <exception cref="NotVerifiedException">The tails are not those of a tree of this size.</exception>
    public MerkleTree(long size, IReadOnlyList<ReadOnlyMemory<byte>> tails, ReadOnlyMemory<byte> bundle)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        ArgumentNullException.ThrowIfNull(tails);
        Size = size;
        _tails = [];
        for (var level = 0; level <= TileId.MaxLevel; level++)
        {
            var width = (int)(TileId.CountIn(level, size) % TileId.FullWidth);
            var bytes = level < tails.Count ? tails[level] : ReadOnlyMemory<byte>.Empty;
            if (bytes.Length != width * TreeHash.Length)
            {
                throw new NotVerifiedException($"The partial tile of level {level} has {bytes.Length} bytes where a tree of {size} needs {width * TreeHash.Length}");
            }

            _tails.Add([.. bytes.Span]);
        }

        EntryBundle.Read(bundle, (int)(size % TileId.FullWidth));
        _bundle = [.. bundle.Span];
    }

    /// <summary>How many entries it has.</summary>
    public long Size { get; private set; }

    /// <summary>The partial tile of a level; empty where its last tile is full.</summary>
    public byte[] Tail(int level) => [.. _tails[level]];

    /// <summary>The partial bundle; empty where the last one is full.</summary>
    public byte[] TailBundle() => [.. _bundle];

    /// <summary>Adds an entry and hands out what it completes, bundle first, then tiles from the lowest level up.</summary>
    /// <returns>The hash of its leaf.</returns>
    public TreeHash Append(ReadOnlySpan<byte> entry, TileCompleted completed)
    {
        ArgumentNullException.ThrowIfNull(completed);
        var index = Size;
        EntryBundle.Append(_bundle, entry);
        Size++;
        if (Size % TileId.FullWidth == 0)
        {
            completed(new TileId(TileId.Entries, index / TileId.FullWidth), _bundle.ToArray());
            _bundle.Clear();
        }

        var leaf = MerkleHash.Leaf(entry);
        Push(0, leaf, completed);
        return leaf;
    }

    /// <summary>The root over all entries.</summary>
    public TreeHash Root()
    {
        TreeHash? root = null;
        for (var level = 0; level <= TileId.MaxLevel; level++)
        {
            var bytes = _tails[level].ToArray();
            var width = bytes.Length / TreeHash.Length;
            var nodes = TreeNode.Cover(0, width);
            for (var i = nodes.Count - 1; i >= 0; i--)
            {
                var hash = nodes[i].HashIn(bytes);
                root = root is { } right ? MerkleHash.Node(hash, right) : hash;
            }
        }

        return root ?? MerkleHash.Empty;
    }

    /// <summary>Where RFC 6962 splits a tree of this many entries: the largest power of two below the number.</summary>
    internal static long SplitOf(long count) => 1L << BitOperations.Log2((ulong)(count - 1));

    private void Push(int level, TreeHash hash, TileCompleted completed)
    {
        var tail = _tails[level];
        Span<byte> bytes = stackalloc byte[TreeHash.Length];
        hash.CopyTo(bytes);
        tail.AddRange(bytes);
        if (tail.Count < TileId.FullWidth * TreeHash.Length)
        {
            return;
        }

        var full = tail.ToArray();
        tail.Clear();
        var index = (TileId.CountIn(level, Size) / TileId.FullWidth) - 1;
        completed(new TileId(level, index), full);

        // The 256 hashes of this tile are the two halves of the next level's node.
        var left = new TreeNode(TileId.Height - 1, 0).HashIn(full);
        var right = new TreeNode(TileId.Height - 1, 1).HashIn(full);
        Push(level + 1, MerkleHash.Node(left, right), completed);
    }
}
