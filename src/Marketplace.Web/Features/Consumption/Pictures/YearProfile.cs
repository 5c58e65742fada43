using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Consumption.Pictures;

/// <summary>A member's year in few numbers: the mean day of each month, and the hours from the highest to the lowest in a hundred equal steps.
/// A year has 8,760 hours, which nobody can point at.</summary>
public sealed record YearProfile(int LoopId, int MemberId, Interval Year) : IRequest<ProfileOfYear>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId) || actor.Operates(LoopId);
}

/// <param name="Months">By the first day of the month, the carrier and the hour of the clock.</param>
/// <param name="Durations">Watt-hours in an hour, from the highest down, 101 for each carrier.</param>
public sealed record ProfileOfYear(IReadOnlyList<MeanHour> Months, IReadOnlyDictionary<Carrier, IReadOnlyList<long>> Durations);

/// <param name="Energy">Mean of the hours.</param>
/// <param name="Cost">Mean cost of the hours, before standing charge and VAT.</param>
public sealed record MeanHour(DateOnly Month, Carrier Carrier, int Hour, Energy Energy, Money Cost);

internal sealed class YearProfileHandler(MarketplaceDb db) : IRequestHandler<YearProfile, ProfileOfYear>
{
    private static readonly double[] s_steps = [.. Enumerable.Range(0, 101).Select(percent => percent / 100d)];

    public async Task<ProfileOfYear> Handle(YearProfile request, CancellationToken cancellationToken)
    {
        var (loopId, memberId, from, to) = (request.LoopId, request.MemberId, request.Year.Start, request.Year.End);
        var zone = (await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken)).Calendar.Zone.Id;
        var months = await db.Database.SqlQuery<MeanRow>($"""
            SELECT date_trunc('month', hour AT TIME ZONE {zone})::date AS "Month", carrier AS "Carrier", extract(hour FROM hour AT TIME ZONE {zone})::int AS "Hour",
                   round(avg(metered))::bigint AS "Energy", round(avg(traded_amount + imbalance_amount + network_fee))::bigint AS "Cost"
            FROM market.positions
            WHERE loop_id = {loopId} AND member_id = {memberId} AND hour >= {from} AND hour < {to} AND direction = {(short)MeterDirection.Consumption} AND plant_code = ''
            GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            """).ToListAsync(cancellationToken);
        var durations = await db.Database.SqlQuery<DurationRow>($"""
            SELECT carrier AS "Carrier", percentile_disc({s_steps}) WITHIN GROUP (ORDER BY metered DESC) AS "Values"
            FROM market.positions
            WHERE loop_id = {loopId} AND member_id = {memberId} AND hour >= {from} AND hour < {to} AND direction = {(short)MeterDirection.Consumption} AND plant_code = ''
            GROUP BY 1
            """).ToListAsync(cancellationToken);
        return new ProfileOfYear(
            [.. months.Select(row => new MeanHour(row.Month, (Carrier)row.Carrier, row.Hour, Energy.FromWh(row.Energy), Money.FromMicro(row.Cost)))],
            durations.ToDictionary(row => (Carrier)row.Carrier, row => (IReadOnlyList<long>)row.Values));
    }

    private sealed record MeanRow(DateOnly Month, short Carrier, int Hour, long Energy, long Cost);

    private sealed record DurationRow(short Carrier, long[] Values);
}
