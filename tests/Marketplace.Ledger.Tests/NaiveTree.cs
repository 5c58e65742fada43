using System.Security.Cryptography;

namespace Marketplace.Ledger.Tests;

/// <summary>RFC 6962 sections 2.1 to 2.1.2, written as the RFC writes it: recursive, over all entries, slow.</summary>
internal static class NaiveTree
{
    public static byte[] Mth(IReadOnlyList<byte[]> d)
    {
        if (d.Count == 0)
        {
            return SHA256.HashData([]);
        }

        if (d.Count == 1)
        {
            return SHA256.HashData([0, .. d[0]]);
        }

        var k = Split(d.Count);
        return SHA256.HashData([1, .. Mth([.. d.Take(k)]), .. Mth([.. d.Skip(k)])]);
    }

    public static List<byte[]> Path(int m, IReadOnlyList<byte[]> d)
    {
        if (d.Count == 1)
        {
            return [];
        }

        var k = Split(d.Count);
        return m < k
            ? [.. Path(m, [.. d.Take(k)]), Mth([.. d.Skip(k)])]
            : [.. Path(m - k, [.. d.Skip(k)]), Mth([.. d.Take(k)])];
    }

    public static List<byte[]> Proof(int m, IReadOnlyList<byte[]> d) => SubProof(m, d, true);

    private static List<byte[]> SubProof(int m, IReadOnlyList<byte[]> d, bool whole)
    {
        if (m == d.Count)
        {
            return whole ? [] : [Mth(d)];
        }

        var k = Split(d.Count);
        return m <= k
            ? [.. SubProof(m, [.. d.Take(k)], whole), Mth([.. d.Skip(k)])]
            : [.. SubProof(m - k, [.. d.Skip(k)], false), Mth([.. d.Take(k)])];
    }

    private static int Split(int n)
    {
        var k = 1;
        while (k * 2 < n)
        {
            k *= 2;
        }

        return k;
    }
}

/// <summary>A log whose published files are kept in memory, as a folder would.</summary>
internal sealed class MemoryLog
{
    private readonly Dictionary<string, byte[]> _files = [];
    private readonly MerkleTree _tree = new();

    public List<byte[]> Entries { get; } = [];

    public IReadOnlyDictionary<string, byte[]> Files => _files;

    public long Size => _tree.Size;

    public TreeHash Root => _tree.Root();

    public MemoryLog Append(byte[] entry)
    {
        Entries.Add(entry);
        _tree.Append(entry, (tile, bytes) => _files[tile.Path] = bytes.ToArray());
        return this;
    }

    public MemoryLog Append(IEnumerable<byte[]> entries)
    {
        foreach (var entry in entries)
        {
            Append(entry);
        }

        return this;
    }

    /// <summary>Writes the partial tiles of the present size too.</summary>
    public MemoryLog Publish()
    {
        for (var level = TileId.Entries; level <= TileId.MaxLevel; level++)
        {
            var count = TileId.CountIn(level, Size);
            if (count % TileId.FullWidth > 0)
            {
                var bytes = level == TileId.Entries ? _tree.TailBundle() : _tree.Tail(level);
                _files[TileId.Of(level, count / TileId.FullWidth, Size).Path] = bytes;
            }
        }

        return this;
    }

    public TreeHash HashOf(TreeNode node) => node.HashIn(_files[node.TileAt(Size).Path]);
}
