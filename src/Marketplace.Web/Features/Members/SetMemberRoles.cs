using System.Globalization;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Members;

/// <summary>Gives a member exactly these roles. People signed in notice within a minute.</summary>
public sealed record SetMemberRoles(int LoopId, int MemberId, IReadOnlyList<Role> Roles) : IRequest<Unit>, IOperatorAct
{
    string IOperatorAct.Subject => string.Create(CultureInfo.InvariantCulture, $"member {MemberId}: {string.Join(", ", Roles.Distinct().Order())}");
}

public sealed class SetMemberRolesRules : AbstractValidator<SetMemberRoles>
{
    public SetMemberRolesRules() => RuleFor(request => request.Roles).Must(MemberRoles.AreSome).WithMessage(MemberRoles.Message);
}

public sealed class SetMemberRolesHandler(Work work) : IRequestHandler<SetMemberRoles, Unit>
{
    public async Task<Unit> Handle(SetMemberRoles request, CancellationToken cancellationToken)
    {
        await LastOperator.LockAsync(work, request.LoopId, cancellationToken);
        if (!await work.Db.Members.AnyAsync(member => member.LoopId == request.LoopId && member.Id == request.MemberId, cancellationToken))
        {
            throw new NotPermittedException(nameof(SetMemberRoles));
        }

        var roles = work.Db.MemberRoles;
        var held = await roles.Where(role => role.LoopId == request.LoopId && role.MemberId == request.MemberId).ToListAsync(cancellationToken);
        roles.RemoveRange(held.Where(role => !request.Roles.Contains(role.Role)));
        roles.AddRange(request.Roles.Distinct().Except(held.Select(role => role.Role))
            .Select(role => new MemberRole { LoopId = request.LoopId, MemberId = request.MemberId, Role = role }));
        await work.Db.SaveChangesAsync(cancellationToken);
        await LastOperator.RefuseIfGoneAsync(work, request.LoopId, cancellationToken);
        return Unit.Value;
    }
}

/// <summary>A loop that somebody operates keeps somebody who operates it.</summary>
internal static class LastOperator
{
    /// <summary>Two operators who remove each other at once: the second waits and is refused.</summary>
    public static Task LockAsync(Work work, int loopId, CancellationToken cancellationToken) =>
        work.Db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtext('market.operators'), {loopId})", cancellationToken);

    public static async Task RefuseIfGoneAsync(Work work, int loopId, CancellationToken cancellationToken)
    {
        var db = work.Db;
        if (!await db.Memberships.AnyAsync(membership => membership.LoopId == loopId && db.MemberRoles.Any(role =>
            role.LoopId == loopId && role.MemberId == membership.MemberId && role.Role == Role.Operator), cancellationToken))
        {
            throw new RefusedException("Nobody would be left to operate the loop. Invite another operator first.");
        }
    }
}
