using Marketplace.Web.Features.Bills.Documents;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Quartz;

namespace Marketplace.Web.Features.Privacy;

/// <summary>Everything about a person in one file, and who may look at it.</summary>
public static class PrivacyFeature
{
    public static void AddPrivacy(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<GrantedAccess>();
        builder.Services.AddSingleton<CopyFolder>();
    }

    public static void MapPrivacy(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/loops/{slug}/my-data/{copy:guid}.zip", async (string slug, Guid copy, Requests requests, HttpContext http, CancellationToken cancellationToken) =>
        {
            var loop = await requests.Send(new FindLoop(slug), cancellationToken);
            var path = await requests.Send(new OpenCopy(loop.Id, copy), cancellationToken);
            http.Response.Headers.CacheControl = "no-store";
            return Results.File(path, "application/zip", $"{slug}-my-data.zip");
        }).RequireAuthorization();
        routes.MapGet("/shared/{slug}/bills/{number}.pdf", async (string slug, string number, Requests requests, BillPrinter printer, CancellationToken cancellationToken) =>
        {
            var loop = await requests.Send(new FindPublicLoop(slug), cancellationToken);
            var paper = await printer.ReadAsync(loop.Id, loop.Slug, loop.Name, number, cancellationToken);
            return Results.File(await printer.PdfAsync(paper, loop.Format(), cancellationToken), "application/pdf", $"{number}.pdf");
        }).RequireAuthorization();
    }

    internal static void SchedulePrivacy(this IQuartzBuilder quartz) => quartz.ScheduleJob<CopyRound>(trigger => trigger
        .WithIdentity("personal copies")
        .WithSimpleSchedule(schedule => schedule.WithInterval(TimeSpan.FromSeconds(5)).RepeatForever()));
}
