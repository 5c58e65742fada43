using Marketplace.Market.Exact;
using Marketplace.Quantities;

namespace Marketplace.Market.Coupled;

/// <summary>Converters that are alike in flows and cost and so share their activity by capacity; or one connection.</summary>
internal sealed class UnitGroup
{
    private readonly long[] _capacities;

    private UnitGroup(string id, int[] nodes, long[] flows, long cost, (int Index, long Capacity)[] members, bool isConnection)
    {
        (Id, Nodes, Flows, Cost, IsConnection) = (id, nodes, flows, cost, isConnection);
        Members = Array.ConvertAll(members, m => m.Index);
        _capacities = Array.ConvertAll(members, m => m.Capacity);
        Capacity = _capacities.Sum();
        Rates = Array.ConvertAll(flows, flow => Rational.Of(flow, Limits.One));
    }

    /// <summary>The smallest id among the members, by which groups are ranked.</summary>
    public string Id { get; }

    /// <summary>Nodes that it touches.</summary>
    public int[] Nodes { get; }

    /// <summary>Flow at each of <see cref="Nodes"/> per unit of activity, in millionths.</summary>
    public long[] Flows { get; }

    /// <summary>The same as fractions.</summary>
    public Rational[] Rates { get; }

    /// <summary>Cost or fee per kWh of activity.</summary>
    public long Cost { get; }

    /// <summary>Capacity of all members together.</summary>
    public long Capacity { get; }

    public bool IsConnection { get; }

    /// <summary>Positions in the book's converters or connections, by id.</summary>
    public int[] Members { get; }

    /// <summary>The groups of a book by id; those without capacity are left out.</summary>
    public static UnitGroup[] Of(OrderBook book)
    {
        var converters = Enumerable.Range(0, book.Converters.Count)
            .Where(i => book.Converters[i].Capacity.WattHours > 0)
            .OrderBy(i => book.Converters[i].Id, StringComparer.Ordinal)
            .GroupBy(i => Kind(book.Converters[i]), StringComparer.Ordinal)
            .Select(alike =>
            {
                var first = book.Converters[alike.First()];
                var flows = first.Flows.Where(f => f.Value != 0).ToArray();
                return new UnitGroup(
                    first.Id,
                    [.. flows.Select(f => book.NodeIndex(f.Key))],
                    [.. flows.Select(f => f.Value)],
                    first.Cost.MicroPerKWh,
                    [.. alike.Select(i => (i, book.Converters[i].Capacity.WattHours))],
                    isConnection: false);
            });
        var connections = Enumerable.Range(0, book.Connections.Count)
            .Where(i => book.Connections[i].Capacity.WattHours > 0)
            .Select(i =>
            {
                var line = book.Connections[i];
                var arrives = line.LossMillionths < Limits.One;
                return new UnitGroup(
                    line.Id,
                    arrives ? [book.NodeIndex(line.From), book.NodeIndex(line.To)] : [book.NodeIndex(line.From)],
                    arrives ? [-Limits.One, Limits.One - line.LossMillionths] : [-Limits.One],
                    line.Fee.MicroPerKWh,
                    [(i, line.Capacity.WattHours)],
                    isConnection: true);
            });
        return [.. converters.Concat(connections).OrderBy(group => group.Id, StringComparer.Ordinal)];
    }

    private static string Kind(Converter converter) => string.Join(
        '\n', converter.Flows.Where(f => f.Value != 0).Select(f => string.Create(Invariant, $"{f.Key.Length}:{f.Key}={f.Value}")).Append(converter.Cost.ToString()));

    private static readonly System.Globalization.CultureInfo Invariant = System.Globalization.CultureInfo.InvariantCulture;

    /// <summary>Each member by itself, with its share of an activity.</summary>
    public IEnumerable<(UnitGroup Unit, Rational Activity)> Alone(Rational activity)
    {
        for (var i = 0; i < Members.Length; i++)
        {
            yield return (new UnitGroup(Id, Nodes, Flows, Cost, [(Members[i], _capacities[i])], IsConnection), activity * _capacities[i] / Capacity);
        }
    }

    /// <summary>Activities of a book's converters and connections from those of the members of each group.</summary>
    public static (Energy[] Converters, Energy[] Connections) ByMember(OrderBook book, UnitGroup[] units, long[][] parts)
    {
        var converters = new Energy[book.Converters.Count];
        var connections = new Energy[book.Connections.Count];
        for (var u = 0; u < units.Length; u++)
        {
            for (var i = 0; i < parts[u].Length; i++)
            {
                (units[u].IsConnection ? connections : converters)[units[u].Members[i]] = Energy.FromWh(parts[u][i]);
            }
        }

        return (converters, connections);
    }

    /// <summary>Splits a whole activity among the members by capacity.</summary>
    public long[] Split(long activity) =>
        _capacities.Length == 1 ? [activity] : LargestRemainder.Split(activity, _capacities);

    /// <summary>Whole Wh at each of <see cref="Nodes"/> for a whole activity.</summary>
    public long[] WholeFlows(long activity)
    {
        var parts = Split(activity);
        return Array.ConvertAll(Flows, flow => parts.Sum(part => UnitFlows.Whole(flow, part)));
    }
}
