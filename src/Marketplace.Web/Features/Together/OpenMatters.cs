using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Together;

/// <summary>How much of what members agree and decide together is open for the person.</summary>
public sealed record OpenMatters(int LoopId) : IRequest<MattersOpen>, IGuarded
{
    public bool Permits(Actor actor) => actor is { IsSystem: false, AccountId: not null } && actor.BelongsTo(LoopId);
}

/// <param name="Contracts">Contracts to which the person's members are parties.</param>
/// <param name="Deals">Direct deals likewise.</param>
/// <param name="Votes">Proposals that are open for votes.</param>
/// <param name="ToVote">Those of them on which one of the person's members may vote and has not.</param>
public sealed record MattersOpen(int Contracts, int Deals, int Votes, int ToVote);

internal sealed class OpenMattersHandler(MarketplaceDb db, CurrentActor current, Loops.MarketTime marketTime) : IRequestHandler<OpenMatters, MattersOpen>
{
    public async Task<MattersOpen> Handle(OpenMatters request, CancellationToken cancellationToken)
    {
        var loop = request.LoopId;
        var own = current.Actor.Roles.Where(held => held.LoopId == loop).Select(held => held.MemberId).Distinct().ToArray();
        var now = await marketTime.NowAsync(loop, cancellationToken);
        return await db.Database.SqlQuery<MattersOpen>(
            $"""
            SELECT (SELECT count(DISTINCT p.contract_id) FROM market.contract_parties p JOIN market.contracts c ON c.loop_id = p.loop_id AND c.id = p.contract_id
                    WHERE p.loop_id = {loop} AND p.member_id = ANY ({own})
                      AND (c.member_id = ANY ({own}) OR EXISTS (SELECT FROM market.contract_acts a WHERE a.loop_id = c.loop_id AND a.contract_id = c.id AND a.kind <> {(short)ContractActKind.Drafted})))::int AS "Contracts",
                   (SELECT count(*) FROM market.deals d WHERE d.loop_id = {loop} AND (d.buyer_id = ANY ({own}) OR d.seller_id = ANY ({own})))::int AS "Deals",
                   (SELECT count(*) FROM market.proposals p WHERE p.loop_id = {loop} AND p.closes_at > {now})::int AS "Votes",
                   (SELECT count(*) FROM market.proposals p WHERE p.loop_id = {loop} AND p.opens_at <= {now} AND p.closes_at > {now}
                      AND EXISTS (SELECT FROM market.proposal_voters v WHERE v.loop_id = p.loop_id AND v.proposal = p.number AND v.member_id = ANY ({own})
                          AND NOT EXISTS (SELECT FROM market.votes c WHERE c.loop_id = v.loop_id AND c.proposal = v.proposal AND c.member_id = v.member_id)))::int AS "ToVote"
            """).SingleAsync(cancellationToken);
    }
}
