using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Start;

/// <summary>What a visitor is told of a loop besides its prices.</summary>
public sealed record StartOverview(int LoopId) : IRequest<LoopOverview>, IPublic;

/// <param name="LocalShare">Of the energy that entered the loop in the last 24 market hours: the part from roofs, waste heat and
/// other plants of the district, the rest being bought outside. Null while nothing is known, or fewer than five members stand behind it.</param>
/// <param name="Kinds">What plants there are, and how many of each kind.</param>
/// <param name="LedgerEntries">Entries under the newest published checkpoint; null while there is none.</param>
public sealed record LoopOverview(
    int Members, int Plants, IReadOnlyList<PlantsOfKind> Kinds, decimal? LocalShare, Interval Day, long? LedgerEntries, DateTimeOffset? LedgerPublishedAt);

public sealed record PlantsOfKind(PlantKind Kind, int Count);

internal sealed class StartOverviewHandler(Work work, MarketTime marketTime) : IRequestHandler<StartOverview, LoopOverview>
{
    private const int SmallestGroup = 5;

    public async Task<LoopOverview> Handle(StartOverview request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var end = MarketHour.Containing(await marketTime.NowAsync(loopId, cancellationToken)) + MarketHour.Length;
        var day = new Interval(end.AddDays(-1), end);
        var members = await db.Members.CountAsync(member => member.LoopId == loopId, cancellationToken);
        var plants = (await db.Plants.AsNoTracking().Where(plant => plant.LoopId == loopId).ToListAsync(cancellationToken))
            .ToDictionary(plant => plant.Code, plant => (plant.OwnerId, PlantDefinition.Read(plant.Definition).Kind));
        var sold = await db.Database.SqlQuery<SoldByPlant>($"""
            SELECT o.plant_code AS "PlantCode", sum(a.accepted)::bigint AS "Energy"
            FROM market.book_orders o
            JOIN market.acceptances a ON a.loop_id = o.loop_id AND a.hour = o.hour AND a.position = o.position
            WHERE o.loop_id = {loopId} AND o.hour >= {day.Start} AND o.hour < {day.End}
              AND o.side = {(short)OrderSide.Sell} AND o.plant_code IS NOT NULL
            GROUP BY o.plant_code
            """).ToListAsync(cancellationToken);
        var published = await LogTables.LatestPublishedAsync(await work.ConnectionAsync(cancellationToken), loopId, cancellationToken);
        return new LoopOverview(members, plants.Count, [.. plants.Values.GroupBy(plant => plant.Kind).OrderBy(kind => kind.Key).Select(kind => new PlantsOfKind(kind.Key, kind.Count()))], Share(sold, plants), day, published?.Size, published?.PublishedAt);
    }

    /// <summary>Stores are left out on both sides: what they give was taken before.</summary>
    private static decimal? Share(List<SoldByPlant> sold, Dictionary<string, (int OwnerId, PlantKind Kind)> plants)
    {
        var local = sold.Where(row => plants[row.PlantCode].Kind is PlantKind.Pv or PlantKind.WasteHeat or PlantKind.Boiler).ToList();
        var outside = sold.Where(row => plants[row.PlantCode].Kind is PlantKind.GridSupplier or PlantKind.BalancingPlant).Sum(row => row.Energy);
        var owners = local.Select(row => plants[row.PlantCode].OwnerId).Distinct().Count();
        var entered = local.Sum(row => row.Energy) + outside;
        return entered == 0 || owners < SmallestGroup ? null : (decimal)local.Sum(row => row.Energy) / entered;
    }

    private sealed record SoldByPlant(string PlantCode, long Energy);
}
