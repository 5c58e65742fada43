using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Features.Prices;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Consumption.Carbon;

/// <summary>What a kWh of each carrier counted in CO2 in the loop, for everybody. The mix would tell what single members' plants gave: where fewer than
/// five members own plants of the district, only the outside grid's own figure is shown.</summary>
public sealed record CarbonOfLoop(int LoopId, Interval Period, Grain Grain) : IRequest<LoopCarbon>, IPublic;

/// <param name="IsMix">Whether the rates are of the loop's mix; else of electricity from the outside grid.</param>
public sealed record LoopCarbon(bool IsMix, IReadOnlyList<CarbonOfStep> Steps);

public sealed record CarbonOfStep(Interval At, Carrier Carrier, long MilligramsPerKWh, Energy Given);

public sealed class CarbonOfLoopValidator : AbstractValidator<CarbonOfLoop>
{
    public CarbonOfLoopValidator() => RuleFor(request => request.Period.Length).LessThanOrEqualTo(TimeSpan.FromDays(32))
        .OverridePropertyName("Period").WithMessage("Ask for at most 32 days at once.");
}

internal sealed class CarbonOfLoopHandler(MarketplaceDb db) : IRequestHandler<CarbonOfLoop, LoopCarbon>
{
    public async Task<LoopCarbon> Handle(CarbonOfLoop request, CancellationToken cancellationToken)
    {
        var (loopId, from, to) = (request.LoopId, request.Period.Start, request.Period.End);
        var calendar = (await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken)).Calendar;
        var owners = (await db.Plants.AsNoTracking().Where(plant => plant.LoopId == loopId).ToListAsync(cancellationToken))
            .Where(plant => PlantDefinition.Read(plant.Definition).Kind is PlantKind.Pv or PlantKind.WasteHeat or PlantKind.Boiler)
            .Select(plant => plant.OwnerId).Distinct().Count();
        if (owners >= PricesOfPeriod.SmallestGroup)
        {
            var rates = await HourlyCarbon.ReadAsync(db, loopId, request.Period, cancellationToken);
            return new LoopCarbon(true, [.. rates.GroupBy(rate => (Step: StepOf(rate.Key.Hour), rate.Key.Carrier)).OrderBy(step => step.Key.Step.Start).ThenBy(step => step.Key.Carrier)
                .Select(step => new CarbonOfStep(step.Key.Step, step.Key.Carrier, Mean(step.Select(rate => rate.Value)), step.Aggregate(Energy.Zero, (sum, rate) => sum + rate.Value.Given)))]);
        }

        var grid = await db.Conditions.AsNoTracking().Where(hour => hour.LoopId == loopId && hour.Hour >= from && hour.Hour < to)
            .Select(hour => new { hour.Hour, hour.CarbonGramsPerKWh }).ToListAsync(cancellationToken);
        return new LoopCarbon(false, [.. grid.GroupBy(hour => StepOf(hour.Hour)).OrderBy(step => step.Key.Start)
            .Select(step => new CarbonOfStep(step.Key, Carrier.Electricity, Rounding.DivideAwayFromZero(step.Sum(hour => hour.CarbonGramsPerKWh * 1_000L), step.Count()), Energy.Zero))]);

        Interval StepOf(DateTimeOffset hour) => request.Grain switch
        {
            Grain.Hour => MarketMoment.HourOf(hour),
            Grain.Day => calendar.Day(calendar.DayOf(hour)),
            _ => calendar.Month(calendar.DayOf(hour)),
        };
    }

    /// <summary>By how much was given.</summary>
    private static long Mean(IEnumerable<CarbonRate> rates)
    {
        var (sum, given) = rates.Aggregate(((Int128)0, (Int128)0), (both, rate) => (both.Item1 + ((Int128)rate.MilligramsPerKWh * rate.Given.WattHours), both.Item2 + rate.Given.WattHours));
        return given == 0 ? 0 : Rounding.DivideAwayFromZero(sum, given);
    }
}
