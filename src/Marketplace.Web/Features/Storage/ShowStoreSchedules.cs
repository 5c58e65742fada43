using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Storage;

/// <summary>Who schedules a member's stores, on which terms, and what the market plans for them.</summary>
public sealed record ShowStoreSchedules(int LoopId, int MemberId, Interval Period) : IRequest<StoreSchedules>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId) || actor.Operates(LoopId);
}

/// <param name="OfferedShareMillionths">What an owner keeps who chooses the market now.</param>
/// <param name="NextDay">From when on a choice made now would hold.</param>
public sealed record StoreSchedules(int OfferedShareMillionths, DateTimeOffset NextDay, IReadOnlyList<StoreScheduleView> Stores);

/// <param name="Now">In force.</param>
/// <param name="Next">Chosen, and not yet in force.</param>
/// <param name="Plan">The market's plan for hours of the period.</param>
/// <param name="Shared">What went to the loop in settled hours of the period; below zero what it paid.</param>
public sealed record StoreScheduleView(string PlantCode, StoreChoice? Now, StoreChoice? Next, IReadOnlyList<StorePlan> Plan, Money Shared)
{
    public bool IsByMarket => Now is { ByMarket: true };
}

/// <summary>The share that the loop offers to owners, for its operator's form.</summary>
public sealed record ShowStoreTerms(int LoopId) : IRequest<int>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

internal sealed class ShowStoreSchedulesHandler(MarketplaceDb db, MarketTime marketTime)
    : IRequestHandler<ShowStoreSchedules, StoreSchedules>, IRequestHandler<ShowStoreTerms, int>
{
    public async Task<StoreSchedules> Handle(ShowStoreSchedules request, CancellationToken cancellationToken)
    {
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == request.LoopId, cancellationToken);
        var stores = (await db.Plants.AsNoTracking()
            .Where(plant => plant.LoopId == loop.Id && plant.OwnerId == request.MemberId).OrderBy(plant => plant.Code)
            .ToListAsync(cancellationToken))
            .Where(plant => PlantDefinition.Read(plant.Definition).Kind == PlantKind.Store)
            .Select(plant => plant.Code)
            .ToList();
        var now = MarketHour.Containing(await marketTime.NowAsync(loop.Id, cancellationToken));
        var choices = (await db.StoreChoices.AsNoTracking()
            .Where(choice => choice.LoopId == loop.Id && stores.Contains(choice.PlantCode))
            .OrderBy(choice => choice.Version)
            .ToListAsync(cancellationToken)).ToLookup(choice => choice.PlantCode);
        var (from, to) = (request.Period.Start, request.Period.End);
        var plans = (await db.StorePlans.AsNoTracking()
            .Where(plan => plan.LoopId == loop.Id && stores.Contains(plan.PlantCode) && plan.Hour >= from && plan.Hour < to)
            .OrderBy(plan => plan.Hour)
            .ToListAsync(cancellationToken)).ToLookup(plan => plan.PlantCode);
        var shares = (await db.StoreShares.AsNoTracking()
            .Where(share => share.LoopId == loop.Id && stores.Contains(share.PlantCode) && share.Hour >= from && share.Hour < to)
            .Select(share => new { share.PlantCode, share.Amount })
            .ToListAsync(cancellationToken)).ToLookup(share => share.PlantCode, share => share.Amount);
        return new StoreSchedules(
            await StoreChoices.OfferedShareAsync(db, loop.Id, cancellationToken),
            await StoreChoices.NextDayAsync(db, marketTime, loop, cancellationToken),
            [.. stores.Select(code =>
            {
                var last = choices[code].LastOrDefault();
                return new StoreScheduleView(
                    code,
                    choices[code].LastOrDefault(choice => choice.ValidFrom <= now),
                    last is not null && last.ValidFrom > now ? last : null,
                    [.. plans[code]],
                    shares[code].Aggregate(Money.Zero, (sum, amount) => sum + amount));
            })]);
    }

    public Task<int> Handle(ShowStoreTerms request, CancellationToken cancellationToken) => StoreChoices.OfferedShareAsync(db, request.LoopId, cancellationToken);
}
