using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Transparency.Records;

/// <summary>Meter readings: for the member whose meter it is, the operator and the auditors.</summary>
internal sealed class ReadingRecords(MarketplaceDb db) : IRecordSource
{
    public RecordKind Kind => RecordKind.Reading;

    public async Task<KeptRecord?> FindAsync(EntryPlace place, Actor actor, CancellationToken cancellationToken)
    {
        if (!actor.BelongsTo(place.LoopId))
        {
            return null;
        }

        var reading = await db.Readings.AsNoTracking().SingleOrDefaultAsync(
            reading => reading.LoopId == place.LoopId && reading.BatchId == place.BatchId && reading.BatchPosition == place.Position, cancellationToken);
        if (reading is null)
        {
            return null;
        }

        var meter = await db.Meters.AsNoTracking().SingleAsync(meter => meter.LoopId == place.LoopId && meter.Id == reading.MeterId, cancellationToken);
        if (!(actor.Operates(place.LoopId) || actor.ActsFor(place.LoopId, meter.MemberId) || actor.Audits(place.LoopId)))
        {
            return null;
        }

        var revisions = await ReadingHistoryHandler.RevisionsAsync(db, meter, reading.Hour, cancellationToken);
        var all = revisions.ConvertAll(revision => new ReadingRevision(
            meter.Code, meter.MemberId, reading.Hour, revision.Revision, revision.Energy, revision.Quality));
        await db.Database.OpenConnectionAsync(cancellationToken);
        var secret = await RecordSecrets.FindAsync(
            (Npgsql.NpgsqlConnection)db.Database.GetDbConnection(), place.LoopId, meter.MemberId, DateOnly.FromDateTime(reading.Hour.UtcDateTime), cancellationToken);
        var predecessor = reading.Revision == 0 ? null : ReadingRecord.CommitmentOfLast(place.Slug, all.Take(reading.Revision), secret);
        return new KeptRecord(
            ReadingRecord.ForLedger(place.Slug, all[reading.Revision], predecessor),
            $"/loops/{place.Slug}/meters/{Uri.EscapeDataString(meter.Code)}/{HourAddress.Of(reading.Hour)}");
    }
}
