using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Members;

/// <param name="People">How many people can sign in for the member.</param>
/// <param name="Invited">How many invitations are open.</param>
public sealed record MemberRow(int Id, string Key, string Name, string Kind, IReadOnlyList<Role> Roles, int People, int Invited, DateTimeOffset JoinedAt);

public sealed record MemberList(IReadOnlyList<MemberRow> Rows, int Total, int Page)
{
    public const int PageSize = 50;
}

/// <summary>The members of a loop whose name, key or kind contains the search, by id.</summary>
/// <param name="Page">Counted from 1.</param>
public sealed record ListMembers(int LoopId, string? Search = null, Role? Role = null, int Page = 1) : IRequest<MemberList>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

public sealed class ListMembersRules : AbstractValidator<ListMembers>
{
    public ListMembersRules() => RuleFor(request => request.Search).MaximumLength(100).WithMessage("Search for at most 100 characters.");
}

public sealed class ListMembersHandler(Work work, TimeProvider time) : IRequestHandler<ListMembers, MemberList>
{
    public async Task<MemberList> Handle(ListMembers request, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var members = db.Members.AsNoTracking().Where(member => member.LoopId == request.LoopId);
        if (request.Search?.Trim() is { Length: > 0 } search)
        {
            var pattern = "%" + search.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal) + "%";
            members = members.Where(member => EF.Functions.ILike(member.Name, pattern, "\\") || EF.Functions.ILike(member.Key, pattern, "\\") || EF.Functions.ILike(member.Kind, pattern, "\\"));
        }

        if (request.Role is { } only)
        {
            members = members.Where(member => db.MemberRoles.Any(role => role.LoopId == member.LoopId && role.MemberId == member.Id && role.Role == only));
        }

        var total = await members.CountAsync(cancellationToken);
        var page = Math.Clamp(request.Page, 1, Math.Max(1, ((total - 1) / MemberList.PageSize) + 1));
        var now = time.GetUtcNow();
        var rows = await members.OrderBy(member => member.Id)
            .Skip((page - 1) * MemberList.PageSize).Take(MemberList.PageSize)
            .Select(member => new
            {
                member.Id,
                member.Key,
                member.Name,
                member.Kind,
                member.JoinedAt,
                Roles = db.MemberRoles.Where(role => role.LoopId == member.LoopId && role.MemberId == member.Id).OrderBy(role => role.Role).Select(role => role.Role).ToList(),
                People = db.Memberships.Count(membership => membership.LoopId == member.LoopId && membership.MemberId == member.Id),
                Invited = db.Invitations.Count(invitation => invitation.LoopId == member.LoopId && invitation.MemberId == member.Id
                    && invitation.AcceptedAt == null && invitation.RevokedAt == null && invitation.ExpiresAt > now),
            })
            .ToListAsync(cancellationToken);
        return new MemberList([.. rows.Select(row => new MemberRow(row.Id, row.Key, row.Name, row.Kind, row.Roles, row.People, row.Invited, row.JoinedAt))], total, page);
    }
}
