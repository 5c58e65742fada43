using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Api;

/// <summary>Templates and standing orders over HTTP.</summary>
internal static class ApiTemplates
{
    public static void Map(RouteGroupBuilder api)
    {
        var templates = api.MapGroup("/loops/{slug}/members/{member:int}/templates").WithTags("Templates");
        templates.MapGet("/", ListAsync).WithSummary("The member's templates by time of day").Produces<IReadOnlyList<ApiTemplate>>();
        templates.MapPost("/", (HttpContext context, string slug, int member, Requests requests, CancellationToken token) => SaveAsync(context, slug, member, null, requests, token))
            .WithSummary("Saves a template").Accepts<ApiNewTemplate>("application/json").Produces<ApiPlaced>().WithRefusals();
        templates.MapPut("/{id:long}", (HttpContext context, string slug, int member, long id, Requests requests, CancellationToken token) => SaveAsync(context, slug, member, id, requests, token))
            .WithSummary("Changes a template; a standing order that follows it changes with it").Accepts<ApiNewTemplate>("application/json").Produces<ApiPlaced>().WithRefusals();
        templates.MapDelete("/{id:long}", DeleteAsync).WithSummary("Deletes a template that no standing order follows").Produces(StatusCodes.Status204NoContent).WithRefusals();
        templates.MapPost("/{id:long}/apply", ApplyAsync).WithSummary("Places the template's orders for the open hours of some days, with a report by the hour")
            .Accepts<ApiApply>("application/json").Produces<ApiApplied>().WithRefusals();
        var standing = api.MapGroup("/loops/{slug}/members/{member:int}/standing-orders").WithTags("Standing orders");
        standing.MapGet("/", StandingAsync).WithSummary("The member's standing orders").Produces<IReadOnlyList<ApiStanding>>();
        standing.MapPut("/{carrier}", StandAsync).WithSummary("Places or changes the standing order of a carrier: fixed terms, or those of a template")
            .Accepts<ApiStandingTerms>("application/json").Produces<ApiPlaced>().WithRefusals();
        standing.MapDelete("/{carrier}", EndAsync).WithSummary("Ends a standing order; for offers name side=sell and the plant").Produces(StatusCodes.Status204NoContent).WithRefusals();
    }

    private static async Task<IResult> ListAsync(string slug, int member, Requests requests, CancellationToken cancellationToken)
    {
        var caller = await ApiEndpoints.CallerAsync(requests, slug, member, cancellationToken);
        return Results.Json((await requests.Send(new TemplatesOf(caller.Loop.Id, caller.Member.Id), cancellationToken)).Select(ApiTemplate.Of), ApiProblems.Json);
    }

    private static async Task<IResult> SaveAsync(HttpContext context, string slug, int member, long? id, Requests requests, CancellationToken cancellationToken)
    {
        var caller = await ApiEndpoints.TraderAsync(context, requests, slug, member, cancellationToken);
        var body = await ApiProblems.ReadAsync<ApiNewTemplate>(context);
        var saved = await requests.Send(
            new SaveTemplate(
                caller.Loop.Id, caller.Member.Id, id, body.Name, ApiWords.CarrierOf(body.Carrier), ApiWords.SideOf(body.Side), body.Plant,
                [.. body.Hours.Select(hour => new TemplateHour(hour.HourOfDay, Energy.FromWh(hour.QuantityWh), Price.FromMicroPerKWh(hour.LimitMicroPerKWh)))]),
            cancellationToken);
        return Results.Json(new ApiPlaced(saved), ApiProblems.Json);
    }

    private static async Task<IResult> DeleteAsync(HttpContext context, string slug, int member, long id, Requests requests, CancellationToken cancellationToken)
    {
        var caller = await ApiEndpoints.TraderAsync(context, requests, slug, member, cancellationToken);
        await requests.Send(new DeleteTemplate(caller.Loop.Id, caller.Member.Id, id), cancellationToken);
        return Results.NoContent();
    }

