using System.Net;
using Marketplace.Data;
using Marketplace.Web.Features.Accounts;
using Marketplace.Web.Features.Members;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Accounts;

public sealed class SignInTests(AccountsHost host) : IClassFixture<AccountsHost>
{
    [Fact]
    public async Task A_password_signs_in_and_out_without_a_script()
    {
        var (id, email) = await host.AddPerson(await host.AddLoop("plain"), 2);
        using var browser = new Browser(host);
        (await browser.Get("/account")).Location.ShouldBe("/sign-in?back=%2Faccount");

        var signedIn = await browser.SignIn(email, People.Password, "/sign-in?back=%2Faccount");

        signedIn.Status.ShouldBe(HttpStatusCode.Redirect);
        signedIn.Location.ShouldBe("/account");
        (await browser.Get("/account")).Text.ShouldContain(email);
        (await SignInsOf(id)).ShouldBe([("password", true)]);
        await browser.SignOut();
        (await browser.Get("/account")).Location.ShouldBe("/sign-in?back=%2Faccount");
    }

    [Theory]
    [InlineData("//elsewhere.example/")]
    [InlineData("/\\elsewhere.example/")]
    [InlineData("https://elsewhere.example/")]
    public async Task Signing_in_never_leads_elsewhere(string back)
    {
        var (_, email) = await host.AddPerson(await host.AddLoop("back-" + Guid.NewGuid().ToString("N")), 2);
        using var browser = new Browser(host);

        var signedIn = await browser.SignIn(email, People.Password, "/sign-in?back=" + Uri.EscapeDataString(back));

        signedIn.Location.ShouldBe("/");
    }

    [Fact]
    public async Task The_authenticator_is_asked_for_after_the_password_and_each_code_works_once()
    {
        var (id, email) = await host.AddPerson(await host.AddLoop("totp"), 2);
        using var browser = new Browser(host);
        await browser.SignIn(email, People.Password);
        var setup = await browser.Get("/account/second-step");
        var key = setup.Find("<code class=\"key\">([A-Z0-9 ]+)</code>");
        var first = Totp.Code(key);
        var codes = await browser.Post(setup, "turn-on", ("Setup.Code", first));
        var recovery = codes.Find("<li><code>([A-Z0-9-]+)</code></li>");
        await browser.SignOut();

        var secondStep = (await browser.SignIn(email, People.Password)).Location.ShouldNotBeNull();
        secondStep.ShouldStartWith("/sign-in/second-step");
        (await browser.Get("/account")).Status.ShouldBe(HttpStatusCode.Redirect);
        (await browser.Post(await browser.Get(secondStep), "second-step", ("Model.Code", first))).Text.ShouldContain("was used before");
        (await browser.Post(await browser.Get(secondStep), "second-step", ("Model.Code", Totp.Code(key, 1)))).Location.ShouldBe("/");
        (await browser.Get("/account")).Status.ShouldBe(HttpStatusCode.OK);
        await browser.SignOut();

        var withRecovery = (await browser.SignIn(email, People.Password)).Location + "&recovery=true";
        (await browser.Post(await browser.Get(withRecovery), "second-step", ("Model.Code", recovery.ToLowerInvariant()))).Location.ShouldBe("/");
        await browser.SignOut();
        withRecovery = (await browser.SignIn(email, People.Password)).Location + "&recovery=true";
        (await browser.Post(await browser.Get(withRecovery), "second-step", ("Model.Code", recovery))).Text.ShouldContain("not one of your unused recovery codes");
        (await host.Look(db => db.UserTokens.Where(token => token.UserId == id && token.Name == "RecoveryCodes").Select(token => token.Value!).SingleAsync()))
            .ShouldNotContain(recovery);
    }

    [Fact]
    public async Task An_unknown_address_is_answered_like_a_known_one_until_both_rest()
    {
        var (id, email) = await host.AddPerson(await host.AddLoop("rest"), 2);
        using var browser = new Browser(host);
        var unknown = $"nobody-{Guid.NewGuid():N}@loop.example";

        for (var tries = 1; tries <= AccountsFeature.TriesBeforeRest + 1; tries++)
        {
            var answers = new[] { await Message(browser, email), await Message(browser, unknown) };

            answers[0].ShouldBe(answers[1]);
            answers[0].Contains("rests", StringComparison.Ordinal).ShouldBe(tries >= AccountsFeature.TriesBeforeRest);
        }

        // The right password does not tell that it is right while the account rests.
        (await browser.SignIn(email, People.Password)).Text.ShouldContain("rests");
        (await SignInsOf(id)).ShouldAllBe(signIn => !signIn.Succeeded);
    }

    [Fact]
    public async Task A_new_password_by_letter_works_once_and_ends_the_rest()
    {
        var (id, email) = await host.AddPerson(await host.AddLoop("letter"), 2);
        using var browser = new Browser(host);
        for (var tries = 0; tries < AccountsFeature.TriesBeforeRest; tries++)
        {
            await Message(browser, email);
        }

        string token;
        await using (var scope = host.Services.CreateAsyncScope())
        {
            var users = scope.ServiceProvider.GetRequiredService<Microsoft.AspNetCore.Identity.UserManager<Account>>();
            var account = (await users.FindByIdAsync(id.ToString()))!;
            token = Microsoft.AspNetCore.WebUtilities.WebEncoders.Base64UrlEncode(System.Text.Encoding.UTF8.GetBytes(await users.GeneratePasswordResetTokenAsync(account)));
        }

        await host.Send(new SetNewPassword(id, token, "quite another four words"), Actor.Visitor);

        (await browser.SignIn(email, People.Password)).Text.ShouldContain("do not go together");
        (await browser.SignIn(email, "quite another four words")).Location.ShouldBe("/");
        await Should.ThrowAsync<RefusedException>(() => host.Send(new SetNewPassword(id, token, "and a third four words"), Actor.Visitor));
    }

