using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Metering;

/// <summary>Takes deliveries in within the transaction of one change, whichever way they came: judges each row, tells what good ones are to
/// the hours they name (first values, corrections, or nothing new), and stores them.</summary>
internal sealed class ReadingIntake(Work work, ReadingStore store, Sequencer sequencer, MarketTime marketTime)
{
    public async Task<ReceivedReadings> TakeAsync(ReceiveReadings delivery, CancellationToken cancellationToken)
    {
        var loopId = delivery.LoopId;
        var slug = await work.Db.Loops.Where(loop => loop.Id == loopId).Select(loop => loop.Slug).SingleOrDefaultAsync(cancellationToken)
            ?? throw new RefusedException("There is no such loop.");
        var meters = await work.Db.Meters.AsNoTracking().Where(meter => meter.LoopId == loopId).ToDictionaryAsync(meter => meter.Code, cancellationToken);
        var judged = Validation.Judge(delivery.Readings, new ValidationContext(
            meters.ToDictionary(meter => meter.Key, meter => new MeterService(meter.Value.InServiceFrom, meter.Value.InServiceUntil)),
            delivery.MarketTime ?? await marketTime.NowAsync(loopId, cancellationToken),
            delivery.Expected));
        var batchKey = $"readings/{delivery.BatchKey}";

        // From here on nobody else adds readings to these meters until this change has ended.
        var named = judged.Accepted.Select(reading => reading.Meter).Distinct(StringComparer.Ordinal).Select(code => meters[code].Id).ToList();
        await store.LockAsync(loopId, batchKey, named, cancellationToken);
        delivery.Began?.Invoke();

        // Before the table is looked at: two that have looked would wait for each other where both have to make a month.
        await store.EnsureMonthsAsync("market.ensure_readings_month", judged.Accepted.Select(reading => reading.Hour), cancellationToken);
        var wasKnown = await store.IsKnownAsync(loopId, batchKey, cancellationToken);
        if (wasKnown || judged.Accepted.Count == 0)
        {
            return new ReceivedReadings(wasKnown, 0, 0, judged.Accepted.Count, judged.Rejected, judged.Missing);
        }

        var added = await NewAsync(loopId, judged.Accepted, meters, cancellationToken);
        if (added.Count > 0)
        {
            await store.AddAsync(loopId, slug, batchKey, added, [], cancellationToken);

            // If we crash before this has run, the next step of the market integrates what waits.
            work.AfterCommit(token => sequencer.IntegrateAsync(loopId, token));
        }

        return new ReceivedReadings(
            false, added.Count, added.Count(reading => reading.Revision > 0), judged.Accepted.Count - added.Count, judged.Rejected, judged.Missing);
    }

    /// <summary>The revisions to be added. The caller holds the lock of the loop's readings.</summary>
    /// <param name="meters">The loop's meters by code.</param>
    public async Task<List<NewReading>> NewAsync(
        int loopId, IReadOnlyList<ValidatedReading> accepted, Dictionary<string, Meter> meters, CancellationToken cancellationToken)
    {
        var added = new List<NewReading>(accepted.Count);
        if (accepted.Count == 0)
        {
            return added;
        }

        var named = new HashSet<int>();
        var hours = new HashSet<DateTimeOffset>();
        foreach (var reading in accepted)
        {
            named.Add(meters[reading.Meter].Id);
            hours.Add(reading.Hour);
        }

        var stored = await store.RevisionsAsync(loopId, [.. named], [.. hours], cancellationToken);
        foreach (var reading in accepted)
        {
            var meter = meters[reading.Meter];
            var before = stored.Count == 0 ? null : stored.GetValueOrDefault((meter.Id, reading.Hour));
            if (QualityAfter(before, reading) is { } quality)
            {
                added.Add(new NewReading(meter.Id, meter.Code, meter.MemberId, reading.Hour, reading.Energy, quality, reading.Note, before ?? NewReading.First));
            }
        }

        return added;
    }

    /// <summary>What a good reading is to its hour: a first value, a correction, the measurement that an estimate stood in for,
    /// or nothing new. A substitute never follows a measurement.</summary>
    private static ReadingQuality? QualityAfter(List<StoredRevision>? before, ValidatedReading reading)
    {
        var own = reading.IsSubstitute ? ReadingQuality.Estimated : ReadingQuality.Measured;
        if (before is null)
        {
            return own;
        }

        var current = before[^1];
        if (own == ReadingQuality.Measured && current.Quality == ReadingQuality.Estimated
            && before.Exists(revision => revision.Quality != ReadingQuality.Estimated && revision.Energy == reading.Energy))
        {
            // An operator has put an estimate in the place of this very value: that it comes once more is no news.
            return null;
        }

        return (current.Quality, own) switch
        {
            (ReadingQuality.Estimated, ReadingQuality.Measured) => ReadingQuality.Measured,
            (ReadingQuality.Measured or ReadingQuality.Corrected, ReadingQuality.Estimated) => null,
            _ when current.Energy == reading.Energy => null,
            (ReadingQuality.Estimated, _) => ReadingQuality.Estimated,
            _ => ReadingQuality.Corrected,
        };
    }
}
