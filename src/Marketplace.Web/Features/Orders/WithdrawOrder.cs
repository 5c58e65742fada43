using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Auctions;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Orders;

/// <summary>Withdraws a member's own order before its gate closes.</summary>
public sealed record WithdrawOrder(int LoopId, int MemberId, long OrderId) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId);
}

internal sealed class WithdrawOrderHandler(Work work, Gate gate, LiveMarket live, TimeProvider time) : IRequestHandler<WithdrawOrder, Unit>
{
    public async Task<Unit> Handle(WithdrawOrder request, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var loop = await db.Loops.SingleAsync(loop => loop.Id == request.LoopId, cancellationToken);
        var (hour, carrier) = await PlaceOfAsync(db, request.LoopId, request.MemberId, request.OrderId, cancellationToken);
        await gate.PassAsync(loop, hour, cancellationToken, whatNow: "The order stands in the book of its hour and can no longer be withdrawn.");
        var continuous = await live.EnterAsync(loop.Id, [(hour, carrier)], cancellationToken);
        await WithdrawAsync(db, request.LoopId, request.MemberId, request.OrderId, time.GetUtcNow(), cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        if (continuous.Count > 0)
        {
            // Nothing new meets; whoever looks at the book is told.
            await live.MatchAsync(loop.Id, hour, carrier, cancellationToken);
        }

        return Unit.Value;
    }

    /// <summary>The delivery hour and carrier of a member's order.</summary>
    public static async Task<(DateTimeOffset Hour, Carrier Carrier)> PlaceOfAsync(MarketplaceDb db, int loopId, int memberId, long orderId, CancellationToken cancellationToken) =>
        await db.Orders.AsNoTracking().SingleOrDefaultAsync(
            order => order.LoopId == loopId && order.MemberId == memberId && order.Id == orderId, cancellationToken) is { } order
            ? (order.Hour, order.Carrier)
            : throw new RefusedException("There is no such order of yours.");

    /// <summary>Marks the order withdrawn; withdrawing it again changes nothing. What it has traded continuously stays traded.</summary>
    public static async Task WithdrawAsync(
        MarketplaceDb db, int loopId, int memberId, long orderId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var order = await db.Orders.SingleOrDefaultAsync(
            order => order.LoopId == loopId && order.MemberId == memberId && order.Id == orderId, cancellationToken)
            ?? throw new RefusedException("There is no such order of yours.");
        order.WithdrawnAt ??= now;
    }
}
