using Marketplace.Data;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Deals;

/// <summary>A member's deals, the newest first.</summary>
public sealed record DealsOf(int LoopId, int MemberId) : IRequest<DealList>, IGuarded
{
    /// <summary>The most that are listed.</summary>
    public const int Most = 300;

    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId);
}

/// <summary>All deals of a loop, the newest first: for its operators and auditors, who may look and nothing else.</summary>
public sealed record DealsOfLoop(int LoopId, int Page) : IRequest<DealList>, IGuarded
{
    public const int PageSize = 50;

    public bool Permits(Actor actor) => actor.Audits(LoopId) || actor.Operates(LoopId);
}

public sealed record DealList(IReadOnlyList<DealRow> Deals, int Total);

public sealed record DealRow(Deal Deal, DealAct Last, DealState State, string Seller, string Buyer)
{
    /// <summary>Whether the member has to answer.</summary>
    public bool WaitsFor(int memberId) => State.IsOpen() && Last.MemberId != memberId && Deal.HasParty(memberId);

    public string OtherThan(int memberId) => Deal.SellerId == memberId ? Buyer : Seller;
}

internal sealed class DealLists(MarketplaceDb db, MarketTime marketTime) : IRequestHandler<DealsOf, DealList>, IRequestHandler<DealsOfLoop, DealList>
{
    public Task<DealList> Handle(DealsOf request, CancellationToken cancellationToken) => ReadAsync(
        request.LoopId, db.Deals.Where(deal => deal.LoopId == request.LoopId && (deal.SellerId == request.MemberId || deal.BuyerId == request.MemberId)),
        0, DealsOf.Most, cancellationToken);

    public Task<DealList> Handle(DealsOfLoop request, CancellationToken cancellationToken) => ReadAsync(
        request.LoopId, db.Deals.Where(deal => deal.LoopId == request.LoopId), (Math.Max(1, request.Page) - 1) * DealsOfLoop.PageSize, DealsOfLoop.PageSize, cancellationToken);

    private async Task<DealList> ReadAsync(int loopId, IQueryable<Deal> which, int skip, int take, CancellationToken cancellationToken)
    {
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var now = await marketTime.NowAsync(loopId, cancellationToken);
        var deals = await which.AsNoTracking().OrderByDescending(deal => deal.Id).Skip(skip).Take(take).ToListAsync(cancellationToken);
        var ids = deals.Select(deal => deal.Id).ToList();
        var last = (await db.DealActs.AsNoTracking().Where(act => act.LoopId == loopId && ids.Contains(act.DealId)).ToListAsync(cancellationToken))
            .GroupBy(act => act.DealId).ToDictionary(acts => acts.Key, acts => acts.MaxBy(act => act.Number)!);
        var parties = deals.SelectMany(deal => new[] { deal.SellerId, deal.BuyerId }).Distinct().ToList();
        var names = await db.Members.AsNoTracking().Where(member => member.LoopId == loopId && parties.Contains(member.Id))
            .ToDictionaryAsync(member => member.Id, member => member.Name, cancellationToken);
        return new DealList(
            [.. deals.Select(deal => new DealRow(deal, last[deal.Id], DealStates.Of(last[deal.Id], loop.Calendar, now), names[deal.SellerId], names[deal.BuyerId]))],
            await which.CountAsync(cancellationToken));
    }
}
