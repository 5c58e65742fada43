using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;

namespace Marketplace.Web.Features.Network;

/// <summary>
/// The ways of trades that no auction made, from zone to zone for one carrier. Such a trade takes the way of the fewest connections; of several
/// between the same two zones the widest. Capacities count as what they can bring to the end of the way, so that losses have room.
/// </summary>
public sealed class TradeNetwork
{
    private const long One = 1_000_000;

    private readonly Dictionary<(string From, string To), IReadOnlyList<ZoneLine>> _ways = [];

    public TradeNetwork(HourZones zones, Carrier carrier)
    {
        ArgumentNullException.ThrowIfNull(zones);
        var lines = zones.Lines
            .Where(line => line.Carrier == carrier && line.CapacityWatts > 0)
            .GroupBy(line => (line.FromZone, line.ToZone))
            .Select(alike => alike.OrderByDescending(line => line.CapacityWatts).ThenBy(line => line.Code, StringComparer.Ordinal).First())
            .OrderBy(line => line.Code, StringComparer.Ordinal)
            .ToList();
        foreach (var start in zones.Codes)
        {
            Walk(start, lines);
        }

        Limits = [.. Carried(lines), .. Unreachable(zones.Codes)];
    }

    /// <summary>What the connections can carry of trades, in what reaches the end of the way.</summary>
    public IReadOnlyList<NetworkLimit> Limits { get; }

    /// <summary>What a delivery takes of each connection on its way: none within a zone.</summary>
    public IReadOnlyList<(ZoneLine Line, Energy Sent, Energy Arrived)> Carry(string from, string to, Energy delivered)
    {
        if (delivered == Energy.Zero || !_ways.TryGetValue((from, to), out var way))
        {
            return [];
        }

        var legs = new List<(ZoneLine, Energy, Energy)>();
        var arrived = delivered.WattHours;
        foreach (var line in way.Reverse())
        {
            var through = One - line.LossMillionths;
            var sent = checked((long)((((Int128)arrived * One) + through - 1) / through));
            legs.Add((line, Energy.FromWh(sent), Energy.FromWh(arrived)));
            arrived = sent;
        }

        legs.Reverse();
        return legs;
    }

    // Breadth first: the first way found to a zone has the fewest connections, and lines stand in the order of their codes.
    private void Walk(string start, List<ZoneLine> lines)
    {
        var open = new Queue<(string Zone, IReadOnlyList<ZoneLine> Way)>([(start, [])]);
        var seen = new HashSet<string>(StringComparer.Ordinal) { start };
        while (open.TryDequeue(out var at))
        {
            foreach (var line in lines.Where(line => line.FromZone == at.Zone && seen.Add(line.ToZone)))
            {
                IReadOnlyList<ZoneLine> way = [.. at.Way, line];
                _ways[(start, line.ToZone)] = way;
                open.Enqueue((line.ToZone, way));
            }
        }
    }

    private IEnumerable<NetworkLimit> Carried(List<ZoneLine> lines)
    {
        foreach (var line in lines)
        {
            var users = _ways.Where(way => way.Value.Contains(line)).ToList();
            if (users.Count > 0)
            {
                var reaches = users.Min(way => way.Value.SkipWhile(other => other != line)
                    .Aggregate(line.Capacity.WattHours, (energy, next) => (long)((Int128)energy * (One - next.LossMillionths) / One)));
                // Each pair of zones rounds what it sends up by less than a Wh.
                yield return new NetworkLimit(line.Code, null, null, Energy.FromWh(Math.Max(0, reaches - (users.Count - 1))))
                {
                    Pairs = users.Select(way => way.Key).ToHashSet(),
                };
            }
        }
    }

    private IEnumerable<NetworkLimit> Unreachable(IReadOnlyList<string> zones)
    {
        var pairs = zones.SelectMany(from => zones.Select(to => (from, to))).Where(pair => pair.from != pair.to && !_ways.ContainsKey(pair)).ToHashSet();
        return pairs.Count == 0 ? [] : [new NetworkLimit("", null, null, Energy.Zero) { Pairs = pairs }];
    }
}