    private static async Task<IResult> ApplyAsync(HttpContext context, string slug, int member, long id, Requests requests, CancellationToken cancellationToken)
    {
        var caller = await ApiEndpoints.TraderAsync(context, requests, slug, member, cancellationToken);
        var submission = ApiEndpoints.SubmissionOf(context, caller);
        var days = await ApiProblems.ReadAsync<ApiApply>(context);
        var report = await requests.Send(new ApplyTemplate(caller.Loop.Id, caller.Member.Id, id, submission, days.From, days.Until), cancellationToken);
        return Results.Json(
            new ApiApplied(report.Placed, report.AlreadyThere, report.Refused, [.. report.Hours.Select(hour => new ApiAppliedHour(
                hour.Hour.Start, ApiWords.Of(hour.Taken.Outcome), hour.Taken.OrderId, hour.Taken.Problem is { } problem ? ApiProblems.FaultOf(problem) : null))]),
            ApiProblems.Json);
    }

    private static async Task<IResult> StandingAsync(string slug, int member, Requests requests, CancellationToken cancellationToken)
    {
        var caller = await ApiEndpoints.CallerAsync(requests, slug, member, cancellationToken);
        var clock = await requests.Send(new ShowMarketClock(caller.Loop.Id), cancellationToken);
        var orders = await requests.Send(new OrdersOf(caller.Loop.Id, caller.Member.Id, clock.Now, 1), cancellationToken);
        return Results.Json(
            orders.Standing.Select(order => new ApiStanding(
                order.Id, order.Carrier.Name(), ApiWords.Of(order.Side), order.PlantCode.Length == 0 ? null : order.PlantCode, order.TemplateId,
                order.Quantity?.WattHours, order.Limit.MicroPerKWh, order.PlacedAt)),
            ApiProblems.Json);
    }

    private static async Task<IResult> StandAsync(HttpContext context, string slug, int member, string carrier, Requests requests, CancellationToken cancellationToken)
    {
        var caller = await ApiEndpoints.TraderAsync(context, requests, slug, member, cancellationToken);
        var named = ApiWords.CarrierOf(carrier);
        var terms = await ApiProblems.ReadAsync<ApiStandingTerms>(context);
        if (terms.TemplateId is { } templateId)
        {
            if (terms is not { LimitMicroPerKWh: null, QuantityWh: null })
            {
                throw new BodyException("templateId", "Send either templateId or limitMicroPerKWh with quantityWh, not both.");
            }

            var template = (await requests.Send(new TemplatesOf(caller.Loop.Id, caller.Member.Id), cancellationToken)).FirstOrDefault(one => one.Id == templateId);
            if (template is null || template.Carrier != named)
            {
                throw new RefusedException([new Problem("templateId", $"You have no such template for {named}.", "template")]);
            }

            return Results.Json(new ApiPlaced(await requests.Send(new FollowTemplate(caller.Loop.Id, caller.Member.Id, templateId), cancellationToken)), ApiProblems.Json);
        }

        var limit = terms.LimitMicroPerKWh ?? throw new BodyException("limitMicroPerKWh", "Send limitMicroPerKWh, or templateId.");
        var id = await requests.Send(
            new PlaceStandingOrder(caller.Loop.Id, caller.Member.Id, named, terms.QuantityWh is { } quantity ? Energy.FromWh(quantity) : null, Price.FromMicroPerKWh(limit)),
            cancellationToken);
        return Results.Json(new ApiPlaced(id), ApiProblems.Json);
    }

    private static async Task<IResult> EndAsync(
        HttpContext context, string slug, int member, string carrier, string? side, string? plant, Requests requests, CancellationToken cancellationToken)
    {
        var caller = await ApiEndpoints.TraderAsync(context, requests, slug, member, cancellationToken);
        await requests.Send(
            new EndStandingOrder(caller.Loop.Id, caller.Member.Id, ApiWords.CarrierOf(carrier), ApiWords.SideOf(side ?? "buy"), plant ?? ""), cancellationToken);
        return Results.NoContent();
    }
}
