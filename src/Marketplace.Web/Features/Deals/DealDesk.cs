using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Deals;

/// <summary>What a member needs to know to propose a deal: with whom, which plants it could deliver from, what its meters take.</summary>
public sealed record DealDesk(int LoopId, int MemberId) : IRequest<DealDeskView>, IGuarded
{
    public bool Permits(Actor actor) => actor.MayDeal(LoopId, MemberId);
}

/// <param name="Others">Members who buy or sell, by name; at most <see cref="MostListed"/> of them: others are found by their key.</param>
/// <param name="Plants">The member's own that may deliver, with the carrier.</param>
/// <param name="Takes">Carriers that the member's meters take.</param>
public sealed record DealDeskView(
    DateTimeOffset MarketNow, DateTimeOffset FirstOpen, IReadOnlyList<DealPartner> Others, IReadOnlyList<(PlantChoice Plant, Carrier Carrier)> Plants, IReadOnlyList<Carrier> Takes)
{
    public const int MostListed = 300;
}

/// <param name="Key">The member's name in files, unique in the loop.</param>
public sealed record DealPartner(int Id, string Key, string Name);

/// <summary>Finds the member that somebody means by a name or key.</summary>
/// <returns>All who answer to it: one is right, several need the key.</returns>
public sealed record FindPartner(int LoopId, int MemberId, string Text) : IRequest<IReadOnlyList<DealPartner>>, IGuarded
{
    public bool Permits(Actor actor) => actor.MayDeal(LoopId, MemberId);
}

internal sealed class DealDeskHandler(MarketplaceDb db, MarketTime marketTime) : IRequestHandler<DealDesk, DealDeskView>, IRequestHandler<FindPartner, IReadOnlyList<DealPartner>>
{
    public async Task<DealDeskView> Handle(DealDesk request, CancellationToken cancellationToken)
    {
        var loopId = request.LoopId;
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var now = await marketTime.NowAsync(loopId, cancellationToken);
        var lastClosed = await db.HourSteps.Where(step => step.LoopId == loopId && step.Step == HourStepKind.Closed).MaxAsync(step => (DateTimeOffset?)step.Hour, cancellationToken);
        var others = await Traders(loopId, request.MemberId).OrderBy(member => member.Name).ThenBy(member => member.Id).Take(DealDeskView.MostListed)
            .Select(member => new DealPartner(member.Id, member.Key, member.Name)).ToListAsync(cancellationToken);
        var plants = await DealPlants.OfAsync(db, loopId, request.MemberId, cancellationToken);
        var takes = await db.Meters
            .Where(meter => meter.LoopId == loopId && meter.MemberId == request.MemberId && meter.Direction == MeterDirection.Consumption && meter.PlantCode == null && meter.InServiceUntil == null)
            .Select(meter => meter.Carrier).Distinct().Order().ToListAsync(cancellationToken);
        return new DealDeskView(
            now, MarketHour.FirstOpen(loop, now, lastClosed), others,
            [.. plants.SelectMany(plant => Carriers.All.Where(plant.Definition.DealsIn)
                .Select(carrier => (new PlantChoice(plant.Code, plant.Definition.DisplayName, plant.Definition.CapacityWatts), carrier)))],
            takes);
    }

    public async Task<IReadOnlyList<DealPartner>> Handle(FindPartner request, CancellationToken cancellationToken)
    {
        var text = request.Text.Trim();
        var found = await Traders(request.LoopId, request.MemberId).Where(member => member.Name == text || member.Key == text).Take(3)
            .Select(member => new DealPartner(member.Id, member.Key, member.Name)).ToListAsync(cancellationToken);
        return found.Find(member => member.Key == text) is { } exact ? [exact] : found;
    }

    private IQueryable<Member> Traders(int loopId, int but) => db.Members.AsNoTracking()
        .Where(member => member.LoopId == loopId && member.Id != but
            && db.MemberRoles.Any(role => role.LoopId == loopId && role.MemberId == member.Id && DealPlants.Traders.Contains(role.Role)));
}
