using Marketplace.Contracts;
using Marketplace.Quantities;

namespace Marketplace.Web.Features.Contracts.Quantities;

/// <summary>What a plant gave of a carrier, as settled. For a store it is what it gave back.</summary>
internal sealed class PlantEnergy : IContractQuantity
{
    public QuantityForm Form { get; } = new("plant-energy", Unit.WattHours) { AddsUp = true, NeverNegative = true, NeedsCarrier = true, NeedsPlant = true };

    public async Task<long[]> MeasureAsync(MeasureScope scope, IReadOnlyList<Measure> asked, CancellationToken cancellationToken)
    {
        var given = await scope.ReadAsync(
            """
            SELECT plant_code, carrier, sum(-least(metered, 0))::bigint FROM market.positions
            WHERE loop_id = $1 AND hour >= $2 AND hour < $3 AND member_id = ANY ($4) AND plant_code = ANY ($5)
            GROUP BY 1, 2
            """,
            row => (row.GetString(0), (Carrier)row.GetInt16(1)), cancellationToken, MeasureScope.MembersOf(asked), MeasureScope.PlantsOf(asked));
        return [.. asked.Select(measure => given.GetValueOrDefault((measure.Plant, measure.Carrier!.Value)))];
    }
}
