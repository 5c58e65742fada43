using FluentValidation;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using MediatR;

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
    /// <summary>Told when all further deliveries to these meters come after this one: whoever sends many may judge the next while this one is stored.</summary>
    internal Action? Began { get; init; }

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

internal sealed class ReceiveReadingsHandler(ReadingIntake intake) : IRequestHandler<ReceiveReadings, ReceivedReadings>
{
    public Task<ReceivedReadings> Handle(ReceiveReadings request, CancellationToken cancellationToken) => intake.TakeAsync(request, cancellationToken);
}
