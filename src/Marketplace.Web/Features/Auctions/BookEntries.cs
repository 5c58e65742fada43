using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Features.Deals;
using Marketplace.Web.Features.Forecasts;
using Marketplace.Web.Features.Network;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Auctions;

/// <summary>One order on its way into a book.</summary>
public sealed record BookEntry(
    int MemberId, Carrier Carrier, OrderSide Side, Energy Quantity, Price Limit, OrderSource Source, long? OrderId, string? PlantCode)
{
    /// <summary>Whether it stands for the world around the community: the grid and the loop's balancing plant.</summary>
    public bool IsOutside { get; init; }

    /// <summary>Whether its quantity is what the member is expected to take, not what anybody wrote.</summary>
    public bool FollowsForecast { get; init; }
}

/// <param name="Orders">What is left for the pool when deals are taken out of it.</param>
/// <param name="Converters">With their flows by carrier: the book gives them nodes.</param>
public sealed record ComposedBook(IReadOnlyList<BookEntry> Orders, IReadOnlyList<Converter> Converters)
{
    /// <summary>What deals deliver in the hour; not yet on the ledger.</summary>
    public IReadOnlyList<DealHour> Deals { get; init; } = [];

    /// <summary>Who stands in which zone, and what trades made outside the auction take of the connections.</summary>
    public TradesOutside Outside { get; init; } = new(HourZones.One);

    /// <summary>The deals between zones, and what the network carries of each.</summary>
    public IReadOnlyList<ZoneTrade> ZoneTrades { get; init; } = [];
}

/// <summary>Gathers what stands in the book of an hour: own orders in the order in which they were placed, then standing
/// orders, then the loop's default terms for members without either, then what the plants bid.</summary>
public sealed class BookEntries(MarketplaceDb db, LoopPlants plants, LiveMarket live, DealNominations deals, ExpectedQuantities expected)
{
    private static readonly TimeSpan Day = TimeSpan.FromHours(24);

