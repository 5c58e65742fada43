using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Shell.Components.Charts;

namespace Marketplace.Web.Features.Prices;

/// <summary>What flowed in an hour as a picture: sources → carriers → converters → carriers → uses and losses. What enters a carrier
/// is as wide as what leaves it, to the watt-hour; what a converter gives beyond what it takes is moved, not made, and has a source of its own.</summary>
/// <param name="Nodes">With keys for labels: the page has the words. A plant's own name stands behind <see cref="PlantPrefix"/>.</param>
/// <param name="Hidden">Whether the picture would show what fewer than five members did.</param>
public sealed record HourFlows(IReadOnlyList<FlowNode> Nodes, IReadOnlyList<FlowLink> Links, bool Hidden)
{
    public const string PlantPrefix = "plant:";

    private const string Moved = "Moved";
    private const string Lost = "Lost";
    private const string Connections = "Connection";
    private const int LastColumn = 4;

    private static HourFlows None(bool hidden) => new([], [], hidden);

    internal static HourFlows Of(
        AuctionRecord auction, IReadOnlyList<NodeView> allNodes, IReadOnlyList<ConverterRun> allRuns, IReadOnlyList<LineFlow> lines, string zone,
        IReadOnlyDictionary<string, PlantFacts> plants, bool whole)
    {
        var nodes = allNodes.Where(node => node.Zone == zone || node.Zone.Length == 0).ToList();
        var runs = allRuns.Where(run => run.Zone == zone).ToList();
        if (auction.Result is null || nodes.Any(node => node.Balance is null))
        {
            return None(auction.Result is not null);
        }

        // A carrier that converters both make and use has no place in a picture that runs one way.
        var taken = Carriers.All.Where(carrier => runs.Any(run => AuctionOfHourHandler.FlowOf(run, carrier) < Energy.Zero)).ToHashSet();
        if (taken.Any(carrier => runs.Any(run => AuctionOfHourHandler.FlowOf(run, carrier) > Energy.Zero)))
        {
            return None(hidden: false);
        }

        var picture = new FlowPicture();
        foreach (var carrier in Carriers.All)
        {
            picture.Node(carrier.Name(), "Carrier." + carrier, taken.Contains(carrier) ? 1 : 3, carrier);
        }

        foreach (var (order, accepted) in auction.Orders.Select((order, i) => (order, auction.Accepted(i))).Where(order => order.Item2 > Energy.Zero && (order.order.Zone == zone || order.order.Zone.Length == 0)))
        {
            // The public sees both sides as one group each: of a single kind there may be fewer than five members.
            var kind = whole ? PriceReasons.PartyOf(order, plants).ToString() : "All";
            if (order.Side == OrderSide.Sell)
            {
                picture.Node("sold/" + kind, "Source." + kind, 0);
                picture.Link("sold/" + kind, order.Carrier.Name(), accepted, order.Carrier);
            }
            else
            {
                picture.Node("bought/" + kind, "Use." + kind, LastColumn);
                picture.Link(order.Carrier.Name(), "bought/" + kind, accepted, order.Carrier);
            }
        }

        foreach (var unit in runs.GroupBy(run => whole ? PlantPrefix + plants[run.PlantCode].Name : "Converters"))
        {
            picture.Node(unit.Key, unit.Key, 2);
            var surplus = Energy.Zero;
            foreach (var carrier in Carriers.All)
            {
                var flow = unit.Aggregate(Energy.Zero, (sum, run) => sum + AuctionOfHourHandler.FlowOf(run, carrier));
                surplus += flow;
                if (flow < Energy.Zero)
                {
                    picture.Link(carrier.Name(), unit.Key, -flow, carrier);
                }
                else
                {
                    picture.Link(unit.Key, carrier.Name(), flow, carrier);
                }
            }

            if (surplus > Energy.Zero)
            {
                picture.Node(Moved, "Source." + Moved, 0);
                picture.Link(Moved, unit.Key, surplus, null);
            }
            else
            {
                picture.Node(Lost, "Use." + Lost, LastColumn);
                picture.Link(unit.Key, Lost, -surplus, null);
            }
        }

        // What comes from another zone, and what leaves for one: the arrow is as wide as what passes this zone's end of the connection.
        foreach (var line in lines.Where(line => line.ToZone == zone && line.Arrived > Energy.Zero))
        {
            picture.Node("arrived", "Source." + Connections, 0);
            picture.Link("arrived", line.Carrier.Name(), line.Arrived, line.Carrier);
        }

        foreach (var line in lines.Where(line => line.FromZone == zone && line.Sent > Energy.Zero))
        {
            picture.Node("sent", "Use." + Connections, LastColumn);
            picture.Link(line.Carrier.Name(), "sent", line.Sent, line.Carrier);
        }

        return new HourFlows(picture.Nodes, picture.Links, Hidden: false);
    }
}
