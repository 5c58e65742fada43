using Marketplace.Web.Tests.Features.Accounts;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Charging;

public sealed class ChargingPagesTests(AccountsHost host) : IClassFixture<AccountsHost>
{
    private async Task<Browser> SignedInAsync(ChargingMarket market, int member)
    {
        var (_, email) = await host.AddPerson(market.LoopId, member);
        var browser = new Browser(host);
        await browser.SignIn(email, People.Password);
        return browser;
    }

    [Fact]
    public async Task A_member_asks_for_power_sees_its_quota_and_what_was_traded_without_names()
    {
        var market = await ChargingMarket.CreateAsync(host);
        var slug = await host.Look(db => db.Loops.Where(loop => loop.Id == market.LoopId).Select(loop => loop.Slug).SingleAsync());
        using var member = await SignedInAsync(market, ChargingMarket.Member('C'));
        (await member.Get($"/loops/{slug}/charging")).Text.ShouldContain("No quota yet");

        await market.DemandAsInTheCaseAsync();
        await market.AtAsync(18, 7);
        await market.AdvanceAsync();
        (await member.Get($"/loops/{slug}/charging")).Text.ShouldContain("34.78");
        await market.OrderAsInTheCaseAsync();
        (await member.Get($"/loops/{slug}/charging")).Text.ShouldContain("9.800 kWh");
        await market.AtAsync(18, 10);
        await market.AdvanceAsync();

        var page = await member.Get($"/loops/{slug}/charging");
        page.Text.ShouldContain("−151.90");
        page.Text.ShouldContain("Who traded stays unnamed");
    }

    [Fact]
    public async Task An_operator_sees_the_loops_transformers()
    {
        var market = await ChargingMarket.CreateAsync(host);
        var slug = await host.Look(db => db.Loops.Where(loop => loop.Id == market.LoopId).Select(loop => loop.Slug).SingleAsync());
        using var keeper = await SignedInAsync(market, ChargingMarket.Operator);
        var page = await keeper.Get($"/loops/{slug}/operations/charging");
        page.Text.ShouldContain("Garage");
        page.Text.ShouldContain("323.00");
    }
}
