using System.Globalization;
using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Alarms.Temperatures;

/// <summary>Finds the substations at which a promised temperature is being broken: the last judged hours, one after another.</summary>
internal sealed class BrokenPromises(Work work, SubstationTemperatures temperatures)
{
    /// <summary>What is older than this is history and no alarm.</summary>
    private static readonly TimeSpan s_reach = TimeSpan.FromHours(24);

    /// <summary>From this far outside on, in thousandths of a kelvin, somebody goes at once.</summary>
    private const int UrgentFrom = 5_000;

    public async Task<List<Cause>> FindAsync(int loopId, DateTimeOffset now, int hoursInARow, CancellationToken cancellationToken)
    {
        var causes = new List<Cause>();
        if (!await work.Db.TemperatureTerms.AnyAsync(terms => terms.LoopId == loopId, cancellationToken))
        {
            return causes;
        }

        var end = MarketHour.Containing(now);
        var interval = new Interval(end - s_reach, end);
        var found = await temperatures.ReadAsync(loopId, null, interval, cancellationToken);
        var meters = await work.Db.Meters.AsNoTracking().Where(meter => meter.LoopId == loopId).ToDictionaryAsync(meter => meter.Id, cancellationToken);
        foreach (var (meterId, own) in found.OrderBy(meter => meter.Key))
        {
            foreach (var side in Enum.GetValues<PromiseSide>())
            {
                if (Streak(own, side) is { Count: > 0 } streak && streak.Count >= hoursInARow)
                {
                    causes.Add(Of(meters[meterId], side, streak));
                }
            }
        }

        return causes;
    }

    /// <summary>The broken hours at the end of what could be judged; empty where the last judged hour kept the promise.</summary>
    private static List<BrokenPromise> Streak(MeterTemperatures own, PromiseSide side)
    {
        var streak = new List<BrokenPromise>();
        foreach (var hour in own.Hours.Reverse())
        {
            if (own.TermsAt(hour.Hour) is not { } terms)
            {
                continue;
            }

            var report = PromiseReport.Judge([hour], terms.ToPromise());
            if (report.HoursJudged == 0)
            {
                continue;
            }

            if (report.Broken.FirstOrDefault(broken => broken.Side == side) is not { } broken)
            {
                break;
            }

            streak.Add(broken);
        }

        return streak;
    }

    private static Cause Of(Meter meter, PromiseSide side, List<BrokenPromise> streak)
    {
        var last = streak[0];
        var isSupply = side == PromiseSide.Supply;
        return new Cause(
            isSupply ? AlarmKind.SupplyPromise : AlarmKind.ReturnPromise,
            !isSupply ? AlarmSeverity.Low : Math.Abs(last.Deviation) >= UrgentFrom ? AlarmSeverity.Urgent : AlarmSeverity.High,
            string.Create(CultureInfo.InvariantCulture, $"promise-{(isSupply ? "supply" : "return")}/{meter.Id}"),
            meter.Code,
            streak[^1].Hour,
            last.Deviation < 0
                ? string.Create(CultureInfo.InvariantCulture, $"{last.Measured / 1000m:0.0} °C, at least {last.Promised / 1000m:0.0} °C promised; {streak.Count} h in a row.")
                : string.Create(CultureInfo.InvariantCulture, $"{last.Measured / 1000m:0.0} °C, at most {last.Promised / 1000m:0.0} °C promised; {streak.Count} h in a row."),
            meter.Id,
            meter.MemberId);
    }
}
