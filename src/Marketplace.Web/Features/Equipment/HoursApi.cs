using System.Text;
using Marketplace.Web.Features.Api;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using Microsoft.AspNetCore.Mvc;

namespace Marketplace.Web.Features.Equipment;

/// <param name="Added">Hours that were new or told otherwise.</param>
/// <param name="Known">Hours that were known just so.</param>
public sealed record ApiHoursTaken(int Added, int Known, IReadOnlyList<ApiHourRefused> Refused);

/// <param name="Line">From 1 with the header.</param>
public sealed record ApiHourRefused(int Line, string Field, string Rule, string Detail);

/// <summary>Import prices and weather of hours to come over HTTP: what a program fetches from the exchange and the forecast each day.</summary>
internal static class HoursApi
{
    public static void Map(RouteGroupBuilder api) =>
        api.MapPut("/loops/{slug}/hours", TakeAsync)
            .WithTags("Readings")
            .WithSummary("Tells a live loop the import price and weather of hours to come: CSV with timestamp_utc, import_price_eur_per_kwh and, where known, air_temp_c, ghi_w_m2, grid_carbon_kg_per_kwh")
            .Accepts<string>("text/csv")
            .Produces<ApiHoursTaken>()
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status422UnprocessableEntity)
            .WithMetadata(new RequestSizeLimitAttribute(EquipmentBounds.LongestText));

    private static async Task<IResult> TakeAsync(HttpContext context, string slug, Requests requests, CancellationToken cancellationToken)
    {
        var loop = await requests.Send(new FindLoop(slug), cancellationToken);
        if (ApiKeyAuthentication.DeliversFor(context.User, loop.Id) is not (true, null))
        {
            throw new RefusedException([new Problem("Authorization", "This key may not deliver readings. An operator makes one that may, on the page of the account or of a device.", "scope")]);
        }

        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var report = await requests.Send(new KnowHours(loop.Id, await reader.ReadToEndAsync(cancellationToken)), cancellationToken);
        var refused = report.Problems.Where(problem => problem.Weight != ProblemWeight.Warning).ToList();
        if (refused.Exists(problem => problem.Weight == ProblemWeight.Fatal))
        {
            throw new RefusedException([.. refused.Select(problem => new Problem(problem.Field, problem.Message, problem.Rule))]);
        }

        return Results.Ok(new ApiHoursTaken(report.Added, report.Known, [.. refused.Select(problem => new ApiHourRefused(problem.Line, problem.Field, problem.Rule, problem.Message))]));
    }
}
