using Marketplace.Data;
using Marketplace.Metering.Forecasts;
using Marketplace.Quantities;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Forecasts;

/// <summary>The forecasts of a meter for the days of an interval, and the latest there is.</summary>
/// <param name="AsOf">By what was made until then; null is by all.</param>
public sealed record ForecastsOfMeter(int LoopId, string MeterCode, Interval Interval, DateTimeOffset? AsOf = null) : IRequest<MeterForecasts?>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <param name="Hours">Each forecast hour of the interval with its band, the latest version of each day.</param>
/// <param name="Latest">The latest day's; null before the first.</param>
public sealed record MeterForecasts(IReadOnlyList<ForecastHour> Hours, LatestForecast? Latest);

/// <param name="Errors">The chosen method first.</param>
public sealed record LatestForecast(DateOnly Day, int Version, DateTimeOffset MadeAt, DateTimeOffset KnownUntil, IReadOnlyList<ForecastHour> Hours, IReadOnlyList<ForecastError> Errors);

internal sealed class ForecastsOfMeterHandler(Work work, CurrentActor current) : IRequestHandler<ForecastsOfMeter, MeterForecasts?>
{
    private const int MostDays = 31;

    public async Task<MeterForecasts?> Handle(ForecastsOfMeter request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        if (await VisibleMeter.FindAsync(db, current.Actor, loopId, request.MeterCode, cancellationToken) is not { } meter)
        {
            return null;
        }

        var calendar = (await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken)).Calendar;
        var asOf = request.AsOf ?? DateTimeOffset.MaxValue;
        var (first, last) = (calendar.DayOf(request.Interval.Start), calendar.DayOf(request.Interval.End.AddTicks(-1)));
        var sealedOnes = from forecast in db.MeterForecasts.AsNoTracking()
                         where forecast.LoopId == loopId && forecast.MeterId == meter.Id
                         where db.ForecastDays.Any(day => day.LoopId == loopId && day.Day == forecast.Day && day.Version == forecast.Version && day.MadeAt <= asOf)
                         select forecast;
        var rows = await sealedOnes.Where(forecast => forecast.Day >= first && forecast.Day <= last).OrderBy(forecast => forecast.Day).ThenBy(forecast => forecast.Version)
            .Take(2 * MostDays).ToListAsync(cancellationToken);
        var latest = await sealedOnes.OrderByDescending(forecast => forecast.Day).ThenByDescending(forecast => forecast.Version).FirstOrDefaultAsync(cancellationToken);
        return new MeterForecasts(
            [.. rows.GroupBy(row => row.Day).SelectMany(day => HoursOf(day.Last(), calendar)).Where(hour => request.Interval.Contains(hour.Hour))],
            latest is null ? null : new LatestForecast(latest.Day, latest.Version, latest.MadeAt, latest.KnownUntil, HoursOf(latest, calendar), ForecastErrors.Read(latest.Errors)));
    }

    private static List<ForecastHour> HoursOf(MeterForecast forecast, LoopCalendar calendar)
    {
        var start = calendar.StartOf(forecast.Day);
        return [.. forecast.HoursWh.Select((wattHours, i) => new ForecastHour(
            start.AddHours(i), new Energy(wattHours), Energy.Max(Energy.Zero, new Energy(wattHours) - forecast.UsualError), new Energy(wattHours) + forecast.UsualError))];
    }
}
