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

internal sealed class PlaceStandingOrderHandler(StandingRules rules) : IRequestHandler<PlaceStandingOrder, long>
{
    public Task<long> Handle(PlaceStandingOrder request, CancellationToken cancellationToken) => rules.PlaceAsync(
        new StandingOrder
        {
            LoopId = request.LoopId, MemberId = request.MemberId, Carrier = request.Carrier, Side = OrderSide.Buy, Quantity = request.Quantity, Limit = request.Limit,
        },
        cancellationToken);
}

/// <summary>Lets a standing order follow a template: its quantities and limits by the hour of the loop's day. Hours that the template
/// leaves out are left to the loop's default terms, or to the plant itself.</summary>
public sealed record FollowTemplate(int LoopId, int MemberId, long TemplateId) : IRequest<long>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId);
}

internal sealed class FollowTemplateHandler(MarketplaceDb db, StandingRules rules) : IRequestHandler<FollowTemplate, long>
{
    public async Task<long> Handle(FollowTemplate request, CancellationToken cancellationToken)
    {
        var template = await Templates.FindAsync(db, request.LoopId, request.MemberId, request.TemplateId, cancellationToken);
        var highest = await db.OrderTemplateHours.Where(hour => hour.LoopId == request.LoopId && hour.TemplateId == template.Id)
            .MaxAsync(hour => hour.Limit, cancellationToken);
        return await rules.PlaceAsync(
            new StandingOrder
            {
                LoopId = request.LoopId, MemberId = request.MemberId, Carrier = template.Carrier, Side = template.Side,
                PlantCode = template.PlantCode, TemplateId = template.Id, Limit = highest,
            },
            cancellationToken);
    }
}

/// <summary>Ends a standing order; the member is then supplied at the loop's default terms, and a plant offers by itself again.</summary>
public sealed record EndStandingOrder(int LoopId, int MemberId, Carrier Carrier, OrderSide Side = OrderSide.Buy, string PlantCode = "")
    : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId);
}

internal sealed class EndStandingOrderHandler(Work work, StandingRules rules) : IRequestHandler<EndStandingOrder, Unit>
{
    public async Task<Unit> Handle(EndStandingOrder request, CancellationToken cancellationToken)
    {
        await rules.EndAsync(request.LoopId, request.MemberId, request.Carrier, request.Side, request.PlantCode, cancellationToken);
        await work.Db.SaveChangesAsync(cancellationToken);
        return Unit.Value;
    }
}

/// <summary>What holds for every standing order, with or without a template.</summary>
public sealed class StandingRules(Work work, OrderIntake intake, CreditBook credit, CurrentActor current, TimeProvider time)
{
    /// <summary>Puts a standing order in the place of the one before.</summary>
    public async Task<long> PlaceAsync(StandingOrder order, CancellationToken cancellationToken)
    {
        var (db, loopId, memberId) = (work.Db, order.LoopId, order.MemberId);
        await intake.LockAsync(loopId, memberId, cancellationToken);
        if (order.Side == OrderSide.Buy && !await db.Meters.AnyAsync(
            meter => meter.LoopId == loopId && meter.MemberId == memberId && meter.Carrier == order.Carrier
                && meter.Direction == MeterDirection.Consumption && meter.InServiceUntil == null,
            cancellationToken))
        {
            throw new RefusedException([new Problem(nameof(order.Carrier), $"You have no meter that takes {order.Carrier} from the loop.", "meter")]);
        }

        if (await EndAsync(loopId, memberId, order.Carrier, order.Side, order.PlantCode, cancellationToken))
        {
            // The old one must be gone before the unique index sees the new one.
            await db.SaveChangesAsync(cancellationToken);
        }

        (order.PlacedBy, order.PlacedAt) = (current.Actor.AccountId, time.GetUtcNow());
        db.StandingOrders.Add(order);
        await db.SaveChangesAsync(cancellationToken);
        await RefuseCrossingAsync(db, loopId, memberId, nameof(order.Limit), cancellationToken);
        await RefuseAboveCreditAsync(order, cancellationToken);
        return order.Id;
    }

    /// <summary>Ends the running one, if there is one.</summary>
    public async Task<bool> EndAsync(int loopId, int memberId, Carrier carrier, OrderSide side, string plantCode, CancellationToken cancellationToken)
    {
        var running = await work.Db.StandingOrders.SingleOrDefaultAsync(
            order => order.LoopId == loopId && order.MemberId == memberId && order.Carrier == carrier && order.Side == side
                && order.PlantCode == plantCode && order.EndedAt == null,
            cancellationToken);
        running?.EndedAt = time.GetUtcNow();
        return running is not null;
    }

    /// <summary>A member's standing orders must not trade with each other in any hour of the day.</summary>
    internal static async Task RefuseCrossingAsync(MarketplaceDb db, int loopId, int memberId, string field, CancellationToken cancellationToken)
    {
        var standing = await StandingTerms.OfMemberAsync(db, loopId, memberId, cancellationToken);
        if (standing.Any(one => one.Order.Side == OrderSide.Buy && standing.Any(one.Crosses)))
        {
            throw new RefusedException([new Problem(
                field, "This would trade with your own standing order on the other side. Change the price limit, or end the other one.", "own-order")]);
        }
    }

    /// <summary>A standing order whose quantities are known must be covered for one day. Its later days are not bound in advance.</summary>
    private async Task RefuseAboveCreditAsync(StandingOrder order, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, order.LoopId);
        var day = (await StandingTerms.OfMemberAsync(db, loopId, order.MemberId, cancellationToken)).Single(standing => standing.Order.Id == order.Id);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var tariffs = await credit.TariffsAsync(loopId, cancellationToken);
        var (cost, quantity) = (Money.Zero, Energy.Zero);
        foreach (var terms in day.Hours.OfType<HourTerms>().Where(terms => terms.Quantity is not null))
        {
            cost += tariffs.WorstCost(time.GetUtcNow(), order.Carrier, order.Side, terms.Quantity!.Value, terms.Limit);
            quantity += terms.Quantity.Value;
        }

        var standing = cost == Money.Zero ? null : await credit.OfAsync(loop, order.MemberId, tariffs, cancellationToken);
        if (standing is not null && cost > standing.Free)
        {
            var refusal = CreditBook.Refusal(standing, cost, quantity, loop.Currency);
            throw new RefusedException([refusal with { Said = $"For one day: {refusal.Said}" }]);
        }
    }
}
