using System.Security.Cryptography;
using System.Text;
using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Network;

namespace Marketplace.Web.Features.Auctions;

/// <summary>Names and salts of an hour's orders: secret and random, but for loops whose seed fixes them so that runs can be compared.</summary>
public sealed class OrderSecrets(byte[]? seed, DateTimeOffset hour)
{
    private readonly Dictionary<int, string> _parties = [];

    public string PublicId(int position) => Convert.ToHexStringLower(Bytes("order id", position).AsSpan(0, 8));

    public byte[] Salt(int position) => Bytes("order salt", position);

    /// <summary>A name for a member in this hour's book alone, so that nobody can be followed from hour to hour.</summary>
    public string Party(int memberId)
    {
        if (!_parties.TryGetValue(memberId, out var name))
        {
            _parties[memberId] = name = Convert.ToHexStringLower(Bytes("party", memberId).AsSpan(0, 8));
        }

        return name;
    }

    private byte[] Bytes(string purpose, int number) => seed is null
        ? RandomNumberGenerator.GetBytes(32)
        : HMACSHA256.HashData(seed, Encoding.UTF8.GetBytes(FormattableString.Invariant($"{purpose}/{hour.ToUnixTimeSeconds()}/{number}")));
}

/// <summary>Makes the book of an hour, as it is hashed and cleared, of what was gathered for it.</summary>
public static class MarketBook
{
    /// <param name="name">The order's name in the book, by its position.</param>
    /// <param name="party">The member's name in the book.</param>
    /// <exception cref="OrderBookException">The rules ask for something that the orders do not bring, such as a ceiling for falling offers.</exception>
    public static OrderBook Of(DateTimeOffset hour, ComposedBook composed, MarketRules rules, Func<int, string> name, Func<int, string> party)
    {
        var standing = composed.Orders.Index()
            .Where(entry => entry.Item is { Side: OrderSide.Sell, IsOutside: true } && rules.Of(entry.Item.Carrier) == Mechanism.FallingOffers)
            .GroupBy(entry => entry.Item.Carrier)
            .Select(carrier => carrier.MaxBy(entry => entry.Item.Limit).Index)
            .ToHashSet();
        var zones = composed.Outside.Zones;
        var nodes = zones.Nodes(rules);
        var used = composed.Outside.Use();
        string NodeOf(BookEntry entry) => NodeName.Of(zones.NodeZone(zones.Of(entry.MemberId, entry.PlantCode), entry.Carrier, rules), entry.Carrier);
        return new OrderBook(
            hour,
            nodes,
            [.. composed.Orders.Index().Select(entry => new Order(
                name(entry.Index),
                NodeOf(entry.Item),
                entry.Item.Side == OrderSide.Buy ? Side.Buy : Side.Sell,
                entry.Item.Quantity,
                entry.Item.Limit,
                // Only where orders meet one another does it matter whose they are.
                rules.Of(entry.Item.Carrier) is Mechanism.PayAsBid or Mechanism.FallingOffers ? party(entry.Item.MemberId) : null,
                entry.Item.IsOutside && rules.Of(entry.Item.Carrier) == Mechanism.CommunityFirst ? Origin.Outside : Origin.Inside,
                standing.Contains(entry.Index)))],
            zones.AreSeveral ? [.. composed.Converters.Select(converter => AtItsZone(converter, zones, rules))] : composed.Converters,
            [.. zones.Lines.Where(line => nodes.Contains(NodeName.Of(line.FromZone, line.Carrier))).Select(line => new Connection(
                NodeName.OfLine(line.Code),
                NodeName.Of(line.FromZone, line.Carrier),
                NodeName.Of(line.ToZone, line.Carrier),
                Energy.Max(Energy.Zero, line.Capacity - used.GetValueOrDefault(line.Code).Sent),
                line.LossMillionths,
                line.Fee))],
            rules.Cap,
            rules.Floor,
            [.. nodes.Select(node => rules.Of(NodeName.Parse(node).Carrier))],
            Carriers.All.Any(carrier => rules.Of(carrier) == Mechanism.FallingOffers) ? rules.Rounds : null);
    }

    private static Converter AtItsZone(Converter converter, HourZones zones, MarketRules rules)
    {
        var zone = zones.Of(0, converter.Id);
        return new Converter(
            converter.Id,
            converter.Capacity,
            converter.FlowsByCarrier().ToDictionary(flow => NodeName.Of(zones.NodeZone(zone, flow.Key, rules), flow.Key), flow => flow.Value),
            converter.Cost);
    }
}
