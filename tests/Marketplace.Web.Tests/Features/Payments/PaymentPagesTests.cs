using System.Net;
using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Web.Tests.Features.Accounts;
using Marketplace.Web.Tests.Features.Bills;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Payments;

/// <summary>What members and operators see, without any script.</summary>
public sealed class PaymentPagesTests(AccountsHost host) : IClassFixture<AccountsHost>
{
    [Fact]
    public async Task A_member_sees_what_to_pay_and_how_and_the_operator_what_is_open()
    {
        var loop = await BilledLoop.InAsync(host, "pages");
        await host.Put(db =>
        {
            db.Add(new MemberRole { LoopId = loop.LoopId, MemberId = SettledWeekend.Household, Role = Role.Consumer });
            db.Add(new MemberRole { LoopId = loop.LoopId, MemberId = SettledWeekend.Operator, Role = Role.Operator });
        });
        await loop.ImportAsync(BilledLoop.Entry(123, "for nobody"));
        var (_, member) = await host.AddPerson(loop.LoopId, SettledWeekend.Household);
        var (_, keeper) = await host.AddPerson(loop.LoopId, SettledWeekend.Operator);
        using var theirs = new Browser(host);
        await theirs.SignIn(member, People.Password);
        using var operators = new Browser(host);
        await operators.SignIn(keeper, People.Password);

        var account = await theirs.Get("/loops/pages/account");
        account.Status.ShouldBe(HttpStatusCode.OK);
        account.Text.ShouldContain(PaymentReference.Grouped(PaymentReference.Of(loop.Bill.Number)));
        account.Find("class=\"qr\" viewBox=\"0 0 ([0-9]+) ").ShouldNotBeEmpty();
        (await theirs.Get("/loops/pages/operations/payments")).Status.ShouldNotBe(HttpStatusCode.OK);

        var open = await operators.Get("/loops/pages/operations/payments");
        open.Status.ShouldBe(HttpStatusCode.OK);
        open.Text.ShouldContain(loop.Bill.Number);
        var worklist = await operators.Get("/loops/pages/operations/payments/worklist");
        worklist.Status.ShouldBe(HttpStatusCode.OK);
        worklist.Text.ShouldContain("for nobody");
        (await operators.Get($"/loops/pages/account?member={SettledWeekend.Owner}")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Whatever_is_sent_as_a_statement_is_answered_and_no_account_stands_in_an_address()
    {
        var loop = await BilledLoop.InAsync(host, "sent");
        await host.Put(db => db.Add(new MemberRole { LoopId = loop.LoopId, MemberId = SettledWeekend.Operator, Role = Role.Operator }));
        var (_, keeper) = await host.AddPerson(loop.LoopId, SettledWeekend.Operator);
        using var browser = new Browser(host);
        await browser.SignIn(keeper, People.Password);
        const string Page = "/loops/sent/operations/payments", Other = "AT611904300234573201";
        var page = await browser.Get(Page);

        var refused = await browser.Upload(page, Page + "/statement", "s.xml", BilledLoop.File(BilledLoop.Entry(5_000), "S-9", Other));
        refused.Location.ShouldNotBeNull().ShouldNotContain(Other);
        var why = await browser.Get(refused.Location!.Split('#')[0]);
        why.Text.ShouldContain(Other);
        (await browser.Get(Page + "?why=Please+pay+to+" + Other)).Text.ShouldNotContain(Other);
        host.Time.Advance(TimeSpan.FromMinutes(11));
        (await browser.Get(refused.Location.Split('#')[0])).Text.ShouldNotContain(Other);

        (await browser.Send(Page + "/statement", "application/json", "{}")).Location.ShouldBe(Page + "?problem=none#statements");
        (await browser.Send(Page + "/statement", "multipart/form-data", "no boundary")).Location.ShouldBe(Page + "?problem=none#statements");
        (await browser.Send(Page + "/statement", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nends too early")).Location.ShouldBe(Page + "?problem=none#statements");
        (await browser.Send("/loops/sent/disputes/1/files", "application/json", "{}")).Location.ShouldBe("/loops/sent/disputes/1?problem=none#attach");
    }
}
