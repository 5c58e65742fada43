using System.Globalization;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Api;

/// <summary>The loop and member of a call, as the key's owner stands there.</summary>
internal sealed record Caller(LoopView Loop, MemberHere Member);

/// <summary>Loops, clocks and orders over HTTP. Each call makes the same requests as the pages do.</summary>
internal static class ApiEndpoints
{
    private const int MostInBatch = 1_000;
    private const long LargestBody = 512 * 1024;

    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/loops", LoopsAsync).WithSummary("The loops that the key opens").Produces<IReadOnlyList<ApiLoop>>().WithTags("Loops");
        api.MapGet("/loops/{slug}", LoopAsync).WithSummary("One loop, with links to its published prices and auctions").Produces<ApiLoop>().WithTags("Loops");
        api.MapGet("/loops/{slug}/clock", ClockAsync).WithSummary("The market clock and the gates of the hours that take orders").Produces<ApiClock>().WithTags("Loops");
        api.MapGet("/loops/{slug}/likely", LikelyAsync).WithTags("Loops").Produces<ApiLikely>()
            .WithSummary("On how many of the last 7 cleared days an order at this limit would have been accepted");
        var member = api.MapGroup("/loops/{slug}/members/{member:int}");
        var orders = member.MapGroup("/orders").WithTags("Orders");
        orders.MapGet("/", OrdersAsync).WithSummary("The member's orders from an hour on, newest delivery first").Produces<IReadOnlyList<ApiOrder>>();
        orders.MapPost("/", PlaceAsync).WithSummary("Places an order; the header Idempotency-Key names it, so that the same call places it once")
            .Accepts<ApiNewOrder>("application/json").Produces<ApiPlaced>(StatusCodes.Status201Created).WithRefusals();
        orders.MapPost("/batch", BatchAsync).WithSummary("Places up to 1,000 orders; each is judged by itself")
            .Accepts<ApiBatch>("application/json").Produces<ApiBatchResult>().WithRefusals();
        orders.MapPut("/{id:long}", ReplaceAsync).WithSummary("Withdraws an order and places another in one act")
            .Accepts<ApiNewOrder>("application/json").Produces<ApiPlaced>().WithRefusals();
        orders.MapDelete("/{id:long}", WithdrawAsync).WithSummary("Withdraws an order before its gate closes").Produces(StatusCodes.Status204NoContent).WithRefusals();
        member.MapGet("/credit", CreditAsync).WithSummary("What covers the member's orders, and how much of it is free").Produces<ApiCredit>().WithTags("Orders");
    }

    public static RouteHandlerBuilder WithRefusals(this RouteHandlerBuilder route) => route
        .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status422UnprocessableEntity)
        .WithMetadata(new Microsoft.AspNetCore.Mvc.RequestSizeLimitAttribute(LargestBody));

    /// <summary>The caller in this loop, for a member whom the key's owner acts for.</summary>
    /// <exception cref="NotPermittedException">The key does not open the loop, or the owner does not act for the member.</exception>
    public static async Task<Caller> CallerAsync(Requests requests, string slug, int member, CancellationToken cancellationToken)
    {
        var loop = await requests.Send(new FindLoop(slug), cancellationToken);
        return new Caller(loop, loop.Members.FirstOrDefault(one => one.Id == member) ?? throw new NotPermittedException(nameof(Caller)));
    }

    /// <summary>As <see cref="CallerAsync"/>, for keys that may trade there.</summary>
    public static async Task<Caller> TraderAsync(HttpContext context, Requests requests, string slug, int member, CancellationToken cancellationToken)
    {
        var caller = await CallerAsync(requests, slug, member, cancellationToken);
        return MayTrade(context.User, caller.Loop.Id)
            ? caller
            : throw new RefusedException([new Problem("Authorization", "This key may read in this loop, not trade. Make one that may on the page of your account.", "scope")]);
    }

    /// <summary>What names the call, so that it has its effect once.</summary>
    public static Guid SubmissionOf(HttpContext context, Caller caller)
    {
        var key = context.Request.Headers["Idempotency-Key"].ToString();
        if (key.Length is 0 or > 200)
        {
            throw new BodyException("Idempotency-Key", "Send the header Idempotency-Key: any text of up to 200 characters of your own that names this call, such as a UUID.");
        }

        return Derived(string.Create(CultureInfo.InvariantCulture, $"{caller.Loop.Id}/{caller.Member.Id}/{key}"));
    }

    private static Guid Derived(string text) => new(SHA256.HashData(Encoding.UTF8.GetBytes("api/" + text)).AsSpan(0, 16));

    private static bool MayTrade(ClaimsPrincipal user, int loopId) =>
        user.HasClaim(ApiKeyAuthentication.TradeClaim, loopId.ToString(CultureInfo.InvariantCulture));

    private static async Task<IResult> LoopsAsync(HttpContext context, Requests requests, CancellationToken cancellationToken)
    {
        var loops = new List<ApiLoop>();
        // What the key does not open is not among the roles it brings.
        foreach (var loop in await requests.Send(new ListMyLoops(), cancellationToken))
        {
            loops.Add(ShapeOf(context, await requests.Send(new FindLoop(loop.Slug), cancellationToken)));
        }

        return Results.Json(loops, ApiProblems.Json);
    }

    private static async Task<IResult> LoopAsync(HttpContext context, string slug, Requests requests, CancellationToken cancellationToken) =>
        Results.Json(ShapeOf(context, await requests.Send(new FindLoop(slug), cancellationToken)), ApiProblems.Json);

    private static ApiLoop ShapeOf(HttpContext context, LoopView loop) => new(
        loop.Slug, loop.Name, loop.Currency, loop.TimeZone, MayTrade(context.User, loop.Id),
        [.. loop.Members.Select(member => new ApiMember(member.Id, member.Name, [.. member.Roles.Select(role => role.ToString().ToLowerInvariant())]))],
        new ApiLinks($"/api/v1{loop.Path}/clock", $"{loop.Path}/market.json", $"{loop.Path}/market.csv", $"{loop.Path}/market/{{hour}}/result.json"));

    private static async Task<IResult> ClockAsync(string slug, Requests requests, CancellationToken cancellationToken)
    {
        var loop = await requests.Send(new FindLoop(slug), cancellationToken);
        var clock = await requests.Send(new ShowMarketClock(loop.Id), cancellationToken);
        var hours = clock.NextOpen is { } next
            ? Enumerable.Range(0, 36).Select(hour => next.Start.AddHours(hour)).Where(hour => clock.EndsAt is not { } end || hour < end).Select(hour => new ApiGate(hour, clock.GateOf(hour)))
            : [];
        return Results.Json(new ApiClock(clock.Now, clock.Rate, clock.LastClosed, clock.LastCleared, [.. hours]), ApiProblems.Json);
    }

    private static async Task<IResult> LikelyAsync(
        string slug, string hour, string carrier, string side, long limitMicroPerKWh, Requests requests, CancellationToken cancellationToken)
    {
        var loop = await requests.Send(new FindLoop(slug), cancellationToken);
        if (!HourAddress.TryParse(hour, out var at))
        {
            throw new BodyException("hour", "hour is the start of a whole hour in UTC, e.g. 2026-11-22T06:00:00Z.");
        }

        var prices = await requests.Send(new LikelyAcceptance(loop.Id, ApiWords.CarrierOf(carrier), at), cancellationToken);
        var any = prices.Prices.Count > 0;
        return Results.Json(
            new ApiLikely(
                prices.Days(ApiWords.SideOf(side), Price.FromMicroPerKWh(limitMicroPerKWh)), prices.Prices.Count,
                any ? prices.Prices.Min().MicroPerKWh : null, any ? prices.Prices.Max().MicroPerKWh : null),
            ApiProblems.Json);
    }

    private static async Task<IResult> OrdersAsync(string slug, int member, string? from, int? take, Requests requests, CancellationToken cancellationToken)
    {
        var caller = await CallerAsync(requests, slug, member, cancellationToken);
        var start = (await requests.Send(new ShowMarketClock(caller.Loop.Id), cancellationToken)).Now.AddDays(-1);
        if (from is not null && !HourAddress.TryParse(from, out start))
        {
            throw new BodyException("from", "from is the start of a whole hour in UTC, e.g. 2026-11-22T06:00:00Z.");
        }

        var orders = await requests.Send(new OrdersOf(caller.Loop.Id, caller.Member.Id, start, Math.Clamp(take ?? 200, 1, 1_000)), cancellationToken);
        return Results.Json(orders.Orders.Select(ApiOrder.Of), ApiProblems.Json);
    }

    private static async Task<IResult> PlaceAsync(HttpContext context, string slug, int member, Requests requests, CancellationToken cancellationToken)
    {
        var caller = await TraderAsync(context, requests, slug, member, cancellationToken);
        var submission = SubmissionOf(context, caller);
        var id = await requests.Send(RequestOf(caller, submission, await ApiProblems.ReadAsync<ApiNewOrder>(context)), cancellationToken);
        return Results.Json(new ApiPlaced(id), ApiProblems.Json, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> ReplaceAsync(HttpContext context, string slug, int member, long id, Requests requests, CancellationToken cancellationToken)
    {
        var caller = await TraderAsync(context, requests, slug, member, cancellationToken);
        var submission = SubmissionOf(context, caller);
        var placed = await requests.Send(RequestOf(caller, submission, await ApiProblems.ReadAsync<ApiNewOrder>(context)) with { Replaces = id }, cancellationToken);
        return Results.Json(new ApiPlaced(placed), ApiProblems.Json);
    }

    private static async Task<IResult> WithdrawAsync(HttpContext context, string slug, int member, long id, Requests requests, CancellationToken cancellationToken)
    {
        var caller = await TraderAsync(context, requests, slug, member, cancellationToken);
        await requests.Send(new WithdrawOrder(caller.Loop.Id, caller.Member.Id, id), cancellationToken);
        return Results.NoContent();
    }

    private static async Task<IResult> BatchAsync(HttpContext context, string slug, int member, Requests requests, CancellationToken cancellationToken)
    {
        var caller = await TraderAsync(context, requests, slug, member, cancellationToken);
        var submission = SubmissionOf(context, caller);
        var batch = await ApiProblems.ReadAsync<ApiBatch>(context);
        if (batch.Orders.Count is 0 or > MostInBatch)
        {
            throw new BodyException("orders", string.Create(CultureInfo.InvariantCulture, $"A batch has 1 to {MostInBatch} orders; this has {batch.Orders.Count}."));
        }

        var orders = batch.Orders.Select((order, i) =>
        {
            var place = string.Create(CultureInfo.InvariantCulture, $"orders[{i}]");
            return new OrderToPlace(
                Derived(string.Create(CultureInfo.InvariantCulture, $"{submission:N}/{i}")), order.Hour.ToUniversalTime(),
                ApiWords.CarrierOf(order.Carrier, place + ".carrier"), ApiWords.SideOf(order.Side, place + ".side"),
                Energy.FromWh(order.QuantityWh), Price.FromMicroPerKWh(order.LimitMicroPerKWh), order.Plant);
        }).ToList();
        var taken = await requests.Send(new PlaceOrders(caller.Loop.Id, caller.Member.Id, orders), cancellationToken);
        return Results.Json(
            new ApiBatchResult(
                taken.Count(one => one.Outcome == IntakeOutcome.Placed), taken.Count(one => one.Outcome == IntakeOutcome.AlreadyThere), taken.Count(one => one.Outcome == IntakeOutcome.Refused),
                [.. taken.Select((one, i) => new ApiBatchItem(i, ApiWords.Of(one.Outcome), one.OrderId, one.Problem is null ? null : ApiProblems.FaultOf(one.Problem)))]),
            ApiProblems.Json);
    }

    private static async Task<IResult> CreditAsync(string slug, int member, Requests requests, CancellationToken cancellationToken)
    {
        var caller = await CallerAsync(requests, slug, member, cancellationToken);
        var credit = await requests.Send(new ShowCredit(caller.Loop.Id, caller.Member.Id), cancellationToken);
        return Results.Json(new ApiCredit(credit.Free.Micro, credit.Bound.Micro, credit.Owed.Micro, credit.Deposit.Micro, credit.Limit.Micro), ApiProblems.Json);
    }

    private static PlaceOrder RequestOf(Caller caller, Guid submission, ApiNewOrder order) => new(
        caller.Loop.Id, caller.Member.Id, submission, order.Hour.ToUniversalTime(), ApiWords.CarrierOf(order.Carrier), ApiWords.SideOf(order.Side),
        Energy.FromWh(order.QuantityWh), Price.FromMicroPerKWh(order.LimitMicroPerKWh), order.Plant);
}
