using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Network;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Prices;

/// <summary>The prices and the energy traded of a period, for anybody: totals over fewer than five members are left out.</summary>
/// <param name="Zone">Where a loop has several: a code, or <see cref="ZoneChoice.Every"/>; null is the zone of the reader's own meters, else the first.</param>
public sealed record PricesOfPeriod(int LoopId, Interval Period, Grain Grain, string? Zone = null) : IRequest<IReadOnlyList<PriceRow>>, IPublic
{
    /// <summary>How many members a published total must at least be made of.</summary>
    public const int SmallestGroup = 5;
}

/// <param name="Carrier">One row for each step and carrier.</param>
/// <param name="Price">The hour's price; of longer steps the average, weighted by energy. None where nothing was traded.</param>
/// <param name="Lowest">The lowest hourly price.</param>
/// <param name="Highest">The highest hourly price.</param>
/// <param name="Traded">None where fewer than five members took part.</param>
/// <param name="Zone">Empty where the carrier has one price for the whole loop.</param>
public sealed record PriceRow(Interval At, Carrier Carrier, Price? Price, Price? Lowest, Price? Highest, Energy? Traded, string Zone = "");

public sealed class PricesOfPeriodValidator : AbstractValidator<PricesOfPeriod>
{
    public PricesOfPeriodValidator()
    {
        RuleFor(request => request.Period.Length).LessThanOrEqualTo(TimeSpan.FromDays(32)).When(request => request.Grain == Grain.Hour)
            .OverridePropertyName("Period").WithMessage("Ask for at most 32 days by the hour.");
        RuleFor(request => request.Period.Length).LessThanOrEqualTo(TimeSpan.FromDays(367))
            .OverridePropertyName("Period").WithMessage("Ask for at most a year at once.");
    }
}

internal sealed class PricesOfPeriodHandler(MarketplaceDb db, ZoneChoice choice) : IRequestHandler<PricesOfPeriod, IReadOnlyList<PriceRow>>
{
    public async Task<IReadOnlyList<PriceRow>> Handle(PricesOfPeriod request, CancellationToken cancellationToken)
    {
        var zone = await choice.OfAsync(request.LoopId, request.Period.End, request.Zone, cancellationToken);
        var shown = await LargeEnoughAsync(request.LoopId, request.Period.End, cancellationToken);
        return request.Grain == Grain.Hour
            ? await HoursAsync(request, zone, shown, cancellationToken)
            : await LongerAsync(request, zone, shown, cancellationToken);
    }

    private async Task<IReadOnlyList<PriceRow>> HoursAsync(PricesOfPeriod request, string zone, HashSet<(string Zone, Carrier Carrier)> shown, CancellationToken cancellationToken)
    {
        var (loopId, from, to) = (request.LoopId, request.Period.Start, request.Period.End);
        var prices = await db.Prices.AsNoTracking()
            .Where(price => price.LoopId == loopId && price.Hour >= from && price.Hour < to && (zone == ZoneChoice.Every || price.Zone == "" || price.Zone == zone))
            .OrderBy(price => price.Hour).ThenBy(price => price.Carrier).ThenBy(price => price.Zone)
            .ToListAsync(cancellationToken);
        // Each order's acceptance is looked up by its key. Left to choose, the planner, which knows little of the newest hours, compares
        // each order with each acceptance of the period, or reads the acceptances of all time.
        var small = (await db.Database.SqlQuery<SmallHour>($"""
            SELECT o.hour AS "Hour", o.carrier AS "Carrier", o.zone AS "Zone"
            FROM market.book_orders o
            CROSS JOIN LATERAL (SELECT FROM market.acceptances a WHERE a.loop_id = o.loop_id AND a.hour = o.hour AND a.position = o.position OFFSET 0) accepted
            WHERE o.loop_id = {loopId} AND o.hour >= {from} AND o.hour < {to}
            GROUP BY o.hour, o.carrier, o.zone
            HAVING count(DISTINCT o.member_id) < {PricesOfPeriod.SmallestGroup}
            """).ToListAsync(cancellationToken)).Select(row => (row.Hour, (Carrier)row.Carrier, row.Zone)).ToHashSet();
        return [.. prices.Select(price => new PriceRow(
            MarketMoment.HourOf(price.Hour), price.Carrier, price.Price, price.Price, price.Price,
            price.Traded == Energy.Zero || (shown.Contains((price.Zone, price.Carrier)) && !small.Contains((price.Hour, price.Carrier, price.Zone))) ? price.Traded : null,
            price.Zone))];
    }

    private async Task<IReadOnlyList<PriceRow>> LongerAsync(PricesOfPeriod request, string zone, HashSet<(string Zone, Carrier Carrier)> shown, CancellationToken cancellationToken)
    {
        var (loopId, from, to) = (request.LoopId, request.Period.Start, request.Period.End);
        var calendar = (await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken)).Calendar;
        var rows = await db.Database.SqlQuery<LongRow>($"""
            SELECT date_trunc({request.Grain.SqlName()}, hour AT TIME ZONE {calendar.Zone.Id})::date AS "Day", carrier AS "Carrier",
                   round(sum(price::numeric * traded) FILTER (WHERE price IS NOT NULL) / nullif(sum(traded) FILTER (WHERE price IS NOT NULL), 0))::bigint AS "Price",
                   min(price) AS "Lowest", max(price) AS "Highest", sum(traded)::bigint AS "Traded", zone AS "Zone"
            FROM market.prices
            WHERE loop_id = {loopId} AND hour >= {from} AND hour < {to} AND ({zone} = '*' OR zone = '' OR zone = {zone})
            GROUP BY 1, 2, zone ORDER BY 1, 2, zone
            """).ToListAsync(cancellationToken);
        return [.. rows.Select(row => new PriceRow(
            calendar.Step(request.Grain, row.Day),
            (Carrier)row.Carrier, PriceOf(row.Price), PriceOf(row.Lowest), PriceOf(row.Highest),
            shown.Contains((row.Zone, (Carrier)row.Carrier)) || row.Traded == 0 ? Energy.FromWh(row.Traded) : null, row.Zone))];
    }

    /// <summary>Carriers that at least five members take from or give to the loop, and in which zones they do.</summary>
    private async Task<HashSet<(string Zone, Carrier Carrier)>> LargeEnoughAsync(int loopId, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var zones = await HourZones.AtAsync(db, loopId, at, cancellationToken);
        var members = await db.Meters.Where(meter => meter.LoopId == loopId)
            .Select(meter => new { meter.Carrier, meter.MemberId, meter.PlantCode })
            .Distinct()
            .ToListAsync(cancellationToken);
        return [.. members.Select(meter => (Zone: "", meter.Carrier, meter.MemberId))
            .Concat(zones.AreSeveral ? members.Select(meter => (Zone: zones.Of(meter.MemberId, meter.PlantCode), meter.Carrier, meter.MemberId)) : [])
            .Distinct()
            .GroupBy(meter => (meter.Zone, meter.Carrier))
            .Where(group => group.Count() >= PricesOfPeriod.SmallestGroup)
            .Select(group => group.Key)];
    }

    private static Price? PriceOf(long? micro) => micro is { } price ? Price.FromMicroPerKWh(price) : null;

    private sealed record SmallHour(DateTimeOffset Hour, short Carrier, string Zone);

    private sealed record LongRow(DateOnly Day, short Carrier, long? Price, long? Lowest, long? Highest, long Traded, string Zone);
}
