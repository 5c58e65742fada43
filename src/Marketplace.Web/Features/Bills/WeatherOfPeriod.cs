using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Bills;

/// <summary>How much a period's weather asked for heat and cold.</summary>
internal static class WeatherOfPeriod
{
    /// <summary>Degree days by carrier, in thousandths; none where the weather of a day is not known.</summary>
    public static async Task<Dictionary<Carrier, long>?> DegreeDaysAsync(MarketplaceDb db, Loop loop, Interval period, CancellationToken cancellationToken)
    {
        var hours = await db.Conditions.AsNoTracking()
            .Where(hour => hour.LoopId == loop.Id && hour.Hour >= period.Start && hour.Hour < period.End)
            .Select(hour => new { hour.Hour, hour.AirTempC }).ToListAsync(cancellationToken);
        var days = hours.GroupBy(hour => loop.Calendar.DayOf(hour.Hour)).ToList();
        return days.Count < loop.Calendar.DaysIn(period) ? null
            : Carriers.All.ToDictionary(carrier => carrier, carrier => days.Sum(day => DegreeDays.Of(carrier, (long)decimal.Round(day.Average(hour => hour.AirTempC) * 1000m, MidpointRounding.AwayFromZero))));
    }
}
