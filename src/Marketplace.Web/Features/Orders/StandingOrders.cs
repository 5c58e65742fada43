using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Orders;

/// <summary>Places or changes the standing order of a member for a carrier; it takes part from the next open gate on.</summary>
/// <param name="Quantity">For each hour; null follows the forecast.</param>
public sealed record PlaceStandingOrder(int LoopId, int MemberId, Carrier Carrier, Energy? Quantity, Price Limit) : IRequest<long>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId);
}

public sealed class PlaceStandingOrderValidator : AbstractValidator<PlaceStandingOrder>
{
    public PlaceStandingOrderValidator()
    {
        When(order => order.Quantity is not null, () =>
            RuleFor(order => order.Quantity!.Value).QuantityWithinBounds().OverridePropertyName(nameof(PlaceStandingOrder.Quantity)));
        RuleFor(order => order.Limit).LimitWithinBounds();
        RuleFor(order => order.Carrier).IsInEnum().WithMessage("Choose heat, cold or electricity.");
    }
}

internal sealed class PlaceStandingOrderHandler(Work work, CurrentActor current, TimeProvider time) : IRequestHandler<PlaceStandingOrder, long>
{
    public async Task<long> Handle(PlaceStandingOrder request, CancellationToken cancellationToken)
    {
        var db = work.Db;
        if (!await db.Meters.AnyAsync(
            meter => meter.LoopId == request.LoopId && meter.MemberId == request.MemberId && meter.Carrier == request.Carrier
                && meter.Direction == MeterDirection.Consumption && meter.InServiceUntil == null,
            cancellationToken))
        {
            throw new RefusedException(nameof(request.Carrier), $"You have no meter that takes {request.Carrier.Name()} from the loop.");
        }

        var replaced = await EndStandingOrderHandler.EndAsync(db, request.LoopId, request.MemberId, request.Carrier, time.GetUtcNow(), cancellationToken);
        if (replaced)
        {
            // The old one must be gone before the unique index sees the new one.
            await db.SaveChangesAsync(cancellationToken);
        }

        var placed = new StandingOrder
        {
            LoopId = request.LoopId,
            MemberId = request.MemberId,
            Carrier = request.Carrier,
            Side = OrderSide.Buy,
            Quantity = request.Quantity,
            Limit = request.Limit,
            PlacedBy = current.Actor.AccountId,
            PlacedAt = time.GetUtcNow(),
        };
        db.StandingOrders.Add(placed);
        await db.SaveChangesAsync(cancellationToken);
        return placed.Id;
    }
}

/// <summary>Ends a standing order; the member is then supplied at the loop's default terms.</summary>
public sealed record EndStandingOrder(int LoopId, int MemberId, Carrier Carrier) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId);
}

internal sealed class EndStandingOrderHandler(Work work, TimeProvider time) : IRequestHandler<EndStandingOrder, Unit>
{
    public async Task<Unit> Handle(EndStandingOrder request, CancellationToken cancellationToken)
    {
        await EndAsync(work.Db, request.LoopId, request.MemberId, request.Carrier, time.GetUtcNow(), cancellationToken);
        await work.Db.SaveChangesAsync(cancellationToken);
        return Unit.Value;
    }

    public static async Task<bool> EndAsync(
        MarketplaceDb db, int loopId, int memberId, Carrier carrier, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var running = await db.StandingOrders.SingleOrDefaultAsync(
            order => order.LoopId == loopId && order.MemberId == memberId && order.Carrier == carrier && order.Side == OrderSide.Buy && order.EndedAt == null,
            cancellationToken);
        running?.EndedAt = now;
        return running is not null;
    }
}
