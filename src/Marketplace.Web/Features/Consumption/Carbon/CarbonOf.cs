using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Consumption.Carbon;

/// <summary>What a member's consumption counts in CO2, by the mix of each hour; the steps are those of <see cref="ConsumptionOf"/>.</summary>
public sealed record CarbonOf(int LoopId, int MemberId, Interval Period, Grain Grain) : IRequest<IReadOnlyList<CarbonRow>>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId) || actor.Operates(LoopId);
}

/// <param name="Milligrams">Of the hours whose mix is known.</param>
/// <param name="UnknownHours">Hours with consumption whose mix is not known: they count nothing.</param>
public sealed record CarbonRow(Interval At, Carrier Carrier, long Milligrams, int UnknownHours);

public sealed class CarbonOfValidator : AbstractValidator<CarbonOf>
{
    public CarbonOfValidator() => RuleFor(request => request.Period.Length).LessThanOrEqualTo(TimeSpan.FromDays(367))
        .OverridePropertyName("Period").WithMessage("Ask for at most a year at once.");
}

internal sealed class CarbonOfHandler(MarketplaceDb db, IRequestHandler<ConsumptionOf, IReadOnlyList<ConsumptionRow>> consumption) : IRequestHandler<CarbonOf, IReadOnlyList<CarbonRow>>
{
    public async Task<IReadOnlyList<CarbonRow>> Handle(CarbonOf request, CancellationToken cancellationToken)
    {
        var calendar = (await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == request.LoopId, cancellationToken)).Calendar;
        var rates = await HourlyCarbon.ReadAsync(db, request.LoopId, request.Period, cancellationToken);
        var hours = await consumption.Handle(new ConsumptionOf(request.LoopId, request.MemberId, request.Period, Grain.Hour), cancellationToken);
        return [.. hours.GroupBy(hour => (Step: StepOf(hour.At), hour.Carrier)).OrderBy(step => step.Key.Step.Start).ThenBy(step => step.Key.Carrier).Select(step => new CarbonRow(
            step.Key.Step,
            step.Key.Carrier,
            step.Sum(hour => rates.TryGetValue((hour.At.Start, hour.Carrier), out var rate)
                ? Rounding.DivideAwayFromZero((Int128)rate.MilligramsPerKWh * hour.Metered.WattHours, 1_000) : 0),
            step.Count(hour => hour.Metered != Energy.Zero && !rates.ContainsKey((hour.At.Start, hour.Carrier)))))];

        Interval StepOf(Interval hour) => request.Grain switch
        {
            Grain.Hour => hour,
            Grain.Day => calendar.Day(calendar.DayOf(hour.Start)),
            _ => calendar.Month(calendar.DayOf(hour.Start)),
        };
    }
}
