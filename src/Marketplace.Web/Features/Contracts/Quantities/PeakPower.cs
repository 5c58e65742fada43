using Marketplace.Contracts;
using Marketplace.Quantities;

namespace Marketplace.Web.Features.Contracts.Quantities;

/// <summary>The largest mean power that a member's own meters took together within one hour of the period.</summary>
internal sealed class PeakPower : IContractQuantity
{
    public QuantityForm Form { get; } = new("peak-power", Unit.Watts) { NeverNegative = true, NeedsCarrier = true };

    public async Task<long[]> MeasureAsync(MeasureScope scope, IReadOnlyList<Measure> asked, CancellationToken cancellationToken)
    {
        // One row an hour and carrier: a position is the member's, not a meter's. A Wh within an hour is a W.
        var peaks = await scope.ReadAsync(
            """
            SELECT member_id, carrier, max(metered)::bigint FROM market.positions
            WHERE loop_id = $1 AND hour >= $2 AND hour < $3 AND member_id = ANY ($4) AND direction = 1 AND plant_code = ''
            GROUP BY 1, 2
            """,
            row => (row.GetInt32(0), (Carrier)row.GetInt16(1)), cancellationToken, MeasureScope.MembersOf(asked));
        return [.. asked.Select(measure => Math.Max(0, peaks.GetValueOrDefault((measure.Member, measure.Carrier!.Value))))];
    }
}
