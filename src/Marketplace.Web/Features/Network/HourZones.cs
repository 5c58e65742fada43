using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Network;

/// <summary>The zones of a loop in one hour, the connections between them, and who stands where. What is placed and set for an hour cannot
/// change once its gate has closed, so that whoever asks later gets what the book was made with.</summary>
public sealed class HourZones
{
    private readonly Dictionary<(int MemberId, string PlantCode), string> _places;

    private HourZones(IReadOnlyList<Zone> zones, IReadOnlyList<ZoneLine> lines, Dictionary<(int MemberId, string PlantCode), string> places) =>
        (Zones, Lines, _places) = (zones, lines, places);

    /// <summary>A loop in which nothing limits a trade.</summary>
    public static HourZones One { get; } = new([], [], []);

    /// <summary>In the order of their numbers; none in a loop with a single zone.</summary>
    public IReadOnlyList<Zone> Zones { get; }

    /// <summary>As they are in the hour, by code.</summary>
    public IReadOnlyList<ZoneLine> Lines { get; }

    public bool AreSeveral => Zones.Count > 0;

    /// <summary>The code of each zone; of a loop with a single one, the empty code.</summary>
    public IReadOnlyList<string> Codes => AreSeveral ? [.. Zones.Select(zone => zone.Code)] : [""];

    /// <summary>Where a member's own meters, or one of its plants, stand: a code, empty in a loop with a single zone.</summary>
    public string Of(int memberId, string? plantCode) => !AreSeveral ? ""
        : _places.GetValueOrDefault(string.IsNullOrEmpty(plantCode) ? (memberId, "") : (0, plantCode), Zones[0].Code);

    /// <summary>The zone of the node at which somebody in a zone trades a carrier: empty where the carrier has one node for the whole loop.
    /// Where orders trade one with another they meet across zones, and each trade is held against the network by itself.</summary>
    public string NodeZone(string zone, Carrier carrier, MarketRules rules)
    {
        ArgumentNullException.ThrowIfNull(rules);
        return AreSeveral && !rules.Of(carrier).MeetsAcrossZones() ? zone : "";
    }

    /// <summary>The nodes of the hour's book.</summary>
    public IReadOnlyList<string> Nodes(MarketRules rules) =>
        [.. Codes.SelectMany(zone => Carriers.All.Select(carrier => NodeName.Of(NodeZone(zone, carrier, rules), carrier))).Distinct()];

    /// <summary>The zones as they are in an hour.</summary>
    public static async Task<HourZones> AtAsync(MarketplaceDb db, int loopId, DateTimeOffset hour, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(db);
        var zones = await db.Zones.AsNoTracking()
            .Where(zone => zone.LoopId == loopId && zone.ValidFrom <= hour)
            .OrderBy(zone => zone.Number)
            .ToListAsync(cancellationToken);
        if (zones.Count < 2)
        {
            return One;
        }

        var known = zones.Select(zone => zone.Code).ToHashSet(StringComparer.Ordinal);
        var lines = (await db.ZoneLines.AsNoTracking()
                .Where(line => line.LoopId == loopId && line.ValidFrom <= hour)
                .ToListAsync(cancellationToken))
            .GroupBy(line => line.Code, StringComparer.Ordinal)
            .Select(versions => versions.MaxBy(line => line.Version)!)
            .Where(line => known.Contains(line.FromZone) && known.Contains(line.ToZone))
            .OrderBy(line => line.Code, StringComparer.Ordinal)
            .ToList();
        var places = (await db.ZonePlacements.AsNoTracking()
                .Where(place => place.LoopId == loopId && place.ValidFrom <= hour)
                .ToListAsync(cancellationToken))
            .GroupBy(place => (place.MemberId, place.PlantCode))
            .ToDictionary(versions => versions.Key, versions => versions.MaxBy(place => place.Version)!.Zone);
        return new HourZones(zones, lines, places);
    }

    /// <summary>Where a member's own meters, or a plant, stand in an hour: by it the prices that concern them are chosen.</summary>
    public static async Task<string> OfAsync(
        MarketplaceDb db, int loopId, DateTimeOffset hour, int memberId, string? plantCode, CancellationToken cancellationToken) =>
        (await AtAsync(db, loopId, hour, cancellationToken)).Of(memberId, plantCode);
}

/// <summary>How mechanisms and prices go together with zones.</summary>
public static class ZoneRules
{
    /// <summary>Whether orders meet one another whatever their zones; the network is then held against each trade.</summary>
    public static bool MeetsAcrossZones(this Mechanism mechanism) => mechanism is Mechanism.PayAsBid or Mechanism.FallingOffers;

    /// <summary>The prices that hold in a zone: those of the whole loop, and the zone's own.</summary>
    /// <param name="zone">A code; empty leaves the prices of the whole loop only.</param>
    public static IQueryable<HourPrice> In(this IQueryable<HourPrice> prices, string zone) =>
        prices.Where(price => price.Zone == "" || price.Zone == zone);
}
