using Marketplace.Quantities;

namespace Marketplace.Web.Shell.Components.Charts;

/// <summary>Places the nodes and ribbons of a flow picture. One scale for the whole picture, so widths can be compared.</summary>
public sealed record FlowLayout(IReadOnlyList<FlowLayout.Placed> Nodes, IReadOnlyList<FlowLayout.Ribbon> Ribbons)
{
    /// <summary>How wide a node's bar is.</summary>
    public const int NodeWidth = 10;

    private const double NodeGap = 34, Margin = 18, LabelGap = 8;

    /// <summary>A node with its place; its energy is the larger of what enters and what leaves.</summary>
    public sealed record Placed(FlowNode Node, double X, double Y, double Height, Energy Energy, double LabelX, string Anchor);

    /// <summary>A flow with its outline.</summary>
    public sealed record Ribbon(FlowLink Link, string From, string To, string Path);

    /// <summary>Lays the picture out. Nodes without any flow are left out.</summary>
    /// <exception cref="ArgumentException">A flow names an unknown node, or does not run to a later column.</exception>
    public static FlowLayout Of(IReadOnlyList<FlowNode> nodes, IReadOnlyList<FlowLink> links, double width, double height)
    {
        var byId = nodes.ToDictionary(node => node.Id);
        foreach (var link in links)
        {
            if (!byId.TryGetValue(link.From, out var from) || !byId.TryGetValue(link.To, out var to) || from.Column >= to.Column || link.Energy.IsNegative)
            {
                throw new ArgumentException($"The flow {link.From} → {link.To} does not lead forward between known nodes", nameof(links));
            }
        }

        var shown = links.Where(link => link.Energy > Energy.Zero).ToList();
        var size = nodes.ToDictionary(node => node.Id, node => Energy.Max(
            shown.Where(link => link.From == node.Id).Aggregate(Energy.Zero, (sum, link) => sum + link.Energy),
            shown.Where(link => link.To == node.Id).Aggregate(Energy.Zero, (sum, link) => sum + link.Energy)));
        var columns = nodes.Where(node => size[node.Id] > Energy.Zero).GroupBy(node => node.Column).OrderBy(column => column.Key).ToList();
        if (columns.Count == 0)
        {
            return new FlowLayout([], []);
        }

        var perWh = columns.Min(column => (height - (2 * Margin) - ((column.Count() - 1) * NodeGap)) / column.Sum(node => (double)size[node.Id].WattHours));
        var step = columns.Count > 1 ? (width - NodeWidth) / (columns.Count - 1) : 0;
        var placed = new Dictionary<string, Placed>();
        foreach (var (column, index) in columns.Select((column, index) => (column, index)))
        {
            var total = column.Sum(node => size[node.Id].WattHours * perWh) + ((column.Count() - 1) * NodeGap);
            var y = (height - total) / 2;
            var last = index == columns.Count - 1 && index > 0;
            foreach (var node in column)
            {
                var x = index * step;
                var tall = size[node.Id].WattHours * perWh;
                placed[node.Id] = new Placed(node, x, y, tall, size[node.Id], last ? x - LabelGap : x + NodeWidth + LabelGap, last ? "end" : "start");
                y += tall + NodeGap;
            }
        }

        var leaving = placed.Values.ToDictionary(node => node.Node.Id, node => node.Y);
        var entering = new Dictionary<string, double>(leaving);
        var ribbons = new Dictionary<FlowLink, (double From, double To)>(ReferenceEqualityComparer.Instance);
        foreach (var link in shown.OrderBy(link => placed[link.To].X).ThenBy(link => placed[link.To].Y))
        {
            ribbons[link] = (leaving[link.From], 0);
            leaving[link.From] += link.Energy.WattHours * perWh;
        }

        foreach (var link in shown.OrderBy(link => placed[link.From].X).ThenBy(link => placed[link.From].Y))
        {
            ribbons[link] = (ribbons[link].From, entering[link.To]);
            entering[link.To] += link.Energy.WattHours * perWh;
        }

        return new FlowLayout([.. placed.Values], [.. shown.Select(link => new Ribbon(link, byId[link.From].Label, byId[link.To].Label,
            Outline(placed[link.From].X + NodeWidth, ribbons[link].From, placed[link.To].X, ribbons[link].To, Math.Max(1, link.Energy.WattHours * perWh))))]);
    }

    private static string Outline(double x1, double y1, double x2, double y2, double thick)
    {
        var middle = Axis.N((x1 + x2) / 2);
        return $"M{Axis.N(x1)} {Axis.N(y1)}C{middle} {Axis.N(y1)} {middle} {Axis.N(y2)} {Axis.N(x2)} {Axis.N(y2)}V{Axis.N(y2 + thick)}C{middle} {Axis.N(y2 + thick)} {middle} {Axis.N(y1 + thick)} {Axis.N(x1)} {Axis.N(y1 + thick)}z";
    }
}
