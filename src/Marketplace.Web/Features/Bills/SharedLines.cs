using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Bills;

/// <summary>Divides what the community bears or hands back in a period among those who were supplied in it.</summary>
internal sealed class SharedLines(Work work) : IStatedCharges
{
    public async Task<IReadOnlyList<StatedCharge>> OfAsync(StatedScope scope, CancellationToken cancellationToken)
    {
        var (loopId, period) = (scope.Loop.Id, scope.Period);
        var amounts = await work.Db.SharedAmounts.AsNoTracking()
            .Where(amount => amount.LoopId == loopId && amount.Hour >= period.Start && amount.Hour < period.End)
            .OrderBy(amount => amount.Number).ToListAsync(cancellationToken);
        if (amounts.Count == 0)
        {
            return [];
        }

        // One member's part depends on everybody's.
        var sums = scope.Members is null ? scope.Positions.Where(sum => sum is { Plant: "", Side: EnergySide.Taken }).Select(sum => (sum.Member, sum.Carrier, sum.Metered))
            : (await work.Db.Positions.AsNoTracking()
                .Where(position => position.LoopId == loopId && position.Hour >= period.Start && position.Hour < period.End
                    && position.Direction == MeterDirection.Consumption && position.PlantCode == "")
                .GroupBy(position => new { position.MemberId, position.Carrier })
                .Select(own => new { own.Key.MemberId, own.Key.Carrier, Metered = own.Sum(position => (long)(object)position.Metered) })
                .ToListAsync(cancellationToken)).Select(own => (Member: own.MemberId, own.Carrier, Metered: new Energy(own.Metered)));
        var taken = sums.GroupBy(sum => sum.Member)
            .Select(own => (own.Key, (IReadOnlyDictionary<Carrier, Energy>)own.GroupBy(sum => sum.Carrier)
                .ToDictionary(carrier => carrier.Key, carrier => carrier.Aggregate(Energy.Zero, (sum, part) => sum + part.Metered))))
            .ToList();
        return [.. amounts.SelectMany(amount => amount.ToAmount().Split(taken)).Where(charge => scope.Asks(charge.Member))];
    }
}
