using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Operations;

/// <summary>Each hour of a period with what has been done for it and what failed.</summary>
public sealed record HoursOf(int LoopId, Interval Period) : IRequest<IReadOnlyList<HourRow>>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId)
        || actor.Roles.Any(held => held.LoopId == LoopId && held.Role is Role.Technician or Role.Auditor);
}

/// <param name="Done">When each step was done, in real time.</param>
/// <param name="FellBack">Cleared without an auction: settled at the fallback tariff.</param>
public sealed record HourRow(
    Interval Hour, IReadOnlyDictionary<HourStepKind, DateTimeOffset> Done, HourFailure? Failure, int? Orders, bool FellBack);

public sealed class HoursOfValidator : AbstractValidator<HoursOf>
{
    public HoursOfValidator() => RuleFor(request => request.Period.Length).LessThanOrEqualTo(TimeSpan.FromDays(8))
        .OverridePropertyName("Period").WithMessage("Ask for at most a week at once.");
}

internal sealed class HoursOfHandler(MarketplaceDb db) : IRequestHandler<HoursOf, IReadOnlyList<HourRow>>
{
    public async Task<IReadOnlyList<HourRow>> Handle(HoursOf request, CancellationToken cancellationToken)
    {
        var (loopId, from, to) = (request.LoopId, request.Period.Start, request.Period.End);
        HourStepKind[] kinds = [HourStepKind.Closed, HourStepKind.Cleared, HourStepKind.Settled];
        var steps = (await db.HourSteps.AsNoTracking()
            .Where(step => step.LoopId == loopId && kinds.Contains(step.Step) && step.Hour >= from && step.Hour < to)
            .ToListAsync(cancellationToken)).ToLookup(step => step.Hour);
        var failures = (await db.HourFailures.AsNoTracking()
            .Where(failure => failure.LoopId == loopId && failure.Hour >= from && failure.Hour < to)
            .ToListAsync(cancellationToken)).ToLookup(failure => failure.Hour);
        var books = await db.Books
            .Where(book => book.LoopId == loopId && book.Hour >= from && book.Hour < to)
            .Select(book => new { book.Hour, book.Orders, Result = db.Results.Any(result => result.LoopId == loopId && result.Hour == book.Hour) })
            .ToDictionaryAsync(book => book.Hour, cancellationToken);
        var hours = steps.Select(hour => hour.Key).Union(failures.Select(hour => hour.Key)).OrderDescending();
        return [.. hours.Select(hour =>
        {
            var done = steps[hour].ToDictionary(step => step.Step, step => step.DoneAt);
            var book = books.GetValueOrDefault(hour);
            return new HourRow(
                MarketMoment.HourOf(hour), done, failures[hour].OrderBy(failure => failure.Step).FirstOrDefault(), book?.Orders,
                done.ContainsKey(HourStepKind.Cleared) && book?.Result != true);
        })];
    }
}
