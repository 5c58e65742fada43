using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Auctions;
using Marketplace.Web.Features.Loops;
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

internal sealed class PlaceOrderHandler(Work work, OrderIntake intake, Gate gate, LiveMarket live, TimeProvider time) : IRequestHandler<PlaceOrder, long>
{
    public async Task<long> Handle(PlaceOrder request, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var loop = await db.Loops.SingleAsync(loop => loop.Id == request.LoopId, cancellationToken);
        await intake.LockAsync(loop.Id, request.MemberId, cancellationToken);
        if (request.Replaces is { } replaced
            && !await db.Orders.AnyAsync(order => order.LoopId == loop.Id && order.SubmissionId == request.SubmissionId, cancellationToken))
        {
            // Gates are passed in the order of their hours, as everywhere.
            var (former, carrier) = await WithdrawOrderHandler.PlaceOfAsync(db, loop.Id, request.MemberId, replaced, cancellationToken);
            await gate.PassManyAsync(loop, [former, request.Hour], cancellationToken);
            await gate.PassAsync(loop, former, cancellationToken, whatNow: "It can no longer be changed.");
            await live.EnterAsync(loop.Id, [(former, carrier), (request.Hour, request.Carrier)], cancellationToken);
            await WithdrawOrderHandler.WithdrawAsync(db, loop.Id, request.MemberId, replaced, time.GetUtcNow(), cancellationToken);
            await db.SaveChangesAsync(cancellationToken);
        }

        var taken = (await intake.TakeAsync(
            loop, request.MemberId,
            [new OrderToPlace(request.SubmissionId, request.Hour, request.Carrier, request.Side, request.Quantity, request.Limit, request.PlantCode)],
            skipIdentical: false, cancellationToken))[0];
        return taken.OrderId ?? throw new RefusedException([taken.Problem!]);
    }
}

/// <summary>Places several orders of a member in one act; each is judged by itself.</summary>
public sealed record PlaceOrders(int LoopId, int MemberId, IReadOnlyList<OrderToPlace> Orders) : IRequest<IReadOnlyList<Taken>>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId);
}

public sealed class PlaceOrdersValidator : AbstractValidator<PlaceOrders>
{
    public PlaceOrdersValidator() => RuleFor(place => place.Orders).Must(orders => orders.Count <= 1_000).WithMessage("Place at most 1,000 orders at once.");
}

internal sealed class PlaceOrdersHandler(MarketplaceDb db, OrderIntake intake) : IRequestHandler<PlaceOrders, IReadOnlyList<Taken>>
{
    public async Task<IReadOnlyList<Taken>> Handle(PlaceOrders request, CancellationToken cancellationToken) => await intake.TakeAsync(
        await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == request.LoopId, cancellationToken), request.MemberId, request.Orders, skipIdentical: false, cancellationToken);
}
