using Marketplace.Quantities;
using Marketplace.Web.Shell.Components.Charts;

namespace Marketplace.Web.Features.Prices;

/// <summary>One wish at a node before it is merged: who has it, how much, at which limit.</summary>
public sealed record CurveEntry(int MemberId, Energy Quantity, Price Limit);

/// <summary>Makes of an order book what everybody may see.</summary>
public static class PublicCurve
{
    /// <summary>Steps from the best limit on, each of at least <paramref name="smallest"/> members. A step's limit is the average of
    /// its wishes, weighted by energy, so that no single limit can be read from it. Wishes left over at the end join the last step.</summary>
    /// <param name="bestFirst">The side's wishes, best limit first.</param>
    /// <returns>Nothing where the whole side has fewer members.</returns>
    public static IReadOnlyList<CurveStep> Merge(IEnumerable<CurveEntry> bestFirst, int smallest)
    {
        var groups = new List<List<CurveEntry>>();
        var open = new List<CurveEntry>();
        var members = new HashSet<int>();
        foreach (var entry in bestFirst)
        {
            open.Add(entry);
            if (members.Add(entry.MemberId) && members.Count >= smallest)
            {
                groups.Add(open);
                (open, members) = ([], []);
            }
        }

        if (groups.Count == 0)
        {
            return [];
        }

        groups[^1].AddRange(open);
        return [.. groups.Select(Step)];
    }

    /// <summary>The wishes that matter for the price: up to three times the energy traded. The balancing plant and the grid stand
    /// ready for far more; drawn in full they would hide where the curves meet.</summary>
    public static IReadOnlyList<CurveEntry> UpTo(IEnumerable<CurveEntry> bestFirst, Energy traded)
    {
        var left = traded == Energy.Zero ? Energy.FromWh(long.MaxValue) : Energy.FromWh(checked(3 * traded.WattHours));
        var kept = new List<CurveEntry>();
        foreach (var entry in bestFirst)
        {
            if (left <= Energy.Zero)
            {
                break;
            }

            var quantity = Energy.Min(entry.Quantity, left);
            kept.Add(entry with { Quantity = quantity });
            left -= quantity;
        }

        return kept;
    }

    /// <summary>One step for each limit: for those who may see the whole book.</summary>
    public static IReadOnlyList<CurveStep> Full(IEnumerable<CurveEntry> entries) =>
        [.. entries.GroupBy(entry => entry.Limit).Select(limit => new CurveStep(Sum(limit), limit.Key))];

    private static CurveStep Step(List<CurveEntry> group)
    {
        var quantity = Sum(group);
        var weighted = group.Aggregate(Int128.Zero, (sum, entry) => sum + ((Int128)entry.Quantity.WattHours * entry.Limit.MicroPerKWh));
        return new CurveStep(quantity, Price.FromMicroPerKWh(quantity == Energy.Zero ? 0 : (long)(weighted / quantity.WattHours)));
    }

    private static Energy Sum(IEnumerable<CurveEntry> entries) => entries.Aggregate(Energy.Zero, (sum, entry) => sum + entry.Quantity);
}
