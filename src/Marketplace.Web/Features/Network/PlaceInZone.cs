using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Network;

/// <summary>Says in which zone a member's own meters, or a plant with its meters, stand from an hour on. All of a member's own meters stand in one
/// zone: what it takes is one position, at one price. Somebody with buildings in two zones is two members.</summary>
/// <param name="MemberId">The member; 0 for a plant.</param>
/// <param name="PlantCode">The plant; empty for a member's own meters.</param>
public sealed record PlaceInZone(int LoopId, int MemberId, string PlantCode, string Zone, DateTimeOffset ValidFrom) : IRequest<Unit>, IOperatorAct
{
    public string Subject => string.Create(System.Globalization.CultureInfo.InvariantCulture,
        $"{(PlantCode.Length > 0 ? "plant " + PlantCode : $"meters of member {MemberId}")} in {Zone} from {Instants.Iso(ValidFrom)}");
}

public sealed class PlaceInZoneValidator : AbstractValidator<PlaceInZone>
{
    public PlaceInZoneValidator()
    {
        RuleFor(request => request.MemberId).Must((request, member) => (member == 0) != (request.PlantCode.Length == 0)).WithMessage("Choose a member's meters or a plant.");
        RuleFor(request => request.ValidFrom).Must(MarketHour.IsStart).WithMessage("Choose a whole hour.");
    }
}

internal sealed class PlaceInZoneHandler(Work work, Gate gate, CurrentActor current, TimeProvider time) : IRequestHandler<PlaceInZone, Unit>
{
    public async Task<Unit> Handle(PlaceInZone request, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var loop = await NetworkChange.LockAsync(work, gate, request.LoopId, request.ValidFrom, cancellationToken);
        if (!await db.Zones.AnyAsync(zone => zone.LoopId == loop.Id && zone.Code == request.Zone && zone.ValidFrom <= request.ValidFrom, cancellationToken))
        {
            throw new RefusedException(nameof(request.Zone), $"There is no zone {request.Zone} in that hour.");
        }

        if (request.PlantCode.Length > 0
            ? !await db.Plants.AnyAsync(plant => plant.LoopId == loop.Id && plant.Code == request.PlantCode, cancellationToken)
            : !await db.Members.AnyAsync(member => member.LoopId == loop.Id && member.Id == request.MemberId, cancellationToken))
        {
            throw new RefusedException(nameof(request.PlantCode), "This loop has no such member or plant.");
        }

        // What was traded live was held against the network from where its parties stood.
        await NetworkChange.RequireNoLiveTradesAsync(db, loop, request.ValidFrom, cancellationToken);
        var last = await db.ZonePlacements
            .Where(place => place.LoopId == loop.Id && place.MemberId == request.MemberId && place.PlantCode == request.PlantCode)
            .MaxAsync(place => (int?)place.Version, cancellationToken) ?? 0;
        db.ZonePlacements.Add(new ZonePlacement
        {
            LoopId = loop.Id, MemberId = request.MemberId, PlantCode = request.PlantCode, Version = last + 1, Zone = request.Zone,
            ValidFrom = request.ValidFrom, SetBy = current.Actor.AccountId, SetAt = time.GetUtcNow(),
        });
        await db.SaveChangesAsync(cancellationToken);
        return Unit.Value;
    }
}
