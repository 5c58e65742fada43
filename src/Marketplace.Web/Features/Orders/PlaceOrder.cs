using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Orders;

/// <summary>Places a member's own order for one hour, or changes one by withdrawing it in the same act.</summary>
/// <param name="SubmissionId">Made with the form: a form sent twice places one order.</param>
/// <param name="PlantCode">For an offer: the plant that will deliver it.</param>
/// <param name="Replaces">The order that this one takes the place of.</param>
public sealed record PlaceOrder(
    int LoopId, int MemberId, Guid SubmissionId, DateTimeOffset Hour, Carrier Carrier, OrderSide Side, Energy Quantity, Price Limit,
    string? PlantCode = null, long? Replaces = null) : IRequest<long>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId);
}

/// <summary>What any order must be, whoever places it.</summary>
public static class OrderBounds
{
    /// <summary>The most that one order may be for: 1 GWh in an hour is beyond any loop.</summary>
    public static readonly Energy LargestQuantity = Energy.FromWh(1_000_000_000);

    /// <summary>Prices beyond 10 units of the currency per kWh, either way, are typing mistakes.</summary>
    public static readonly Price HighestPrice = Price.FromMicroPerKWh(10_000_000);
    public static readonly Price LowestPrice = Price.FromMicroPerKWh(-10_000_000);

    public static IRuleBuilderOptions<T, Energy> QuantityWithinBounds<T>(this IRuleBuilder<T, Energy> rule) => rule
        .Must(quantity => quantity > Energy.Zero).WithMessage("Enter a quantity above zero.")
        .Must(quantity => quantity <= LargestQuantity).WithMessage("One order can be for at most 1,000,000 kWh.");

    public static IRuleBuilderOptions<T, Price> LimitWithinBounds<T>(this IRuleBuilder<T, Price> rule) => rule
        .Must(limit => limit >= LowestPrice && limit <= HighestPrice)
        .WithMessage("Enter a price limit between −1,000 and 1,000 hundredths of the currency per kWh.");
}

public sealed class PlaceOrderValidator : AbstractValidator<PlaceOrder>
{
    public PlaceOrderValidator()
    {
        RuleFor(order => order.Quantity).QuantityWithinBounds();
        RuleFor(order => order.Limit).LimitWithinBounds();
        RuleFor(order => order.Hour).Must(MarketHour.IsStart).WithMessage("Choose a whole hour.");
        RuleFor(order => order.Carrier).IsInEnum().WithMessage("Choose heat, cold or electricity.");
        RuleFor(order => order.Side).IsInEnum().WithMessage("Choose to buy or to sell.");
        RuleFor(order => order.PlantCode).NotEmpty().When(order => order.Side == OrderSide.Sell).WithMessage("Choose the plant that will deliver.");
    }
}

internal sealed class PlaceOrderHandler(Work work, Gate gate, CurrentActor current, TimeProvider time) : IRequestHandler<PlaceOrder, long>
{
    public async Task<long> Handle(PlaceOrder request, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var loop = await db.Loops.SingleAsync(loop => loop.Id == request.LoopId, cancellationToken);
        await gate.PassAsync(loop, request.Hour, cancellationToken);

        var already = await db.Orders.SingleOrDefaultAsync(order => order.LoopId == loop.Id && order.SubmissionId == request.SubmissionId, cancellationToken);
        if (already is not null)
        {
            return already.MemberId == request.MemberId ? already.Id : throw new NotPermittedException(nameof(PlaceOrder));
        }

        await CheckDeliverableAsync(request, cancellationToken);
        if (request.Replaces is { } replaced)
        {
            await WithdrawOrderHandler.WithdrawAsync(db, loop.Id, request.MemberId, replaced, time.GetUtcNow(), cancellationToken);
            await db.SaveChangesAsync(cancellationToken);
        }

        await CheckOwnOrdersAsync(request, cancellationToken);

        var placed = new MarketOrder
        {
            LoopId = loop.Id,
            SubmissionId = request.SubmissionId,
            MemberId = request.MemberId,
            Hour = request.Hour,
            Carrier = request.Carrier,
            Side = request.Side,
            PlantCode = request.Side == OrderSide.Sell ? request.PlantCode : null,
            Quantity = request.Quantity,
            Limit = request.Limit,
            PlacedBy = current.Actor.AccountId,
            PlacedAt = time.GetUtcNow(),
        };
        db.Orders.Add(placed);
        await db.SaveChangesAsync(cancellationToken);
        return placed.Id;
    }

