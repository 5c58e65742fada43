using Marketplace.Contracts;
using Marketplace.Quantities;

namespace Marketplace.Web.Features.Contracts.Quantities;

/// <summary>What a member's own use of a carrier cost in the market: trades, differences to what was metered and premiums, without network fees and taxes.
/// A contract at a fixed price hands it back, so that energy is paid once.</summary>
internal sealed class MarketCost : IContractQuantity
{
    public QuantityForm Form { get; } = new("market-cost", Unit.Money) { AddsUp = true, NeedsCarrier = true };

    public async Task<long[]> MeasureAsync(MeasureScope scope, IReadOnlyList<Measure> asked, CancellationToken cancellationToken)
    {
        var cost = await scope.ReadAsync(
            """
            SELECT member_id, carrier, sum(traded_amount + imbalance_amount + wish_premium)::bigint FROM market.positions
            WHERE loop_id = $1 AND hour >= $2 AND hour < $3 AND member_id = ANY ($4) AND direction = 1 AND plant_code = ''
            GROUP BY 1, 2
            """,
            row => (row.GetInt32(0), (Carrier)row.GetInt16(1)), cancellationToken, MeasureScope.MembersOf(asked));
        return [.. asked.Select(measure => cost.GetValueOrDefault((measure.Member, measure.Carrier!.Value)))];
    }
}
