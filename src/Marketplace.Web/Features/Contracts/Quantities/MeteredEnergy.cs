using Marketplace.Contracts;
using Marketplace.Quantities;

namespace Marketplace.Web.Features.Contracts.Quantities;

/// <summary>What a member's own meters took of a carrier, as settled.</summary>
internal class MeteredEnergy : IContractQuantity
{
    public virtual QuantityForm Form { get; } = new("metered-energy", Unit.WattHours) { AddsUp = true, NeverNegative = true, NeedsCarrier = true };

    public async Task<long[]> MeasureAsync(MeasureScope scope, IReadOnlyList<Measure> asked, CancellationToken cancellationToken)
    {
        var taken = await scope.ReadAsync(
            """
            SELECT member_id, carrier, sum(metered)::bigint FROM market.positions
            WHERE loop_id = $1 AND hour >= $2 AND hour < $3 AND member_id = ANY ($4) AND direction = 1 AND plant_code = ''
            GROUP BY 1, 2
            """,
            row => (row.GetInt32(0), (Carrier)row.GetInt16(1)), cancellationToken, MeasureScope.MembersOf(asked));
        return [.. asked.Select(measure => taken.GetValueOrDefault((measure.Member, measure.Carrier!.Value)))];
    }
}
