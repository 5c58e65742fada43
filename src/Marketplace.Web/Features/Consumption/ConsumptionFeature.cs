using System.Globalization;
using Marketplace.Quantities;
using Marketplace.Web.Features.Consumption.Months;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell;
using Quartz;

namespace Marketplace.Web.Features.Consumption;

/// <summary>What members take, hour by hour.</summary>
public static class ConsumptionFeature
{
    public static void MapConsumption(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/loops/{slug}/consumption.csv", CsvAsync).RequireAuthorization();

    internal static void ScheduleMonths(this IQuartzBuilder quartz) => quartz.ScheduleJob<MonthRound>(trigger => trigger
        .WithIdentity("monthly information")
        .WithSimpleSchedule(schedule => schedule.WithInterval(TimeSpan.FromMinutes(1)).RepeatForever()));

    private static async Task<IResult> CsvAsync(string slug, string? period, int? member, Requests requests, CancellationToken cancellationToken)
    {
        try
        {
            var loop = await requests.Send(new FindLoop(slug), cancellationToken);
            var clock = await requests.Send(new ShowMarketClock(loop.Id), cancellationToken);
            var choice = PeriodChoice.Parse(period, PeriodChoice.Containing(PeriodUnit.Day, clock.Today(loop.Calendar)));
            var id = member ?? loop.Members[0].Id;
            var rows = await requests.Send(new ConsumptionOf(loop.Id, id, choice.In(loop.Calendar), choice.Grain()), cancellationToken);
            var csv = new CsvText(
                "from_utc", "to_utc", "from_local", "carrier", "metered_kwh", "traded_kwh", "price_" + loop.Currency + "_per_kwh",
                "energy_" + loop.Currency, "imbalance_" + loop.Currency, "network_fee_" + loop.Currency, "total_" + loop.Currency, "estimated_hours");
            foreach (var row in rows)
            {
                csv.Row(
                    Instants.Iso(row.At.Start), Instants.Iso(row.At.End), loop.Calendar.ToLocal(row.At.Start).ToString("yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture),
                    row.Carrier.Name(), CsvText.KWh(row.Metered), CsvText.KWh(row.Traded), CsvText.Units(row.Price), CsvText.Amount(row.Energy),
                    CsvText.Amount(row.Imbalance), CsvText.Amount(row.NetworkFee), CsvText.Amount(row.Cost), row.EstimatedHours.ToString(CultureInfo.InvariantCulture));
            }

            return csv.File($"{slug}-consumption-{choice}.csv");
        }
        catch (NotPermittedException)
        {
            return Results.NotFound();
        }
    }
}
