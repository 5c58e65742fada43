using Marketplace.Data;
using Marketplace.Quantities;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Forecasts;

/// <summary>What members are expected to take in an hour, by the forecasts of their meters, where the loop has chosen so.</summary>
public sealed class ExpectedQuantities(MarketplaceDb db)
{
    /// <summary>By member and carrier. A meter without a forecast counts with the same hour of the day before.</summary>
    /// <returns>Null where the loop has not chosen forecasts, or the day has none.</returns>
    public async Task<Dictionary<(int Member, Carrier Carrier), Energy>?> AtAsync(Loop loop, DateTimeOffset hour, CancellationToken cancellationToken)
    {
        if (await QuantityChoices.AtAsync(db, loop.Id, hour, cancellationToken) != QuantitySource.Forecast)
        {
            return null;
        }

        var day = loop.Calendar.DayOf(hour);
        var version = await db.ForecastDays.Where(made => made.LoopId == loop.Id && made.Day == day).MaxAsync(made => (int?)made.Version, cancellationToken);
        if (version is null)
        {
            return null;
        }

        // PostgreSQL counts the elements of an array from 1.
        var place = 1 + (int)(hour - loop.Calendar.StartOf(day)).TotalHours;
        var yesterday = hour.AddHours(-24);
        var rows = await db.Database.SqlQuery<ExpectedRow>($"""
            SELECT m.member_id AS "MemberId", m.carrier AS "Carrier", sum(coalesce(f.hours_wh[{place}], r.energy))::bigint AS "Energy"
            FROM market.meters m
            LEFT JOIN market.meter_forecasts f ON f.loop_id = m.loop_id AND f.day = {day} AND f.version = {version} AND f.meter_id = m.id
            LEFT JOIN (SELECT DISTINCT ON (meter_id) meter_id, energy FROM market.readings
                       WHERE loop_id = {loop.Id} AND hour = {yesterday} ORDER BY meter_id, revision DESC) r ON r.meter_id = m.id
            WHERE m.loop_id = {loop.Id} AND m.direction = {(short)MeterDirection.Consumption} AND m.plant_code IS NULL
              AND m.in_service_from <= {hour} AND (m.in_service_until IS NULL OR m.in_service_until > {hour})
              AND coalesce(f.hours_wh[{place}], r.energy) IS NOT NULL
            GROUP BY m.member_id, m.carrier
            """).ToListAsync(cancellationToken);
        return rows.ToDictionary(row => (row.MemberId, (Carrier)row.Carrier), row => Energy.FromWh(row.Energy));
    }

    private sealed record ExpectedRow(int MemberId, short Carrier, long Energy);
}
