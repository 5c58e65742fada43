using System.Security.Claims;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Accounts;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Tests.Features.Accounts;

/// <summary>The host without a limit on posts: the tests of one class come from one address within a minute.</summary>
public class AccountsHost : MarketplaceHost
{
    public AccountsHost() => Settings["Accounts:PostsEachMinute"] = "10000";
}

/// <summary>Loops, members and people to test with.</summary>
internal static class People
{
    public const string Password = "four words only mine";

    /// <summary>A loop with member 1, its operator, and member 2, a consumer.</summary>
    public static async Task<int> AddLoop(this MarketplaceHost host, string slug)
    {
        await host.Put(db => db.Loops.Add(new Loop { Slug = slug, Name = "Loop " + slug, Kind = LoopKind.Demo, Currency = "EUR", TimeZone = "Europe/Berlin", CreatedAt = MarketplaceHost.Start, FirstHour = MarketplaceHost.Start }));
        var id = await host.Look(db => Task.FromResult(db.Loops.Single(loop => loop.Slug == slug).Id));
        await host.Put(db =>
        {
            db.Clocks.Add(new MarketClock { LoopId = id, MarketAnchor = MarketplaceHost.Start, RealAnchor = MarketplaceHost.Start });
            db.Tariffs.Add(new Tariff { LoopId = id, Version = 1, ValidFrom = MarketplaceHost.Start, FeedIn = Price.FromUnitsPerKWh(0.08m) });
            db.Members.Add(new Member { LoopId = id, Id = 1, Key = "operator", Name = "Operator", Kind = "operator", JoinedAt = MarketplaceHost.Start });
            db.Members.Add(new Member { LoopId = id, Id = 2, Key = "house-2", Name = "House 2", Kind = "dwelling", JoinedAt = MarketplaceHost.Start });
        });
        await host.Put(db =>
        {
            db.MemberRoles.Add(new MemberRole { LoopId = id, MemberId = 1, Role = Role.Operator });
            db.MemberRoles.Add(new MemberRole { LoopId = id, MemberId = 2, Role = Role.Consumer });
        });
        return id;
    }

    /// <summary>Somebody who signs in for a member. Answers the e-mail.</summary>
    public static async Task<(Guid Id, string Email)> AddPerson(this MarketplaceHost host, int loopId, int memberId)
    {
        var email = $"person-{Guid.NewGuid():N}@loop.example";
        return (await host.Send(new SeedAccount(loopId, memberId, email, "Person of " + memberId, Password)), email);
    }

    public static Actor Acting(Guid accountId, params RoleHeld[] roles) => Actor.From(new ClaimsPrincipal(new ClaimsIdentity(
        [new Claim(ClaimTypes.NameIdentifier, accountId.ToString()), .. roles.Select(role => role.ToClaim())], "test")));

    public static Actor Operator(int loopId) => Acting(Guid.NewGuid(), new RoleHeld(loopId, 1, Role.Operator));
}