    /// <exception cref="RefusedException">The hour's conditions or tariff are not known yet.</exception>
    public async Task<ComposedBook> ComposeAsync(Loop loop, DateTimeOffset hour, CancellationToken cancellationToken)
    {
        var conditions = await db.Conditions.AsNoTracking().SingleOrDefaultAsync(row => row.LoopId == loop.Id && row.Hour == hour, cancellationToken)
            ?? throw new RefusedException($"The import price and weather for {Instants.Iso(hour)} are not known yet.");
        var tariff = await db.Tariffs.AsNoTracking()
            .Where(tariff => tariff.LoopId == loop.Id && tariff.ValidFrom <= hour)
            .OrderByDescending(tariff => tariff.Version)
            .FirstOrDefaultAsync(cancellationToken)
            ?? throw new RefusedException($"No tariff is valid at {Instants.Iso(hour)}.");
        var own = await live.OrdersAsync(loop.Id, hour, cancellationToken);
        var standing = await StandingTerms.AtAsync(db, loop, hour, cancellationToken);
        var forecasts = await expected.AtAsync(loop, hour, cancellationToken) ?? await ForecastsAsync(loop.Id, hour, cancellationToken);
        var bids = await plants.BidsAsync(loop.Id, hour, conditions, tariff, forecasts, cancellationToken);

        var entries = new List<BookEntry>();
        entries.AddRange(own.Select(order => new BookEntry(
            order.MemberId, order.Carrier, order.Side, order.Quantity, order.Limit, OrderSource.Own, order.Id, order.PlantCode)));
        var taken = own.Where(order => order.Side == OrderSide.Buy).Select(order => (order.MemberId, order.Carrier)).ToHashSet();

        // An owner who offers a plant's output has taken the offering into the own hands for this hour.
        var offered = own.Where(order => order.Side == OrderSide.Sell).Select(order => (order.PlantCode, order.Carrier)).ToHashSet();
        foreach (var order in standing.Where(order => order.Side == OrderSide.Sell))
        {
            if (order.Quantity is { } promised && offered.Add((order.PlantCode, order.Carrier)))
            {
                entries.Add(new BookEntry(order.MemberId, order.Carrier, order.Side, promised, order.Limit, OrderSource.Standing, order.Id, order.PlantCode));
            }
        }

        foreach (var order in standing.Where(order => order.Side == OrderSide.Buy))
        {
            var quantity = order.Quantity ?? forecasts.GetValueOrDefault((order.MemberId, order.Carrier));
            if (quantity > Energy.Zero && taken.Add((order.MemberId, order.Carrier)))
            {
                entries.Add(new BookEntry(order.MemberId, order.Carrier, order.Side, quantity, order.Limit, OrderSource.Standing, order.Id, null)
                {
                    FollowsForecast = order.Quantity is null,
                });
            }
        }

        foreach (var ((member, carrier), quantity) in forecasts.OrderBy(forecast => forecast.Key))
        {
            if (quantity > Energy.Zero && taken.Add((member, carrier)))
            {
                var limit = bids.Outside(carrier, conditions, tariff).Import + tariff.DefaultLimitMargin;
                entries.Add(new BookEntry(member, carrier, OrderSide.Buy, quantity, limit, OrderSource.Default, null, null) { FollowsForecast = true });
            }
        }

        foreach (var bid in bids.Bids)
        {
            foreach (var order in bid.Bid.Orders)
            {
                if (order.Side == BidSide.Buy || !offered.Contains((bid.Code, order.Carrier)))
                {
                    entries.Add(new BookEntry(
                        bid.OwnerId, order.Carrier, order.Side == BidSide.Buy ? OrderSide.Buy : OrderSide.Sell,
                        order.Quantity, order.Limit, OrderSource.Plant, null, bid.Code)
                    {
                        IsOutside = bid.Plant.Kind is PlantKind.GridSupplier or PlantKind.BalancingPlant,
                    });
                }
            }
        }

        var converters = bids.Bids
            .Where(bid => bid.Bid.Converter is not null)
            .Select(bid => new Converter(
                bid.Code,
                bid.Bid.Converter!.Capacity,
                bid.Bid.Converter.FlowMillionths.ToDictionary(flow => flow.Key.Name(), flow => flow.Value),
                bid.Bid.Converter.RunningCost))
            .ToList();
        return await deals.TakeOutAsync(loop, hour, new ComposedBook(entries, converters) { Outside = await live.OutsideAsync(loop.Id, hour, cancellationToken) }, cancellationToken);
    }

    /// <summary>What each member is expected to take: what its meters took at the same hour yesterday; where there is no
    /// yesterday yet, what is known of the hour itself (the first day of a replay).</summary>
    private async Task<Dictionary<(int Member, Carrier Carrier), Energy>> ForecastsAsync(int loopId, DateTimeOffset hour, CancellationToken cancellationToken)
    {
        foreach (var known in new[] { hour - Day, hour })
        {
            var rows = await db.Database.SqlQuery<ForecastRow>($"""
                SELECT m.member_id AS "MemberId", m.carrier AS "Carrier", sum(r.energy)::bigint AS "Energy"
                FROM (SELECT DISTINCT ON (meter_id) meter_id, energy FROM market.readings
                      WHERE loop_id = {loopId} AND hour = {known} ORDER BY meter_id, revision DESC) r
                JOIN market.meters m ON m.loop_id = {loopId} AND m.id = r.meter_id
                WHERE m.direction = {(short)Data.MeterDirection.Consumption} AND m.plant_code IS NULL
                  AND m.in_service_from <= {hour} AND (m.in_service_until IS NULL OR m.in_service_until > {hour})
                GROUP BY m.member_id, m.carrier
                """).ToListAsync(cancellationToken);
            if (rows.Count > 0)
            {
                return rows.ToDictionary(row => (row.MemberId, (Carrier)row.Carrier), row => Energy.FromWh(row.Energy));
            }
        }

        return [];
    }

    private sealed record ForecastRow(int MemberId, short Carrier, long Energy);
}
