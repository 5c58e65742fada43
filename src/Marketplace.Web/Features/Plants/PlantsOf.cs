using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Plants;

/// <summary>A member's own plants.</summary>
public sealed record PlantsOf(int LoopId, int MemberId) : IRequest<IReadOnlyList<OwnPlant>>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId) || actor.Operates(LoopId);
}

public sealed record OwnPlant(string Code, string Name, Plant Definition);

/// <summary>All plants of a loop with their owners, for its operator.</summary>
public sealed record PlantsOfLoop(int LoopId) : IRequest<IReadOnlyList<PlantOfLoop>>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

public sealed record PlantOfLoop(string Code, string Name, string Owner, Plant Definition, int Shares);

/// <summary>What a member's stores held and moved in a period, by the hour.</summary>
public sealed record StoreLevelsOf(int LoopId, int MemberId, Interval Period) : IRequest<IReadOnlyList<StoreLevel>>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId) || actor.Operates(LoopId);
}

internal sealed class PlantsOfHandler(MarketplaceDb db)
    : IRequestHandler<PlantsOf, IReadOnlyList<OwnPlant>>, IRequestHandler<PlantsOfLoop, IReadOnlyList<PlantOfLoop>>, IRequestHandler<StoreLevelsOf, IReadOnlyList<StoreLevel>>
{
    public async Task<IReadOnlyList<OwnPlant>> Handle(PlantsOf request, CancellationToken cancellationToken) =>
        [.. (await db.Plants.AsNoTracking()
            .Where(plant => plant.LoopId == request.LoopId && plant.OwnerId == request.MemberId)
            .OrderBy(plant => plant.Name)
            .ToListAsync(cancellationToken)).Select(plant => new OwnPlant(plant.Code, plant.Name, PlantDefinition.Read(plant.Definition)))];

    public async Task<IReadOnlyList<PlantOfLoop>> Handle(PlantsOfLoop request, CancellationToken cancellationToken) =>
        [.. (await (
            from plant in db.Plants
            where plant.LoopId == request.LoopId
            join owner in db.Members on new { plant.LoopId, Id = plant.OwnerId } equals new { owner.LoopId, owner.Id }
            orderby plant.Name
            select new
            {
                plant,
                owner = owner.Name,
                shares = db.PlantShares.Count(share => share.LoopId == plant.LoopId && share.PlantCode == plant.Code),
            }).AsNoTracking().ToListAsync(cancellationToken))
            .Select(row => new PlantOfLoop(row.plant.Code, row.plant.Name, row.owner, PlantDefinition.Read(row.plant.Definition), row.shares))];

    public async Task<IReadOnlyList<StoreLevel>> Handle(StoreLevelsOf request, CancellationToken cancellationToken)
    {
        var (loopId, from, to) = (request.LoopId, request.Period.Start, request.Period.End);
        var own = await db.Plants
            .Where(plant => plant.LoopId == loopId && plant.OwnerId == request.MemberId)
            .Select(plant => plant.Code)
            .ToListAsync(cancellationToken);
        return await db.StoreLevels.AsNoTracking()
            .Where(level => level.LoopId == loopId && own.Contains(level.PlantCode) && level.Hour >= from && level.Hour < to)
            .OrderBy(level => level.PlantCode).ThenBy(level => level.Hour)
            .ToListAsync(cancellationToken);
    }
}
