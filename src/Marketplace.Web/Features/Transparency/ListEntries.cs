using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Pipeline;
using MediatR;
using Npgsql;

namespace Marketplace.Web.Features.Transparency;

/// <summary>A loop's entries, the newest first.</summary>
/// <param name="Kind">Only entries of this kind; null for all.</param>
/// <param name="Before">Only entries with a smaller index; null for the newest.</param>
public sealed record ListEntries(int LoopId, RecordKind? Kind = null, long? Before = null, int Rows = ListEntries.PageRows) : IRequest<EntryList>, IPublic
{
    public const int PageRows = 50;
}

/// <summary>An entry as it stands in the list.</summary>
public sealed record EntryRow(long Index, RecordKind Kind, int Version, TreeHash Commitment);

/// <summary>A part of the list.</summary>
/// <param name="OlderBefore">Where the next part begins; null at the end.</param>
/// <param name="Anchored">How many entries the newest published checkpoint covers; those after them wait for signatures.</param>
/// <param name="Kinds">The kinds there are in the log, with their number.</param>
public sealed record EntryList(IReadOnlyList<EntryRow> Rows, long? OlderBefore, IReadOnlyList<KindCount> Kinds, long Size, long Anchored);

internal sealed class ListEntriesHandler(NpgsqlDataSource source) : IRequestHandler<ListEntries, EntryList>
{
    // Entries of a rare kind may stand far apart in one great batch: a page looks into so many bundles and then says where to go on.
    private const int MostBundles = 64;

    public async Task<EntryList> Handle(ListEntries request, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        if (await LogTables.LatestSignedAsync(connection, request.LoopId, cancellationToken) is not { } latest)
        {
            return new EntryList([], null, [], 0, 0);
        }

        var anchored = (await LogTables.LatestPublishedAsync(connection, request.LoopId, cancellationToken))?.Size ?? 0;
        var rows = new List<EntryRow>();
        var wanted = Math.Clamp(request.Rows, 1, ListEntries.PageRows);
        var end = Math.Clamp(request.Before ?? latest.Size, 0, latest.Size);
        var bundles = 0;
        while (end > 0 && rows.Count < wanted && bundles < MostBundles)
        {
            if (request.Kind is { } kind)
            {
                end = await SkipToAsync(connection, request.LoopId, kind, end, cancellationToken);
                if (end == 0)
                {
                    break;
                }
            }

            var tile = TileId.Of(TileId.Entries, (end - 1) / TileId.FullWidth, latest.Size);
            var first = tile.Index * TileId.FullWidth;
            var entries = EntryBundle.Read(
                (await LogTables.TilesAsync(connection, request.LoopId, [tile], cancellationToken)).GetValueOrDefault(tile)
                    ?? throw new LedgerConflictException($"The bundle {tile} is missing"),
                tile.Width);
            bundles++;
            for (var index = end - 1; index >= first && rows.Count < wanted; index--)
            {
                var entry = entries[(int)(index - first)].Span;
                end = index;
                if (request.Kind is null || (RecordKind)entry[0] == request.Kind)
                {
                    rows.Add(new EntryRow(index, (RecordKind)entry[0], entry[1], new TreeHash(entry[2..])));
                }
            }
        }

        if (request.Kind is { } filter && end > 0)
        {
            end = await SkipToAsync(connection, request.LoopId, filter, end, cancellationToken);
        }

        return new EntryList(rows, end > 0 ? end : null, ShowCheckpointHandler.Kinds([], latest.Kinds), latest.Size, anchored);
    }

    /// <summary>The end of the last stretch before an index that can hold an entry of the kind; 0 where there is none.</summary>
    private static async Task<long> SkipToAsync(NpgsqlConnection connection, int loopId, RecordKind kind, long end, CancellationToken cancellationToken)
    {
        var over = await LogReads.CheckpointsFromAsync(connection, loopId, end, 1, cancellationToken);
        var before = await LogReads.CheckpointsAsync(connection, loopId, end - 1, 1, cancellationToken);
        long Count(List<ListedCheckpoint> list) => list.Count > 0 && list[0].Head.Kinds.Length >= (int)kind ? list[0].Head.Kinds[(int)kind - 1] : 0;
        var (has, had) = (Count(over), Count(before));
        if (has > had)
        {
            return end;
        }

        return has == 0 ? 0 : await LogReads.FirstSizeWithAsync(connection, loopId, (int)kind, has, cancellationToken) ?? 0;
    }
}
