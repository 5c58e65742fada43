using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Members;

public sealed record MemberView(int Id, string Key, string Name, string Kind, DateTimeOffset JoinedAt, IReadOnlyList<Role> Roles,
    IReadOnlyList<MemberPerson> People, IReadOnlyList<OpenInvitation> Invitations);

/// <summary>Somebody who acts for the member.</summary>
public sealed record MemberPerson(Guid AccountId, string DisplayName, string Email);

public sealed record OpenInvitation(Guid Id, string Email, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt);

/// <summary>One member as the operator sees it.</summary>
public sealed record ShowMember(int LoopId, int MemberId) : IRequest<MemberView>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

public sealed class ShowMemberHandler(Work work, TimeProvider time) : IRequestHandler<ShowMember, MemberView>
{
    public async Task<MemberView> Handle(ShowMember request, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var member = await db.Members.AsNoTracking().SingleOrDefaultAsync(member => member.LoopId == request.LoopId && member.Id == request.MemberId, cancellationToken)
            ?? throw new NotPermittedException(nameof(ShowMember));
        var roles = await db.MemberRoles.Where(role => role.LoopId == member.LoopId && role.MemberId == member.Id)
            .OrderBy(role => role.Role).Select(role => role.Role).ToListAsync(cancellationToken);
        var people = await (
            from membership in db.Memberships
            join account in db.Users on membership.AccountId equals account.Id
            where membership.LoopId == member.LoopId && membership.MemberId == member.Id
            orderby account.DisplayName, account.Id
            select new MemberPerson(account.Id, account.DisplayName, account.Email!)).ToListAsync(cancellationToken);
        var now = time.GetUtcNow();
        var invitations = await db.Invitations
            .Where(invitation => invitation.LoopId == member.LoopId && invitation.MemberId == member.Id
                && invitation.AcceptedAt == null && invitation.RevokedAt == null && invitation.ExpiresAt > now)
            .OrderBy(invitation => invitation.CreatedAt)
            .Select(invitation => new OpenInvitation(invitation.Id, invitation.Email, invitation.CreatedAt, invitation.ExpiresAt))
            .ToListAsync(cancellationToken);
        return new MemberView(member.Id, member.Key, member.Name, member.Kind, member.JoinedAt, roles, people, invitations);
    }
}
