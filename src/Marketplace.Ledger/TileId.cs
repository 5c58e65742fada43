using System.Globalization;
using System.Text;

namespace Marketplace.Ledger;

/// <summary>
/// The name of a published tile or entry bundle (c2sp.org/tlog-tiles). A hash tile of level L holds up to 256 hashes of
/// the complete subtrees of 256^L entries; an entry bundle (level -1) holds the entries themselves.
/// </summary>
public readonly record struct TileId
{
    /// <summary>Tree levels in a tile.</summary>
    public const int Height = 8;

    /// <summary>Hashes in a full tile, entries in a full bundle.</summary>
    public const int FullWidth = 256;

    /// <summary>The level that names entry bundles.</summary>
    public const int Entries = -1;

    /// <summary>The highest level a tree of 2^63 entries can have.</summary>
    public const int MaxLevel = 7;

    /// <summary>Names a tile.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The level, index or width cannot exist.</exception>
    public TileId(int level, long index, int width = FullWidth)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(level, Entries);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(level, MaxLevel);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(width, FullWidth);
        Level = level;
        Index = index;
        Width = width;
    }

    /// <summary>-1 for entries, else 0 and up.</summary>
    public int Level { get; }

    /// <summary>The position in its level, from 0.</summary>
    public long Index { get; }

    /// <summary>How many hashes or entries, 1 to 256.</summary>
    public int Width { get; }

    /// <summary>Whether it will never change.</summary>
    public bool IsFull => Width == FullWidth;

    /// <summary>The tile as it is in a tree of this size.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A tree of this size has no such tile.</exception>
    public static TileId Of(int level, long index, long size) => new(level, index, WidthIn(level, index, size));

    /// <summary>The width of this tile in a tree of this size; 0 where it does not exist.</summary>
    public static int WidthIn(int level, long index, long size)
    {
        var nodes = CountIn(level, size);
        var full = nodes / FullWidth;
        return index < full ? FullWidth : index == full ? (int)(nodes % FullWidth) : 0;
    }

    /// <summary>How many hashes the tiles of this level hold together: floor(size / 256^level).</summary>
    public static long CountIn(int level, long size) => level <= 0 ? size : size >> (Height * level);

    /// <summary>Whether a tree of this size publishes this tile (partial ones at any width up to the present).</summary>
    public bool ExistsIn(long size) => Width <= WidthIn(Level, Index, size);

    /// <summary>The path below the log's prefix, as in <c>tile/0/x001/234.p/5</c>.</summary>
    public string Path
    {
        get
        {
            var path = new StringBuilder("tile/");
            path.Append(Level == Entries ? "entries" : Level.ToString(CultureInfo.InvariantCulture)).Append('/');
            var digits = Index.ToString(CultureInfo.InvariantCulture);
            digits = digits.PadLeft((digits.Length + 2) / 3 * 3, '0');
            for (var i = 0; i < digits.Length - 3; i += 3)
            {
                path.Append('x').Append(digits, i, 3).Append('/');
            }

            path.Append(digits, digits.Length - 3, 3);
            if (!IsFull)
            {
                path.Append(".p/").Append(Width.ToString(CultureInfo.InvariantCulture));
            }

            return path.ToString();
        }
    }

    /// <summary>Reads a path strictly: each tile has exactly one.</summary>
    public static bool TryParse(string? path, out TileId tile)
    {
        tile = default;
        var parts = (path ?? "").Split('/');
        if (parts.Length is < 3 or > 11 || parts[0] != "tile")
        {
            return false;
        }

        var level = parts[1] == "entries" ? Entries : parts[1] is [>= '0' and <= '7'] ? parts[1][0] - '0' : -2;
        var width = FullWidth;
        var last = parts.Length - 1;
        var number = new StringBuilder();
        if (parts[last - 1].EndsWith(".p", StringComparison.Ordinal))
        {
            if (!int.TryParse(parts[last], NumberStyles.None, CultureInfo.InvariantCulture, out width) || width is < 1 or > 255)
            {
                return false;
            }

            last--;
            parts[last] = parts[last][..^2];
        }

        for (var i = 2; i <= last; i++)
        {
            number.Append(i == last ? parts[i] : parts[i].Length == 4 && parts[i][0] == 'x' ? parts[i][1..] : "?");
        }

        if (level < Entries || !long.TryParse(number.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var index))
        {
            return false;
        }

        tile = new TileId(level, index, width);
        return string.Equals(tile.Path, path, StringComparison.Ordinal);
    }

    /// <inheritdoc/>
    public override string ToString() => Path;
}
