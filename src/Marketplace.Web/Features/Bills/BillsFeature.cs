using System.Globalization;
using System.Text;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Bills;

/// <summary>Bills and statements: their issue, their pages, their files.</summary>
public static class BillsFeature
{
    private const string ProofFile = "text/plain; charset=utf-8";

    public static void AddBills(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<BillAccess>();
        builder.Services.AddScoped<LineHours>();
    }

    public static void MapBills(this IEndpointRouteBuilder routes)
    {
        var bill = routes.MapGroup("/loops/{slug}/bills/{number}").RequireAuthorization();
        bill.MapGet("/hours.csv", async (string slug, string number, Requests requests, CancellationToken cancellationToken) =>
            Csv(await requests.Send(new ReadHours(await LoopAsync(requests, slug, cancellationToken), number), cancellationToken), $"{number}-hours.csv"));
        bill.MapGet("/lines/{line}/hours.csv", async (string slug, string number, short line, Requests requests, CancellationToken cancellationToken) =>
            Csv(await requests.Send(new ReadHours(await LoopAsync(requests, slug, cancellationToken), number, line), cancellationToken),
                string.Create(CultureInfo.InvariantCulture, $"{number}-line-{line}-hours.csv")));
        bill.MapGet("/proof", async (string slug, string number, Requests requests, CancellationToken cancellationToken) =>
            File(await requests.Send(new ProveBill(await LoopAsync(requests, slug, cancellationToken), number), cancellationToken), $"{number}.tlog-proof"));
        bill.MapGet("/proof.json", async (string slug, string number, Requests requests, CancellationToken cancellationToken) =>
            Document(await requests.Send(new ProveBill(await LoopAsync(requests, slug, cancellationToken), number), cancellationToken)));

        var reading = routes.MapGroup("/loops/{slug}/readings/{meter}/{hour}/{revision:int}").RequireAuthorization();
        reading.MapGet("/proof", async (string slug, string meter, string hour, int revision, Requests requests, CancellationToken cancellationToken) =>
            File(await ReadingAsync(requests, slug, meter, hour, revision, cancellationToken),
                string.Create(CultureInfo.InvariantCulture, $"{meter}-{hour}-{revision}.tlog-proof")));
        reading.MapGet("/proof.json", async (string slug, string meter, string hour, int revision, Requests requests, CancellationToken cancellationToken) =>
            Document(await ReadingAsync(requests, slug, meter, hour, revision, cancellationToken)));
    }

    private static async Task<ProofAnswer> ReadingAsync(Requests requests, string slug, string meter, string hour, int revision, CancellationToken cancellationToken) =>
        HourInAddress.Read(hour) is { } instant
            && await requests.Send(new ProveReading(await LoopAsync(requests, slug, cancellationToken), meter, instant, revision), cancellationToken) is { } answer
            ? answer
            : throw new NotPermittedException("This reading");

    private static async Task<int> LoopAsync(Requests requests, string slug, CancellationToken cancellationToken) =>
        (await requests.Send(new FindLoop(slug), cancellationToken)).Id;

    private static IResult Csv(string text, string name) => Results.File(Encoding.UTF8.GetBytes(text), "text/csv; charset=utf-8", name);

    private static IResult File(ProofAnswer answer, string name) => answer.File is { } file
        ? Results.File(Encoding.UTF8.GetBytes(file), ProofFile, name)
        : Results.Problem(answer.Words, statusCode: StatusCodes.Status409Conflict, title: "There is no proof yet");

    private static IResult Document(ProofAnswer answer) => answer.Document is { } document
        ? Results.Json(document)
        : Results.Problem(answer.Words, statusCode: StatusCodes.Status409Conflict, title: "There is no proof yet");
}
