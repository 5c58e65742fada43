using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Privacy;

/// <summary>What others let the person look at now, in all loops.</summary>
public sealed record ListShared : IRequest<IReadOnlyList<SharedMember>>, IPersonal;

/// <param name="ScopeBits">All that is granted of this member together.</param>
public sealed record SharedMember(int LoopId, string Slug, string LoopName, int MemberId, string Member, short ScopeBits, short RelationNumber, DateTimeOffset Until)
{
    public GrantScope Scope => (GrantScope)ScopeBits;

    public GrantRelation Relation => (GrantRelation)RelationNumber;
}

/// <summary>The documents of a member who lets the person look at them, newest first.</summary>
public sealed record ListSharedBills(int LoopId, int MemberId) : IRequest<IReadOnlyList<SharedBill>>, IOpenToGrants
{
    public GrantScope Scope => GrantScope.Bills;

    public int? GrantedMember => MemberId;

    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId);
}

public sealed record SharedBill(string Number, Role Role, Billing.DocumentKind Kind, DateTimeOffset PeriodStart, DateTimeOffset PeriodEnd, DateOnly DueOn, long TotalCents)
{
    public Interval Period => new(PeriodStart, PeriodEnd);
}

internal sealed class SharedWithMeHandler(Work work, CurrentActor current, TimeProvider time)
    : IRequestHandler<ListShared, IReadOnlyList<SharedMember>>, IRequestHandler<ListSharedBills, IReadOnlyList<SharedBill>>
{
    private const int Most = 120;

    public async Task<IReadOnlyList<SharedMember>> Handle(ListShared request, CancellationToken cancellationToken)
    {
        var (account, now) = (current.Actor.AccountId!.Value, time.GetUtcNow());
        return await work.Db.Database.SqlQuery<SharedMember>(
            $"""
            SELECT g.loop_id AS "LoopId", l.slug AS "Slug", l.name AS "LoopName", g.member_id AS "MemberId", m.name AS "Member",
                   bit_or(g.scope) AS "ScopeBits", min(g.relation) AS "RelationNumber", max(g.valid_until) AS "Until"
            FROM market.access_grants g
            JOIN market.people p ON p.id = {account}
            JOIN market.loops l ON l.id = g.loop_id
            JOIN market.members m ON m.loop_id = g.loop_id AND m.id = g.member_id
            WHERE g.revoked_at IS NULL AND g.valid_from <= {now} AND g.valid_until > {now}
              AND (g.account_id = p.id OR (g.account_id IS NULL AND p.email_confirmed AND g.email = p.normalized_email))
              AND EXISTS (SELECT FROM market.memberships s WHERE s.loop_id = g.loop_id AND s.member_id = g.member_id AND s.account_id = g.granted_by)
            GROUP BY g.loop_id, l.slug, l.name, g.member_id, m.name ORDER BY l.name, m.name, g.member_id LIMIT 500
            """).ToListAsync(cancellationToken);
    }

    public async Task<IReadOnlyList<SharedBill>> Handle(ListSharedBills request, CancellationToken cancellationToken) => await work.Db.Bills.AsNoTracking()
        .Where(bill => bill.LoopId == request.LoopId && bill.MemberId == request.MemberId)
        .OrderByDescending(bill => bill.PeriodStart).ThenByDescending(bill => bill.Revision).ThenBy(bill => bill.Id).Take(Most)
        .Select(bill => new SharedBill(bill.Number, bill.Role, bill.Kind, bill.PeriodStart, bill.PeriodEnd, bill.DueOn, bill.TotalCents)).ToListAsync(cancellationToken);
}
