using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Pipeline;
using MediatR;
using Npgsql;

namespace Marketplace.Web.Features.Transparency;

/// <summary>One published tile, or an entry bundle (level -1), as it stands now.</summary>
public sealed record ShowTile(int LoopId, int Level, long Index) : IRequest<TileView?>, IPublic;

/// <summary>A tile.</summary>
/// <param name="Hashes">Its hashes; none for a bundle.</param>
/// <param name="Entries">Its entries; none for a hash tile.</param>
/// <param name="Parent">The tile that holds the hash over this one, and where; null while this one is not full or is the top.</param>
/// <param name="Anchored">How many entries the newest published checkpoint covers.</param>
/// <param name="HasNext">Whether a tile follows on this level.</param>
public sealed record TileView(
    TileId Tile, IReadOnlyList<TreeHash> Hashes, IReadOnlyList<EntryRow> Entries, TileId? Parent, int ParentOffset, bool HasNext, long Size, long Anchored)
{
    /// <summary>How many entries stand below one of its hashes.</summary>
    public long EntriesAHash => Tile.Level <= 0 ? 1 : 1L << (TileId.Height * Tile.Level);

    /// <summary>The first entry below it.</summary>
    public long First => Tile.Index * TileId.FullWidth * EntriesAHash;

    /// <summary>The last entry below it.</summary>
    public long Last => First + (Tile.Width * EntriesAHash) - 1;
}

internal sealed class ShowTileHandler(NpgsqlDataSource source) : IRequestHandler<ShowTile, TileView?>
{
    public async Task<TileView?> Handle(ShowTile request, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var size = (await LogTables.LatestSignedAsync(connection, request.LoopId, cancellationToken))?.Size ?? 0;
        if (request.Level is < TileId.Entries or > TileId.MaxLevel || request.Index < 0 || TileId.WidthIn(request.Level, request.Index, size) == 0)
        {
            return null;
        }

        var tile = TileId.Of(request.Level, request.Index, size);
        if (!(await LogTables.TilesAsync(connection, request.LoopId, [tile], cancellationToken)).TryGetValue(tile, out var bytes))
        {
            return null;
        }

        var anchored = (await LogTables.LatestPublishedAsync(connection, request.LoopId, cancellationToken))?.Size ?? 0;
        var isBundle = tile.Level == TileId.Entries;
        var parentIndex = tile.Index / TileId.FullWidth;
        var offset = (int)(tile.Index % TileId.FullWidth);
        var hasParent = !isBundle && tile.IsFull && TileId.WidthIn(tile.Level + 1, parentIndex, size) > offset;
        return new TileView(
            tile,
            isBundle ? [] : [.. Enumerable.Range(0, tile.Width).Select(i => new TreeHash(bytes.AsSpan(i * TreeHash.Length, TreeHash.Length)))],
            isBundle ? [.. EntryBundle.Read(bytes, tile.Width).Select((entry, i) => new EntryRow(
                (tile.Index * TileId.FullWidth) + i, (RecordKind)entry.Span[0], entry.Span[1], new TreeHash(entry.Span[2..])))] : [],
            hasParent ? TileId.Of(tile.Level + 1, parentIndex, size) : null,
            offset,
            TileId.WidthIn(tile.Level, tile.Index + 1, size) > 0,
            size,
            anchored);
    }
}
