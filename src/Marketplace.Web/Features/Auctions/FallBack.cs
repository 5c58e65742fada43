using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Features.Network;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Auctions;

/// <summary>Lets an hour whose clearing failed go without trades: energy flows all the same and is settled at the published
/// fallback tariff, which is the import price for what is taken and the feed-in price for what is given.</summary>
public sealed record FallBack(int LoopId, DateTimeOffset Hour, string Reason) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

public sealed class FallBackValidator : AbstractValidator<FallBack>
{
    public FallBackValidator() => RuleFor(request => request.Reason).NotEmpty().WithMessage("Say why; members will read it.").MaximumLength(500);
}

internal sealed class FallBackHandler(Work work, LoopPlants plants, HourNetwork network, CurrentActor current, TimeProvider time) : IRequestHandler<FallBack, Unit>
{
    public async Task<Unit> Handle(FallBack request, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var steps = await db.HourSteps.Where(step => step.LoopId == request.LoopId && step.Hour == request.Hour).Select(step => step.Step).ToListAsync(cancellationToken);
        if (!steps.Contains(HourStepKind.Closed))
        {
            throw new RefusedException("The gate of this hour is still open; there is nothing to fall back from.");
        }

        if (steps.Contains(HourStepKind.Cleared))
        {
            throw new RefusedException("This hour is already cleared. A published result is corrected at settlement, never replaced.");
        }

        var entries = await db.BookOrders.AsNoTracking()
            .Where(order => order.LoopId == request.LoopId && order.Hour == request.Hour)
            .ToListAsync(cancellationToken);
        // Deals deliver in an hour without prices, too.
        await db.BulkInsertAsync((await network.CarryAsync(request.LoopId, request.Hour, null, null, entries, cancellationToken)).Flows, cancellationToken);
        await db.BulkInsertAsync(
            await ClearHourHandler.StoreLevelsAsync(plants, db, request.LoopId, request.Hour, entries, [], cancellationToken), cancellationToken);
        await db.BulkInsertAsync(
            [new HourStep { LoopId = request.LoopId, Hour = request.Hour, Step = HourStepKind.Cleared, DoneAt = time.GetUtcNow() }], cancellationToken);
        await db.BulkInsertAsync(
            [new OperatorAction
            {
                LoopId = request.LoopId,
                AccountId = current.Actor.AccountId,
                At = time.GetUtcNow(),
                Action = "Settle at the fallback tariff",
                Subject = $"{Quantities.Instants.Iso(request.Hour)}: {request.Reason}",
            }],
            cancellationToken);
        await db.HourFailures.Where(failure => failure.LoopId == request.LoopId && failure.Hour == request.Hour).ExecuteDeleteAsync(cancellationToken);
        return Unit.Value;
    }
}
