using System.Net;
using System.Text;
using Marketplace.Data;
using Marketplace.Web.Features.Disputes;
using Marketplace.Web.Tests.Features.Accounts;
using Marketplace.Web.Tests.Features.Bills;
using Marketplace.Web.Tests.Features.Payments;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Disputes;

/// <summary>The pages of disputes, reminders and instalments as people without any script use them.</summary>
public sealed class DisputePagesTests(AccountsHost host) : IClassFixture<AccountsHost>
{
    [Fact]
    public async Task A_dispute_is_opened_answered_and_decided_without_any_script()
    {
        var loop = await BilledLoop.InAsync(host, "scriptless");
        await host.Put(db =>
        {
            db.Add(new MemberRole { LoopId = loop.LoopId, MemberId = SettledWeekend.Household, Role = Role.Consumer });
            db.Add(new MemberRole { LoopId = loop.LoopId, MemberId = SettledWeekend.Neighbour, Role = Role.Consumer });
            db.Add(new MemberRole { LoopId = loop.LoopId, MemberId = SettledWeekend.Operator, Role = Role.Operator });
        });
        using var theirs = await SignedInAsync(loop, SettledWeekend.Household);
        using var operators = await SignedInAsync(loop, SettledWeekend.Operator);
        using var strangers = await SignedInAsync(loop, SettledWeekend.Neighbour);
        var line = await host.Look(db => db.BillLines.AsNoTracking().Where(line => line.LoopId == loop.LoopId && line.BillId == loop.Bill.Id).OrderByDescending(line => line.AmountCents).FirstAsync());

        (await theirs.Get($"/loops/scriptless/bills/{loop.Bill.Number}")).Html.ShouldContain($"/disputes/new?bill={loop.Bill.Number}\"");
        (await theirs.Get($"/loops/scriptless/bills/{loop.Bill.Number}/lines/{line.Line}")).Html.ShouldContain($"/disputes/new?bill={loop.Bill.Number}&amp;line={line.Line}");
        (await operators.Get($"/loops/scriptless/bills/{loop.Bill.Number}")).Html.ShouldNotContain("/disputes/new");
        var address = $"/loops/scriptless/disputes/new?bill={loop.Bill.Number}&line={line.Line}";
        (await strangers.Get(address)).Status.ShouldBe(HttpStatusCode.NotFound);
        var form = await theirs.Get(address);
        form.Status.ShouldBe(HttpStatusCode.OK);
        var submission = form.Find("name=\"Model.SubmissionId\" value=\"([^\"]+)\"");
        (string, string)[] fields = [("Model.SubmissionId", submission), ("Model.Line", $"{line.Line}"), ("Model.Reason", "We were <b>away</b>")];
        var wrong = await theirs.Post(form, "dispute", [.. fields, ("Model.DisputedCents", "much")]);
        wrong.Text.ShouldContain("Enter by how much it is wrong");
        wrong.Text.ShouldContain("We were <b>away</b>");
        var opened = await theirs.Post(form, "dispute", [.. fields, ("Model.DisputedCents", "1.20")]);
        opened.Location.ShouldBe("/loops/scriptless/disputes/1?done=opened");

        var page = await theirs.Get("/loops/scriptless/disputes/1");
        page.Text.ShouldContain("€1.20");
        page.Html.ShouldContain("We were &lt;b&gt;away&lt;/b&gt;");
        page.Html.ShouldNotContain("name=\"Decision.Outcome\"");
        (await strangers.Get("/loops/scriptless/disputes/1")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await theirs.Get(address)).Location.ShouldBe("/loops/scriptless/disputes/1");
        (await theirs.Get("/loops/scriptless/disputes")).Text.ShouldContain("Answer by 2 Apr 2026");
        (await theirs.Get("/loops/scriptless/account")).Text.ShouldContain("€1.20 disputed");
        (await theirs.Get("/loops/scriptless/operations/disputes")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await operators.Get("/loops/scriptless/operations/disputes")).Text.ShouldContain("Kim");

        (await theirs.Post(page, "write", ("Message.SubmissionId", Guid.NewGuid().ToString()), ("Message.Text", "Please look"))).Location.ShouldBe("/loops/scriptless/disputes/1?done=written");
        var decide = await operators.Get("/loops/scriptless/disputes/1");
        decide.Text.ShouldContain("Please look");
        decide.Html.ShouldContain($"/loops/scriptless/bills/{loop.Bill.Number}/lines/{line.Line}/hours/");
        (await operators.Post(decide, "decide", ("Decision.Outcome", "PartlyUpheld"), ("Decision.GrantedCents", "9"), ("Decision.Cure", "Credit"), ("Decision.Answer", "No"))).Text.ShouldContain("A part is less");
        (await operators.Post(decide, "decide", ("Decision.Outcome", "PartlyUpheld"), ("Decision.GrantedCents", "0.70"), ("Decision.Cure", "Credit"), ("Decision.Answer", "In part")))
            .Location.ShouldBe("/loops/scriptless/disputes/1?done=decided");
        var outcome = await theirs.Get("/loops/scriptless/disputes/1");
        outcome.Text.ShouldContain("Partly upheld");
        outcome.Text.ShouldContain("In part");
        outcome.Html.ShouldNotContain("name=\"Message.Text\"");
        (await theirs.Get("/loops/scriptless/account")).Text.ShouldContain("€0.70, 3 Mar 2026");
    }

