using Marketplace.Data;
using Marketplace.Metering.Checks;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.WebUtilities;

namespace Marketplace.Web.Features.Metering.Quality;

/// <summary>Cures flags by a plain form.</summary>
internal static class ExceptionEndpoints
{
    public static void MapExceptions(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/loops/{slug}/operations/exceptions/cure", CureAsync).RequireAuthorization().DisableAntiforgery();

    /// <summary>A filter as it stands in an address; what is not known asks for nothing.</summary>
    public static ExceptionFilter Filter(string? severity, string? check, string? carrier, string? meter) => new(
        Enum.TryParse<FlagSeverity>(severity, ignoreCase: true, out var known) && Enum.IsDefined(known) ? known : null,
        SeriesValidation.All.FirstOrDefault(one => one.Name == check)?.Name,
        Carriers.TryParse(carrier ?? "", out var of) ? of : null,
        string.IsNullOrWhiteSpace(meter) || meter.Length > 64 ? null : meter.Trim());

    private static async Task<IResult> CureAsync(HttpContext context, string slug, Requests requests, IAntiforgery antiforgery, CancellationToken cancellationToken)
    {
        try
        {
            var loop = await requests.Send(new FindLoop(slug), cancellationToken);
            if (!loop.Operates)
            {
                return Results.NotFound();
            }

            var form = await context.Request.ReadFormAsync(cancellationToken);
            var query = QueryHelpers.ParseQuery(form["query"].ToString());
            var filter = Filter(query.GetValueOrDefault("severity"), query.GetValueOrDefault("check"), query.GetValueOrDefault("carrier"), query.GetValueOrDefault("meter"));
            IResult Back(string outcome) => Results.LocalRedirect(
                $"{loop.Path}/operations/exceptions?{string.Join('&', query.SelectMany(pair => pair.Value.Select(value => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(value ?? "")}")).Append(outcome))}");
            if (!await antiforgery.IsRequestValidAsync(context))
            {
                return Back("problem=form");
            }

            var act = form["act"].ToString();
            var all = act.EndsWith("-all", StringComparison.Ordinal);
            var ids = form["flag"].Select(text => long.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var id) ? id : 0).Where(id => id > 0).ToList();
            var cure = act.StartsWith("estimate", StringComparison.Ordinal) ? ExceptionCure.Estimate : ExceptionCure.Accept;
            var attempt = await requests.Try(new ResolveExceptions(loop.Id, all ? [] : ids, all ? filter : null, cure, form["reason"].ToString()), cancellationToken);
            return attempt.Succeeded
                ? Back(FormattableString.Invariant($"done={(cure == ExceptionCure.Accept ? "accept" : "estimate")}&flags={attempt.Value!.Flags}&hours={attempt.Value.Hours}&left={attempt.Value.Left}"))
                : Back(attempt.Problems.Any(problem => problem.Field == nameof(ResolveExceptions.Reason)) ? "problem=reason" : "problem=none");
        }
        catch (NotPermittedException)
        {
            return Results.NotFound();
        }
    }
}
