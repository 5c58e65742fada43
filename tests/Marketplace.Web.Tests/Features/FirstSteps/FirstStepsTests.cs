using System.Net;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.FirstSteps;
using Marketplace.Web.Features.Members;
using Marketplace.Web.Features.PublicTexts;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Accounts;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.FirstSteps;

public sealed class FirstStepsTests(AccountsHost host) : IClassFixture<AccountsHost>
{
    [Fact]
    public async Task The_operators_steps_are_read_from_what_is_there()
    {
        var loop = await host.AddLoop("steps");
        var office = People.Operator(loop);
        bool Done(StepsTaken taken, string key) => taken.Operator.Single(step => step.Key == key).IsDone;

        var before = await host.Send(new ShowFirstSteps(loop), office);
        before.Member.ShouldBeEmpty();
        (Done(before, "Tariff"), Done(before, "Members"), Done(before, "Invited"), Done(before, "Meters"), Done(before, "Texts")).ShouldBe((true, true, false, false, false));
        before.AreComplete.ShouldBeFalse();
        before.Next!.Key.ShouldBe("Invited", "what may be left out does not come first");

        await host.Send(new InviteMember(loop, 2, "two@steps.example"), office);
        await host.Put(db => db.Add(new Meter { LoopId = loop, Id = 1, MemberId = 2, Carrier = Carrier.Heat, Direction = MeterDirection.Consumption, Code = "m-1", InServiceFrom = MarketplaceHost.Start }));
        await host.Send(new SetPublicText(loop, PublicPage.LegalNotice, "We", "", ""), office);
        Done(await host.Send(new ShowFirstSteps(loop), office), "Texts").ShouldBeFalse("the contact is still missing");
        await host.Send(new SetPublicText(loop, PublicPage.Contact, "Here", "", ""), office);

        var after = await host.Send(new ShowFirstSteps(loop), office);
        (Done(after, "Invited"), Done(after, "Meters"), Done(after, "Texts"), Done(after, "Readings")).ShouldBe((true, true, true, false));
        after.Next!.ShouldSatisfyAllConditions(next => next.Key.ShouldBe("Plants", "no hour clears without them"), next => next.Href.ShouldBe("/operations/equipment#plants"));
    }

    [Fact]
    public async Task A_member_sees_the_way_after_the_invitation_and_a_stranger_nothing()
    {
        var loop = await host.AddLoop("steps-member");
        var (id, email) = await host.AddPerson(loop, 2);

        var taken = await host.Send(new ShowFirstSteps(loop), People.Acting(id, new RoleHeld(loop, 2, Role.Consumer)));
        taken.Operator.ShouldBeEmpty();
        taken.Member.Select(step => (step.Key, step.IsDone)).ShouldBe(
            [("Accepted", true), ("Passkey", false), ("Consent", false), ("Details", false), ("Preference", false), ("Order", false)]);
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new ShowFirstSteps(loop), People.Acting(id, new RoleHeld(loop + 1, 2, Role.Consumer))));

        using var browser = new Browser(host);
        await browser.SignIn(email, People.Password);
        (await browser.Get("/loops/steps-member/home")).Html.ShouldContain("/loops/steps-member/first-steps");
        var page = await browser.Get("/loops/steps-member/first-steps");
        page.Status.ShouldBe(HttpStatusCode.OK);
        page.Html.ShouldContain("href=\"/account/passkeys\"");
        page.Html.ShouldContain("href=\"/loops/steps-member/agreements\"");
    }
}
