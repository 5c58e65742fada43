using Marketplace.Data;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Members;

/// <summary>Where parties come into a loop and leave it, by whoever decided it: the operator, or the members by a vote.</summary>
public sealed class MemberRegister(Work work, TimeProvider time)
{
    /// <summary>Takes a party in, in the caller's transaction.</summary>
    /// <returns>Its number.</returns>
    public async Task<int> AddAsync(AddMember request, CancellationToken cancellationToken)
    {
        // Ids are counted without gaps: one at a time in each loop.
        await work.Db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtext('market.members'), {request.LoopId})", cancellationToken);
        var inLoop = work.Db.Members.Where(member => member.LoopId == request.LoopId);
        if (await inLoop.AnyAsync(member => member.Key == request.Key, cancellationToken))
        {
            throw new RefusedException(nameof(request.Key), $"Another member has the key {request.Key}. Choose a different one.");
        }

        var id = (await inLoop.MaxAsync(member => (int?)member.Id, cancellationToken) ?? 0) + 1;
        work.Db.Members.Add(new Member { LoopId = request.LoopId, Id = id, Key = request.Key, Name = request.Name.Trim(), Kind = request.Kind.Trim(), JoinedAt = time.GetUtcNow() });
        work.Db.MemberRoles.AddRange(request.Roles.Distinct().Select(role => new MemberRole { LoopId = request.LoopId, MemberId = id, Role = role }));
        await work.Db.SaveChangesAsync(cancellationToken);
        return id;
    }

    /// <summary>Ends what a party may do in the loop: nobody acts for it any more, its standing orders stop. Its meters go on being read and supplied at
    /// default terms, and its bills and records stay.</summary>
    public async Task ExpelAsync(int loopId, int memberId, DateTimeOffset marketNow, CancellationToken cancellationToken)
    {
        var db = work.Db;
        await LastOperator.LockAsync(work, loopId, cancellationToken);
        if (!await db.MemberRoles.AnyAsync(role => role.LoopId == loopId && role.MemberId == memberId, cancellationToken))
        {
            throw new RefusedException("This party takes part no more.");
        }

        await db.Memberships.Where(membership => membership.LoopId == loopId && membership.MemberId == memberId).ExecuteDeleteAsync(cancellationToken);
        await db.MemberRoles.Where(role => role.LoopId == loopId && role.MemberId == memberId).ExecuteDeleteAsync(cancellationToken);
        await db.Invitations.Where(invitation => invitation.LoopId == loopId && invitation.MemberId == memberId && invitation.AcceptedAt == null).ExecuteDeleteAsync(cancellationToken);
        await db.StandingOrders.Where(order => order.LoopId == loopId && order.MemberId == memberId && order.EndedAt == null)
            .ExecuteUpdateAsync(orders => orders.SetProperty(order => order.EndedAt, marketNow), cancellationToken);
        await LastOperator.RefuseIfGoneAsync(work, loopId, cancellationToken);
    }
}
