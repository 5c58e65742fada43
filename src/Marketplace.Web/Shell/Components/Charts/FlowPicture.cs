using Marketplace.Quantities;

namespace Marketplace.Web.Shell.Components.Charts;

/// <summary>Gathers the nodes and flows of a picture: flows between the same two nodes become one.</summary>
public sealed class FlowPicture
{
    private readonly Dictionary<string, FlowNode> _nodes = [];
    private readonly Dictionary<(string From, string To, Carrier? Carrier), Energy> _links = [];

    /// <summary>Adds a node, unless it is there.</summary>
    public void Node(string id, string label, int column, Carrier? carrier = null) => _nodes.TryAdd(id, new FlowNode(id, label, column, carrier));

    /// <summary>Adds to a flow; nothing is added where there is no energy.</summary>
    public void Link(string from, string to, Energy energy, Carrier? carrier)
    {
        if (energy > Energy.Zero)
        {
            _links[(from, to, carrier)] = _links.GetValueOrDefault((from, to, carrier)) + energy;
        }
    }

    /// <summary>By columns, carriers in their order.</summary>
    public IReadOnlyList<FlowNode> Nodes => [.. _nodes.Values.OrderBy(node => node.Column).ThenBy(node => node.Carrier is { } carrier ? (int)carrier : 0)];

    /// <summary>Every flow.</summary>
    public IReadOnlyList<FlowLink> Links => [.. _links.Select(link => new FlowLink(link.Key.From, link.Key.To, link.Value, link.Key.Carrier))];
}
