using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Accounts;

/// <summary>One account for a newcomer to try.</summary>
public sealed record DemoSignIn(string Loop, Role Role, string Member, string DisplayName, string Email);

/// <summary>In demo mode, one account for each role of each demo and replay loop. Elsewhere none.</summary>
public sealed record ListDemoSignIns : IRequest<IReadOnlyList<DemoSignIn>>, IPublic;

public sealed class ListDemoSignInsHandler(Work work, IConfiguration configuration) : IRequestHandler<ListDemoSignIns, IReadOnlyList<DemoSignIn>>
{
    // One for each role of a dozen loops is more than anybody reads.
    private const int Most = 1_000;

    public async Task<IReadOnlyList<DemoSignIn>> Handle(ListDemoSignIns request, CancellationToken cancellationToken)
    {
        if (!configuration.GetValue<bool>("Marketplace:Demo"))
        {
            return [];
        }

        var all = await (
            from loop in work.Db.Loops
            join membership in work.Db.Memberships on loop.Id equals membership.LoopId
            join account in work.Db.Users on membership.AccountId equals account.Id
            join member in work.Db.Members on new { membership.LoopId, Id = membership.MemberId } equals new { member.LoopId, member.Id }
            join role in work.Db.MemberRoles on new { membership.LoopId, membership.MemberId } equals new { role.LoopId, role.MemberId }
            where loop.Kind != LoopKind.Live && account.Email!.EndsWith(DemoSignIns.Domain)
            orderby loop.Kind, loop.Id, role.Role, member.Id, account.Email
            select new { loop.Id, LoopName = loop.Name, role.Role, Member = member.Name, account.DisplayName, Email = account.Email! })
            .Take(Most).ToListAsync(cancellationToken);
        return [.. all.DistinctBy(found => (found.Id, found.Role)).Select(found => new DemoSignIn(found.LoopName, found.Role, found.Member, found.DisplayName, found.Email))];
    }
}
