using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Web.Features.Metering.Quality;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Metering;

/// <summary>What is to be said of a meter's hours in an interval beside their values: flags, corrections, counters.</summary>
/// <param name="AsOf">By what was known then; null is by all that is known.</param>
public sealed record ShowMeterMarks(int LoopId, string MeterCode, Interval Interval, DateTimeOffset? AsOf = null) : IRequest<MeterMarks?>, IGuarded
{
    /// <summary>Of each kind; pages say when there are more.</summary>
    public const int Most = 100;

    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <param name="Flags">By time.</param>
/// <param name="Corrections">Hours that had more than one value, the latest first.</param>
/// <param name="Counters">What the counter showed, by time.</param>
public sealed record MeterMarks(IReadOnlyList<MeterMark> Flags, IReadOnlyList<MeterCorrection> Corrections, IReadOnlyList<CounterReading> Counters);

/// <param name="Resolution">How it ended; null while it is open.</param>
public sealed record MeterMark(Interval During, string CheckName, FlagSeverity Severity, string Words, FlagResolutionKind? Resolution, string? Reason)
{
    /// <summary>Whether the values of its hours are in doubt: it is open and says more than that they deserve a look.</summary>
    public bool IsDoubt => Resolution is null && Severity >= FlagSeverity.Doubtful;
}

/// <summary>An hour's first value and the one in force.</summary>
public sealed record MeterCorrection(DateTimeOffset Hour, Energy Before, ReadingQuality QualityBefore, Energy After, ReadingQuality QualityAfter, DateTimeOffset At, string? Note);

/// <param name="IsManual">Read by a person, not sent by a device.</param>
public sealed record CounterReading(DateTimeOffset At, Energy Shown, bool IsManual);

internal sealed class ShowMeterMarksHandler(Work work, RegisterEvidence registers, CurrentActor current) : IRequestHandler<ShowMeterMarks, MeterMarks?>
{
    public async Task<MeterMarks?> Handle(ShowMeterMarks request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        if (await VisibleMeter.FindAsync(db, current.Actor, loopId, request.MeterCode, cancellationToken) is not { } meter)
        {
            return null;
        }

        var (first, after, asOf) = (request.Interval.Start, request.Interval.End, request.AsOf ?? DateTimeOffset.MaxValue);
        var flags = await (
            from flag in db.ReadingFlags.AsNoTracking()
            where flag.LoopId == loopId && flag.MeterId == meter.Id && flag.Hour < after && flag.UntilHour > first && flag.FoundAt <= asOf
            join end in db.FlagResolutions.Where(end => end.At <= asOf) on new { flag.LoopId, flag.Id } equals new { end.LoopId, Id = end.FlagId } into ends
            from end in ends.DefaultIfEmpty()
            orderby flag.Hour, flag.Id
            select new { flag, end }).Take(ShowMeterMarks.Most).ToListAsync(cancellationToken);
        var corrections = await db.Database.SqlQuery<CorrectionRow>($"""
            SELECT c.hour AS "Hour", f.energy AS "Before", f.quality AS "QualityBefore", c.energy AS "After", c.quality AS "QualityAfter", c.received_at AS "At", c.note AS "Note"
            FROM (SELECT DISTINCT ON (hour) hour, energy, quality, received_at, note FROM market.readings
                  WHERE loop_id = {loopId} AND meter_id = {meter.Id} AND hour >= {first} AND hour < {after} AND revision > 0 AND received_at <= {asOf}
                  ORDER BY hour DESC, revision DESC LIMIT {ShowMeterMarks.Most}) c
            JOIN market.readings f ON f.loop_id = {loopId} AND f.meter_id = {meter.Id} AND f.hour = c.hour AND f.revision = 0 AND f.hour >= {first} AND f.hour < {after}
            ORDER BY c.hour DESC
            """).ToListAsync(cancellationToken);
        var sent = (await registers.ReadAsync(loopId, [new MeterSpan(meter.Id, first, after)], cancellationToken)).GetValueOrDefault(meter.Id)?.Counters ?? [];
        var noted = await db.ManualReadings.AsNoTracking()
            .Where(reading => reading.LoopId == loopId && reading.MeterId == meter.Id && reading.At >= first && reading.At <= after && reading.TakenAt <= asOf)
            .OrderBy(reading => reading.At).Take(ShowMeterMarks.Most)
            .Select(reading => new CounterReading(reading.At, reading.Counter, true)).ToListAsync(cancellationToken);
        return new MeterMarks(
            flags.ConvertAll(row => new MeterMark(
                new Interval(row.flag.Hour, row.flag.UntilHour), row.flag.CheckName, row.flag.Severity, row.flag.Words, row.end?.Kind, row.end?.Reason)),
            corrections.ConvertAll(row => new MeterCorrection(
                row.Hour, new Energy(row.Before), (ReadingQuality)row.QualityBefore, new Energy(row.After), (ReadingQuality)row.QualityAfter, row.At, row.Note)),
            [.. sent.Select(reading => new CounterReading(reading.At, reading.Shown, false)).Concat(noted).OrderBy(reading => reading.At)]);
    }

    private sealed record CorrectionRow(DateTimeOffset Hour, long Before, short QualityBefore, long After, short QualityAfter, DateTimeOffset At, string? Note);
}
