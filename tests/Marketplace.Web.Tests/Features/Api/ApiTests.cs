using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Marketplace.Data;
using Marketplace.Web.Features.Accounts;
using Marketplace.Web.Features.Api;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Accounts;
using Marketplace.Web.Tests.Features.Operations;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Api;

public sealed class ApiTests(AccountsHost host) : IClassFixture<AccountsHost>
{
    private const string Password = "a sentence that only I know";

    /// <summary>A market whose first home has a person with a key.</summary>
    private async Task<(SmallMarket Market, Actor Actor, string Key, string Path, string Email)> OpenAsync(bool mayTrade = true)
    {
        var market = await SmallMarket.CreateAsync(host, clockAt: MarketplaceHost.Start);
        var email = $"person-{Guid.NewGuid():N}@loop.example";
        var account = await host.Send(new SeedAccount(market.LoopId, SmallMarket.HomeA, email, "Person", Password));
        var actor = People.Acting(account, new RoleHeld(market.LoopId, SmallMarket.HomeA, Role.Consumer));
        var key = await host.Send(new CreateApiKey("Test", 30, [new KeyScope(market.LoopId, mayTrade)]), actor);
        var slug = await host.Look(db => db.Loops.Where(loop => loop.Id == market.LoopId).Select(loop => loop.Slug).SingleAsync());
        return (market, actor, key, $"/api/v1/loops/{slug}", email);
    }

    private async Task<(HttpStatusCode Status, JsonElement Body, HttpResponseMessage Response)> CallAsync(
        string? key, HttpMethod method, string path, object? body = null, string? idempotency = null)
    {
        using var client = host.CreateClient();
        using var request = new HttpRequestMessage(method, path);
        if (key is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        if (idempotency is not null)
        {
            request.Headers.Add("Idempotency-Key", idempotency);
        }

        if (body is not null)
        {
            request.Content = body is string text ? new StringContent(text, Encoding.UTF8, "application/json") : JsonContent.Create(body);
        }

        var response = await client.SendAsync(request);
        var answer = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, answer.Length == 0 ? default : JsonDocument.Parse(answer).RootElement.Clone(), response);
    }

    private static object Order(int hour = 3, long wattHours = 1_500, string carrier = "electricity") => new
    {
        hour = MarketplaceHost.Start.AddHours(hour), carrier, side = "buy", quantityWh = wattHours, limitMicroPerKWh = 150_000,
    };

