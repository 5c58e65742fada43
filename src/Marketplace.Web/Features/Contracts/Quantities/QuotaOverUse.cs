using Marketplace.Contracts;

namespace Marketplace.Web.Features.Contracts.Quantities;

/// <summary>What a member charged above its allowance at the loop's charging points.</summary>
internal sealed class QuotaOverUse : IContractQuantity
{
    public QuantityForm Form { get; } = new("charging-over-use", Unit.WattHours) { AddsUp = true, NeverNegative = true };

    public async Task<long[]> MeasureAsync(MeasureScope scope, IReadOnlyList<Measure> asked, CancellationToken cancellationToken)
    {
        var over = await scope.ReadAsync(
            """
            SELECT member_id, sum(over_use)::bigint FROM market.charging_uses
            WHERE loop_id = $1 AND hour >= $2 AND hour < $3 AND member_id = ANY ($4)
            GROUP BY 1
            """,
            row => row.GetInt32(0), cancellationToken, MeasureScope.MembersOf(asked));
        return [.. asked.Select(measure => over.GetValueOrDefault(measure.Member))];
    }
}
