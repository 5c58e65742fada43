using Marketplace.Contracts;
using Marketplace.Quantities;

namespace Marketplace.Web.Features.Contracts.Quantities;

/// <summary>What deals between two members delivered at their fixed price, the first selling to the other.</summary>
internal class DealVolume : IContractQuantity
{
    public virtual QuantityForm Form { get; } = new("traded-volume", Unit.WattHours) { AddsUp = true, NeverNegative = true, NeedsCarrier = true, NeedsOther = true };

    protected virtual string Sum => "delivered";

    public async Task<long[]> MeasureAsync(MeasureScope scope, IReadOnlyList<Measure> asked, CancellationToken cancellationToken)
    {
        var traded = await scope.ReadAsync(
            $"""
            SELECT seller_id, buyer_id, carrier, sum({Sum})::bigint FROM market.deal_hours
            WHERE loop_id = $1 AND hour >= $2 AND hour < $3 AND seller_id = ANY ($4)
            GROUP BY 1, 2, 3
            """,
            row => (row.GetInt32(0), row.GetInt32(1), (Carrier)row.GetInt16(2)), cancellationToken, MeasureScope.MembersOf(asked));
        return [.. asked.Select(measure => traded.GetValueOrDefault((measure.Member, measure.Other, measure.Carrier!.Value)))];
    }
}
