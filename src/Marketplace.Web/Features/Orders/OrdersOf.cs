using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Orders;

/// <summary>A member's own orders from an hour on, newest delivery first, with what was accepted of those that were cleared.</summary>
public sealed record OrdersOf(int LoopId, int MemberId, DateTimeOffset From, int Take = 200) : IRequest<OwnOrders>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId) || actor.Operates(LoopId);
}

/// <param name="Accepted">What was accepted; null while the hour is not cleared.</param>
/// <param name="GateClosed">Whether it can no longer be changed.</param>
public sealed record OwnOrder(MarketOrder Order, Quantities.Energy? Accepted, Quantities.Price? Price, bool GateClosed);

public sealed record OwnOrders(IReadOnlyList<OwnOrder> Orders, IReadOnlyList<StandingOrder> Standing);

internal sealed class OrdersOfHandler(MarketplaceDb db) : IRequestHandler<OrdersOf, OwnOrders>
{
    public async Task<OwnOrders> Handle(OrdersOf request, CancellationToken cancellationToken)
    {
        var orders = await (
            from order in db.Orders
            where order.LoopId == request.LoopId && order.MemberId == request.MemberId && order.Hour >= request.From
            join entry in db.BookOrders on new { order.LoopId, order.MemberId, order.Hour, Id = (long?)order.Id }
                equals new { entry.LoopId, entry.MemberId, entry.Hour, Id = entry.OrderId } into entries
            from entry in entries.Where(entry => entry.Source == OrderSource.Own).DefaultIfEmpty()
            join acceptance in db.Acceptances on new { entry!.LoopId, entry.Hour, entry.Position }
                equals new { acceptance.LoopId, acceptance.Hour, acceptance.Position } into acceptances
            from acceptance in acceptances.DefaultIfEmpty()
            join price in db.Prices on new { order.LoopId, order.Hour, order.Carrier, Zone = entry == null ? "" : entry.Zone }
                equals new { price.LoopId, price.Hour, price.Carrier, price.Zone } into prices
            from price in prices.DefaultIfEmpty()
            orderby order.Hour descending, order.Id descending
            select new
            {
                order,
                accepted = acceptance == null ? (Quantities.Energy?)null : acceptance.Accepted,
                price = price == null ? null : price.Price,
                closed = db.HourSteps.Any(step => step.LoopId == order.LoopId && step.Step == HourStepKind.Closed && step.Hour == order.Hour),
            })
            .Take(request.Take)
            .AsNoTracking()
            .ToListAsync(cancellationToken);
        var standing = await db.StandingOrders.AsNoTracking()
            .Where(order => order.LoopId == request.LoopId && order.MemberId == request.MemberId && order.EndedAt == null)
            .ToListAsync(cancellationToken);
        return new OwnOrders([.. orders.Select(row => new OwnOrder(row.order, row.accepted, row.price, row.closed))], standing);
    }
}
