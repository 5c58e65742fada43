using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Features.Plants;
using Microsoft.EntityFrameworkCore;
using MeterDirection = Marketplace.Data.MeterDirection;

namespace Marketplace.Web.Features.Consumption.Carbon;

/// <summary>What a kWh of a carrier counted in CO2 in an hour, by what gave it then.</summary>
/// <param name="MilligramsPerKWh">Of the mix of all that gave energy in the hour.</param>
/// <param name="Given">How much they gave.</param>
internal sealed record CarbonRate(long MilligramsPerKWh, Energy Given);

/// <summary>The rule of the bills, hour by hour: what a converter made counts as the electricity it took for it; what the outside grid sold as the
/// grid did in the hour; sun, waste heat, stores and members' own plants as nothing; a burner as natural gas.</summary>
internal static class HourlyCarbon
{
    /// <summary>Heat from a boiler that burns: natural gas at 0.202 kg CO2 a kWh (IPCC 2006) with 84 % efficiency.</summary>
    public const long BurnedMilligramsPerKWh = 240_000;

    /// <summary>By hour and carrier; an hour without known conditions, or in which nothing gave the carrier, is absent.</summary>
    public static async Task<Dictionary<(DateTimeOffset Hour, Carrier Carrier), CarbonRate>> ReadAsync(MarketplaceDb db, int loopId, Interval span, CancellationToken cancellationToken)
    {
        var (from, to) = (span.Start, span.End);
        var records = await db.Plants.AsNoTracking().Where(plant => plant.LoopId == loopId).ToListAsync(cancellationToken);
        var plants = records.Select(record => (record.Code, Plant: PlantDefinition.Read(record.Definition))).ToList();
        string[] codes = [.. plants.Select(plant => plant.Code)];
        short[] kinds = [.. plants.Select(plant => (short)plant.Plant.Kind)];
        long[] performances = [.. plants.Select(plant => plant.Plant.PerformanceMillionths ?? 0)];
        bool[] burns = [.. plants.Select(plant => plant.Plant is { Kind: PlantKind.Boiler, Input: null })];

        // Whose positions can hold energy that was given: they come first in the table's key.
        var givers = await db.Meters
            .Where(meter => meter.LoopId == loopId && meter.Direction == MeterDirection.Production && meter.PlantCode == null)
            .Select(meter => meter.MemberId).Distinct().ToListAsync(cancellationToken);
        int[] members = [.. records.Select(record => record.OwnerId).Union(givers)];
        var rows = await db.Database.SqlQuery<RateRow>($"""
            WITH plants AS (SELECT * FROM unnest({codes}, {kinds}, {performances}, {burns}) AS p(code, kind, performance, burns)),
            moved AS MATERIALIZED (
                SELECT p.hour, p.plant_code AS plant, p.carrier, sum(greatest(-p.metered, 0)) AS given, sum(greatest(p.metered, 0)) AS taken
                FROM market.positions p
                WHERE p.loop_id = {loopId} AND p.member_id = ANY ({members}) AND p.hour >= {from} AND p.hour < {to}
                  AND (p.plant_code <> '' OR p.direction = {(short)MeterDirection.Production})
                GROUP BY 1, 2, 3),
            grid AS (SELECT hour, carbon_grams_per_k_wh * 1000::numeric AS rate FROM market.conditions WHERE loop_id = {loopId} AND hour >= {from} AND hour < {to}),
            power AS (
                SELECT m.hour, sum(m.given * CASE WHEN k.kind = {(short)PlantKind.GridSupplier} THEN g.rate ELSE 0 END) / sum(m.given) AS rate
                FROM moved m JOIN grid g ON g.hour = m.hour LEFT JOIN plants k ON k.code = m.plant
                WHERE m.carrier = {(short)Carrier.Electricity} AND m.given > 0 GROUP BY m.hour),
            run AS (SELECT hour, plant, sum(taken) AS input, sum(given) AS output FROM moved WHERE plant <> '' GROUP BY 1, 2)
            SELECT m.hour AS "Hour", m.carrier AS "Carrier", sum(m.given)::bigint AS "Given",
                   round(sum(m.given * CASE
                       WHEN k.kind = {(short)PlantKind.GridSupplier} THEN g.rate
                       WHEN k.kind = {(short)PlantKind.Boiler} AND k.burns THEN {BurnedMilligramsPerKWh}
                       WHEN k.kind IN ({(short)PlantKind.HeatPump}, {(short)PlantKind.Chiller}, {(short)PlantKind.Boiler}) THEN coalesce(e.rate, 0) * r.input / nullif(r.output, 0)
                       WHEN k.kind = {(short)PlantKind.BalancingPlant} AND k.performance > 0 THEN coalesce(e.rate, 0) * 1000000 / k.performance
                       ELSE 0 END) / sum(m.given))::bigint AS "Rate"
            FROM moved m
            JOIN grid g ON g.hour = m.hour
            LEFT JOIN power e ON e.hour = m.hour
            LEFT JOIN plants k ON k.code = m.plant
            LEFT JOIN run r ON r.hour = m.hour AND r.plant = m.plant
            WHERE m.given > 0
            GROUP BY 1, 2
            """).ToListAsync(cancellationToken);
        return rows.ToDictionary(row => (row.Hour, (Carrier)row.Carrier), row => new CarbonRate(row.Rate, Energy.FromWh(row.Given)));
    }

    private sealed record RateRow(DateTimeOffset Hour, short Carrier, long Given, long Rate);
}
