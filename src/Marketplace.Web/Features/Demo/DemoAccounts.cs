using Marketplace.Data;
using Marketplace.Web.Features.Accounts;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Demo;

/// <param name="Role">What the sign-in page says of it.</param>
public sealed record DemoAccount(string MemberKey, string Email, string DisplayName, string Role);

/// <summary>People who can sign in under a published password. They are made in demo mode only.</summary>
public static class DemoAccounts
{
    /// <summary>Whose firm looks after the meters.</summary>
    public static DemoAccount Technician { get; } = new("loop-service", "technician@lindenhof.example", "Lindenhof Messdienst", "Technician");

    /// <summary>Who looks into the books for the members.</summary>
    public static DemoAccount Auditor { get; } = new("loop-audit", "auditor@lindenhof.example", "Revision am Lindenhof", "Auditor");

    /// <summary>Members who alone vote until they change that.</summary>
    public static IReadOnlyList<string> Founders { get; } = ["home-05", "home-12", "sun-coop"];

    /// <summary>One for each role of the demo loop.</summary>
    public static IReadOnlyList<DemoAccount> All { get; } =
    [
        new("home-05", "resident@lindenhof.example", "Edda Lorenzen-Kray", "Resident"),
        new("home-12", "prosumer@lindenhof.example", "Lorenz Zabelin", "Prosumer with solar roof and heat pump"),
        new("data-centre", "datacentre@lindenhof.example", "Rechenhaus Neun", "Data centre giving waste heat"),
        new("heat-works", "producer@lindenhof.example", "Lindenhof Wärmewerk", "Producer of heat and cold"),
        new("sun-coop", "solar@lindenhof.example", "Sonnendach Lindenhof eG", "Producer of solar power"),
        new("heat-keep", "storage@lindenhof.example", "Speicherwerk Lindenhof", "Storage owner"),
        new("elm-fund", "investor@lindenhof.example", "Ulmenhain Beteiligungen", "Investor"),
        new("loop-operator", "operator@lindenhof.example", "Lindenhof Netzbetrieb", "Operator"),
        Technician,
        Auditor,
    ];

    /// <summary>One member for each role that a replay has, the first by number.</summary>
    public static async Task<IReadOnlyList<DemoAccount>> ForReplayAsync(MarketplaceDb db, int loopId, string slug, CancellationToken cancellationToken)
    {
        var holders = await (
            from role in db.MemberRoles
            join member in db.Members on new { role.LoopId, Id = role.MemberId } equals new { member.LoopId, member.Id }
            where role.LoopId == loopId
            orderby member.Id
            select new { role.Role, member.Key, member.Name }).ToListAsync(cancellationToken);
        return [.. holders.GroupBy(holder => holder.Role).OrderBy(role => role.Key)
            .Select(role => role.First())
            .DistinctBy(holder => holder.Key)
            .Select(holder => new DemoAccount(holder.Key, $"{holder.Key}@{slug}.example".ToLowerInvariant(), holder.Name, holder.Role.ToString()))];
    }

    public static async Task SeedAsync(Requests requests, MarketplaceDb db, int loopId, DemoAccount account, CancellationToken cancellationToken)
    {
        // No party of the generated market: they are made beside it.
        if (account == Technician || account == Auditor)
        {
            await EmployAsync(db, loopId, account, account == Technician ? Role.Technician : Role.Auditor, cancellationToken);
        }

        var memberId = await db.Members
            .Where(member => member.LoopId == loopId && member.Key == account.MemberKey)
            .Select(member => member.Id)
            .SingleAsync(cancellationToken);
        await requests.Send(new SeedAccount(loopId, memberId, account.Email, account.DisplayName, DemoSignIns.Password), Actor.System, cancellationToken);
    }

    private static async Task EmployAsync(MarketplaceDb db, int loopId, DemoAccount account, Role role, CancellationToken cancellationToken)
    {
        var members = await db.Members.AsNoTracking().Where(member => member.LoopId == loopId).Select(member => new { member.Id, member.Key, member.JoinedAt }).ToListAsync(cancellationToken);
        if (members.Exists(member => member.Key == account.MemberKey))
        {
            return;
        }

        var id = members.Max(member => member.Id) + 1;
        db.Members.Add(new Member { LoopId = loopId, Id = id, Key = account.MemberKey, Name = account.DisplayName, Kind = "Company", JoinedAt = members.Min(member => member.JoinedAt) });
        db.MemberRoles.Add(new MemberRole { LoopId = loopId, MemberId = id, Role = role });
        await db.SaveChangesAsync(cancellationToken);
    }
}
