using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Orders;

/// <summary>Where a member's energy of the coming hours will come from: its own orders, its standing order, or the loop's default terms,
/// by the same rules by which the book is composed at the gate.</summary>
public sealed record ComingSupply(int LoopId, int MemberId, IReadOnlyList<DateTimeOffset> Hours) : IRequest<IReadOnlyList<SupplyOfHour>>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId) || actor.Operates(LoopId);
}

/// <param name="Quantity">What will be bought; null where it is not known yet: no reading of the day before.</param>
/// <param name="Limit">The highest limit it is bought at; null where the import price of the hour is not known yet.</param>
public sealed record SupplyOfHour(Interval Hour, Carrier Carrier, OrderSource Source, Energy? Quantity, Price? Limit);

internal sealed class ComingSupplyHandler(MarketplaceDb db, LoopPlants plants) : IRequestHandler<ComingSupply, IReadOnlyList<SupplyOfHour>>
{
    private static readonly TimeSpan Day = TimeSpan.FromHours(24);

    public async Task<IReadOnlyList<SupplyOfHour>> Handle(ComingSupply request, CancellationToken cancellationToken)
    {
        var (loopId, memberId) = (request.LoopId, request.MemberId);
        if (request.Hours.Count == 0)
        {
            return [];
        }

        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var (first, last) = (request.Hours.Min(), request.Hours.Max());
        var own = (await db.Orders.AsNoTracking()
            .Where(order => order.LoopId == loopId && order.MemberId == memberId && order.Hour >= first && order.Hour <= last
                && order.Side == OrderSide.Buy && order.WithdrawnAt == null)
            .ToListAsync(cancellationToken)).ToLookup(order => (order.Hour, order.Carrier));
        var standing = (await StandingTerms.OfMemberAsync(db, loopId, memberId, cancellationToken)).Where(order => order.Order.Side == OrderSide.Buy).ToList();
        var forecasts = await ForecastsAsync(loopId, memberId, first - Day, last - Day, cancellationToken);
        var buys = await db.Meters
            .Where(meter => meter.LoopId == loopId && meter.MemberId == memberId && meter.Direction == MeterDirection.Consumption
                && meter.PlantCode == null && meter.InServiceUntil == null)
            .Select(meter => meter.Carrier).Distinct().Order().ToListAsync(cancellationToken);
        var rows = new List<SupplyOfHour>();
        foreach (var hour in request.Hours)
        {
            var limits = await DefaultLimitsAsync(loopId, hour, cancellationToken);
            foreach (var carrier in buys)
            {
                Energy? forecast = forecasts.TryGetValue((hour - Day, carrier), out var known) ? known : null;
                var orders = own[(hour, carrier)].ToList();
                var terms = standing.Find(order => order.Order.Carrier == carrier)?.Hours[StandingTerms.HourOfDay(loop, hour)];
                rows.Add((orders, terms) switch
                {
                    ({ Count: > 0 }, _) => new SupplyOfHour(
                        MarketMoment.HourOf(hour), carrier, OrderSource.Own,
                        orders.Aggregate(Energy.Zero, (sum, order) => sum + order.Quantity), orders.Max(order => order.Limit)),
                    (_, { } follows) => new SupplyOfHour(MarketMoment.HourOf(hour), carrier, OrderSource.Standing, follows.Quantity ?? forecast, follows.Limit),
                    _ => new SupplyOfHour(
                        MarketMoment.HourOf(hour), carrier, OrderSource.Default, forecast, limits is not null && limits.TryGetValue(carrier, out var limit) ? limit : null),
                });
            }
        }

        return rows;
    }

    /// <summary>The import price of each carrier and the loop's margin; null while the hour's import price is not known.</summary>
    private async Task<Dictionary<Carrier, Price>?> DefaultLimitsAsync(int loopId, DateTimeOffset hour, CancellationToken cancellationToken)
    {
        var conditions = await db.Conditions.AsNoTracking().SingleOrDefaultAsync(row => row.LoopId == loopId && row.Hour == hour, cancellationToken);
        var tariff = await db.Tariffs.AsNoTracking()
            .Where(tariff => tariff.LoopId == loopId && tariff.ValidFrom <= hour)
            .OrderByDescending(tariff => tariff.Version)
            .FirstOrDefaultAsync(cancellationToken);
        if (conditions is null || tariff is null)
        {
            return null;
        }

        var bids = await plants.BidsAsync(loopId, hour, conditions, tariff, new Dictionary<(int, Carrier), Energy>(), cancellationToken);
        return Carriers.All.ToDictionary(carrier => carrier, carrier => bids.Outside(carrier, conditions, tariff).Import + tariff.DefaultLimitMargin);
    }

    private async Task<Dictionary<(DateTimeOffset Hour, Carrier Carrier), Energy>> ForecastsAsync(
        int loopId, int memberId, DateTimeOffset first, DateTimeOffset last, CancellationToken cancellationToken) =>
        (await db.Database.SqlQuery<ForecastRow>($"""
            SELECT r.hour AS "Hour", m.carrier AS "Carrier", sum(r.energy)::bigint AS "Energy"
            FROM market.meters m
            JOIN LATERAL (SELECT DISTINCT ON (hour) hour, energy FROM market.readings
                          WHERE loop_id = m.loop_id AND meter_id = m.id AND hour BETWEEN {first} AND {last} ORDER BY hour, revision DESC) r ON true
            WHERE m.loop_id = {loopId} AND m.member_id = {memberId} AND m.direction = {(short)MeterDirection.Consumption} AND m.plant_code IS NULL
            GROUP BY r.hour, m.carrier
            """).ToListAsync(cancellationToken))
        .ToDictionary(row => (row.Hour, (Carrier)row.Carrier), row => Energy.FromWh(row.Energy));

    private sealed record ForecastRow(DateTimeOffset Hour, short Carrier, long Energy);
}
