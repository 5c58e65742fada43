using FluentValidation;
using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Metering.Checks.Across;
using Marketplace.Quantities;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Metering.Quality;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Metering;

/// <summary>Gives every meter in service that has no reading of this hour an estimate, marked as one, with its commitment.
/// A second run finds nothing missing and changes nothing.</summary>
public sealed record EstimateMissing(int LoopId, DateTimeOffset Hour) : IRequest<EstimatedHour>, IGuarded, IRepeatableStep
{
    public bool Permits(Actor actor) => actor.IsSystem;
}

/// <summary>How many meters were estimated, by the method that could be applied.</summary>
public sealed record EstimatedHour(int Estimated, IReadOnlyDictionary<EstimationMethod, int> ByMethod)
{
    public static EstimatedHour Nothing { get; } = new(0, new Dictionary<EstimationMethod, int>());
}

internal sealed class EstimateMissingValidator : AbstractValidator<EstimateMissing>
{
    public EstimateMissingValidator() =>
        RuleFor(request => request.Hour).Must(Validation.IsOnTheHour).WithMessage("An hour begins on the hour.");
}

internal sealed class EstimateMissingHandler(Work work, ReadingStore store, GapEstimates ladder, Sequencer sequencer) : IRequestHandler<EstimateMissing, EstimatedHour>
{
    public async Task<EstimatedHour> Handle(EstimateMissing request, CancellationToken cancellationToken)
    {
        var (loopId, hour) = (request.LoopId, request.Hour.ToUniversalTime());
        if ((await SilentAsync(loopId, hour, cancellationToken)).Count == 0)
        {
            return EstimatedHour.Nothing;
        }

        // Asked again behind the lock: a reading may have come meanwhile, and a measurement goes before an estimate.
        await store.LockAsync(loopId, cancellationToken);
        var silent = await SilentAsync(loopId, hour, cancellationToken);
        if (silent.Count == 0)
        {
            return EstimatedHour.Nothing;
        }

        var loop = await work.Db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var estimates = await EstimatesAsync(loop, hour, silent, cancellationToken);
        var readings = estimates.ConvertAll(one => new NewReading(
            one.Meter.Id, one.Meter.Code, one.Meter.MemberId, hour, one.Estimate.Energy, ReadingQuality.Estimated, EstimateNotes.NoteOf(one.Estimate), []));

        // The first of these meters is never again without a value at this hour, so no later run can come to the same key.
        await store.AddAsync(loopId, loop.Slug, $"estimates/{Instants.Iso(hour)}/{silent[0].Code}", readings, [], cancellationToken);
        await work.Db.BulkInsertAsync([.. readings.Zip(estimates, (reading, one) => EstimateNotes.Kept(loopId, reading, one.Estimate))], cancellationToken);
        work.AfterCommit(token => sequencer.IntegrateAsync(loopId, token));
        return new EstimatedHour(estimates.Count, estimates.CountBy(one => one.Estimate.Applied).ToDictionary());
    }

    private async Task<List<(Meter Meter, Estimate Estimate)>> EstimatesAsync(Loop loop, DateTimeOffset hour, List<Meter> silent, CancellationToken cancellationToken)
    {
        var known = await store.RevisionsAsync(
            loop.Id, [.. silent.Select(meter => meter.Id)], [.. Estimation.HoursConsulted(hour, loop.Calendar)], cancellationToken);
        var near = silent.ConvertAll(meter => (Meter: meter, Estimate: Estimation.Of(hour, at => MeasuredAt(known, meter.Id, at), loop.Calendar)));

        // Most gaps are told from the meter's own hours close by. Only where more is known, or these say little, is it worth to load weeks.
        var withMore = await WithMoreEvidenceAsync(loop, hour, cancellationToken);
        var weak = near.Where(one => withMore.Meters.Contains(one.Meter.Id)
            || (withMore.IsAnything && (one.Estimate.Applied is EstimationMethod.Yesterday or EstimationMethod.Zero || IsLong(known, one.Meter.Id, hour, loop.Calendar))));
        var asked = weak.Select(one => new HoursToEstimate(one.Meter, new HashSet<DateTimeOffset> { hour })).ToList();
        if (asked.Count == 0)
        {
            return near;
        }

        var better = await ladder.OfAsync(loop, asked, cancellationToken);
        return near.ConvertAll(one => better.TryGetValue(one.Meter.Id, out var hours) && hours is [var only] ? (one.Meter, only.Estimate) : one);
    }

    /// <summary>The meters with a sibling or with registers, and whether the weather or a forecast of the hour is known.</summary>
    private async Task<(HashSet<int> Meters, bool IsAnything)> WithMoreEvidenceAsync(Loop loop, DateTimeOffset hour, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var day = loop.Calendar.DayOf(hour);
        var shared = SharedPlantCheck.Check.Name;
        var meters = await db.ReadingFlags.Where(flag => flag.LoopId == loop.Id && flag.CheckName == shared).Select(flag => flag.MeterId)
            .Union(from flag in db.ReadingFlags
                   where flag.LoopId == loop.Id && flag.CheckName == shared
                   join meter in db.Meters on new { flag.LoopId, Code = flag.OtherMeter! } equals new { meter.LoopId, meter.Code }
                   select meter.Id)
            .Union(db.DeviceRegisters.Where(register => register.LoopId == loop.Id && register.Register > Register.ElectricityExport).Select(register => register.MeterId))
            .ToListAsync(cancellationToken);
        var isAnything = await db.Conditions.AnyAsync(row => row.LoopId == loop.Id && row.Hour == hour, cancellationToken)
            || await db.ForecastDays.AnyAsync(made => made.LoopId == loop.Id && made.Day == day, cancellationToken);
        return ([.. meters], isAnything);
    }

    /// <summary>Nothing was measured at this hour of the day for a week.</summary>
    private static bool IsLong(Dictionary<(int, DateTimeOffset), List<StoredRevision>> known, int meterId, DateTimeOffset hour, LoopCalendar calendar) =>
        Estimation.HoursConsulted(hour, calendar).Where(at => at < hour && at >= hour.AddHours(-EstimationLadder.LongestLikeDaysGap - 1)).All(at => MeasuredAt(known, meterId, at) is null);

    private Task<List<Meter>> SilentAsync(int loopId, DateTimeOffset hour, CancellationToken cancellationToken) =>
        work.Db.Meters.AsNoTracking()
            .Where(meter => meter.LoopId == loopId && meter.InServiceFrom <= hour && (meter.InServiceUntil == null || meter.InServiceUntil > hour))
            .Where(meter => !work.Db.Readings.Any(reading => reading.LoopId == loopId && reading.MeterId == meter.Id && reading.Hour == hour))
            .OrderBy(meter => meter.Id)
            .ToListAsync(cancellationToken);

    // An estimate never rests on another estimate.
    private static Energy? MeasuredAt(Dictionary<(int, DateTimeOffset), List<StoredRevision>> known, int meterId, DateTimeOffset at) =>
        known.TryGetValue((meterId, at), out var revisions) && revisions[^1].Quality != ReadingQuality.Estimated ? revisions[^1].Energy : null;
}
