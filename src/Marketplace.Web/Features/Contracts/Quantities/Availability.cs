using Marketplace.Contracts;

namespace Marketplace.Web.Features.Contracts.Quantities;

/// <summary>In how many of the hours in which a plant had sold energy it gave all of it, in millionths of those hours. A plant that sold nothing was available.</summary>
internal sealed class Availability : IContractQuantity
{
    private const long Whole = 1_000_000;

    public QuantityForm Form { get; } = new("availability", Unit.Millionths) { NeverNegative = true, NeedsPlant = true };

    public async Task<long[]> MeasureAsync(MeasureScope scope, IReadOnlyList<Measure> asked, CancellationToken cancellationToken)
    {
        // Rounded down: what is not reached is not reached.
        var kept = await scope.ReadAsync(
            """
            SELECT plant_code, (count(*) FILTER (WHERE metered <= traded) * 1000000 / count(*))::bigint FROM market.positions
            WHERE loop_id = $1 AND hour >= $2 AND hour < $3 AND member_id = ANY ($4) AND plant_code = ANY ($5) AND traded < 0
            GROUP BY 1
            """,
            row => row.GetString(0), cancellationToken, MeasureScope.MembersOf(asked), MeasureScope.PlantsOf(asked));
        return [.. asked.Select(measure => kept.GetValueOrDefault(measure.Plant, Whole))];
    }
}
