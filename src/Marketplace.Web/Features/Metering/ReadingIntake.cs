using Marketplace.Data;
using Marketplace.Metering;

namespace Marketplace.Web.Features.Metering;

/// <summary>Tells what good readings are to the hours they name: first values, corrections, or nothing new. Whichever way they came.</summary>
internal sealed class ReadingIntake(ReadingStore store)
{
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
                added.Add(new NewReading(meter.Id, meter.Code, meter.MemberId, reading.Hour, reading.Energy, quality, reading.Note, before ?? []));
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
