using System.Globalization;
using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Replica;
using MeterDirection = Marketplace.Data.MeterDirection;

namespace Marketplace.Web.Features.Settlement;

/// <summary>Meets members' wishes for an origin with what was sold in an hour. Nobody's trade, price or balance depends on it.</summary>
public static class HourWishes
{
    /// <summary>Whether what a plant sells is made in the loop: all but the outside grid.</summary>
    public static bool IsLocal(this PlantKind kind) => kind != PlantKind.GridSupplier;

    /// <summary>Whether what a plant sells counts as renewable: sun, and heat that would be lost otherwise. What heat pumps, chillers, boilers and
    /// stores give depends on what they took, which nobody has certified, so that it counts as local only.</summary>
    public static bool IsRenewable(this PlantKind kind) => kind is PlantKind.Pv or PlantKind.WasteHeat;

    /// <param name="wishes">The wishes in force, one for each member and carrier.</param>
    /// <param name="trades">What was traded; what members took for plants is not for their wishes.</param>
    /// <param name="kinds">The kind of each plant.</param>
    public static (List<WishMet> Met, List<OriginMoved> Moved) Meet(
        int loopId, DateTimeOffset hour, IReadOnlyList<MemberPreference> wishes, IReadOnlyList<Traded> trades, IReadOnlyDictionary<string, PlantKind> kinds)
    {
        var (met, moved) = (new List<WishMet>(), new List<OriginMoved>());
        foreach (var carrier in Carriers.All)
        {
            var here = trades.Where(trade => trade.Carrier == carrier).ToList();
            var asked = wishes
                .Where(wish => wish.Carrier == carrier && wish.Wish != Preference.Cheapest)
                .OrderBy(wish => wish.MemberId)
                .Select(wish => (Wish: wish, Bought: Sum(here.Where(trade => trade.MemberId == wish.MemberId && trade is { PlantCode: "", Direction: MeterDirection.Consumption }))))
                .Where(request => request.Bought > Energy.Zero)
                .ToList();
            if (asked.Count == 0)
            {
                continue;
            }

            var sold = here
                .Where(trade => trade.Direction == MeterDirection.Production && trade.PlantCode.Length > 0)
                .GroupBy(trade => (trade.MemberId, trade.PlantCode))
                .OrderBy(group => group.Key)
                .Select(group => (group.Key.MemberId, group.Key.PlantCode, Energy: -Sum(group)))
                .ToList();
            var outcome = Preferences.Allocate(
                [.. asked.Select(request => new PreferenceRequest(Name(request.Wish.MemberId), request.Wish.Wish, request.Bought, request.Wish.Premium))],
                [.. sold.Select(supply => new OriginSupply(
                    Name(supply.MemberId), kinds[supply.PlantCode].IsLocal(), kinds[supply.PlantCode].IsRenewable(), supply.Energy))]);
            for (var i = 0; i < asked.Count; i++)
            {
                met.Add(new WishMet
                {
                    LoopId = loopId,
                    Hour = hour,
                    MemberId = asked[i].Wish.MemberId,
                    Carrier = carrier,
                    Wish = asked[i].Wish.Wish,
                    Wanted = asked[i].Bought,
                    Met = outcome.Requests[i].Met,
                    Premium = asked[i].Wish.Premium,
                    Amount = outcome.Requests[i].Premium,
                });
                moved.Add(new OriginMoved(
                    asked[i].Wish.MemberId, "", carrier, MeterDirection.Consumption, outcome.Requests[i].Met, outcome.Requests[i].Premium));
            }

            moved.AddRange(outcome.Shares.Select(share => new OriginMoved(
                sold[share.Supply].MemberId, sold[share.Supply].PlantCode, carrier, MeterDirection.Production, -share.Energy, -share.Premium)));
        }

        return (met, moved);
    }

    private static Energy Sum(IEnumerable<Traded> trades) => trades.Aggregate(Energy.Zero, (sum, trade) => sum + trade.Energy);

    private static string Name(int member) => member.ToString(CultureInfo.InvariantCulture);
}
