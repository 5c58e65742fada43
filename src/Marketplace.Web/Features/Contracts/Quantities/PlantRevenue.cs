using Marketplace.Contracts;

namespace Marketplace.Web.Features.Contracts.Quantities;

/// <summary>What a plant earned: sales less purchases, differences to what was metered and network fees, before taxes; below zero a loss. The same sum as
/// on the pages of plants.</summary>
internal sealed class PlantRevenue : IContractQuantity
{
    public QuantityForm Form { get; } = new("plant-revenue", Unit.Money) { AddsUp = true, NeedsPlant = true };

    public async Task<long[]> MeasureAsync(MeasureScope scope, IReadOnlyList<Measure> asked, CancellationToken cancellationToken)
    {
        var earned = await scope.ReadAsync(
            """
            SELECT plant_code, -sum(traded_amount + imbalance_amount + network_fee)::bigint FROM market.positions
            WHERE loop_id = $1 AND hour >= $2 AND hour < $3 AND member_id = ANY ($4) AND plant_code = ANY ($5)
            GROUP BY 1
            """,
            row => row.GetString(0), cancellationToken, MeasureScope.MembersOf(asked), MeasureScope.PlantsOf(asked));
        return [.. asked.Select(measure => earned.GetValueOrDefault(measure.Plant))];
    }
}
