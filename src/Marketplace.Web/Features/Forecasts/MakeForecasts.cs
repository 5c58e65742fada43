using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Metering.Forecasts;
using Marketplace.Quantities;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering.Quality;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Forecasts;

/// <summary>Forecasts a local day for some meters, from what is known by the market's clock. A meter that has its forecast in this version
/// keeps it, so that a run cut short goes on where it was.</summary>
/// <param name="AfterMeter">Only meters after this one.</param>
public sealed record MakeForecasts(int LoopId, DateOnly Day, int AfterMeter = 0, int MostMeters = 32) : IRequest<MadeForecasts>, ISystemOnly, IRepeatableStep;

/// <param name="Next">The meter after which others follow; null when none does.</param>
public sealed record MadeForecasts(int Meters, int Made, int? Next);

/// <summary>Closes a version of a day: what was made is counted, hashed and committed to the ledger. Nothing is added to it afterwards. Answers
/// with the version; 0 where there was nothing to close.</summary>
public sealed record SealForecasts(int LoopId, DateOnly Day) : IRequest<int>, ISystemOnly, IRepeatableStep;

internal sealed class MakeForecastsHandler(Work work, MeasuredHours measured, MarketTime marketTime, Sequencer sequencer, TimeProvider time)
    : IRequestHandler<MakeForecasts, MadeForecasts>, IRequestHandler<SealForecasts, int>
{
    /// <summary>Eight weeks to learn from, two to try the methods on, and a day over.</summary>
    private static readonly TimeSpan Back = TimeSpan.FromDays(71);

    public async Task<MadeForecasts> Handle(MakeForecasts request, CancellationToken cancellationToken)
    {
        var (db, loopId, day) = (work.Db, request.LoopId, request.Day);
        await LockAsync(loopId, cancellationToken);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var whole = loop.Calendar.Day(day);
        var now = MarketHour.Containing(await marketTime.NowAsync(loopId, cancellationToken));
        var knownUntil = now < whole.Start ? now : whole.Start;
        var version = await NextVersionAsync(loopId, day, cancellationToken);
        var meters = await db.Meters.AsNoTracking()
            .Where(meter => meter.LoopId == loopId && meter.Id > request.AfterMeter && meter.InServiceFrom < whole.End && (meter.InServiceUntil == null || meter.InServiceUntil > whole.Start))
            .OrderBy(meter => meter.Id).Take(request.MostMeters + 1).ToListAsync(cancellationToken);
        int? next = meters.Count > request.MostMeters ? meters[request.MostMeters - 1].Id : null;
        var ids = meters.Take(request.MostMeters).Select(meter => meter.Id).ToList();
        var done = (await db.MeterForecasts.Where(forecast => forecast.LoopId == loopId && forecast.Day == day && forecast.Version == version && ids.Contains(forecast.MeterId))
            .Select(forecast => forecast.MeterId).ToListAsync(cancellationToken)).ToHashSet();
        var due = meters.Where(meter => ids.Contains(meter.Id) && !done.Contains(meter.Id)).ToList();
        var from = whole.Start - Back;
        var hours = await measured.ReadSoundAsync(loopId, due.ConvertAll(meter => new MeterSpan(meter.Id, from, knownUntil)), cancellationToken);
        var temperatures = (await db.Conditions.AsNoTracking().Where(row => row.LoopId == loopId && row.Hour >= from && row.Hour < whole.End)
            .Select(row => new { row.Hour, row.AirTempC }).ToListAsync(cancellationToken)).ToDictionary(row => row.Hour, row => (int)(row.AirTempC * 1000m));
        OutdoorTemperature? temperature = temperatures.Count == 0 ? null : hour => temperatures.TryGetValue(hour, out var outside) ? outside : null;
        var madeAt = time.GetUtcNow();
        var made = due.AsParallel().AsOrdered().WithCancellation(cancellationToken)
            .Select(meter => (Meter: meter, Forecast: Forecasting.Of(
                MeasuredHours.Series(meter.Code, from, hours[meter.Id]), day, loop.Calendar, temperature, knownUntil)))
            .Where(one => one.Forecast is not null)
            .Select(one => new MeterForecast
            {
                LoopId = loopId, Day = day, Version = version, MeterId = one.Meter.Id, Method = (short)one.Forecast!.Method,
                UsualError = one.Forecast.Errors[0].UsualError, HoursWh = [.. one.Forecast.Hours.Select(hour => hour.Energy.WattHours)],
                Errors = ForecastErrors.Write(one.Forecast.Errors), KnownUntil = knownUntil, MadeAt = madeAt,
            })
            .ToList();
        await db.BulkInsertAsync(made, cancellationToken);
        return new MadeForecasts(due.Count, made.Count, next);
    }

    public async Task<int> Handle(SealForecasts request, CancellationToken cancellationToken)
    {
        var (db, loopId, day) = (work.Db, request.LoopId, request.Day);
        await LockAsync(loopId, cancellationToken);
        var slug = await db.Loops.Where(loop => loop.Id == loopId).Select(loop => loop.Slug).SingleAsync(cancellationToken);
        var version = await NextVersionAsync(loopId, day, cancellationToken);
        var forecasts = await (
            from forecast in db.MeterForecasts.AsNoTracking()
            where forecast.LoopId == loopId && forecast.Day == day && forecast.Version == version
            join meter in db.Meters on new { forecast.LoopId, forecast.MeterId } equals new { meter.LoopId, MeterId = meter.Id }
            select new { meter.Code, forecast }).ToListAsync(cancellationToken);
        if (forecasts.Count == 0)
        {
            // Nothing is known of any meter yet: the day stays open for when there is.
            return 0;
        }

        var sha256 = ForecastRecord.HashOf(forecasts.Select(one => (one.Code, one.forecast)));
        var madeAt = time.GetUtcNow();
        var canonical = ForecastRecord.Canonical(slug, day, version, forecasts.Count, sha256, madeAt);
        var key = ForecastRecord.Key(day, version);
        var appended = await LedgerDoor.AppendAsync(
            await work.ConnectionAsync(cancellationToken), work.Transaction, loopId, key,
            [new LedgerRecord(RecordKind.Forecast, ForecastRecord.Version, key, canonical, 0, day)], cancellationToken);
        db.ForecastDays.Add(new ForecastDay
        {
            LoopId = loopId, Day = day, Version = version, Meters = forecasts.Count, Sha256 = sha256, MadeAt = madeAt,
            Canonical = canonical, BatchId = appended.BatchId, BatchPosition = appended.Positions[0],
        });
        await db.SaveChangesAsync(cancellationToken);
        work.AfterCommit(token => sequencer.IntegrateAsync(loopId, token));
        return version;
    }

    private async Task<int> NextVersionAsync(int loopId, DateOnly day, CancellationToken cancellationToken) =>
        1 + (await work.Db.ForecastDays.Where(made => made.LoopId == loopId && made.Day == day).MaxAsync(made => (int?)made.Version, cancellationToken) ?? 0);

    private Task<int> LockAsync(int loopId, CancellationToken cancellationToken) =>
        work.Db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended('forecasts/' || {loopId}::text, 0))", cancellationToken);
}