    [Fact]
    public async Task A_file_is_handed_to_the_parties_only_and_cannot_run()
    {
        var loop = await BilledLoop.InAsync(host, "files-of");
        await host.Put(db =>
        {
            db.Add(new MemberRole { LoopId = loop.LoopId, MemberId = SettledWeekend.Household, Role = Role.Consumer });
            db.Add(new MemberRole { LoopId = loop.LoopId, MemberId = SettledWeekend.Neighbour, Role = Role.Consumer });
        });
        using var theirs = await SignedInAsync(loop, SettledWeekend.Household);
        using var strangers = await SignedInAsync(loop, SettledWeekend.Neighbour);
        var actor = loop.Weekend.As(SettledWeekend.Household, Role.Consumer);
        var id = await host.Send(new OpenDispute(loop.LoopId, loop.Bill.Number, 1, Guid.NewGuid(), 1, "It does not fit"), actor);
        var page = await theirs.Get($"/loops/files-of/disputes/{id}");

        (await theirs.Upload(page, $"/loops/files-of/disputes/{id}/files", "evil.pdf", "<script>"u8.ToArray())).Location.ShouldBe($"/loops/files-of/disputes/{id}?problem=type#attach");
        (await theirs.Upload(page, $"/loops/files-of/disputes/{id}/files", "big.pdf", new byte[AttachToDispute.MostBytes + 70_000])).Location.ShouldBe($"/loops/files-of/disputes/{id}?problem=size#attach");
        (await theirs.Upload(page, $"/loops/files-of/disputes/{id}/files", "photo of meter.pdf", Encoding.ASCII.GetBytes("%PDF-1.7"))).Location.ShouldBe($"/loops/files-of/disputes/{id}?done=attached#attach");
        (await strangers.Upload(page, $"/loops/files-of/disputes/{id}/files", "x.pdf", Encoding.ASCII.GetBytes("%PDF-1.7"))).Status.ShouldNotBe(HttpStatusCode.OK);

        var href = (await theirs.Get($"/loops/files-of/disputes/{id}")).Find("href=\"(/loops/files-of/disputes/[0-9]+/files/[0-9]+)\"");
        using var response = await theirs.Response(href);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/pdf");
        response.Content.Headers.ContentDisposition!.DispositionType.ShouldBe("attachment");
        response.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
        response.Headers.GetValues("Content-Security-Policy").ShouldBe(["default-src 'none'; sandbox"]);
        response.Headers.CacheControl!.NoStore.ShouldBeTrue();
        using var refused = await strangers.Response(href);
        refused.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Reminders_and_instalments_are_set_and_seen_without_any_script()
    {
        var loop = await BilledLoop.InAsync(host, "arrears");
        await host.Put(db =>
        {
            db.Add(new MemberRole { LoopId = loop.LoopId, MemberId = SettledWeekend.Household, Role = Role.Consumer });
            db.Add(new MemberRole { LoopId = loop.LoopId, MemberId = SettledWeekend.Operator, Role = Role.Operator });
        });
        using var theirs = await SignedInAsync(loop, SettledWeekend.Household);
        using var operators = await SignedInAsync(loop, SettledWeekend.Operator);

        var terms = await operators.Get("/loops/arrears/operations/payments/reminders");
        terms.Text.ShouldContain("Nobody is reminded");
        (string, string)[] fields = [("Model.ValidFrom", "2026-03-03"), ("Model.LevelDays", "7; 21"), ("Model.LeastCents", "1"), ("Model.AnswerDays", "20"), ("Model.GraceDays", "3")];
        (await operators.Post(terms, "terms", [.. fields, ("Model.LevelFeeCents", "0; x")])).Text.ShouldContain("Use fees of 0 to 100.");
        (await operators.Post(terms, "terms", [.. fields, ("Model.LevelFeeCents", "0; 2.50")])).Location.ShouldBe("/loops/arrears/operations/payments/reminders?done=true");
        var plans = await operators.Get($"/loops/arrears/operations/payments/instalments?member={SettledWeekend.Household}");
        plans.Text.ShouldContain("Kim could pay in instalments");
        (await operators.Post(plans, "plan", ("Model.SubmissionId", Guid.NewGuid().ToString()), ("Model.Count", "2"), ("Model.FirstOn", "2026-03-20"))).Location!.ShouldEndWith("&done=agreed");

        var account = await theirs.Get("/loops/arrears/account");
        account.Text.ShouldContain("Your instalments");
        account.Text.ShouldContain("20 Apr 2026");
        account.Text.ShouldContain("In instalments");
        var all = await operators.Get("/loops/arrears/operations/payments/instalments");
        all.Text.ShouldContain("End this plan");
        (await operators.Post(all, "end", ("PlanId", "1"))).Location.ShouldBe("/loops/arrears/operations/payments/instalments?done=ended");
        (await theirs.Get("/loops/arrears/operations/payments/reminders")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await theirs.Get("/loops/arrears/operations/payments/instalments")).Status.ShouldBe(HttpStatusCode.NotFound);
    }

    private async Task<Browser> SignedInAsync(BilledLoop loop, int member)
    {
        var (_, email) = await host.AddPerson(loop.LoopId, member);
        var browser = new Browser(host);
        await browser.SignIn(email, People.Password);
        return browser;
    }
}
