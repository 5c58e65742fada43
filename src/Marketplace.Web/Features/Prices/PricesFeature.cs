using System.Globalization;
using System.Text.Json;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Proofs;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell;

namespace Marketplace.Web.Features.Prices;

/// <summary>What everybody may know of a loop's market: prices, totals, curves, proofs.</summary>
public static class PricesFeature
{
    public static void AddPrices(this WebApplicationBuilder builder) => builder.Services.AddSingleton<PublishedAuctions>();

    public static void MapPrices(this IEndpointRouteBuilder routes)
    {
        var market = routes.MapGroup("/loops/{slug}").AllowAnonymous();
        market.MapGet("/market.csv", CsvAsync);
        market.MapGet("/market.json", JsonAsync);
        market.MapGet("/market/{hour}/{file:regex(^(book|result)\\.(json|proof|proof\\.json|tlog-proof)$)}", FileAsync);
        market.MapGet("/market/{hour}/{file:regex(^(prices|curves)\\.(json|csv)$)}", PublicResults.FileAsync);
    }

    private static async Task<IResult> CsvAsync(string slug, string? period, Requests requests, CancellationToken cancellationToken)
    {
        if (await ReadAsync(slug, period, requests, cancellationToken) is not var (loop, choice, rows))
        {
            return Results.NotFound();
        }

        // A loop with one zone has no column for it.
        string[] zone = rows.Any(row => row.Zone.Length > 0) ? ["zone"] : [];
        var csv = new CsvText(["from_utc", "to_utc", "from_local", "carrier", "price_" + loop.Currency + "_per_kwh", "lowest", "highest", "traded_kwh", .. zone]);
        foreach (var row in rows)
        {
            csv.Row([
                Instants.Iso(row.At.Start), Instants.Iso(row.At.End), loop.Calendar.ToLocal(row.At.Start).ToString("yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture),
                row.Carrier.Name(), CsvText.Units(row.Price), CsvText.Units(row.Lowest), CsvText.Units(row.Highest), CsvText.KWh(row.Traded),
                .. zone.Select(_ => row.Zone)]);
        }

        return csv.File($"{slug}-prices-{choice}.csv");
    }

    private static async Task<IResult> JsonAsync(string slug, string? period, Requests requests, CancellationToken cancellationToken)
    {
        if (await ReadAsync(slug, period, requests, cancellationToken) is not var (loop, choice, rows))
        {
            return Results.NotFound();
        }

        return Results.Json(
            new
            {
                loop = loop.Slug,
                currency = loop.Currency,
                timeZone = loop.TimeZone,
                period = choice.ToString(),
                rows = rows.Select(row => new
                {
                    from = Instants.Iso(row.At.Start),
                    to = Instants.Iso(row.At.End),
                    carrier = row.Carrier.Name(),
                    zone = row.Zone.Length > 0 ? row.Zone : null,
                    priceMicroPerKWh = row.Price?.MicroPerKWh,
                    lowestMicroPerKWh = row.Lowest?.MicroPerKWh,
                    highestMicroPerKWh = row.Highest?.MicroPerKWh,
                    tradedWh = row.Traded?.WattHours,
                }),
            },
            JsonSerializerOptions.Web);
    }

    private static async Task<(LoopView Loop, PeriodChoice Period, IReadOnlyList<PriceRow> Rows)?> ReadAsync(
        string slug, string? period, Requests requests, CancellationToken cancellationToken)
    {
        LoopView loop;
        try
        {
            loop = await requests.Send(new FindPublicLoop(slug), cancellationToken);
        }
        catch (NotPermittedException)
        {
            return null;
        }

        var clock = await requests.Send(new ShowMarketClock(loop.Id), cancellationToken);
        var choice = PeriodChoice.Parse(period, PeriodChoice.Containing(PeriodUnit.Day, clock.Today(loop.Calendar)));
        return (loop, choice, await requests.Send(new PricesOfPeriod(loop.Id, choice.In(loop.Calendar), choice.Grain(), Network.ZoneChoice.Every), cancellationToken));
    }

    private static async Task<IResult> FileAsync(string slug, string hour, string file, Requests requests, CancellationToken cancellationToken)
    {
        if (!HourAddress.TryParse(hour, out var at))
        {
            return Results.NotFound();
        }

        try
        {
            var loop = await requests.Send(new FindPublicLoop(slug), cancellationToken);
            var (what, form) = (file[..file.IndexOf('.', StringComparison.Ordinal)], file[(file.IndexOf('.', StringComparison.Ordinal) + 1)..]);
            var name = $"{slug}-{HourAddress.Of(at)}-{what}";
            if (form == "json")
            {
                return await requests.Send(new AuctionFile(loop.Id, at, what == "result"), cancellationToken) is { } json
                    ? Results.File(json, "application/json", name + ".json")
                    : Results.NotFound();
            }

            var answer = await requests.Send(new AuctionProof(loop.Id, at, what == "result"), cancellationToken);
            return form == "proof.json" ? HandOut.Document(answer) : HandOut.File(answer, name);
        }
        catch (NotPermittedException)
        {
            // As if it did not exist.
            return Results.NotFound();
        }
    }
}
