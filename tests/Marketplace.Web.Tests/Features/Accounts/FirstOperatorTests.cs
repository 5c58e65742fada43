using System.Net;
using Marketplace.Data;
using Marketplace.Web.Features.Accounts;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Accounts;

/// <summary>On a host of its own: there is a first operator only once.</summary>
public sealed class FirstOperatorTests(AccountsHost host) : IClassFixture<AccountsHost>
{
    [Fact]
    public async Task The_console_link_makes_the_operator_and_the_first_loop_once()
    {
        var path = host.Services.GetRequiredService<FirstOperatorLink>().Path;
        using var first = new Browser(host);
        using var second = new Browser(host);
        (await first.Get("/first-operator/guessed")).Text.ShouldContain("no longer works");
        var (page, other) = (await first.Get(path), await second.Get(path));

        var refused = await first.Post(page, "first-operator", Form("first@operator.example", "Not An Address"));
        refused.Text.ShouldContain("lower-case letters");
        var made = await first.Post(page, "first-operator", Form("first@operator.example", "harbour"));
        made.Location.ShouldBe("/loops/harbour/first-steps");
        (await first.Get("/loops/harbour/first-steps")).Status.ShouldBe(HttpStatusCode.OK);

        (await second.Post(other, "first-operator", Form("second@operator.example", "second"))).Text.ShouldContain("no longer works");
        (await second.Get(path)).Text.ShouldContain("no longer works");
        (await host.Look(db => db.Loops.CountAsync())).ShouldBe(1);
        var tariff = await host.Look(db => db.Tariffs.SingleAsync());
        tariff.NetworkFeeHeat.CentsPerKWh.ShouldBe(1.5m);
        tariff.VatBasisPoints.ShouldBe(1900);
        var loop = await host.Look(db => db.Loops.SingleAsync());
        loop.Kind.ShouldBe(LoopKind.Live);
        (loop.FirstHour - MarketplaceHost.Start).ShouldBe(TimeSpan.FromHours(1));
    }

    private static (string, string)[] Form(string email, string slug) =>
    [
        ("Model.Email", email), ("Model.DisplayName", "First"), ("Model.Password", People.Password), ("Model.Name", "Harbour Loop"), ("Model.Slug", slug),
        ("Model.Currency", "eur"), ("Model.TimeZone", "Europe/Berlin"), ("Model.BalancingHeat", "9"), ("Model.BalancingCold", "6"), ("Model.FeedIn", "8"),
        ("Model.DefaultLimitMargin", "1"), ("Model.NetworkFeeHeat", "1.5"), ("Model.NetworkFeeCold", "1"), ("Model.NetworkFeeElectricity", "7"),
        ("Model.StandingChargePerDay", "0.2"), ("Model.VatBasisPoints", "19"),
    ];
}
