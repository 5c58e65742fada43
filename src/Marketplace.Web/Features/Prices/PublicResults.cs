using System.Globalization;
using System.Text.Json;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell.Components.Charts;
using Microsoft.Net.Http.Headers;

namespace Marketplace.Web.Features.Prices;

/// <summary>The result and the curves of an hour for programs and spreadsheets, for anybody, at addresses that stay. They hold what the
/// public may see, whoever asks, so that caches along the way may keep them. Described in docs/market-data.md.</summary>
internal static class PublicResults
{
    // A published result is never replaced, so a copy of it is good for ever.
    private const string ForEver = "public, max-age=31536000, immutable";

    public static async Task<IResult> FileAsync(
        string slug, string hour, string file, Requests requests, HttpContext http, CancellationToken cancellationToken)
    {
        http.Response.Headers.CacheControl = "no-store";
        if (!HourAddress.TryParse(hour, out var at))
        {
            return Results.NotFound();
        }

        LoopView loop;
        try
        {
            loop = await requests.Send(new FindPublicLoop(slug), cancellationToken);
        }
        catch (NotPermittedException)
        {
            return Results.NotFound();
        }

        if (await requests.Send(new AuctionOfHour(loop.Id, at, AsPublic: true), cancellationToken) is not { State: not AuctionState.Closed } auction)
        {
            return Results.NotFound();
        }

        var etag = new EntityTagHeaderValue($"\"{auction.ResultSha256 ?? auction.BookSha256}-{file}\"");
        http.Response.Headers.CacheControl = ForEver;
        if (http.Request.GetTypedHeaders().IfNoneMatch.Any(known => known.Compare(etag, useStrongComparison: false)))
        {
            return Results.StatusCode(StatusCodes.Status304NotModified);
        }

        http.Response.GetTypedHeaders().ETag = etag;
        var span = MarketMoment.HourOf(at);
        var name = $"{slug}-{HourAddress.Of(at)}-{file}";
        return file switch
        {
            "prices.json" => Results.Json(Prices(loop, span, auction), JsonSerializerOptions.Web),
            "prices.csv" => PricesCsv(loop, span, auction).File(name),
            "curves.json" => Results.Json(Curves(loop, span, auction), JsonSerializerOptions.Web),
            "curves.csv" => CurvesCsv(loop, span, auction).File(name),
            _ => Results.NotFound(),
        };
    }

    private static object Prices(LoopView loop, Interval hour, AuctionView auction) => new
    {
        loop = loop.Slug,
        currency = loop.Currency,
        timeZone = loop.TimeZone,
        from = Instants.Iso(hour.Start),
        to = Instants.Iso(hour.End),
        state = StateOf(auction),
        orders = auction.Orders,
        welfareMicro = auction.Welfare?.Micro,
        bookSha256 = auction.BookSha256,
        resultSha256 = auction.ResultSha256,
        checks = auction.Checks is not { } checks ? null : new
        {
            balanced = checks.Balanced,
            withinLimits = checks.WithinLimits,
            complementary = checks.Complementary,
            dualityGapMicro = checks.DualityGap.Micro,
            dualityGapBoundMicro = checks.DualityGapBound.Micro,
        },
        carriers = auction.Nodes.Select(node => new
        {
            carrier = node.Carrier.Name(),
            zone = ZoneOf(node),
            microPerKWh = node.Price?.MicroPerKWh,
            lowestMicroPerKWh = node.Lowest?.MicroPerKWh,
            highestMicroPerKWh = node.Highest?.MicroPerKWh,
            soldWh = node.Balance?.Sold.WattHours,
            madeWh = node.Balance?.Made.WattHours,
            boughtWh = node.Balance?.Bought.WattHours,
            usedWh = node.Balance?.Used.WattHours,
        }),
        connections = auction.Lines.Select(line => new
        {
            id = line.Code,
            carrier = line.Carrier.Name(),
            from = line.From.Code,
            to = line.To.Code,
            capacityWh = line.Capacity.WattHours,
            lossMillionths = line.LossMillionths,
            feeMicroPerKWh = line.Fee.MicroPerKWh,
            sentWh = line.Sent?.WattHours,
            arrivedWh = line.Arrived?.WattHours,
            full = line.IsFull,
        }),
    };

