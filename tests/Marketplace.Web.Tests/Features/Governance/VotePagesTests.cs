using System.Net;
using Marketplace.Contracts.Governance;
using Marketplace.Data;
using Marketplace.Web.Features.Accounts;
using Marketplace.Web.Features.Agreements;
using Marketplace.Web.Features.Governance;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Accounts;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Governance;

/// <summary>The pages as a browser without scripts sees them.</summary>
public sealed class VotePagesTests : IAsyncLifetime
{
    private readonly AccountsHost _host = new();

    public Task InitializeAsync() => _host.InitializeAsync();

    public Task DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_member_proposes_agrees_and_votes_with_a_code_and_no_script()
    {
        var loop = await _host.AddLoop("plain");
        var (account, email) = await _host.AddPerson(loop, 2);
        var actor = People.Acting(account, new RoleHeld(loop, 2, Role.Consumer));
        var key = (await _host.Send(new SetUpAuthenticator(), actor)).Key;
        using var browser = new Browser(_host);
        await browser.SignIn(email, People.Password);
        (await browser.Get("/loops/plain/votes")).Text.ShouldContain("Nothing is open");

        var form = await browser.Get("/loops/plain/votes/new?kind=Tariff");
        var proposed = await browser.Post(
            form, "proposal", ("Submission", form.Find("name=\"Submission\" value=\"([^\"]+)\"")), ("F.FeeHeat", "2.5"), ("Reason", "Heat is carried far in this loop"), ("Days", "3"), ("On", "2026-03-12"));
        proposed.Location.ShouldBe("/loops/plain/votes/1?done=proposed");
        var page = await browser.Get("/loops/plain/votes/1");
        page.Text.ShouldContain("Network fee for heat");
        page.Text.ShouldContain("2.5 ct/kWh");
        page.Text.ShouldContain("Do the ledger's proofs count for you?");
        page = await browser.Get("/loops/plain/votes/1?choice=Yes");
        page.Text.ShouldContain("To sign you need a second factor");
        page.Find("href=\"(/account/second-step[^\"]+)\"").ShouldContain("back=");

        await _host.Send(new TurnOnAuthenticator(Totp.Code(key, -1)), actor);
        using var again = new Browser(_host);
        var second = await again.SignIn(email, People.Password);
        await again.Post(await again.Get(second.Location!), "second-step", ("Model.Code", Totp.Code(key)));
        page = await again.Get("/loops/plain/votes/1?choice=Yes");
        var refused = await again.Post(page, "vote", ("Voter", "2"), ("Choose", "Yes"), ("Seen", "0"), ("Code", "000000"));
        refused.Text.ShouldContain("This code is not right");
        var voted = await again.Post(page, "vote", ("Voter", "2"), ("Choose", "Yes"), ("Seen", "0"), ("Code", Totp.Code(key, 1)));
        voted.Location.ShouldBe("/loops/plain/votes/1?done=voted");
        (await again.Get("/loops/plain/votes/1?done=voted")).Text.ShouldContain("1 yes · 0 no");

        (await again.Get("/loops/plain/agreements?topic=Proof&agrees=yes")).Text.ShouldContain("Sign with the code");
        (await again.Get("/loops/plain/votes/rules")).Text.ShouldContain("There are no secret ballots here");
        (await again.Get("/loops/plain/campaigns")).Status.ShouldBe(HttpStatusCode.OK);
        (await again.Get("/loops/plain/campaigns/new")).Text.ShouldContain("You own no plant here");
        (await again.Get("/loops/plain/parties/house-2")).Text.ShouldContain("Nothing to judge by yet");
        (await again.Get("/loops/plain/votes/9")).Status.ShouldBe(HttpStatusCode.NotFound);
    }
}
