using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>The one rule by which a fractional flow becomes whole Wh.</summary>
public static class UnitFlows
{
    /// <summary>Whole Wh at a node for an activity: what is taken is rounded up, what is given is rounded down.</summary>
    /// <param name="flowMillionths">Flow per unit of activity, negative where it takes.</param>
    /// <param name="activityWh">Activity, zero or more.</param>
    public static long Whole(long flowMillionths, long activityWh)
    {
        var exact = (Int128)flowMillionths * activityWh;
        var quotient = exact / Limits.One;
        return (long)(exact < 0 && quotient * Limits.One != exact ? quotient - 1 : quotient);
    }

    internal static (IReadOnlyList<UnitFlow> Flows, IReadOnlyList<long> Losses) Of(
        OrderBook book, IReadOnlyList<Energy> converters, IReadOnlyList<Energy> connections)
    {
        var flows = new List<UnitFlow>();
        var losses = new long[book.Nodes.Count];
        void Add(string unit, string node, long flow, long activity)
        {
            var whole = Whole(flow, activity);
            losses[book.NodeIndex(node)] += (long)(((Int128)flow * activity) - ((Int128)whole * Limits.One));
            flows.Add(new UnitFlow(unit, node, Energy.FromWh(whole)));
        }

        for (var i = 0; i < converters.Count; i++)
        {
            if (converters[i].WattHours > 0)
            {
                foreach (var (node, flow) in book.Converters[i].Flows)
                {
                    Add(book.Converters[i].Id, node, flow, converters[i].WattHours);
                }
            }
        }

        for (var i = 0; i < connections.Count; i++)
        {
            if (connections[i].WattHours > 0)
            {
                var line = book.Connections[i];
                Add(line.Id, line.From, -Limits.One, connections[i].WattHours);
                Add(line.Id, line.To, Limits.One - line.LossMillionths, connections[i].WattHours);
            }
        }

        return (flows, losses);
    }
}