    /// <summary>Who buys has a meter that can take it; who sells has a plant that can give it.</summary>
    private async Task CheckDeliverableAsync(PlaceOrder request, CancellationToken cancellationToken)
    {
        var db = work.Db;
        if (request.Side == OrderSide.Buy)
        {
            if (!await db.Meters.AnyAsync(
                meter => meter.LoopId == request.LoopId && meter.MemberId == request.MemberId && meter.Carrier == request.Carrier
                    && meter.Direction == MeterDirection.Consumption && meter.InServiceUntil == null,
                cancellationToken))
            {
                throw new RefusedException(nameof(request.Carrier), $"You have no meter that takes {request.Carrier.Name()} from the loop.");
            }

            return;
        }

        var record = await db.Plants.AsNoTracking().SingleOrDefaultAsync(
            plant => plant.LoopId == request.LoopId && plant.OwnerId == request.MemberId && plant.Code == request.PlantCode, cancellationToken);
        var plant = record is null ? null : PlantDefinition.Read(record.Definition);
        if (plant is null || !plant.Sells(request.Carrier))
        {
            throw new RefusedException(nameof(request.PlantCode), $"None of your plants with this name sells {request.Carrier.Name()} by offer.");
        }

        if (request.Quantity.WattHours > plant.CapacityWatts)
        {
            throw new RefusedException(
                nameof(request.Quantity), $"{plant.DisplayName} can give at most {Energy.FromWh(plant.CapacityWatts).KilowattHours:0.###} kWh in an hour.");
        }
    }

    private async Task CheckOwnOrdersAsync(PlaceOrder request, CancellationToken cancellationToken)
    {
        var own = await work.Db.Orders
            .Where(order => order.LoopId == request.LoopId && order.MemberId == request.MemberId && order.Hour == request.Hour
                && order.Carrier == request.Carrier && order.WithdrawnAt == null)
            .Select(order => new { order.Side, order.Limit, order.Quantity, order.PlantCode })
            .ToListAsync(cancellationToken);
        var standing = await work.Db.StandingOrders
            .Where(order => order.LoopId == request.LoopId && order.MemberId == request.MemberId && order.Carrier == request.Carrier && order.EndedAt == null)
            .Select(order => new { order.Side, order.Limit })
            .ToListAsync(cancellationToken);
        var opposite = own.Where(order => order.Side != request.Side).Select(order => order.Limit)
            .Concat(standing.Where(order => order.Side != request.Side).Select(order => order.Limit));
        if (opposite.Any(limit => request.Side == OrderSide.Buy ? request.Limit >= limit : limit >= request.Limit))
        {
            throw new RefusedException(
                nameof(request.Limit), "This would trade with your own order on the other side of the same hour. Change the price limit, or withdraw the other order.");
        }

        if (request.Side == OrderSide.Sell)
        {
            var plant = PlantDefinition.Read((await work.Db.Plants.AsNoTracking()
                .SingleAsync(plant => plant.LoopId == request.LoopId && plant.Code == request.PlantCode, cancellationToken)).Definition);
            var offered = own.Where(order => order.Side == OrderSide.Sell && order.PlantCode == request.PlantCode).Sum(order => order.Quantity.WattHours);
            if (offered + request.Quantity.WattHours > plant.CapacityWatts)
            {
                throw new RefusedException(
                    nameof(request.Quantity),
                    $"With {Energy.FromWh(offered).KilowattHours:0.###} kWh already offered for this hour, {plant.DisplayName} can give {Energy.FromWh(Math.Max(0, plant.CapacityWatts - offered)).KilowattHours:0.###} kWh more.");
            }
        }
    }
}
