using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Transparency.Records;
using Marketplace.Web.Pipeline;
using MediatR;
using Npgsql;

namespace Marketplace.Web.Features.Transparency;

/// <summary>
/// Computes the commitments of some records anew and compares them with the ledger's entries: whoever changes a record in its own table,
/// with the database's highest rights even, is found out here. The log's keeper goes through all of them, again and again.
/// </summary>
/// <param name="First">The first entry to look at.</param>
/// <returns>Where to go on; 0 once the end is reached.</returns>
public sealed record CheckRecords(int LoopId, long First) : IRequest<long>, ISystemOnly
{
    /// <summary>Entries in one look: few, since each costs some queries.</summary>
    public const int AtOnce = 64;
}

internal sealed class CheckRecordsHandler(NpgsqlDataSource source, LoopNames loops, EntryRecords records, LogAlarms alarms) : IRequestHandler<CheckRecords, long>
{
    public async Task<long> Handle(CheckRecords request, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var size = (await LogTables.LatestSignedAsync(connection, request.LoopId, cancellationToken))?.Size ?? 0;
        if (request.First >= size)
        {
            return 0;
        }

        var slug = await loops.SlugOfAsync(request.LoopId, cancellationToken);
        var bundle = TileId.Of(TileId.Entries, request.First / TileId.FullWidth, size);
        var bytes = await LogTables.TilesAsync(connection, request.LoopId, [bundle], cancellationToken);
        if (!bytes.TryGetValue(bundle, out var found))
        {
            return 0;
        }

        var entries = EntryBundle.Read(found, bundle.Width);
        var end = Math.Min(request.First + CheckRecords.AtOnce, (bundle.Index * TileId.FullWidth) + entries.Count);
        PlacedBatch? batch = null;
        for (var index = request.First; index < end; index++)
        {
            if (batch is null || index >= batch.FirstIndex + batch.Count)
            {
                batch = await LogReads.BatchOverAsync(connection, request.LoopId, index, cancellationToken);
            }

            if (batch is null)
            {
                continue;
            }

            var place = new EntryPlace(request.LoopId, slug, batch.BatchId, batch.BatchKey, (int)(index - batch.FirstIndex));
            var content = await records.OpenAsync(connection, place, entries[(int)(index % TileId.FullWidth)].ToArray(), cancellationToken);
            if (content.State == ContentState.Mismatch)
            {
                var words = FormattableString.Invariant($"The record behind entry {index} (batch '{batch.BatchKey}') is not the one that was committed; see {content.Href}.");
                await alarms.HaltAsync(connection, request.LoopId, slug, IncidentCause.RecordChanged, words, null, cancellationToken);
                return end;
            }
        }

        return end == size ? 0 : end;
    }
}
