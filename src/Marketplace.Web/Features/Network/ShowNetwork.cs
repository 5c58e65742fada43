using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Network;

/// <summary>The zones of a loop, the connections between them with all their versions, and who stands where from the next hour on, for its operator.</summary>
public sealed record ShowNetwork(int LoopId) : IRequest<NetworkView>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

/// <param name="Open">The hours whose gate is open, the next one first; none when the market has ended.</param>
/// <param name="Zones">All that are written down, those of later hours too.</param>
/// <param name="Lines">As they are in the next hour; one that is still to come, as it will be.</param>
/// <param name="History">Every version of every connection, the latest first.</param>
public sealed record NetworkView(
    IReadOnlyList<Interval> Open, IReadOnlyList<Zone> Zones, IReadOnlyList<ZoneLine> Lines, IReadOnlyList<ZoneLine> History, IReadOnlyList<PlacedThing> Things);

/// <summary>A member's meters, or a plant, and the zone it stands in.</summary>
/// <param name="MemberId">0 for a plant.</param>
/// <param name="PlantCode">Empty for a member's own meters.</param>
/// <param name="Codes">The meters' codes, or the plant's.</param>
/// <param name="Later">The zone that it is moved to, and from when, where that is still to come.</param>
public sealed record PlacedThing(int MemberId, string PlantCode, string Name, string Codes, string Zone, (string Zone, DateTimeOffset From)? Later);

internal sealed class ShowNetworkHandler(MarketplaceDb db, MarketTime marketTime) : IRequestHandler<ShowNetwork, NetworkView>
{
    /// <summary>A week, as for the market's rules.</summary>
    private const int HoursAhead = 7 * 24;

    private const int MeterCodesShown = 3;

    public async Task<NetworkView> Handle(ShowNetwork request, CancellationToken cancellationToken)
    {
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == request.LoopId, cancellationToken);
        var now = await marketTime.NowAsync(loop.Id, cancellationToken);
        var closed = await db.HourSteps
            .Where(step => step.LoopId == loop.Id && step.Step == HourStepKind.Closed)
            .MaxAsync(step => (DateTimeOffset?)step.Hour, cancellationToken);
        var first = MarketHour.FirstOpen(loop, now, closed);
        // A market that has not begun has no earlier hour.
        first = first < loop.FirstHour ? loop.FirstHour : first;
        var zones = await db.Zones.AsNoTracking().Where(zone => zone.LoopId == loop.Id).OrderBy(zone => zone.Number).ToListAsync(cancellationToken);
        var lines = await db.ZoneLines.AsNoTracking().Where(line => line.LoopId == loop.Id).OrderByDescending(line => line.SetAt).ThenBy(line => line.Code).ToListAsync(cancellationToken);
        var places = (await db.ZonePlacements.AsNoTracking().Where(place => place.LoopId == loop.Id).ToListAsync(cancellationToken))
            .ToLookup(place => (place.MemberId, place.PlantCode));
        var members = await db.Members.AsNoTracking().Where(member => member.LoopId == loop.Id).OrderBy(member => member.Name).Select(member => new { member.Id, member.Name }).ToListAsync(cancellationToken);
        var meters = (await db.Meters.AsNoTracking().Where(meter => meter.LoopId == loop.Id && meter.PlantCode == null).Select(meter => new { meter.MemberId, meter.Code }).ToListAsync(cancellationToken))
            .ToLookup(meter => meter.MemberId, meter => meter.Code);
        var plants = await db.Plants.AsNoTracking().Where(plant => plant.LoopId == loop.Id).OrderBy(plant => plant.Name).Select(plant => new { plant.Code, plant.Name }).ToListAsync(cancellationToken);

        PlacedThing Thing(int member, string plant, string name, string codes)
        {
            var versions = places[(member, plant)].OrderByDescending(place => place.Version).ToList();
            var standing = versions.Find(place => place.ValidFrom <= first)?.Zone ?? (zones.Count > 0 ? zones[0].Code : "");
            var later = versions.Count > 0 && versions[0].ValidFrom > first ? ((string, DateTimeOffset)?)(versions[0].Zone, versions[0].ValidFrom) : null;
            return new PlacedThing(member, plant, name, codes, standing, later);
        }

        return new NetworkView(
            [.. new Interval(first, first.AddHours(HoursAhead)).Steps(MarketHour.Length).Where(hour => loop.EndsAt is not { } end || hour < end).Select(MarketMoment.HourOf)],
            zones,
            [.. lines.GroupBy(line => line.Code)
                .Select(versions => versions.Where(line => line.ValidFrom <= first).MaxBy(line => line.Version) ?? versions.MinBy(line => line.Version)!)
                .OrderBy(line => line.Code)],
            lines,
            [
                .. members.Where(member => meters[member.Id].Any()).Select(member => Thing(member.Id, "", member.Name, Codes([.. meters[member.Id].Order()]))),
                .. plants.Select(plant => Thing(0, plant.Code, plant.Name, plant.Code)),
            ]);
    }

    private static string Codes(IReadOnlyList<string> codes) =>
        string.Join(", ", codes.Take(MeterCodesShown)) + (codes.Count > MeterCodesShown ? ", …" : "");
}
