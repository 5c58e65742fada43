using Marketplace.Contracts;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Web.Features.Alarms.Temperatures;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Contracts.Quantities;

/// <summary>In how many hours the supply temperature promised at a member's own meters was not kept. Hours without flow, or not measured, are not judged.</summary>
internal sealed class TemperatureHours(SubstationTemperatures temperatures) : IContractQuantity
{
    public QuantityForm Form { get; } = new("hours-outside-temperature", Unit.Hours) { AddsUp = true, NeverNegative = true, NeedsCarrier = true };

    public async Task<long[]> MeasureAsync(MeasureScope scope, IReadOnlyList<Measure> asked, CancellationToken cancellationToken)
    {
        var (loopId, members, end) = (scope.Loop.Id, MeasureScope.MembersOf(asked), scope.Period.End);
        var meters = await (
            from meter in scope.Work.Db.Meters.AsNoTracking()
            where meter.LoopId == loopId && meter.PlantCode == null && members.Contains(meter.MemberId)
                && scope.Work.Db.TemperatureTerms.Any(terms => terms.LoopId == loopId && terms.MeterId == meter.Id && terms.ValidFrom < end)
            select new { meter.Id, meter.MemberId, meter.Carrier }).ToListAsync(cancellationToken);
        if (meters.Count == 0)
        {
            return new long[asked.Count];
        }

        var found = await temperatures.ReadAsync(loopId, [.. meters.Select(meter => meter.Id)], scope.Period, cancellationToken);
        var broken = meters.GroupBy(meter => (meter.MemberId, meter.Carrier)).ToDictionary(
            own => own.Key,
            own => own.Sum(meter => found.TryGetValue(meter.Id, out var report) ? report.Judge(scope.Period).Broken.LongCount(hour => hour.Side == PromiseSide.Supply) : 0));
        return [.. asked.Select(measure => broken.GetValueOrDefault((measure.Member, measure.Carrier!.Value)))];
    }
}