    [Fact]
    public async Task A_key_is_kept_as_its_hash_and_opens_only_its_loops()
    {
        var (market, _, key, path, _) = await OpenAsync();
        var (_, _, otherKey, otherPath, _) = await OpenAsync();

        var kept = await host.Look(db => db.ApiKeys.SingleAsync(row => row.Hash == SHA256.HashData(Encoding.UTF8.GetBytes(key))));
        kept.Beginning.ShouldBe(key[..8]);
        (await CallAsync(key, HttpMethod.Get, path)).Body.GetProperty("members")[0].GetProperty("id").GetInt32().ShouldBe(SmallMarket.HomeA);
        (await CallAsync(key, HttpMethod.Get, "/api/v1/loops")).Body.GetArrayLength().ShouldBe(1);
        (await CallAsync(key, HttpMethod.Get, otherPath)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await CallAsync(otherKey, HttpMethod.Get, $"{otherPath}/members/{SmallMarket.HomeB}/orders")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await host.Look(db => db.ApiKeys.SingleAsync(row => row.Id == kept.Id))).LastUsedAt.ShouldBe(MarketplaceHost.Start);
        market.LoopId.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Without_a_key_nothing_opens_and_a_cookie_is_no_key()
    {
        var (_, _, key, path, email) = await OpenAsync();
        var (status, body, response) = await CallAsync(null, HttpMethod.Get, path);
        status.ShouldBe(HttpStatusCode.Unauthorized);
        response.Headers.WwwAuthenticate.ToString().ShouldBe("Bearer");
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        body.GetProperty("title").GetString().ShouldBe("No valid key");
        (await CallAsync(key + "x", HttpMethod.Get, path)).Status.ShouldBe(HttpStatusCode.Unauthorized);

        using var browser = new Browser(host);
        (await browser.SignIn(email, Password)).Status.ShouldBe(HttpStatusCode.Redirect);
        (await browser.Get("/account")).Status.ShouldBe(HttpStatusCode.OK);
        (await browser.Get(path)).Status.ShouldBe(HttpStatusCode.Unauthorized);

        // And a key is no sign-in.
        (await CallAsync(key, HttpMethod.Get, "/account/keys")).Status.ShouldBe(HttpStatusCode.Redirect);
    }

    [Fact]
    public async Task A_revoked_or_expired_key_ends_at_once()
    {
        var (_, actor, key, path, _) = await OpenAsync();
        var id = (await host.Send(new ShowApiKeys(), actor)).Keys.ShouldHaveSingleItem().Key.Id;
        await Should.ThrowAsync<RefusedException>(() => host.Send(new RevokeApiKey(id), People.Acting(Guid.NewGuid())));

        await host.Send(new RevokeApiKey(id), actor);

        (await CallAsync(key, HttpMethod.Get, path)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await host.Send(new ShowApiKeys(), actor)).Events.Select(entry => entry.Kind).ShouldBe([ApiKeyEventKind.Revoked, ApiKeyEventKind.Created]);
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new CreateApiKey("x", 1, [new KeyScope(int.MaxValue, true)]), actor));
    }

    [Fact]
    public async Task An_order_is_placed_once_replaced_and_withdrawn()
    {
        var (_, _, key, path, _) = await OpenAsync();
        var orders = $"{path}/members/{SmallMarket.HomeA}/orders";

        var placed = await CallAsync(key, HttpMethod.Post, orders, Order(), "one");
        placed.Status.ShouldBe(HttpStatusCode.Created);
        var id = placed.Body.GetProperty("id").GetInt64();
        (await CallAsync(key, HttpMethod.Post, orders, Order(), "one")).Body.GetProperty("id").GetInt64().ShouldBe(id);
        var other = await CallAsync(key, HttpMethod.Post, orders, Order(wattHours: 7), "one");
        other.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        other.Body.GetProperty("errors")[0].GetProperty("field").GetString().ShouldBe("Idempotency-Key");

        var replaced = (await CallAsync(key, HttpMethod.Put, $"{orders}/{id}", Order(wattHours: 900), "two")).Body.GetProperty("id").GetInt64();
        (await CallAsync(key, HttpMethod.Delete, $"{orders}/{replaced}")).Status.ShouldBe(HttpStatusCode.NoContent);
        var list = (await CallAsync(key, HttpMethod.Get, orders)).Body;
        list.EnumerateArray().Select(order => order.GetProperty("state").GetString()).ShouldBe(["withdrawn", "withdrawn"]);
    }

    [Fact]
    public async Task A_refusal_names_field_and_bound()
    {
        var (_, _, key, path, _) = await OpenAsync();
        var orders = $"{path}/members/{SmallMarket.HomeA}/orders";

        var late = await CallAsync(key, HttpMethod.Post, orders, Order(hour: 1), "late");
        late.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        var error = late.Body.GetProperty("errors")[0];
        (error.GetProperty("field").GetString(), error.GetProperty("bound").GetString()).ShouldBe(("hour", "gate"));
        error.GetProperty("detail").GetString().ShouldNotBeNull().ShouldContain("closed at 01:00");

        (await CallAsync(key, HttpMethod.Post, orders, Order())).Body.GetProperty("errors")[0].GetProperty("field").GetString().ShouldBe("Idempotency-Key");
        var malformed = await CallAsync(key, HttpMethod.Post, orders, """{ "hour": "2026-03-05T03:00:00Z", "carrier": "electricity", "side": "buy", "quantityWh": "many", "limitMicroPerKWh": 1 }""", "m");
        malformed.Status.ShouldBe(HttpStatusCode.BadRequest);
        malformed.Body.GetProperty("errors")[0].GetProperty("field").GetString().ShouldBe("quantityWh");
        (await CallAsync(key, HttpMethod.Post, orders, """{ "hour": "2026-03-05T03:00:00Z" }""", "m")).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await CallAsync(key, HttpMethod.Post, orders, Order(carrier: "steam"), "s")).Body.GetProperty("errors")[0].GetProperty("field").GetString().ShouldBe("carrier");
    }

    [Fact]
    public async Task A_batch_answers_item_by_item_and_has_its_effect_once()
    {
        var (market, _, key, path, _) = await OpenAsync();
        var batch = new { orders = new[] { Order(), Order(hour: 1), Order(hour: 4) } };

        var first = (await CallAsync(key, HttpMethod.Post, $"{path}/members/{SmallMarket.HomeA}/orders/batch", batch, "b")).Body;
        first.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("outcome").GetString()).ShouldBe(["placed", "refused", "placed"]);
        var second = (await CallAsync(key, HttpMethod.Post, $"{path}/members/{SmallMarket.HomeA}/orders/batch", batch, "b")).Body;
        second.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("outcome").GetString()).ShouldBe(["already-there", "refused", "already-there"]);
        (await host.Look(db => db.Orders.CountAsync(order => order.LoopId == market.LoopId))).ShouldBe(2);
    }

    [Fact]
    public async Task A_key_that_may_only_read_does_not_trade()
    {
        var (_, _, key, path, _) = await OpenAsync(mayTrade: false);
        (await CallAsync(key, HttpMethod.Get, $"{path}/members/{SmallMarket.HomeA}/orders")).Status.ShouldBe(HttpStatusCode.OK);
        var refused = await CallAsync(key, HttpMethod.Post, $"{path}/members/{SmallMarket.HomeA}/orders", Order(), "x");
        refused.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        refused.Body.GetProperty("errors")[0].GetProperty("bound").GetString().ShouldBe("scope");
    }

    [Fact]
    public async Task Templates_and_standing_orders_work_as_on_the_pages()
    {
        var (_, _, key, path, _) = await OpenAsync();
        var member = $"{path}/members/{SmallMarket.HomeA}";
        var template = new { name = "Mornings", carrier = "electricity", side = "buy", hours = new[] { new { hourOfDay = 4, quantityWh = 700, limitMicroPerKWh = 120_000 } } };
        var id = (await CallAsync(key, HttpMethod.Post, member + "/templates", template)).Body.GetProperty("id").GetInt64();

        var applied = (await CallAsync(key, HttpMethod.Post, $"{member}/templates/{id}/apply", new { from = "2026-03-05", until = "2026-03-05" }, "a")).Body;
        applied.GetProperty("placed").GetInt32().ShouldBe(1);
        applied.GetProperty("hours")[0].GetProperty("hour").GetDateTimeOffset().ShouldBe(MarketplaceHost.Start.AddHours(3));
        (await CallAsync(key, HttpMethod.Put, member + "/standing-orders/electricity", new { templateId = id })).Status.ShouldBe(HttpStatusCode.OK);
        (await CallAsync(key, HttpMethod.Get, member + "/standing-orders")).Body[0].GetProperty("templateId").GetInt64().ShouldBe(id);
        (await CallAsync(key, HttpMethod.Delete, $"{member}/templates/{id}")).Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await CallAsync(key, HttpMethod.Delete, member + "/standing-orders/electricity")).Status.ShouldBe(HttpStatusCode.NoContent);
        (await CallAsync(key, HttpMethod.Delete, $"{member}/templates/{id}")).Status.ShouldBe(HttpStatusCode.NoContent);
        (await CallAsync(key, HttpMethod.Get, path + "/clock")).Body.GetProperty("openHours")[0].GetProperty("hour").GetDateTimeOffset().ShouldBe(MarketplaceHost.Start.AddHours(2));
        (await CallAsync(key, HttpMethod.Get, member + "/credit")).Body.GetProperty("freeMicro").GetInt64().ShouldBeGreaterThan(0);
        (await CallAsync(key, HttpMethod.Get, path + "/likely?hour=2026-03-05T03:00:00Z&carrier=electricity&side=buy&limitMicroPerKWh=1")).Body.GetProperty("ofDays").GetInt32().ShouldBe(0);
    }

    [Fact]
    public async Task The_OpenAPI_document_describes_every_address()
    {
        var (status, document, _) = await CallAsync(null, HttpMethod.Get, "/api/v1/openapi.json");
        status.ShouldBe(HttpStatusCode.OK);
        document.GetProperty("openapi").GetString().ShouldNotBeNull().ShouldStartWith("3.1");
        document.GetProperty("paths").EnumerateObject().Select(path => path.Name).ShouldContain("/api/v1/loops/{slug}/members/{member}/orders/batch");
        document.GetProperty("paths").EnumerateObject().ShouldAllBe(path => path.Name.StartsWith("/api/v1/"));
    }

    [Fact]
    public async Task A_deal_is_proposed_countered_and_accepted_over_http_and_stale_answers_are_refused()
    {
        var (market, _, key, path, _) = await OpenAsync();
        var seller = await host.Send(new SeedAccount(market.LoopId, SmallMarket.SolarOwner, $"sun-{Guid.NewGuid():N}@loop.example", "Sun", Password));
        var sellerKey = await host.Send(
            new CreateApiKey("Test", 30, [new KeyScope(market.LoopId, true)]), People.Acting(seller, new RoleHeld(market.LoopId, SmallMarket.SolarOwner, Role.Producer)));
        var day = DateOnly.FromDateTime(MarketplaceHost.Start.Date).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
        object Terms(long price, string? plant) => new { quantityWh = 500, priceMicroPerKWh = price, firstDay = day, lastDay = day, hourFrom = 5, hourUntil = 7, plant };
        var mine = $"{path}/members/{SmallMarket.HomeA}/deals";
        var theirs = $"{path}/members/{SmallMarket.SolarOwner}/deals";

        var proposal = new { with = SmallMarket.SolarOwner, carrier = "electricity", side = "buy", terms = Terms(90_000, null) };
        var proposed = await CallAsync(key, HttpMethod.Post, mine, proposal, "deal-1");
        var again = await CallAsync(key, HttpMethod.Post, mine, proposal, "deal-1");
        proposed.Status.ShouldBe(HttpStatusCode.Created, proposed.Body.ToString());
        var id = proposed.Body.GetProperty("id").GetInt64();
        again.Body.GetProperty("id").GetInt64().ShouldBe(id);
        (await CallAsync(sellerKey, HttpMethod.Post, $"{theirs}/{id}/counter", new { act = 1, terms = Terms(110_000, "pv") })).Status.ShouldBe(HttpStatusCode.NoContent);
        (await CallAsync(key, HttpMethod.Post, $"{mine}/{id}/accept", new { act = 1 })).Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await CallAsync(key, HttpMethod.Post, $"{mine}/{id}/accept", new { act = 2 })).Status.ShouldBe(HttpStatusCode.NoContent);

        var deal = (await CallAsync(key, HttpMethod.Get, mine)).Body.EnumerateArray().ShouldHaveSingleItem();
        (deal.GetProperty("state").GetString(), deal.GetProperty("priceMicroPerKWh").GetInt64(), deal.GetProperty("plant").GetString()).ShouldBe(("accepted", 110_000, "pv"));
        (await CallAsync(key, HttpMethod.Get, theirs)).Status.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Wishes_and_charging_are_open_to_programs_and_keys_that_only_read_are_refused()
    {
        var (market, _, key, path, _) = await OpenAsync();
        var (_, _, reading, readPath, _) = await OpenAsync(mayTrade: false);
        var member = $"{path}/members/{SmallMarket.HomeA}";

        (await CallAsync(key, HttpMethod.Put, $"{member}/preferences/heat", new { wish = "local-first", premiumMicroPerKWh = 5_000 })).Status.ShouldBe(HttpStatusCode.OK);
        var wish = (await CallAsync(key, HttpMethod.Get, $"{member}/preferences")).Body.EnumerateArray().Single(row => row.GetProperty("carrier").GetString() == "heat");
        (wish.GetProperty("wish").GetString(), wish.GetProperty("premiumMicroPerKWh").GetInt64()).ShouldBe(("local-first", 5_000));
        (await CallAsync(key, HttpMethod.Put, $"{member}/preferences/heat", new { wish = "blue" })).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await CallAsync(key, HttpMethod.Get, $"{member}/charging")).Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await CallAsync(key, HttpMethod.Put, $"{member}/stores/battery/schedule", new { scheduledBy = "market", ownerShareMillionths = 800_000 })).Status.ShouldBe(HttpStatusCode.NotFound);
        var refused = await CallAsync(reading, HttpMethod.Put, $"{readPath}/members/{SmallMarket.HomeA}/preferences/heat", new { wish = "local-first", premiumMicroPerKWh = 0 });
        refused.Status.ShouldNotBe(HttpStatusCode.OK);
        (await host.Look(db => db.MemberPreferences.CountAsync(row => row.LoopId == market.LoopId))).ShouldBe(1);
    }
}

