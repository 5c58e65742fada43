using Marketplace.Data;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Members;

/// <summary>What erasing a member would take away and what the loop would keep, for the operator to read before it happens.</summary>
public sealed record ShowErasure(int LoopId, int MemberId) : IRequest<ErasureView>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

/// <summary>The member and what is at stake.</summary>
/// <param name="People">The names of those who act for the member now.</param>
/// <param name="Meters">Meters that would end.</param>
/// <param name="Bills">Bills and statements that would be kept.</param>
public sealed record ErasureView(string Key, string Name, IReadOnlyList<string> People, int Meters, int Bills);

internal sealed class ShowErasureHandler(Work work, MarketTime marketTime) : IRequestHandler<ShowErasure, ErasureView>
{
    public async Task<ErasureView> Handle(ShowErasure request, CancellationToken cancellationToken)
    {
        var (loopId, memberId) = (request.LoopId, request.MemberId);
        var db = work.Db;
        var member = await db.Members.AsNoTracking().SingleOrDefaultAsync(member => member.LoopId == loopId && member.Id == memberId, cancellationToken)
            ?? throw new NotPermittedException(nameof(ShowErasure));
        var people = await (
            from membership in db.Memberships
            join account in db.Users on membership.AccountId equals account.Id
            where membership.LoopId == loopId && membership.MemberId == memberId
            orderby account.DisplayName, account.Id
            select account.DisplayName).ToListAsync(cancellationToken);
        var now = await marketTime.NowAsync(loopId, cancellationToken);
        return new ErasureView(
            member.Key,
            member.Name,
            people,
            await db.Meters.CountAsync(meter => meter.LoopId == loopId && meter.MemberId == memberId && (meter.InServiceUntil == null || meter.InServiceUntil > now), cancellationToken),
            await db.Bills.CountAsync(bill => bill.LoopId == loopId && bill.MemberId == memberId, cancellationToken));
    }
}
