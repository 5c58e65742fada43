using System.Globalization;
using System.Text;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering.Files;
using Marketplace.Web.Features.Metering.Quality;
using Marketplace.Web.Features.Proofs;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell;

namespace Marketplace.Web.Features.Metering;

/// <summary>Readings: taking them in, estimating what is missing, and showing them.</summary>
public static class MeteringFeature
{
    public static void AddMetering(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<ReadingStore>();
        builder.Services.AddScoped<ReadingIntake>();
        builder.Services.AddScoped<ReadingsImport>();
        builder.Services.AddScoped<MeasuredHours>();
        builder.Services.AddScoped<MeterClasses>();
        builder.Services.AddScoped<FlagBook>();
        builder.Services.AddScoped<RegisterEvidence>();
        builder.Services.AddScoped<GapEstimates>();
        builder.Services.AddScoped<ClockJudgement>();
        builder.Services.AddScoped<ReadingChecks>();
        builder.Services.AddSingleton<ReadingFileWorker>();
        builder.Services.AddSingleton<FolderWatch>();
        if (Commands.Serves(Environment.GetCommandLineArgs()[1..]))
        {
            builder.Services.AddHostedService(provider => provider.GetRequiredService<ReadingFileWorker>());
            builder.Services.AddHostedService(provider => provider.GetRequiredService<FolderWatch>());
            builder.Services.AddHostedService<MonthsAhead>();
        }
    }

    public static void MapMetering(this IEndpointRouteBuilder routes)
    {
        var meter = routes.MapGroup("/loops/{slug}/meters/{code}").RequireAuthorization();
        meter.MapGet("/readings.csv", CsvAsync);
        meter.MapGet("/{hour}/{revision:int}.{form:regex(^(json|proof|tlog-proof)$)}", ProofAsync);
        meter.MapGet("/{hour}/meter-proof", MeterProofAsync);
        routes.MapReadingFiles();
        routes.MapExceptions();
    }

    private static async Task<IResult> CsvAsync(string slug, string code, string? period, string? asof, Requests requests, CancellationToken cancellationToken)
    {
        try
        {
            var loop = await requests.Send(new FindLoop(slug), cancellationToken);
            var clock = await requests.Send(new ShowMarketClock(loop.Id), cancellationToken);
            var choice = PeriodChoice.Parse(period, PeriodChoice.Containing(PeriodUnit.Day, clock.Today(loop.Calendar)));
            if (await requests.Send(new ReadMeter(loop.Id, code, choice.In(loop.Calendar), KnownAt.Parse(asof, loop.Calendar)), cancellationToken) is not { } meter)
            {
                return Results.NotFound();
            }

            var csv = new CsvText("from_utc", "from_local", "meter", "carrier", "direction", "kwh", "quality", "revision", "note");
            foreach (var hour in meter.Hours)
            {
                csv.Row(
                    Instants.Iso(hour.Hour), loop.Calendar.ToLocal(hour.Hour).ToString("yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture), meter.Code,
                    meter.Carrier.Name(), meter.Direction.ToString().ToLowerInvariant(), CsvText.KWh(hour.Energy), hour.Quality.ToString().ToLowerInvariant(),
                    hour.Revision.ToString(CultureInfo.InvariantCulture), hour.Note);
            }

            return csv.File($"{slug}-{ReplayFolder.SlugOf(code)}-{choice}.csv");
        }
        catch (NotPermittedException)
        {
            return Results.NotFound();
        }
    }

    private static async Task<IResult> MeterProofAsync(string slug, string code, string hour, Requests requests, CancellationToken cancellationToken)
    {
        if (!HourAddress.TryParse(hour, out var at))
        {
            return Results.NotFound();
        }

        try
        {
            var loop = await requests.Send(new FindLoop(slug), cancellationToken);
            return await requests.Send(new ProveMeterOfHour(loop.Id, code, at), cancellationToken) is { File: { } file }
                ? Results.File(Encoding.UTF8.GetBytes(file), "text/plain; charset=utf-8", $"{slug}-{ReplayFolder.SlugOf(code)}-{HourAddress.Of(at)}.meter-proof")
                : Results.NotFound();
        }
        catch (NotPermittedException)
        {
            return Results.NotFound();
        }
    }

    private static async Task<IResult> ProofAsync(
        string slug, string code, string hour, int revision, string form, Requests requests, CancellationToken cancellationToken)
    {
        if (!HourAddress.TryParse(hour, out var at))
        {
            return Results.NotFound();
        }

        try
        {
            var loop = await requests.Send(new FindLoop(slug), cancellationToken);
            var answer = await requests.Send(new ProveReading(loop.Id, code, at, revision), cancellationToken);
            return form == "json"
                ? HandOut.Document(answer)
                : HandOut.File(answer, FormattableString.Invariant($"{slug}-{ReplayFolder.SlugOf(code)}-{HourAddress.Of(at)}-{revision}"));
        }
        catch (NotPermittedException)
        {
            // As if it did not exist.
            return Results.NotFound();
        }
    }
}
