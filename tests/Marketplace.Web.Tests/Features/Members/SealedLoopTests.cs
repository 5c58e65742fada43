using System.Net;
using Marketplace.Data;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Members;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Accounts;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Members;

public sealed class SealedLoopTests(AccountsHost host) : IClassFixture<AccountsHost>
{
    [Fact]
    public async Task Another_loop_does_not_exist_for_its_neighbours_operator()
    {
        var (mine, theirs) = (await host.AddLoop("mine"), await host.AddLoop("theirs"));
        var (id, email) = await host.AddPerson(mine, 1);
        var me = People.Acting(id, new RoleHeld(mine, 1, Role.Operator));
        using var browser = new Browser(host);
        await browser.SignIn(email, People.Password);

        (await browser.Get("/loops/mine/members")).Status.ShouldBe(HttpStatusCode.OK);
        foreach (var path in new[] { "/loops/theirs/members", "/loops/theirs/members/2", "/loops/theirs/members/new", "/loops/nowhere/members", "/loops/mine/members/77" })
        {
            (await browser.Get(path)).Status.ShouldBe(HttpStatusCode.NotFound, path);
        }

        (await host.Send(new FindLoop("mine"), me)).Operates.ShouldBeTrue();
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new FindLoop("theirs"), me));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new ListMembers(theirs), me));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new ShowMember(theirs, 2), me));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new AddMember(theirs, "x", "X", "x", [Role.Operator]), me));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new InviteMember(theirs, 1, "me@mine.example"), me));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new SetMemberRoles(theirs, 2, [Role.Operator]), me));
        (await host.Send(new ListMyLoops(), me)).ShouldHaveSingleItem().Slug.ShouldBe("mine");
    }

    [Fact]
    public async Task A_member_without_the_operators_role_does_not_see_the_operators_pages()
    {
        var loop = await host.AddLoop("member-only");
        var (_, email) = await host.AddPerson(loop, 2);
        using var browser = new Browser(host);
        await browser.SignIn(email, People.Password);

        (await browser.Get("/loops/member-only/members")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await browser.Get("/loops/new")).Status.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task An_invitation_of_one_loop_cannot_be_revoked_from_another()
    {
        var (mine, theirs) = (await host.AddLoop("revoker"), await host.AddLoop("inviter"));
        var sent = await host.Send(new InviteMember(theirs, 2, "somebody@inviter.example"), People.Operator(theirs));

        await Should.ThrowAsync<RefusedException>(() => host.Send(new RevokeInvitation(mine, sent.Id), People.Operator(mine)));
    }
}