/// <summary>A host that lets a key make three calls a minute.</summary>
public sealed class SlowHost : AccountsHost
{
    public SlowHost() => Settings["Api:RequestsEachMinute"] = "3";
}

public sealed class ApiRateTests(SlowHost host) : IClassFixture<SlowHost>
{
    [Fact]
    public async Task Beyond_its_calls_of_the_minute_a_key_is_told_how_long_to_wait()
    {
        var loop = await host.AddLoop("slow");
        var (account, _) = await host.AddPerson(loop, 2);
        var actor = People.Acting(account, new RoleHeld(loop, 2, Role.Consumer));
        using var client = host.CreateClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await host.Send(new CreateApiKey("One", 1, [new KeyScope(loop, false)]), actor));
        for (var i = 0; i < 3; i++)
        {
            (await client.GetAsync(new Uri("/api/v1/loops", UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        var refused = await client.GetAsync(new Uri("/api/v1/loops", UriKind.Relative));

        refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        refused.Headers.RetryAfter.ShouldNotBeNull().Delta.ShouldNotBeNull().TotalSeconds.ShouldBeInRange(1, 60);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await host.Send(new CreateApiKey("Two", 1, [new KeyScope(loop, false)]), actor));
        (await client.GetAsync(new Uri("/api/v1/loops", UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }
}
