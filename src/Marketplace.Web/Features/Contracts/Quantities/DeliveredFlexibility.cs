using Marketplace.Contracts;
using Marketplace.Quantities;

namespace Marketplace.Web.Features.Contracts.Quantities;

/// <summary>By how much a member moved its load when it was asked to. The baseline of an hour is the mean of the same hour of the last ten like days (working days, or
/// days of the weekend) without a call; what counts is the difference to it in the direction asked for, at most what was asked for. Where fewer than three such
/// days are known nothing can be said, and nothing counts, neither as delivered nor as missing.</summary>
internal class DeliveredFlexibility : IContractQuantity
{
    public virtual QuantityForm Form { get; } = new("delivered-flexibility", Unit.WattHours) { AddsUp = true, NeverNegative = true, NeedsCarrier = true };

    /// <summary>Of what was asked and what was delivered in an hour.</summary>
    protected virtual string Counted => "delivered";

    public async Task<long[]> MeasureAsync(MeasureScope scope, IReadOnlyList<Measure> asked, CancellationToken cancellationToken)
    {
        var moved = await scope.ReadAsync(
            $"""
            WITH called AS (
                SELECT c.contract_id, c.member_id, c.carrier, h.hour, sign(c.watts) AS side, sum(abs(c.watts))::bigint AS asked
                FROM market.flexibility_calls c
                CROSS JOIN LATERAL generate_series(date_bin('1 hour', c.starts_at, 'epoch'), c.ends_at - interval '1 second', interval '1 hour') AS h (hour)
                WHERE c.loop_id = $1 AND c.contract_id = ANY ($4) AND h.hour >= $2 AND h.hour < $3
                GROUP BY 1, 2, 3, 4, 5),
            compared AS (
                SELECT called.*, now.metered, base.mean
                FROM called
                JOIN market.positions now ON now.loop_id = $1 AND now.member_id = called.member_id AND now.hour = called.hour AND now.carrier = called.carrier
                    AND now.direction = 1 AND now.plant_code = ''
                CROSS JOIN LATERAL (
                    SELECT round(avg(like_days.metered))::bigint AS mean FROM (
                        SELECT p.metered FROM generate_series(1, 42) AS back (days)
                        JOIN market.positions p ON p.loop_id = $1 AND p.member_id = called.member_id AND p.carrier = called.carrier AND p.direction = 1 AND p.plant_code = ''
                            AND p.hour = ((called.hour AT TIME ZONE $5) - make_interval(days => back.days)) AT TIME ZONE $5
                        WHERE (extract(isodow FROM p.hour AT TIME ZONE $5) > 5) = (extract(isodow FROM called.hour AT TIME ZONE $5) > 5)
                            AND NOT EXISTS (SELECT FROM market.flexibility_calls other WHERE other.loop_id = $1 AND other.member_id = called.member_id
                                AND other.carrier = called.carrier AND other.starts_at < p.hour + interval '1 hour' AND other.ends_at > p.hour)
                        ORDER BY back.days LIMIT 10) AS like_days
                    HAVING count(*) >= 3) AS base),
            judged AS (
                SELECT contract_id, carrier, asked, least(asked, greatest(0, (mean - metered) * side))::bigint AS delivered FROM compared)
            SELECT contract_id, carrier, sum({Counted})::bigint FROM judged GROUP BY 1, 2
            """,
            row => (row.GetInt64(0), (Carrier)row.GetInt16(1)), cancellationToken, asked.Select(measure => measure.ContractId).Distinct().ToArray(), scope.Loop.TimeZone);
        return [.. asked.Select(measure => moved.GetValueOrDefault((measure.ContractId, measure.Carrier!.Value)))];
    }
}
