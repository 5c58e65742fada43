using Marketplace.Data;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Tariffs;

/// <summary>A loop's tariff in all its versions, with the rates of tax and the amounts shared. Members read what they are charged by.</summary>
public sealed record ShowTariffs(int LoopId) : IRequest<TariffsView>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <param name="Versions">Newest first.</param>
/// <param name="InForce">The version that holds now; null before the first.</param>
/// <param name="Today">The loop's day on its market clock.</param>
/// <param name="BilledUntil">The end of what is billed or open for billing.</param>
public sealed record TariffsView(
    IReadOnlyList<Tariff> Versions, Tariff? InForce, IReadOnlyList<TaxRate> Taxes, IReadOnlyList<SharedAmountRow> Shared, IReadOnlyList<string> Zones,
    DateOnly Today, DateTimeOffset? BilledUntil);

internal sealed class ShowTariffsHandler(Work work, MarketTime marketTime) : IRequestHandler<ShowTariffs, TariffsView>
{
    private const int MostShared = 60;

    public async Task<TariffsView> Handle(ShowTariffs request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var now = await marketTime.NowAsync(loopId, cancellationToken);
        var versions = await db.Tariffs.AsNoTracking().Where(tariff => tariff.LoopId == loopId).OrderByDescending(tariff => tariff.Version).ToListAsync(cancellationToken);
        return new TariffsView(
            versions,
            versions.Find(tariff => tariff.ValidFrom <= now),
            await db.TaxRates.AsNoTracking().Where(rate => rate.LoopId == loopId).OrderByDescending(rate => rate.ValidFrom).ThenByDescending(rate => rate.Number).ToListAsync(cancellationToken),
            await db.SharedAmounts.AsNoTracking().Where(amount => amount.LoopId == loopId).OrderByDescending(amount => amount.Number).Take(MostShared).ToListAsync(cancellationToken),
            await db.Zones.AsNoTracking().Where(zone => zone.LoopId == loopId).OrderBy(zone => zone.Number).Select(zone => zone.Code).ToListAsync(cancellationToken),
            loop.Calendar.DayOf(now),
            await db.BillPeriods.Where(period => period.LoopId == loopId).MaxAsync(period => (DateTimeOffset?)period.PeriodEnd, cancellationToken));
    }
}
