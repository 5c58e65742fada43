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
        var leaf = MerkleHash.Leaf(entry);
        Span<byte> bytes = stackalloc byte[TreeHash.Length];
        leaf.CopyTo(bytes);
        EntryBundle.Append(_bundle, entry);
        Push(bytes, completed);
        return leaf;
    }

    /// <summary>Adds entries of one length that lie one after the other, as <see cref="Append"/> would one by one, but a tile at a time.</summary>
    /// <exception cref="ArgumentException">The bytes are not whole entries of this length.</exception>
    public void AppendAll(ReadOnlySpan<byte> entries, int length, TileCompleted completed)
    {
        ArgumentNullException.ThrowIfNull(completed);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        if (entries.Length % length != 0)
        {
            throw new ArgumentException("The bytes end inside an entry");
        }

        while (!entries.IsEmpty)
        {
            var some = entries[..Math.Min(entries.Length, RoomInTile * length)];
            for (var at = 0; at < some.Length; at += length)
            {
                EntryBundle.Append(_bundle, some.Slice(at, length));
            }

            Push(MerkleHash.Leaves(some, length), completed);
            entries = entries[some.Length..];
        }
    }

    /// <summary>Adds the entries of one bundle (all of it, or as many as the tree still lacks of it), whose leaf hashes are known.</summary>
    /// <param name="entries">The entries; not beyond the end of the tree's last bundle.</param>
    /// <param name="leaves">Their leaf hashes (<see cref="MerkleHash.Leaves(IReadOnlyList{ReadOnlyMemory{byte}})"/>). They are taken on trust.</param>
    /// <param name="completed">Receives what is completed.</param>
    /// <exception cref="ArgumentException">There are more entries than fit, or not one hash for each.</exception>
    public void AppendBundle(IReadOnlyList<ReadOnlyMemory<byte>> entries, ReadOnlySpan<byte> leaves, TileCompleted completed)
    {
        ArgumentNullException.ThrowIfNull(entries);
        ArgumentNullException.ThrowIfNull(completed);
        if (entries.Count > RoomInTile || leaves.Length != entries.Count * TreeHash.Length)
        {
            throw new ArgumentException("The entries of one bundle and their hashes are added at once");
        }

        foreach (var entry in entries)
        {
            EntryBundle.Append(_bundle, entry.Span);
        }

        Push(leaves, completed);
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

    private int RoomInTile => TileId.FullWidth - (int)(Size % TileId.FullWidth);

    // Leaf hashes, at most up to the end of the last tile; their entries are in the bundle already.
    private void Push(ReadOnlySpan<byte> leaves, TileCompleted completed)
    {
        Size += leaves.Length / TreeHash.Length;
        if (!leaves.IsEmpty && Size % TileId.FullWidth == 0)
        {
            completed(new TileId(TileId.Entries, (Size / TileId.FullWidth) - 1), _bundle.ToArray());
            _bundle.Clear();
        }

        _tails[0].AddRange(leaves);
        Span<byte> above = stackalloc byte[TreeHash.Length];
        for (var level = 0; _tails[level].Count == TileId.FullWidth * TreeHash.Length; level++)
        {
            // The 256 hashes of a full tile are the leaves of the next level's node.
            var full = _tails[level].ToArray();
            _tails[level].Clear();
            completed(new TileId(level, (TileId.CountIn(level, Size) / TileId.FullWidth) - 1), full);
            MerkleHash.Subtree(full).CopyTo(above);
            _tails[level + 1].AddRange(above);
        }
    }
}
