using Marketplace.Data;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;

namespace Marketplace.Web.Features.Network;

/// <summary>The zones of a loop among which a reader of prices may choose.</summary>
/// <param name="At">The hour; null is the running one.</param>
public sealed record ShowZones(int LoopId, DateTimeOffset? At = null, string? Asked = null) : IRequest<ZonesToChoose>, IPublic;

/// <param name="Zones">None in a loop with one zone.</param>
/// <param name="Chosen">The code of the one shown; empty in a loop with one zone.</param>
public sealed record ZonesToChoose(IReadOnlyList<ZoneName> Zones, string Chosen)
{
    /// <summary>The chosen zone's name.</summary>
    public string? Name => Zones.FirstOrDefault(zone => zone.Code == Chosen)?.Name;
}

public sealed record ZoneName(string Code, string Name);

internal sealed class ShowZonesHandler(MarketplaceDb db, MarketTime marketTime, ZoneChoice choice) : IRequestHandler<ShowZones, ZonesToChoose>
{
    public async Task<ZonesToChoose> Handle(ShowZones request, CancellationToken cancellationToken)
    {
        var at = request.At ?? MarketHour.Containing(await marketTime.NowAsync(request.LoopId, cancellationToken));
        var zones = await HourZones.AtAsync(db, request.LoopId, at, cancellationToken);
        return new ZonesToChoose(
            [.. zones.Zones.Select(zone => new ZoneName(zone.Code, zone.Name))],
            await choice.OfAsync(request.LoopId, at, request.Asked, cancellationToken));
    }
}
