using System.Net;
using System.Text;
using Marketplace.Data;
using Marketplace.Web.Features.Members;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Accounts;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Members;

public sealed class InvitationTests(AccountsHost host) : IClassFixture<AccountsHost>
{
    [Fact]
    public async Task An_invited_person_makes_an_account_and_acts_for_the_member_and_the_link_works_once()
    {
        var loop = await host.AddLoop("invite");
        var (_, token) = await Invite(loop, "new@invite.example");
        using var browser = new Browser(host);
        var page = await browser.Get("/invitation/" + token);
        page.Text.ShouldContain("House 2");

        (await browser.Post(page, "accept", ("Model.DisplayName", "Newcomer"), ("Model.Password", "too short"))).Text.ShouldContain("at least 12 characters");
        var accepted = await browser.Post(page, "accept", ("Model.DisplayName", "Newcomer"), ("Model.Password", People.Password));

        accepted.Location.ShouldBe("/loops/invite/first-steps");
        (await browser.Get("/account")).Text.ShouldContain("Newcomer");
        (await browser.Get("/invitation/" + token)).Text.ShouldContain("no longer works");
        using var late = new Browser(host);
        (await late.Post(page with { Html = (await late.Get("/sign-in")).Html }, "accept", ("Model.DisplayName", "Late"), ("Model.Password", People.Password))).Text.ShouldContain("no longer works");
        (await Should.ThrowAsync<RefusedException>(() => host.Send(new AcceptInvitation(token, "Thief", People.Password), Actor.Visitor))).Message.ShouldContain("used");
        var stored = await host.Look(db => db.Invitations.SingleAsync(invitation => invitation.LoopId == loop));
        stored.TokenHash.ShouldNotBe(Encoding.UTF8.GetBytes(token));
        (await host.Look(db => db.OperatorActions.Where(act => act.LoopId == loop).Select(act => act.Action + " " + act.Subject).ToListAsync())).ShouldBe(["InviteMember member 2"]);
    }

    [Fact]
    public async Task Two_people_with_one_link_make_one_account()
    {
        var loop = await host.AddLoop("race");
        var (_, token) = await Invite(loop, "race@invite.example");

        var tries = await Task.WhenAll(Enumerable.Range(0, 4).Select(async number =>
        {
            try
            {
                await host.Send(new AcceptInvitation(token, "Racer " + number, People.Password), Actor.Visitor);
                return true;
            }
            catch (RefusedException)
            {
                return false;
            }
        }));

        tries.Count(won => won).ShouldBe(1);
        (await host.Look(db => db.Memberships.CountAsync(membership => membership.LoopId == loop))).ShouldBe(1);
    }

    [Fact]
    public async Task A_revoked_a_replaced_and_an_old_link_no_longer_work()
    {
        var loop = await host.AddLoop("ended");
        var (revoked, revokedToken) = await Invite(loop, "revoked@invite.example");
        var (_, replacedToken) = await Invite(loop, "again@invite.example");
        var (_, token) = await Invite(loop, "again@invite.example");

        await host.Send(new RevokeInvitation(loop, revoked), People.Operator(loop));

        await Should.ThrowAsync<RefusedException>(() => host.Send(new ShowInvitation(revokedToken), Actor.Visitor));
        await Should.ThrowAsync<RefusedException>(() => host.Send(new ShowInvitation(replacedToken), Actor.Visitor));
        (await host.Send(new ShowInvitation(token), Actor.Visitor)).Email.ShouldBe("again@invite.example");
        host.Time.Advance(TimeSpan.FromDays(7));
        await Should.ThrowAsync<RefusedException>(() => host.Send(new ShowInvitation(token), Actor.Visitor));
        await Should.ThrowAsync<RefusedException>(() => host.Send(new RevokeInvitation(loop, revoked), People.Operator(loop)));
    }

    [Fact]
    public async Task Somebody_with_an_account_accepts_signed_in_and_nobody_else_can()
    {
        var (first, second) = (await host.AddLoop("first-home"), await host.AddLoop("second-home"));
        var (id, email) = await host.AddPerson(first, 2);
        var (_, token) = await Invite(second, email);

        await Should.ThrowAsync<RefusedException>(() => host.Send(new AcceptInvitation(token, "Thief", People.Password), Actor.Visitor));
        await Should.ThrowAsync<RefusedException>(() => host.Send(new AcceptInvitation(token), People.Operator(first)));
        await host.Send(new AcceptInvitation(token), People.Acting(id));

        (await host.Look(db => db.Memberships.Where(membership => membership.AccountId == id).Select(membership => membership.LoopId).OrderBy(loop => loop).ToListAsync()))
            .ShouldBe([first, second]);
    }

    [Fact]
    public async Task A_refused_act_leaves_no_trace()
    {
        var loop = await host.AddLoop("traceless");

        await Should.ThrowAsync<RefusedException>(() => host.Send(new AddMember(loop, "house-2", "Again", "dwelling", [Role.Consumer]), People.Operator(loop)));

        (await host.Look(db => db.OperatorActions.CountAsync(act => act.LoopId == loop))).ShouldBe(0);
        (await host.Look(db => db.Members.CountAsync(member => member.LoopId == loop))).ShouldBe(2);
    }

    [Fact]
    public async Task Members_are_found_by_part_of_their_name_and_counted()
    {
        var loop = await host.AddLoop("search");
        var keeper = People.Operator(loop);
        for (var number = 3; number <= 60; number++)
        {
            (await host.Send(new AddMember(loop, $"house_{number}", $"House {number}", "dwelling", [Role.Consumer, Role.Consumer]), keeper)).ShouldBe(number);
        }

        var all = await host.Send(new ListMembers(loop, Page: 2), keeper);
        (all.Total, all.Rows.Count).ShouldBe((60, 10));
        (await host.Send(new ListMembers(loop, "house_3"), keeper)).Total.ShouldBe(11);
        (await host.Send(new ListMembers(loop, "%"), keeper)).Total.ShouldBe(0);
        (await host.Send(new ListMembers(loop, Role: Role.Operator), keeper)).Rows.ShouldHaveSingleItem().Id.ShouldBe(1);
    }

    [Fact]
    public async Task A_loop_keeps_somebody_who_operates_it()
    {
        var loop = await host.AddLoop("kept");
        var (only, _) = await host.AddPerson(loop, 1);

        await Should.ThrowAsync<RefusedException>(() => host.Send(new EndMembership(loop, 1, only), People.Operator(loop)));
        await Should.ThrowAsync<RefusedException>(() => host.Send(new SetMemberRoles(loop, 1, [Role.Auditor]), People.Operator(loop)));

        await host.AddPerson(loop, 1);
        await host.Send(new EndMembership(loop, 1, only), People.Operator(loop));
    }

    private async Task<(Guid Id, string Token)> Invite(int loopId, string email)
    {
        var sent = await host.Send(new InviteMember(loopId, 2, email), People.Operator(loopId));
        return (sent.Id, sent.Link.ShouldNotBeNull()["/invitation/".Length..]);
    }
}
