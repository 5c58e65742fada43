using System.Net;
using Marketplace.Data;
using Marketplace.Web.Tests.Features.Accounts;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Members;

/// <summary>The operator erases a member in a browser without a script, and not by a slip.</summary>
public sealed class EraseMemberPageTests(AccountsHost host) : IClassFixture<AccountsHost>
{
    [Fact]
    public async Task What_goes_and_what_stays_is_read_before_the_member_is_erased()
    {
        var (loop, browser) = await OperatorOf("forgetful");
        using (browser)
        {
            await host.AddPerson(loop, 2);
            var link = (await browser.Get("/loops/forgetful/members/2")).Find("href=\"([^\"]+/erase)\"");

            var asked = await browser.Get(link);

            asked.Status.ShouldBe(HttpStatusCode.OK);
            asked.Text.ShouldContain("What is erased");
            asked.Text.ShouldContain("Person of 2");
            asked.Text.ShouldContain("What is kept, and why");
            asked.Text.ShouldContain("Bills and statements (0)");
            (await NameOf(loop)).ShouldBe("House 2", "looking erases nothing");

            var slip = await browser.Post(asked, "erase", ("TypedKey", "house-3"));

            slip.Text.ShouldContain("Nothing was erased");
            (await NameOf(loop)).ShouldBe("House 2");

            var done = await browser.Post(asked, "erase", ("TypedKey", " house-2 "));

            done.Text.ShouldContain("house-2 is erased");
            (await NameOf(loop)).ShouldBe("house-2");
            (await host.Look(db => db.Memberships.AnyAsync(membership => membership.LoopId == loop && membership.MemberId == 2))).ShouldBeFalse();
            (await browser.Get("/loops/forgetful/members")).Text.ShouldNotContain("House 2");
        }
    }

    [Fact]
    public async Task The_last_operator_cannot_be_erased_and_is_told_why()
    {
        var (loop, browser) = await OperatorOf("lonely");
        using (browser)
        {
            var asked = await browser.Get("/loops/lonely/members/1/erase");

            var answer = await browser.Post(asked, "erase", ("TypedKey", "operator"));

            answer.Html.ShouldContain("notice-alarm");
            (await host.Look(db => db.Members.SingleAsync(member => member.LoopId == loop && member.Id == 1))).Name.ShouldBe("Operator");
        }
    }

    [Fact]
    public async Task For_others_the_page_does_not_exist()
    {
        var (loop, operating) = await OperatorOf("guarded");
        using (operating)
        {
            (await operating.Get("/loops/guarded/members/77/erase")).Status.ShouldBe(HttpStatusCode.NotFound);
        }

        var (_, email) = await host.AddPerson(loop, 2);
        using var browser = new Browser(host);
        await browser.SignIn(email, People.Password);
        (await browser.Get("/loops/guarded/members/2/erase")).Status.ShouldBe(HttpStatusCode.NotFound);
    }

    private async Task<(int Loop, Browser Browser)> OperatorOf(string slug)
    {
        var loop = await host.AddLoop(slug);
        var (_, email) = await host.AddPerson(loop, 1);
        var browser = new Browser(host);
        await browser.SignIn(email, People.Password);
        return (loop, browser);
    }

    private Task<string> NameOf(int loop) =>
        host.Look(db => db.Members.Where(member => member.LoopId == loop && member.Id == 2).Select(member => member.Name).SingleAsync());
}
