using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Orders;

/// <summary>Withdraws a member's own order before its gate closes.</summary>
public sealed record WithdrawOrder(int LoopId, int MemberId, long OrderId) : IRequest<Unit>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId);
}

internal sealed class WithdrawOrderHandler(Work work, Gate gate, TimeProvider time) : IRequestHandler<WithdrawOrder, Unit>
{
    public async Task<Unit> Handle(WithdrawOrder request, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var loop = await db.Loops.SingleAsync(loop => loop.Id == request.LoopId, cancellationToken);
        var hour = await HourOfAsync(db, request.LoopId, request.MemberId, request.OrderId, cancellationToken);
        await gate.PassAsync(loop, hour, cancellationToken, whatNow: "The order stands in the book of its hour and can no longer be withdrawn.");
        await WithdrawAsync(db, request.LoopId, request.MemberId, request.OrderId, time.GetUtcNow(), cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        return Unit.Value;
    }

    /// <summary>The delivery hour of a member's order.</summary>
    public static async Task<DateTimeOffset> HourOfAsync(MarketplaceDb db, int loopId, int memberId, long orderId, CancellationToken cancellationToken) =>
        await db.Orders
            .Where(order => order.LoopId == loopId && order.MemberId == memberId && order.Id == orderId)
            .Select(order => (DateTimeOffset?)order.Hour)
            .SingleOrDefaultAsync(cancellationToken) ?? throw new RefusedException("There is no such order of yours.");

    /// <summary>Marks the order withdrawn; withdrawing it again changes nothing.</summary>
    public static async Task WithdrawAsync(
        MarketplaceDb db, int loopId, int memberId, long orderId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var order = await db.Orders.SingleOrDefaultAsync(
            order => order.LoopId == loopId && order.MemberId == memberId && order.Id == orderId, cancellationToken)
            ?? throw new RefusedException("There is no such order of yours.");
        order.WithdrawnAt ??= now;
    }
}
