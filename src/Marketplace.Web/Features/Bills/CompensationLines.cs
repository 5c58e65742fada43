using Marketplace.Billing;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Web.Features.Alarms.Temperatures;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Bills;

/// <summary>Gives back what the tariff says for each hour in which a promised supply temperature was not kept.</summary>
internal sealed class CompensationLines(Work work, SubstationTemperatures temperatures) : IStatedCharges
{
    public async Task<IReadOnlyList<StatedCharge>> OfAsync(StatedScope scope, CancellationToken cancellationToken)
    {
        var paying = scope.Tariffs.Where(tariff => tariff.Tariff.CompensationPerHour > Money.Zero).ToList();
        if (paying.Count == 0)
        {
            return [];
        }

        var loopId = scope.Loop.Id;
        var promised = await work.Db.TemperatureTerms.Where(terms => terms.LoopId == loopId && terms.ValidFrom < scope.Period.End)
            .Select(terms => terms.MeterId).Distinct().ToListAsync(cancellationToken);
        var meters = (await work.Db.Meters.AsNoTracking().Where(meter => meter.LoopId == loopId && promised.Contains(meter.Id) && meter.PlantCode == null).ToListAsync(cancellationToken))
            .Where(meter => scope.Asks(meter.MemberId)).ToDictionary(meter => meter.Id);
        if (meters.Count == 0)
        {
            return [];
        }

        var found = await temperatures.ReadAsync(loopId, [.. meters.Keys], scope.Period, cancellationToken);
        return [.. found
            .SelectMany(meter => paying.Select(tariff => (Meter: meters[meter.Key], Rate: tariff.Tariff.CompensationPerHour, Report: meter.Value.Judge(tariff.During))))
            .GroupBy(judged => (judged.Meter.MemberId, judged.Meter.Carrier, judged.Rate))
            .OrderBy(own => own.Key.MemberId).ThenBy(own => own.Key.Carrier).ThenBy(own => own.Key.Rate)
            .Select(own => TemperatureCompensation.Of(
                own.Key.MemberId, own.Key.Carrier, own.Sum(judged => judged.Report.Broken.Count(broken => broken.Side == PromiseSide.Supply)),
                own.Sum(judged => judged.Report.HoursJudged), own.Key.Rate))
            .OfType<StatedCharge>()];
    }
}
