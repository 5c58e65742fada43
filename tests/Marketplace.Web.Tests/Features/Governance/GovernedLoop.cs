using System.Globalization;
using Marketplace.Contracts.Governance;
using Marketplace.Data;
using Marketplace.Web.Features.Governance;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Accounts;
using Marketplace.Web.Tests.Features.Signing;

namespace Marketplace.Web.Tests.Features.Governance;

/// <summary>A loop with an operator (1) and consumers from 2 on, each with a person who has a passkey.</summary>
internal sealed class GovernedLoop : IDisposable
{
    private readonly Dictionary<int, (Actor Actor, TestPasskey Passkey)> _people = [];

    private GovernedLoop(MarketplaceHost host, int id) => (Host, Id) = (host, id);

    public MarketplaceHost Host { get; }

    public int Id { get; }

    public Actor Operator => People.Operator(Id);

    public static async Task<GovernedLoop> CreateAsync(MarketplaceHost host, string slug, int members)
    {
        var loop = new GovernedLoop(host, await host.AddLoop(slug));
        // Somebody operates it, so that members can be expelled.
        await host.AddPerson(loop.Id, 1);
        for (var member = 3; member < 2 + members; member++)
        {
            var id = member;
            await host.Put(db => db.Members.Add(new Member { LoopId = loop.Id, Id = id, Key = "house-" + id.ToString(CultureInfo.InvariantCulture), Name = $"House {id}", Kind = "dwelling", JoinedAt = MarketplaceHost.Start }));
            await host.Put(db => db.MemberRoles.Add(new MemberRole { LoopId = loop.Id, MemberId = id, Role = Role.Consumer }));
        }

        for (var member = 2; member < 2 + members; member++)
        {
            var account = (await host.AddPerson(loop.Id, member)).Id;
            var passkey = new TestPasskey();
            await passkey.AddToAsync(host, account);
            loop._people[member] = (People.Acting(account, new RoleHeld(loop.Id, member, Role.Consumer)), passkey);
        }

        return loop;
    }

    public Actor ActorOf(int member) => _people[member].Actor;

    public TestPasskey PasskeyOf(int member) => _people[member].Passkey;

    public Task<int> ProposeAsync(int member, ProposalKind kind, DateOnly on, params (string Name, string Value)[] fields) => Host.Send(
        new MakeProposal(Id, member, Guid.NewGuid(), kind, fields.ToDictionary(field => field.Name, field => field.Value), "Because it is fairer this way", 3, on), ActorOf(member));

    public async Task VoteAsync(int member, int proposal, Choice choice, int seen = 0)
    {
        var (actor, passkey) = _people[member];
        var act = await Host.Send(new PrepareVote(Id, member, proposal, seen, choice), actor);
        await Host.Send(new CastVote(Id, member, proposal, seen, choice, await passkey.SignAsync(Host, act, actor)), actor);
    }

    public void Dispose()
    {
        foreach (var (_, passkey) in _people.Values)
        {
            passkey.Dispose();
        }
    }
}
