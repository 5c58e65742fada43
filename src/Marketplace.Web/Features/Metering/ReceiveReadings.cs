using FluentValidation;
using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Metering;

/// <summary>Takes a delivery of readings in: judges each row, keeps the good ones as revisions with their commitments on the
/// ledger, and says what became of the others. All or nothing; the same batch key a second time changes nothing.</summary>
/// <param name="BatchKey">Names the delivery, once and for all.</param>
/// <param name="MarketTime">By which time an hour must be over; null asks the loop's market clock.</param>
/// <param name="Expected">The hours the delivery should cover for each meter in service; null if it promises none.</param>
public sealed record ReceiveReadings(
    int LoopId, string BatchKey, IReadOnlyList<DeliveredReading> Readings, DateTimeOffset? MarketTime = null, Interval? Expected = null)
    : IRequest<ReceivedReadings>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.IsSystem;
}

/// <summary>What became of a delivery.</summary>
/// <param name="WasKnown">A delivery of this key has been stored before: nothing was changed.</param>
/// <param name="Stored">Rows stored, corrections included.</param>
/// <param name="Corrected">Of these, the ones that differ from an earlier value of their hour.</param>
/// <param name="Unchanged">Good rows whose hour already has this very value.</param>
public sealed record ReceivedReadings(
    bool WasKnown, int Stored, int Corrected, int Unchanged, IReadOnlyList<RejectedReading> Rejected, IReadOnlyList<MissingReading> Missing);

internal sealed class ReceiveReadingsValidator : AbstractValidator<ReceiveReadings>
{
    public ReceiveReadingsValidator()
    {
        RuleFor(request => request.BatchKey).NotEmpty().MaximumLength(200);
        RuleFor(request => request.Readings).NotNull();
    }
}

internal sealed class ReceiveReadingsHandler(Work work, ReadingStore store, ReadingIntake intake, Sequencer sequencer, MarketTime marketTime)
    : IRequestHandler<ReceiveReadings, ReceivedReadings>
{
    public async Task<ReceivedReadings> Handle(ReceiveReadings request, CancellationToken cancellationToken)
    {
        var loopId = request.LoopId;
        var slug = await work.Db.Loops.Where(loop => loop.Id == loopId).Select(loop => loop.Slug).SingleOrDefaultAsync(cancellationToken)
            ?? throw new RefusedException("There is no such loop.");
        var meters = await work.Db.Meters.AsNoTracking().Where(meter => meter.LoopId == loopId).ToDictionaryAsync(meter => meter.Code, cancellationToken);
        var judged = Validation.Judge(request.Readings, new ValidationContext(
            meters.ToDictionary(meter => meter.Key, meter => new MeterService(meter.Value.InServiceFrom, meter.Value.InServiceUntil)),
            request.MarketTime ?? await marketTime.NowAsync(loopId, cancellationToken),
            request.Expected));
        var batchKey = $"readings/{request.BatchKey}";

        // From here on nobody else adds readings to this loop until this change has ended.
        await store.LockAsync(loopId, cancellationToken);
        var wasKnown = await store.IsKnownAsync(loopId, batchKey, cancellationToken);
        if (wasKnown || judged.Accepted.Count == 0)
        {
            return new ReceivedReadings(wasKnown, 0, 0, judged.Accepted.Count, judged.Rejected, judged.Missing);
        }

        var added = await intake.NewAsync(loopId, judged.Accepted, meters, cancellationToken);
        if (added.Count > 0)
        {
            await store.AddAsync(loopId, slug, batchKey, added, [], cancellationToken);

            // If we crash before this has run, the next step of the market integrates what waits.
            work.AfterCommit(token => sequencer.IntegrateAsync(loopId, token));
        }

        return new ReceivedReadings(
            false, added.Count, added.Count(reading => reading.Revision > 0), judged.Accepted.Count - added.Count, judged.Rejected, judged.Missing);
    }
}
