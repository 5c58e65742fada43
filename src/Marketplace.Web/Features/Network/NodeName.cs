using Marketplace.Market;
using Marketplace.Quantities;

namespace Marketplace.Web.Features.Network;

/// <summary>What the nodes and connections of a book are called: a carrier's name where the carrier has one node for the whole loop, else <c>zone/carrier</c>.</summary>
public static class NodeName
{
    private const string LinePrefix = "line/";

    /// <param name="zone">Empty for the whole loop.</param>
    public static string Of(string zone, Carrier carrier) => string.IsNullOrEmpty(zone) ? carrier.Name() : $"{zone}/{carrier.Name()}";

    /// <summary>The zone, empty for the whole loop, and the carrier of a node.</summary>
    public static bool TryParse(string node, out string zone, out Carrier carrier)
    {
        ArgumentNullException.ThrowIfNull(node);
        var slash = node.IndexOf('/', StringComparison.Ordinal);
        zone = slash < 0 ? "" : node[..slash];
        return Carriers.TryParse(node[(slash + 1)..], out carrier);
    }

    /// <summary>The same of a node that a book of this market has.</summary>
    public static (string Zone, Carrier Carrier) Parse(string node) =>
        TryParse(node, out var zone, out var carrier) ? (zone, carrier) : throw new ArgumentException($"'{node}' is no node of a market", nameof(node));

    /// <summary>A connection's name in books, where it must differ from the plants'.</summary>
    public static string OfLine(string code) => LinePrefix + code;

    /// <summary>The code of a connection named in a book; none for a plant or an order.</summary>
    public static string? LineOf(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        return id.StartsWith(LinePrefix, StringComparison.Ordinal) ? id[LinePrefix.Length..] : null;
    }

    /// <summary>What a plant takes and gives, at nodes as a book names them, by carrier.</summary>
    public static IReadOnlyDictionary<Carrier, long> FlowsByCarrier(this Converter converter)
    {
        ArgumentNullException.ThrowIfNull(converter);
        return converter.Flows.ToDictionary(flow => Parse(flow.Key).Carrier, flow => flow.Value);
    }
}
