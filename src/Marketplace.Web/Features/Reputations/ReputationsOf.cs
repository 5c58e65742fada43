using Marketplace.Contracts.Reputations;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Reputations;

/// <summary>What a party's word is worth in a loop, from settled hours: a condition that templates of contracts can ask for.</summary>
public interface IReputation
{
    /// <summary>The reputations of parties in a period, by carrier and side; where nothing was promised there is none.</summary>
    /// <param name="members">The parties.</param>
    Task<IReadOnlyList<PartyReputation>> OfAsync(int loopId, IReadOnlyCollection<int> members, Interval during, CancellationToken cancellationToken);
}

/// <param name="Gives">Whether it is about what the party gave; else about what it bought and took.</param>
public sealed record PartyReputation(int MemberId, Carrier Carrier, bool Gives, Reputation Reputation);

/// <summary>Sums what was traded and metered in settled hours, by one statement over the positions.</summary>
internal sealed class ReputationsOfMembers(MarketplaceDb db) : IReputation
{
    public async Task<IReadOnlyList<PartyReputation>> OfAsync(int loopId, IReadOnlyCollection<int> members, Interval during, CancellationToken cancellationToken)
    {
        int[] ids = [.. members];
        var (from, to) = (during.Start, during.End);
        var rows = await db.Database.SqlQuery<Row>(
            $"""
            WITH hours AS (
                SELECT member_id, carrier, direction, hour, bool_or(estimated) AS estimated,
                       greatest(0, CASE WHEN direction = 2 THEN -sum(traded) ELSE sum(traded) END) AS promised,
                       greatest(0, CASE WHEN direction = 2 THEN -sum(metered) ELSE sum(metered) END) AS metered
                FROM market.positions
                WHERE loop_id = {loopId} AND member_id = ANY ({ids}) AND hour >= {from} AND hour < {to}
                GROUP BY member_id, carrier, direction, hour)
            SELECT member_id AS "MemberId", carrier AS "Carrier", direction = 2 AS "Gives",
                   count(*) FILTER (WHERE NOT estimated) AS "Hours",
                   count(*) FILTER (WHERE NOT estimated AND metered * {Reputation.Whole} >= promised * {Reputation.KeptFrom}) AS "KeptHours",
                   coalesce(sum(promised) FILTER (WHERE NOT estimated), 0)::bigint AS "PromisedWh",
                   coalesce(sum(least(promised, metered)) FILTER (WHERE NOT estimated), 0)::bigint AS "DeliveredWh",
                   count(*) FILTER (WHERE NOT estimated AND metered > 0) AS "AvailableHours",
                   count(*) FILTER (WHERE estimated) AS "EstimatedHours"
            FROM hours WHERE promised > 0 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 DESC
            """).ToListAsync(cancellationToken);
        return rows.ConvertAll(row => new PartyReputation(
            row.MemberId, (Carrier)row.Carrier, row.Gives,
            Reputation.Of(new DeliveryRecord(row.Hours, row.KeptHours, row.PromisedWh, row.DeliveredWh, row.AvailableHours, row.EstimatedHours))));
    }

    private sealed record Row(int MemberId, short Carrier, bool Gives, long Hours, long KeptHours, long PromisedWh, long DeliveredWh, long AvailableHours, long EstimatedHours);
}

/// <summary>A member's card for the others of the loop. What it gives is for all of them; what it takes is for those it has deals with.</summary>
/// <param name="MemberId">The member by its number, in place of the key.</param>
public sealed record ShowParty(int LoopId, string Key, int? MemberId = null) : IRequest<PartyCard>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <param name="During">The last year until now, on the market clock.</param>
/// <param name="TakingIsHidden">Whether there is something about what it takes that is not for the person who asks.</param>
public sealed record PartyCard(int MemberId, string Key, string Name, string Kind, IReadOnlyList<Role> Roles, Interval During, IReadOnlyList<PartyReputation> Reputations, bool TakingIsHidden);

internal sealed class ShowPartyHandler(MarketplaceDb db, IReputation reputations, MarketTime marketTime, CurrentActor current) : IRequestHandler<ShowParty, PartyCard>
{
    public async Task<PartyCard> Handle(ShowParty request, CancellationToken cancellationToken)
    {
        var loopId = request.LoopId;
        var member = await db.Members.AsNoTracking().SingleOrDefaultAsync(member => member.LoopId == loopId && (request.MemberId == null ? member.Key == request.Key : member.Id == request.MemberId), cancellationToken)
            ?? throw new NotPermittedException(nameof(ShowParty));
        var now = await marketTime.NowAsync(loopId, cancellationToken);
        var during = new Interval(MarketHour.Containing(now).AddDays(-365), MarketHour.Containing(now));
        var all = await reputations.OfAsync(loopId, [member.Id], during, cancellationToken);
        var actor = current.Actor;
        int[] own = [.. actor.Roles.Where(held => held.LoopId == loopId).Select(held => held.MemberId)];
        var sees = actor.Operates(loopId) || actor.Audits(loopId) || actor.ActsFor(loopId, member.Id)
            || await db.Deals.AnyAsync(
                deal => deal.LoopId == loopId && ((deal.SellerId == member.Id && own.Contains(deal.BuyerId)) || (deal.BuyerId == member.Id && own.Contains(deal.SellerId))), cancellationToken);
        return new PartyCard(
            member.Id, member.Key, member.Name, member.Kind,
            await db.MemberRoles.Where(role => role.LoopId == loopId && role.MemberId == member.Id).Select(role => role.Role).Order().ToListAsync(cancellationToken),
            during, [.. all.Where(one => one.Gives || sees)], !sees && all.Any(one => !one.Gives));
    }
}
