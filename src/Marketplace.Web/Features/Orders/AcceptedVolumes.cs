using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Orders;

/// <summary>What the auctions accepted of a member's plants in a span of hours: by orders, and by converters that the auction ran.</summary>
public sealed record AcceptedVolumes(int LoopId, int MemberId, Interval Hours) : IRequest<IReadOnlyList<AcceptedVolume>>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId) || actor.Operates(LoopId);
}

/// <param name="Offered">What stood in the book; what a converter gave, for converters.</param>
/// <param name="Limit">The lowest limit at which it was offered; none for converters.</param>
/// <param name="Price">The auction's price.</param>
public sealed record AcceptedVolume(
    Interval Hour, string PlantCode, string PlantName, Carrier Carrier, Energy Offered, Energy Accepted, Price? Limit, Price? Price)
{
    public Money Sales => Price is { } price ? price.Of(Accepted) : Money.Zero;
}

internal sealed class AcceptedVolumesHandler(MarketplaceDb db) : IRequestHandler<AcceptedVolumes, IReadOnlyList<AcceptedVolume>>
{
    public async Task<IReadOnlyList<AcceptedVolume>> Handle(AcceptedVolumes request, CancellationToken cancellationToken)
    {
        var (loopId, start, end) = (request.LoopId, request.Hours.Start, request.Hours.End);
        var plants = await db.Plants
            .Where(plant => plant.LoopId == loopId && plant.OwnerId == request.MemberId)
            .Select(plant => new { plant.Code, plant.Name })
            .ToDictionaryAsync(plant => plant.Code, plant => plant.Name, cancellationToken);
        string[] codes = [.. plants.Keys];
        var prices = await db.Prices.AsNoTracking()
            .Where(price => price.LoopId == loopId && price.Hour >= start && price.Hour < end)
            .ToDictionaryAsync(price => (price.Hour, price.Carrier, price.Zone), price => price.Price, cancellationToken);
        var orders = await (
            from order in db.BookOrders
            where order.LoopId == loopId && order.MemberId == request.MemberId && order.Hour >= start && order.Hour < end
                && order.Side == OrderSide.Sell && order.PlantCode != null
            join acceptance in db.Acceptances on new { order.LoopId, order.Hour, order.Position }
                equals new { acceptance.LoopId, acceptance.Hour, acceptance.Position } into acceptances
            from acceptance in acceptances.DefaultIfEmpty()
            select new { order.Hour, order.PlantCode, order.Carrier, order.Zone, order.Quantity, order.Limit, Accepted = acceptance == null ? (Energy?)null : acceptance.Accepted })
            .AsNoTracking().ToListAsync(cancellationToken);
        var runs = await db.ConverterRuns.AsNoTracking()
            .Where(run => run.LoopId == loopId && run.Hour >= start && run.Hour < end && codes.Contains(run.PlantCode))
            .ToListAsync(cancellationToken);

        var offered = orders
            .GroupBy(order => (order.Hour, Plant: order.PlantCode!, order.Carrier, order.Zone))
            .Select(group => new AcceptedVolume(
                MarketMoment.HourOf(group.Key.Hour), group.Key.Plant, plants.GetValueOrDefault(group.Key.Plant, group.Key.Plant), group.Key.Carrier,
                Sum(group.Select(order => order.Quantity)), Sum(group.Select(order => order.Accepted ?? Energy.Zero)), group.Min(order => order.Limit),
                prices.GetValueOrDefault((group.Key.Hour, group.Key.Carrier, group.Key.Zone))));
        var converted = runs
            .SelectMany(run => Flows(run)
                .Where(flow => flow.Energy > Energy.Zero)
                .Select(flow => new AcceptedVolume(
                    MarketMoment.HourOf(run.Hour), run.PlantCode, plants[run.PlantCode], flow.Carrier, flow.Energy, flow.Energy, null,
                    prices.GetValueOrDefault((run.Hour, flow.Carrier, run.Zone)))));
        return [.. offered.Concat(converted)
            .OrderByDescending(volume => volume.Hour.Start).ThenBy(volume => volume.PlantName).ThenBy(volume => volume.Carrier)];
    }

    private static IEnumerable<(Carrier Carrier, Energy Energy)> Flows(ConverterRun run) =>
        [(Carrier.Heat, run.Heat), (Carrier.Cold, run.Cold), (Carrier.Electricity, run.Electricity)];

    private static Energy Sum(IEnumerable<Energy> energies) => energies.Aggregate(Energy.Zero, (sum, energy) => sum + energy);
}
