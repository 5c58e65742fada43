using System.Globalization;
using System.Net;
using System.Security.Claims;
using System.Text.Encodings.Web;
using System.Text.Json;
using Marketplace.Data;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Metering;

public sealed class MeterPagesTests : MeteringLoop
{
    public MeterPagesTests() => Host.Replace = services =>
        services.AddAuthentication("test").AddScheme<AuthenticationSchemeOptions, SignedInByHeader>("test", _ => { });

    [Fact]
    public async Task Meters_hours_history_and_proof_lead_to_one_another()
    {
        await Receive("a", Row("ann-heat", 0, 1.5m, "measured x11.2"), Row("ann-heat", 2, 2m), Row("bob-heat", 0, 1m));
        await Receive("b", Row("ann-heat", 0, 1.75m));
        await Host.Send(new EstimateMissing(LoopId, Hour.AddHours(1)));
        await Host.Services.GetRequiredService<Sequencer>().PublishAsync(LoopId, CancellationToken.None);
        using var operating = SignedIn(new RoleHeld(LoopId, 2, Role.Operator));

        var meters = await operating.GetStringAsync("/loops/tests/meters?search=ann");
        meters.ShouldContain("/loops/tests/meters/ann-heat");
        meters.ShouldNotContain("/loops/tests/meters/bob-heat");

        var meter = await operating.GetStringAsync("/loops/tests/meters/ann-heat?period=2026-03-05");
        var address = HourAddress.Of(Hour);
        meter.ShouldContain($"/loops/tests/meters/ann-heat/{address}");
        meter.ShouldContain("1.750");
        meter.ShouldContain("Estimated: on the straight line");
        meter.ShouldContain("no value");
        (await operating.GetStringAsync("/loops/tests/meters/ann-heat?period=2026-03")).ShouldContain("hours without a value");
        (await operating.GetStringAsync("/loops/tests/meters/ann-heat?period=2026")).ShouldContain("period=2026-03");

        var reading = await operating.GetStringAsync($"/loops/tests/meters/ann-heat/{address}");
        reading.ShouldContain("1.500");
        reading.ShouldContain($"data-verify=\"/loops/tests/meters/ann-heat/{address}/1.json\"");

        using var proof = JsonDocument.Parse(await operating.GetStringAsync($"/loops/tests/meters/ann-heat/{address}/0.json"));
        System.Text.Encoding.UTF8.GetString(proof.RootElement.GetProperty("record").GetBytesFromBase64()).ShouldContain("energyWh 1500\nquality measured\nrevision 0\n");
        (await operating.GetStringAsync($"/loops/tests/meters/ann-heat/{address}/1.proof")).ShouldStartWith("c2sp.org/tlog-proof@v1\n");

        var csv = await operating.GetStringAsync("/loops/tests/meters/ann-heat/readings.csv?period=2026-03-05");
        csv.ShouldContain("2026-03-05T00:00:00Z,2026-03-05T01:00:00+01:00,ann-heat,heat,consumption,1.75,corrected,1,\r\n");
    }

    [Fact]
    public async Task A_member_sees_the_own_meters_and_no_others()
    {
        await Receive("a", Row("ann-heat", 0, 1.5m), Row("bob-heat", 0, 1m));
        using var ann = SignedIn(new RoleHeld(LoopId, 1, Role.Consumer));

        var meters = await ann.GetStringAsync("/loops/tests/meters");
        meters.ShouldContain("ann-heat");
        meters.ShouldNotContain("bob-heat");
        (await ann.GetAsync("/loops/tests/meters/ann-heat")).StatusCode.ShouldBe(HttpStatusCode.OK);
        foreach (var hidden in new[] { "", $"/{HourAddress.Of(Hour)}", $"/{HourAddress.Of(Hour)}/0.json", $"/{HourAddress.Of(Hour)}/0.proof", "/readings.csv" })
        {
            (await ann.GetAsync("/loops/tests/meters/bob-heat" + hidden)).StatusCode.ShouldBe(HttpStatusCode.NotFound, hidden);
        }
    }

    [Theory]
    [InlineData("/loops/tests/meters/none")]
    [InlineData("/loops/tests/meters/ann-heat/2026-03-05T0030Z")]
    [InlineData("/loops/tests/meters/ann-heat/2026-03-05T0300Z")]
    [InlineData("/loops/tests/meters/ann-heat/2026-03-05T0300Z/0.json")]
    public async Task What_is_not_there_is_not_found(string address)
    {
        using var operating = SignedIn(new RoleHeld(LoopId, 2, Role.Operator));

        (await operating.GetAsync(address)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    private HttpClient SignedIn(params RoleHeld[] roles)
    {
        var client = Host.CreateClient();
        client.DefaultRequestHeaders.Add(SignedInByHeader.Name, string.Join(',', roles.Select(role => role.ToClaim().Value)));
        return client;
    }

    private sealed class SignedInByHeader(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        public const string Name = "X-Test-Roles";

        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            if (!Request.Headers.TryGetValue(Name, out var roles))
            {
                return Task.FromResult(AuthenticateResult.NoResult());
            }

            var claims = roles.ToString().Split(',').Select(role => new Claim(RoleHeld.ClaimType, role))
                .Append(new Claim(ClaimTypes.NameIdentifier, new Guid(1, 2, 3, new byte[8]).ToString("D", CultureInfo.InvariantCulture)));
            return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity(claims, "test")), "test")));
        }
    }
}
