using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Features.Deals;
using Marketplace.Web.Features.Network;
using Marketplace.Web.Features.Plants;
using Microsoft.EntityFrameworkCore;
using MeterDirection = Marketplace.Data.MeterDirection;

namespace Marketplace.Web.Features.Settlement;

/// <summary>Loads what settles an hour: its published trades and prices, and the readings in force now. Asked again later, only the readings can differ.</summary>
internal sealed class HourInputs(MarketplaceDb db)
{
    /// <returns>The hour, the plants that convert in it, and which wishes were met.</returns>
    public async Task<(HourToSettle Hour, HashSet<string> Converters, List<WishMet> Met)> LoadAsync(int loopId, DateTimeOffset hour, CancellationToken cancellationToken)
    {
        var conditions = await db.Conditions.AsNoTracking().SingleAsync(row => row.LoopId == loopId && row.Hour == hour, cancellationToken);
        var tariff = await db.Tariffs.AsNoTracking()
            .Where(tariff => tariff.LoopId == loopId && tariff.ValidFrom <= hour)
            .OrderByDescending(tariff => tariff.Version)
            .FirstAsync(cancellationToken);
        var plants = await db.Plants.AsNoTracking().Where(plant => plant.LoopId == loopId).ToListAsync(cancellationToken);
        var definitions = plants.ToDictionary(plant => plant.Code, plant => PlantDefinition.Read(plant.Definition));
        var owners = plants.ToDictionary(plant => plant.Code, plant => plant.OwnerId);
        var book = await db.BookOrders.AsNoTracking()
            .Where(order => order.LoopId == loopId && order.Hour == hour)
            .OrderBy(order => order.Position)
            .ToListAsync(cancellationToken);
        var accepted = await db.Acceptances.AsNoTracking()
            .Where(acceptance => acceptance.LoopId == loopId && acceptance.Hour == hour)
            .ToDictionaryAsync(acceptance => acceptance.Position, acceptance => acceptance.Accepted, cancellationToken);
        var runs = await db.ConverterRuns.AsNoTracking().Where(run => run.LoopId == loopId && run.Hour == hour).ToListAsync(cancellationToken);
        var network = await NetworkToSettle.ReadAsync(db, loopId, hour, cancellationToken);
        var prices = await db.Prices.AsNoTracking()
            .Where(price => price.LoopId == loopId && price.Hour == hour && price.Zone == "")
            .ToDictionaryAsync(price => price.Carrier, price => price.Price, cancellationToken);
        var readings = await db.Database.SqlQuery<MeterRow>($"""
            SELECT m.member_id AS "MemberId", m.plant_code AS "PlantCode", m.carrier AS "Carrier", m.direction AS "Direction",
                   r.energy AS "Energy", r.quality AS "Quality"
            FROM (SELECT DISTINCT ON (meter_id) meter_id, energy, quality FROM market.readings
                  WHERE loop_id = {loopId} AND hour = {hour} ORDER BY meter_id, revision DESC) r
            JOIN market.meters m ON m.loop_id = {loopId} AND m.id = r.meter_id
            """).ToListAsync(cancellationToken);

        var priced = await db.Trades.AsNoTracking()
            .Where(trade => trade.LoopId == loopId && trade.Hour == hour)
            .ToListAsync(cancellationToken);
        var carriersWithTrades = priced.Select(trade => trade.Carrier).ToHashSet();
        var deals = await DealTrades.OfAsync(db, loopId, hour, network, cancellationToken);
        var trades = book.Where(order => accepted.ContainsKey(order.Position) && !carriersWithTrades.Contains(order.Carrier))
            .Select(order => Trade(order, accepted[order.Position], null))
            .Concat(priced.SelectMany(trade => new[] { trade.BuyPosition, trade.SellPosition }
                .OfType<int>()
                .Select(position => Trade(book[position], trade.Energy, trade.Price) with
                {
                    Carriage = position == trade.BuyPosition ? network.FeeOf(ZoneTradeKind.Trade, trade.Number) : Money.Zero,
                })))
            .Concat(runs.SelectMany(run => new[] { (Carrier.Heat, run.Heat), (Carrier.Cold, run.Cold), (Carrier.Electricity, run.Electricity) }
                .Where(flow => flow.Item2 != Energy.Zero)
                .Select(flow => new Traded(
                    owners[run.PlantCode],
                    run.PlantCode,
                    flow.Item1,
                    flow.Item2 < Energy.Zero ? MeterDirection.Consumption : MeterDirection.Production,
                    -flow.Item2))));
        var all = trades.ToList();
        var wishes = await db.MemberPreferences.FromSql(
            $"""
            SELECT DISTINCT ON (member_id, carrier) * FROM market.member_preferences
            WHERE loop_id = {loopId} AND valid_from <= {hour} ORDER BY member_id, carrier, version DESC
            """).AsNoTracking().ToListAsync(cancellationToken);
        var (met, moved) = HourWishes.Meet(loopId, hour, wishes, all, definitions.ToDictionary(plant => plant.Key, plant => plant.Value.Kind));
        var balancing = book.Where(order => order.PlantCode is { } code && definitions[code].Kind == PlantKind.BalancingPlant).ToList();
        return (
            new HourToSettle(
                loopId,
                hour,
                // Whose energy a deal brings is agreed: it meets no wish of others, and none of the buyer's is left of it.
                [.. all, .. deals],
                [.. readings.Select(row => new Metered(
                    row.MemberId, row.PlantCode ?? "", (Carrier)row.Carrier, (MeterDirection)row.Direction, Energy.FromWh(row.Energy),
                    (ReadingQuality)row.Quality == ReadingQuality.Estimated))],
                prices,
                Carriers.All.ToDictionary(carrier => carrier, carrier => OutsidePrices.Of(
                    carrier, [.. balancing.Where(order => order.Carrier == carrier).Select(order => (order.Side, order.Limit))], conditions, tariff)),
                Carriers.All.ToDictionary(carrier => carrier, tariff.NetworkFee),
                definitions.Where(plant => plant.Value.Kind == PlantKind.Store).Select(plant => plant.Key).ToHashSet()) 
            {
                Origins = moved, Network = network, ZoneFees = tariff.ZoneFees.ToDictionary(fee => (fee.Zone, fee.Carrier), fee => fee.Fee),
            },
            runs.Select(run => run.PlantCode).ToHashSet(),
            met);
    }

    private static Traded Trade(BookOrder order, Energy energy, Price? price) => new(
        order.MemberId,
        order.PlantCode ?? "",
        order.Carrier,
        order.Side == OrderSide.Buy ? MeterDirection.Consumption : MeterDirection.Production,
        order.Side == OrderSide.Buy ? energy : -energy,
        price);

    private sealed record MeterRow(int MemberId, string? PlantCode, short Carrier, short Direction, long Energy, short Quality);
}
