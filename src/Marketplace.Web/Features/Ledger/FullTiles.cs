using Marketplace.Ledger;
using Microsoft.Extensions.Caching.Memory;

namespace Marketplace.Web.Features.Ledger;

/// <summary>Full tiles that were asked for lately. They never change, so remembering them needs no care but a bound in bytes.</summary>
public sealed class FullTiles : IDisposable
{
    private const long MostBytes = 32 * 1024 * 1024;
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(30);
    private readonly MemoryCache _tiles = new(new MemoryCacheOptions { SizeLimit = MostBytes });

    /// <summary>The bytes of a tile, cut to its width; empty where they are not known.</summary>
    public ReadOnlyMemory<byte> Find(int loopId, TileId tile) =>
        _tiles.TryGetValue((loopId, tile.Level, tile.Index), out byte[]? bytes) && bytes is not null
            ? tile.IsFull ? bytes : bytes.AsMemory(0, LengthOf(tile, bytes))
            : ReadOnlyMemory<byte>.Empty;

    /// <summary>Keeps a full tile; a partial one still grows and is not kept.</summary>
    public void Remember(int loopId, TileId tile, byte[] bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        if (tile.IsFull)
        {
            _tiles.Set((loopId, tile.Level, tile.Index), bytes, new MemoryCacheEntryOptions { Size = bytes.Length, SlidingExpiration = Kept });
        }
    }

    public void Dispose() => _tiles.Dispose();

    private static int LengthOf(TileId tile, byte[] bytes)
    {
        if (tile.Level != TileId.Entries)
        {
            return tile.Width * TreeHash.Length;
        }

        EntryBundle.ReadFirst(bytes, tile.Width, out var used);
        return used;
    }
}
