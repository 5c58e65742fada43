using System.Net;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Corrections;
using Marketplace.Web.Tests.Features.Accounts;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;
using static Marketplace.Web.Tests.Features.Bills.SettledWeekend;

namespace Marketplace.Web.Tests.Features.Bills;

/// <summary>The pages of bills without any script.</summary>
public sealed class BillPagesTests(AccountsHost host) : IClassFixture<AccountsHost>
{
    [Fact]
    public async Task A_member_sees_what_a_correction_changed_and_an_operator_releases_it_by_a_button()
    {
        var weekend = await InAsync(host, "pages");
        await host.Put(db => db.Add(new MemberRole { LoopId = weekend.LoopId, MemberId = Household, Role = Role.Consumer }));
        await host.Put(db => db.Add(new MemberRole { LoopId = weekend.LoopId, MemberId = Operator, Role = Role.Operator }));
        await host.Put(db => db.HourSteps.Add(new HourStep { LoopId = weekend.LoopId, Hour = Period.Start, Step = HourStepKind.Cleared, DoneAt = Period.Start }));
        (await host.Send(new IssueBills(weekend.LoopId, Period))).Outcome.ShouldBe(BillingOutcome.Issued);
        await host.Send(
            new CorrectHour(weekend.LoopId, Period.Start, Guid.NewGuid(), Carrier.Heat, "Counted twice", [new CorrectedAmount(Household, Money.FromCents(-250))]), weekend.As(Operator, Role.Operator));
        var (_, operatorEmail) = await host.AddPerson(weekend.LoopId, Operator);
        using var office = new Browser(host);
        await office.SignIn(operatorEmail, People.Password);

        var queue = await office.Get("/loops/pages/bill-queue");
        queue.Text.ShouldContain("Corrected after billing");
        queue.Text.ShouldContain("Kim");
        (await office.Post(queue, "revise")).Status.ShouldBe(HttpStatusCode.Found);
        (await office.Get("/loops/pages/bill-queue?done=revised")).Text.ShouldContain("Credit notes and corrected documents are issued");
        (await office.Get("/loops/pages/bill-queue")).Text.ShouldContain("Nothing waits");
        foreach (var path in new[] { "/loops/pages/tariffs", "/loops/pages/operations/billing-terms", "/loops/pages/operations/handover", "/loops/pages/bill-run" })
        {
            (await office.Get(path)).Status.ShouldBe(HttpStatusCode.OK, path);
        }

        var (_, email) = await host.AddPerson(weekend.LoopId, Household);
        using var browser = new Browser(host);
        await browser.SignIn(email, People.Password);
        var numbers = await host.Look(db => db.Bills.Where(bill => bill.LoopId == weekend.LoopId && bill.MemberId == Household && bill.Role == Role.Consumer).OrderBy(bill => bill.Id).Select(bill => bill.Number).ToListAsync());
        numbers.Count.ShouldBe(3);
        (await browser.Get($"/loops/pages/bills/{numbers[0]}")).Text.ShouldContain("This document was corrected");
        (await browser.Get($"/loops/pages/bills/{numbers[1]}")).Text.ShouldContain($"This credit note takes back {numbers[0]}");
        var revised = await browser.Get($"/loops/pages/bills/{numbers[2]}");
        revised.Text.ShouldContain("What the correction changed");
        revised.Text.ShouldContain("What the law wants you to know");
        (await browser.Get("/loops/pages/bills")).Text.ShouldContain("Credit note");
        (await browser.Get("/loops/pages/bills/preview")).Status.ShouldBe(HttpStatusCode.OK);
        (await browser.Get("/loops/pages/tariffs")).Status.ShouldBe(HttpStatusCode.OK);
        foreach (var path in new[] { "/loops/pages/bill-queue", "/loops/pages/operations/billing-terms", "/loops/pages/operations/handover" })
        {
            (await browser.Get(path)).Status.ShouldBe(HttpStatusCode.NotFound, path);
        }
    }
}