    private static CsvText PricesCsv(LoopView loop, Interval hour, AuctionView auction)
    {
        string[] zone = ZoneColumn(auction);
        var csv = new CsvText([
            "from_utc", "to_utc", "from_local", "carrier", "price_" + loop.Currency + "_per_kwh", "lowest", "highest", "sold_kwh", "made_kwh", "bought_kwh", "used_kwh", .. zone]);
        foreach (var node in auction.Nodes)
        {
            csv.Row([
                Instants.Iso(hour.Start), Instants.Iso(hour.End), loop.Calendar.ToLocal(hour.Start).ToString("yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture),
                node.Carrier.Name(), CsvText.Units(node.Price), CsvText.Units(node.Lowest), CsvText.Units(node.Highest),
                CsvText.KWh(node.Balance?.Sold), CsvText.KWh(node.Balance?.Made), CsvText.KWh(node.Balance?.Bought), CsvText.KWh(node.Balance?.Used), .. zone.Select(_ => node.Zone)]);
        }

        return csv;
    }

    private static object Curves(LoopView loop, Interval hour, AuctionView auction) => new
    {
        loop = loop.Slug,
        currency = loop.Currency,
        from = Instants.Iso(hour.Start),
        to = Instants.Iso(hour.End),
        state = StateOf(auction),
        smallestGroup = PricesOfPeriod.SmallestGroup,
        carriers = auction.Nodes.Select(node => new
        {
            carrier = node.Carrier.Name(),
            zone = ZoneOf(node),
            microPerKWh = node.Price?.MicroPerKWh,
            supply = Best(node.Supply, rising: true).Select(Step),
            demand = Best(node.Demand, rising: false).Select(Step),
        }),
    };

    private static CsvText CurvesCsv(LoopView loop, Interval hour, AuctionView auction)
    {
        string[] zone = ZoneColumn(auction);
        var csv = new CsvText(["from_utc", "to_utc", "carrier", "side", "step", "quantity_kwh", "cumulative_kwh", "average_limit_" + loop.Currency + "_per_kwh", .. zone]);
        foreach (var node in auction.Nodes)
        {
            foreach (var (side, steps) in new[] { ("supply", Best(node.Supply, rising: true)), ("demand", Best(node.Demand, rising: false)) })
            {
                var sum = Energy.Zero;
                foreach (var (number, step) in steps.Index())
                {
                    sum += step.Quantity;
                    csv.Row([
                        Instants.Iso(hour.Start), Instants.Iso(hour.End), node.Carrier.Name(), side, (number + 1).ToString(CultureInfo.InvariantCulture),
                        CsvText.KWh(step.Quantity), CsvText.KWh(sum), CsvText.Units(step.Limit), .. zone.Select(_ => node.Zone)]);
                }
            }
        }

        return csv;
    }

    private static string? ZoneOf(NodeView node) => node.Zone.Length > 0 ? node.Zone : null;

    // A loop with one zone has no column for it.
    private static string[] ZoneColumn(AuctionView auction) => auction.Nodes.Any(node => node.Zone.Length > 0) ? ["zone"] : [];

    private static object Step(CurveStep step) => new { quantityWh = step.Quantity.WattHours, averageLimitMicroPerKWh = step.Limit.MicroPerKWh };

    private static IEnumerable<CurveStep> Best(IReadOnlyList<CurveStep> steps, bool rising) =>
        rising ? steps.OrderBy(step => step.Limit) : steps.OrderByDescending(step => step.Limit);

    private static string StateOf(AuctionView auction) => auction.State == AuctionState.FellBack ? "fallback" : "cleared";
}
