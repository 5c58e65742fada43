using FluentValidation;
using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Web.Features.Ledger;
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

internal sealed class EstimateMissingHandler(Work work, ReadingStore store, Sequencer sequencer) : IRequestHandler<EstimateMissing, EstimatedHour>
{
    private sealed record SilentMeter(int Id, string Code, int MemberId);

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
        var known = await store.RevisionsAsync(
            loopId, [.. silent.Select(meter => meter.Id)], [.. Estimation.HoursConsulted(hour, loop.Calendar)], cancellationToken);
        var estimates = silent.ConvertAll(meter => (Meter: meter, Estimate: Estimation.Of(hour, at => MeasuredAt(known, meter.Id, at), loop.Calendar)));

        // The first of these meters is never again without a value at this hour, so no later run can come to the same key.
        await store.AddAsync(
            loopId,
            loop.Slug,
            $"estimates/{Instants.Iso(hour)}/{silent[0].Code}",
            estimates.ConvertAll(one => new NewReading(
                one.Meter.Id, one.Meter.Code, one.Meter.MemberId, hour, one.Estimate.Energy, ReadingQuality.Estimated, NoteOf(one.Estimate), [])),
            [],
            cancellationToken);
        work.AfterCommit(token => sequencer.IntegrateAsync(loopId, token));
        return new EstimatedHour(estimates.Count, estimates.CountBy(one => one.Estimate.Applied).ToDictionary());
    }

    private async Task<List<SilentMeter>> SilentAsync(int loopId, DateTimeOffset hour, CancellationToken cancellationToken)
    {
        await using var command = await store.CommandAsync(
            """
            SELECT m.id, m.code, m.member_id FROM market.meters m
            WHERE m.loop_id = $1 AND m.in_service_from <= $2 AND (m.in_service_until IS NULL OR m.in_service_until > $2)
              AND NOT EXISTS (SELECT FROM market.readings r WHERE r.loop_id = m.loop_id AND r.meter_id = m.id AND r.hour = $2)
            ORDER BY m.id
            """,
            cancellationToken,
            ReadingStore.Parameter(loopId),
            ReadingStore.Parameter(hour));
        var silent = new List<SilentMeter>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            silent.Add(new SilentMeter(reader.GetInt32(0), reader.GetString(1), reader.GetInt32(2)));
        }

        return silent;
    }

    // An estimate never rests on another estimate.
    private static Energy? MeasuredAt(Dictionary<(int, DateTimeOffset), List<StoredRevision>> known, int meterId, DateTimeOffset at) =>
        known.TryGetValue((meterId, at), out var revisions) && revisions[^1].Quality != ReadingQuality.Estimated ? revisions[^1].Energy : null;

    private static string NoteOf(Estimate estimate) => estimate.Requested == estimate.Applied
        ? $"Estimated: {estimate.Explanation}"
        : $"Estimated: {estimate.Explanation} (asked for: {NameOf(estimate.Requested)})";

    private static string NameOf(EstimationMethod method) => method switch
    {
        EstimationMethod.Linear => "straight line",
        EstimationMethod.LikeDays => "average of like days",
        EstimationMethod.LastWeek => "same hour a week before",
        EstimationMethod.Yesterday => "same hour the day before",
        EstimationMethod.Zero => "zero",
        _ => throw new ArgumentOutOfRangeException(nameof(method), method, "Not a method"),
    };
}