    [Fact]
    public async Task A_withdrawn_role_ends_within_a_minute_or_two()
    {
        var loop = await host.AddLoop("withdrawn");
        var (_, _) = await host.AddPerson(loop, 1);
        var (id, email) = await host.AddPerson(loop, 1);
        using var browser = new Browser(host);
        await browser.SignIn(email, People.Password);
        (await browser.Get("/loops/withdrawn/members")).Status.ShouldBe(HttpStatusCode.OK);

        await host.Send(new EndMembership(loop, 1, id));
        host.Time.Advance(TimeSpan.FromMinutes(2));

        (await browser.Get("/loops/withdrawn/members")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await browser.Get("/account")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Demo_sign_ins_are_not_shown_outside_demo_mode()
    {
        var (_, email) = await host.AddPerson(await host.AddLoop("hints"), 1);
        using var browser = new Browser(host);

        (await browser.Get("/sign-in")).Text.ShouldNotContain(email);
    }

    private static async Task<string> Message(Browser browser, string email) =>
        (await browser.SignIn(email, "not the right words")).Find("<div class=\"notice-body\">(.*?)</div>");

    private async Task<IReadOnlyList<(string Method, bool Succeeded)>> SignInsOf(Guid id) =>
        await host.Look(async db => (await db.SignIns.Where(signIn => signIn.AccountId == id).OrderBy(signIn => signIn.Id).ToListAsync()).ConvertAll(signIn => (signIn.Method, signIn.Succeeded)));
}

/// <summary>The limit itself, on a host that has it.</summary>
public sealed class PostLimitTests : IAsyncLifetime
{
    private readonly MarketplaceHost _host = new();

    public Task InitializeAsync()
    {
        _host.Settings["Accounts:PostsEachMinute"] = "3";
        return _host.InitializeAsync();
    }

    public Task DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Posts_to_the_sign_in_page_are_limited_and_reads_are_not()
    {
        using var browser = new Browser(_host);
        var page = await browser.Get("/sign-in");
        var statuses = new List<HttpStatusCode>();

        for (var post = 0; post < 4; post++)
        {
            statuses.Add((await browser.Post(page, "sign-in", ("Model.Email", "a@loop.example"), ("Model.Password", "b"))).Status);
        }

        statuses.ShouldBe([HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.TooManyRequests]);
        (await browser.Get("/sign-in")).Status.ShouldBe(HttpStatusCode.OK);
    }
}

/// <summary>Sign-in hints, on a host in demo mode.</summary>
public sealed class DemoSignInTests : IAsyncLifetime
{
    private readonly MarketplaceHost _host = new();

    public Task InitializeAsync()
    {
        _host.Settings["Marketplace:Demo"] = "true";
        return _host.InitializeAsync();
    }

    public Task DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task The_sign_in_page_offers_one_person_for_each_role_and_a_button_signs_in()
    {
        var loop = await _host.AddLoop("offered");
        await _host.Send(new SeedAccount(loop, 1, "operator@offered.example", "Olga Operator", DemoSignIns.Password));
        await _host.Send(new SeedAccount(loop, 1, "operator@offered.example", "Olga Operator", DemoSignIns.Password));
        await _host.Send(new SeedAccount(loop, 2, "resident@offered.example", "Rita Resident", DemoSignIns.Password));
        await _host.Send(new SeedAccount(loop, 2, "second@offered.example", "Second Resident", DemoSignIns.Password));
        using var browser = new Browser(_host);

        var page = await browser.Get("/sign-in");

        page.Text.ShouldContain("Olga Operator");
        page.Text.ShouldContain(DemoSignIns.Password);
        page.Text.ShouldNotContain("Second Resident");
        var signedIn = await browser.Post(page, "sign-in", ("Model.Email", page.Find("name=\"Model.Email\" value=\"(resident@offered[^\"]+)\"")), ("Model.Password", DemoSignIns.Password));
        signedIn.Location.ShouldBe("/");
        (await browser.Get("/account")).Text.ShouldContain("Rita Resident");
    }

    [Fact]
    public async Task A_demo_account_is_never_made_in_a_live_loop()
    {
        var loop = await _host.AddLoop("live");
        await _host.Put(db => db.Loops.Find(loop)!.Kind = LoopKind.Live);

        await Should.ThrowAsync<BrokenInvariantException>(() => _host.Send(new SeedAccount(loop, 2, "resident@live.example", "Rita", DemoSignIns.Password)));
        await Should.ThrowAsync<NotPermittedException>(() => _host.Send(new SeedAccount(loop, 2, "resident@live.example", "Rita", DemoSignIns.Password), People.Operator(loop)));
    }
}
