using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Metering;

/// <summary>All values that one hour of a meter has had, the first one first.</summary>
public sealed record ReadingHistory(int LoopId, string MeterCode, DateTimeOffset Hour) : IRequest<HourHistory?>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <summary>An hour of a meter with each revision of its value.</summary>
public sealed record HourHistory(string MeterCode, Carrier Carrier, DateTimeOffset Hour, IReadOnlyList<HourRevision> Revisions);

/// <summary>A value that held from when it was received until the next one.</summary>
public sealed record HourRevision(
    int Revision, Energy Energy, ReadingQuality Quality, string? Note, DateTimeOffset ReceivedAt, long BatchId, int BatchPosition);

internal sealed class ReadingHistoryHandler(Work work, CurrentActor current) : IRequestHandler<ReadingHistory, HourHistory?>
{
    public async Task<HourHistory?> Handle(ReadingHistory request, CancellationToken cancellationToken)
    {
        var meter = await VisibleMeter.FindAsync(work.Db, current.Actor, request.LoopId, request.MeterCode, cancellationToken);
        if (meter is null)
        {
            return null;
        }

        var revisions = await RevisionsAsync(work.Db, meter, request.Hour, cancellationToken);
        return revisions.Count == 0 ? null : new HourHistory(meter.Code, meter.Carrier, request.Hour, revisions);
    }

    internal static Task<List<HourRevision>> RevisionsAsync(MarketplaceDb db, Meter meter, DateTimeOffset hour, CancellationToken cancellationToken) =>
        db.Readings.AsNoTracking()
            .Where(reading => reading.LoopId == meter.LoopId && reading.MeterId == meter.Id && reading.Hour == hour)
            .OrderBy(reading => reading.Revision)
            .Select(reading => new HourRevision(
                reading.Revision, reading.Energy, reading.Quality, reading.Note, reading.ReceivedAt, reading.BatchId, reading.BatchPosition))
            .ToListAsync(cancellationToken);
}

/// <summary>The proof that one value of an hour is on the ledger.</summary>
/// <param name="Revision">Which value; null for the one in force.</param>
public sealed record ProveReading(int LoopId, string MeterCode, DateTimeOffset Hour, int? Revision = null) : IRequest<ProofAnswer?>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

internal sealed class ProveReadingHandler(Work work, CurrentActor current, LoopNames loops, ProofReader proofs) : IRequestHandler<ProveReading, ProofAnswer?>
{
    public async Task<ProofAnswer?> Handle(ProveReading request, CancellationToken cancellationToken)
    {
        var meter = await VisibleMeter.FindAsync(work.Db, current.Actor, request.LoopId, request.MeterCode, cancellationToken);
        if (meter is null)
        {
            return null;
        }

        var revisions = await ReadingHistoryHandler.RevisionsAsync(work.Db, meter, request.Hour, cancellationToken);
        var asked = request.Revision is { } number ? revisions.Find(revision => revision.Revision == number) : revisions.LastOrDefault();
        if (asked is null)
        {
            return null;
        }

        var slug = await loops.SlugOfAsync(request.LoopId, cancellationToken);
        var all = revisions.ConvertAll(revision => new ReadingRevision(
            meter.Code, meter.MemberId, request.Hour, revision.Revision, revision.Energy, revision.Quality));
        var secret = await RecordSecrets.FindAsync(
            await work.ConnectionAsync(cancellationToken), request.LoopId, meter.MemberId, DateOnly.FromDateTime(request.Hour.UtcDateTime), cancellationToken);
        var predecessor = asked.Revision == 0 ? null : ReadingRecord.CommitmentOfLast(slug, all.Take(asked.Revision), secret);
        return await proofs.ReadAsync(
            request.LoopId,
            new CommittedRecord(asked.BatchId, asked.BatchPosition, ReadingRecord.ForLedger(slug, all[asked.Revision], predecessor)),
            cancellationToken);
    }
}
