using Marketplace.Contracts;
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

    /// <summary>What parties promised in contracts and kept, by carrier; where nothing was promised there is none. Contracts with an open dispute count neither for nor against.</summary>
    Task<IReadOnlyList<PartyPromises>> PromisesAsync(int loopId, IReadOnlyCollection<int> members, Interval during, CancellationToken cancellationToken);
}

/// <summary>The time that reputations look back on.</summary>
internal static class ReputationTime
{
    /// <summary>The last year until an hour of the market clock.</summary>
    public static Interval Before(DateTimeOffset marketNow) => new(MarketHour.Containing(marketNow).AddDays(-365), MarketHour.Containing(marketNow));
}

/// <param name="Carrier">None where the promise is of no carrier.</param>
public sealed record PartyPromises(int MemberId, Carrier? Carrier, PromiseRecord Record);

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

    public async Task<IReadOnlyList<PartyPromises>> PromisesAsync(int loopId, IReadOnlyCollection<int> members, Interval during, CancellationToken cancellationToken)
    {
        int[] ids = [.. members];
        var (from, to) = (during.Start, during.End);
        var templates = await db.ContractTemplates.AsNoTracking()
            .Where(template => template.LoopId == loopId && db.ContractRuns.Any(run => run.LoopId == loopId && run.TemplateCode == template.Code && run.TemplateVersion == template.Version))
            .ToListAsync(cancellationToken);
        var promises = templates.SelectMany(row => TemplateJson.Read(row.Body).Clauses.Where(clause => clause.IsPromise).Select(clause => (row.Code, row.Version, Clause: clause.Code, clause.Carrier))).ToList();
        if (promises.Count == 0)
        {
            return [];
        }

        string[] codes = [.. promises.Select(one => one.Code)], clauses = [.. promises.Select(one => one.Clause)], carriers = [.. promises.Select(one => one.Carrier)];
        int[] versions = [.. promises.Select(one => one.Version)];
        var rows = await db.Database.SqlQuery<PromiseRow>(
            $"""
            SELECT r.payer_id AS "MemberId",
                   coalesce(CASE WHEN p.carrier LIKE '@%' THEN run.parameter_values::jsonb ->> substr(p.carrier, 2) ELSE p.carrier END, '') AS "Carrier",
                   count(*) AS "Promises", count(*) FILTER (WHERE r.amount <= 0) AS "Kept", coalesce(sum(r.amount) FILTER (WHERE r.amount > 0), 0)::bigint AS "Paid"
            FROM market.contract_results r
            JOIN market.contract_runs run ON run.loop_id = r.loop_id AND run.contract_id = r.contract_id AND run.version = r.version
            JOIN unnest({codes}, {versions}, {clauses}, {carriers}) AS p (code, version, clause, carrier) ON p.code = run.template_code AND p.version = run.template_version AND p.clause = r.clause
            WHERE r.loop_id = {loopId} AND r.payer_id = ANY ({ids}) AND r.period_end > {from} AND r.period_end <= {to}
              AND NOT EXISTS (SELECT FROM market.contract_acts open WHERE open.loop_id = r.loop_id AND open.contract_id = r.contract_id AND open.kind = {(short)ContractActKind.Disputed}
                  AND NOT EXISTS (SELECT FROM market.contract_acts over WHERE over.loop_id = r.loop_id AND over.contract_id = r.contract_id AND over.kind = {(short)ContractActKind.Resolved} AND over.number > open.number))
            GROUP BY 1, 2 ORDER BY 1, 2
            """).ToListAsync(cancellationToken);
        return rows.ConvertAll(row => new PartyPromises(
            row.MemberId, Carriers.TryParse(row.Carrier, out var carrier) ? carrier : null, new PromiseRecord(row.Promises, row.Kept, new Money(row.Paid))));
    }

    private sealed record PromiseRow(int MemberId, string Carrier, long Promises, long Kept, long Paid);

    private sealed record Row(int MemberId, short Carrier, bool Gives, long Hours, long KeptHours, long PromisedWh, long DeliveredWh, long AvailableHours, long EstimatedHours);
}

/// <summary>A member's card for the others of the loop. What it gives is for all of them; what it takes, and what it promised in contracts, is for those who deal with it.</summary>
/// <param name="MemberId">The member by its number, in place of the key.</param>
public sealed record ShowParty(int LoopId, string Key, int? MemberId = null) : IRequest<PartyCard>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <param name="During">The last year until now, on the market clock.</param>
/// <param name="Promises">What it promised in contracts, for those who have a contract or a deal with it.</param>
/// <param name="TakingIsHidden">Whether there is something about what it takes or promised that is not for the person who asks.</param>
public sealed record PartyCard(int MemberId, string Key, string Name, string Kind, IReadOnlyList<Role> Roles, Interval During, IReadOnlyList<PartyReputation> Reputations, IReadOnlyList<PartyPromises> Promises, bool TakingIsHidden);

internal sealed class ShowPartyHandler(MarketplaceDb db, IReputation reputations, MarketTime marketTime, CurrentActor current) : IRequestHandler<ShowParty, PartyCard>
{
    public async Task<PartyCard> Handle(ShowParty request, CancellationToken cancellationToken)
    {
        var loopId = request.LoopId;
        var member = await db.Members.AsNoTracking().SingleOrDefaultAsync(member => member.LoopId == loopId && (request.MemberId == null ? member.Key == request.Key : member.Id == request.MemberId), cancellationToken)
            ?? throw new NotPermittedException(nameof(ShowParty));
        var now = await marketTime.NowAsync(loopId, cancellationToken);
        var during = ReputationTime.Before(now);
        var all = await reputations.OfAsync(loopId, [member.Id], during, cancellationToken);
        var actor = current.Actor;
        int[] own = [.. actor.Roles.Where(held => held.LoopId == loopId).Select(held => held.MemberId)];
        var sees = actor.Operates(loopId) || actor.Audits(loopId) || actor.ActsFor(loopId, member.Id)
            || await db.Deals.AnyAsync(
                deal => deal.LoopId == loopId && ((deal.SellerId == member.Id && own.Contains(deal.BuyerId)) || (deal.BuyerId == member.Id && own.Contains(deal.SellerId))), cancellationToken)
            || await db.ContractParties.AnyAsync(
                party => party.LoopId == loopId && party.MemberId == member.Id
                    && db.ContractParties.Any(other => other.LoopId == loopId && other.ContractId == party.ContractId && own.Contains(other.MemberId))
                    && db.ContractRuns.Any(run => run.LoopId == loopId && run.ContractId == party.ContractId),
                cancellationToken);
        var promises = await reputations.PromisesAsync(loopId, [member.Id], during, cancellationToken);
        return new PartyCard(
            member.Id, member.Key, member.Name, member.Kind,
            await db.MemberRoles.Where(role => role.LoopId == loopId && role.MemberId == member.Id).Select(role => role.Role).Order().ToListAsync(cancellationToken),
            during, [.. all.Where(one => one.Gives || sees)], sees ? promises : [], !sees && (promises.Count > 0 || all.Any(one => !one.Gives)));
    }
}
