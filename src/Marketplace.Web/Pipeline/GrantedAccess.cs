using Marketplace.Data;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Pipeline;

/// <summary>What a member may let others look at. Stored as bits: never renumber.</summary>
[Flags]
public enum GrantScope : short
{
    None = 0,

    /// <summary>Bills and statements as documents.</summary>
    Bills = 1,

    /// <summary>What was used, hour by hour.</summary>
    Consumption = 2,
}

/// <summary>A request that looks at something of a member, and that somebody whom the member has granted this may make too. A change is never open to grants.</summary>
public interface IOpenToGrants : IGuarded
{
    int LoopId { get; }

    GrantScope Scope { get; }

    /// <summary>Whose it is; null where only the handler can find that out and asks again.</summary>
    int? GrantedMember { get; }
}

/// <summary>Decides by the members' word whether somebody may look. Asked in the database each time, so that taking a grant back works at once; each use is noted.</summary>
public sealed class GrantedAccess(MarketplaceDb db, TimeProvider time)
{
    /// <summary>Whether there is a grant now. It has to be given by somebody who still acts for the member, to this account or to its confirmed address.</summary>
    /// <param name="memberId">Null asks whether there is any of the loop.</param>
    public async Task<bool> PermitsAsync(Actor actor, int loopId, GrantScope scope, int? memberId, CancellationToken cancellationToken)
    {
        if (actor.AccountId is not { } account || scope == GrantScope.None)
        {
            return false;
        }

        var (now, bits) = (time.GetUtcNow(), (short)scope);
        var permitting = await db.Database.SqlQuery<Used>(
            $"""
            SELECT g.id AS "Id", g.account_id IS NULL OR g.last_used_at IS NULL OR g.last_used_at < {now.AddMinutes(-1)} AS "IsDue"
            FROM market.access_grants g JOIN market.people p ON p.id = {account}
            WHERE g.loop_id = {loopId} AND ({memberId}::integer IS NULL OR g.member_id = {memberId}) AND g.scope & {bits}::smallint = {bits}::smallint
              AND g.revoked_at IS NULL AND g.valid_from <= {now} AND g.valid_until > {now}
              AND (g.account_id = p.id OR (g.account_id IS NULL AND p.email_confirmed AND g.email = p.normalized_email))
              AND EXISTS (SELECT FROM market.memberships m WHERE m.loop_id = g.loop_id AND m.member_id = g.member_id AND m.account_id = g.granted_by)
            ORDER BY g.id
            """).ToListAsync(cancellationToken);
        if (memberId is not null && permitting.Find(grant => grant.IsDue) is { } due)
        {
            await db.Database.ExecuteSqlAsync(
                $"""
                UPDATE market.access_grants SET account_id = {account}, last_used_at = {now}
                WHERE loop_id = {loopId} AND id = {due.Id} AND (account_id IS NULL OR account_id = {account})
                """, cancellationToken);
        }

        return permitting.Count > 0;
    }

    private sealed record Used(long Id, bool IsDue);
}
