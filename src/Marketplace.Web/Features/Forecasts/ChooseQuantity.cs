using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Forecasts;

/// <summary>Chooses what standing orders without a quantity, and members without an order, are expected to take, from the next open hour on.</summary>
public sealed record ChooseQuantity(int LoopId, QuantitySource Source, string Reason) : IRequest<DateTimeOffset>, IOperatorAct
{
    string IOperatorAct.Subject => $"quantities follow {Source}";
}

public sealed class ChooseQuantityValidator : AbstractValidator<ChooseQuantity>
{
    public ChooseQuantityValidator()
    {
        RuleFor(request => request.Source).IsInEnum().WithMessage("Choose one of the two.");
        RuleFor(request => request.Reason).NotEmpty().WithMessage("Say why; members will read it.").MaximumLength(500).WithMessage("Use at most 500 characters.");
    }
}

/// <summary>The forecasts of a loop's last days, how good they were in retrospect, and what quantities follow.</summary>
public sealed record ShowForecasts(int LoopId) : IRequest<ForecastsView>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId) || actor.Audits(LoopId);
}

/// <param name="Choices">What was chosen, the latest first; while there is none, yesterday counts.</param>
public sealed record ForecastsView(QuantitySource InForce, IReadOnlyList<QuantityChoice> Choices, IReadOnlyList<ForecastedDay> Days);

/// <param name="ByMethod">How many meters by the number of the method chosen for them.</param>
/// <param name="MeanError">The sum of |forecast − measured| over the sum measured; null where nothing is measured yet.</param>
/// <param name="MeanErrorOfYesterday">The same for the same hours of the day before, which stand in where no forecast is used.</param>
public sealed record ForecastedDay(
    DateOnly Day, int Version, int Meters, DateTimeOffset MadeAt, string Sha256, IReadOnlyDictionary<short, int> ByMethod, decimal? MeanError, decimal? MeanErrorOfYesterday);

/// <summary>What quantities follow in an hour.</summary>
internal static class QuantityChoices
{
    public static async Task<QuantitySource> AtAsync(MarketplaceDb db, int loopId, DateTimeOffset hour, CancellationToken cancellationToken) =>
        await db.QuantityChoices.Where(choice => choice.LoopId == loopId && choice.ValidFrom <= hour)
            .OrderByDescending(choice => choice.Version).Select(choice => (QuantitySource?)choice.Source).FirstOrDefaultAsync(cancellationToken) ?? QuantitySource.Yesterday;
}

internal sealed class ChooseQuantityHandler(Work work, Gate gate, MarketTime marketTime, CurrentActor current, TimeProvider time)
    : IRequestHandler<ChooseQuantity, DateTimeOffset>, IRequestHandler<ShowForecasts, ForecastsView>
{
    private const int DaysShown = 14;

    public async Task<DateTimeOffset> Handle(ChooseQuantity request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var loop = await db.Loops.FromSql($"SELECT * FROM market.loops WHERE id = {loopId} FOR UPDATE").SingleAsync(cancellationToken);
        var lastClosed = await db.HourSteps.Where(step => step.LoopId == loopId && step.Step == HourStepKind.Closed).MaxAsync(step => (DateTimeOffset?)step.Hour, cancellationToken);
        var from = MarketHour.FirstOpen(loop, await marketTime.NowAsync(loopId, cancellationToken), lastClosed);
        await gate.PassAsync(loop, from, cancellationToken);
        var version = 1 + (await db.QuantityChoices.Where(choice => choice.LoopId == loopId).MaxAsync(choice => (int?)choice.Version, cancellationToken) ?? 0);
        db.QuantityChoices.Add(new QuantityChoice
        {
            LoopId = loopId, Version = version, Source = request.Source, ValidFrom = from, Reason = request.Reason.Trim(), SetBy = current.Actor.AccountId, SetAt = time.GetUtcNow(),
        });
        await db.SaveChangesAsync(cancellationToken);
        return from;
    }

    public async Task<ForecastsView> Handle(ShowForecasts request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var choices = await db.QuantityChoices.AsNoTracking().Where(choice => choice.LoopId == loopId).OrderByDescending(choice => choice.Version).ToListAsync(cancellationToken);
        var days = await db.ForecastDays.AsNoTracking().Where(day => day.LoopId == loopId).OrderByDescending(day => day.Day).ThenByDescending(day => day.Version)
            .Take(DaysShown).ToListAsync(cancellationToken);
        var shown = new List<ForecastedDay>();
        foreach (var day in days)
        {
            var methods = await db.MeterForecasts.Where(forecast => forecast.LoopId == loopId && forecast.Day == day.Day && forecast.Version == day.Version)
                .GroupBy(forecast => forecast.Method).Select(group => new { group.Key, Meters = group.Count() }).ToDictionaryAsync(group => group.Key, group => group.Meters, cancellationToken);
            var (error, yesterday) = await ErrorsAsync(loop, day, cancellationToken);
            shown.Add(new ForecastedDay(day.Day, day.Version, day.Meters, day.MadeAt, Convert.ToHexStringLower(day.Sha256), methods, error, yesterday));
        }

        var inForce = await QuantityChoices.AtAsync(db, loopId, await marketTime.NowAsync(loopId, cancellationToken), cancellationToken);
        return new ForecastsView(inForce, choices, shown);
    }

    /// <summary>How far forecasts and the day before were from what was measured, over the same hours of the same meters.</summary>
    private async Task<(decimal? Forecast, decimal? Yesterday)> ErrorsAsync(Loop loop, ForecastDay day, CancellationToken cancellationToken)
    {
        var whole = loop.Calendar.Day(day.Day);
        var (start, end, before) = (whole.Start, whole.End, whole.Start.AddHours(-24));
        var sums = await work.Db.Database.SqlQuery<ErrorSums>($"""
            WITH measured AS (
                SELECT DISTINCT ON (r.meter_id, r.hour) r.meter_id, r.hour, r.energy, r.quality FROM market.readings r
                WHERE r.loop_id = {loop.Id} AND r.hour >= {before} AND r.hour < {end} ORDER BY r.meter_id, r.hour, r.revision DESC),
            pairs AS (
                SELECT m.energy, f.hours_wh[1 + (extract(epoch FROM m.hour - {start}) / 3600)::int] AS forecast, y.energy AS yesterday
                FROM market.meter_forecasts f
                JOIN measured m ON m.meter_id = f.meter_id AND m.hour >= {start} AND m.quality <> {(short)ReadingQuality.Estimated}
                JOIN measured y ON y.meter_id = f.meter_id AND y.hour = m.hour - interval '24 hours'
                WHERE f.loop_id = {loop.Id} AND f.day = {day.Day} AND f.version = {day.Version})
            SELECT coalesce(sum(energy), 0)::bigint AS "Measured", coalesce(sum(abs(forecast - energy)), 0)::bigint AS "Forecast", coalesce(sum(abs(yesterday - energy)), 0)::bigint AS "Yesterday" FROM pairs
            """).SingleAsync(cancellationToken);
        return sums.Measured == 0 ? (null, null) : ((decimal)sums.Forecast / sums.Measured, (decimal)sums.Yesterday / sums.Measured);
    }

    private sealed record ErrorSums(long Measured, long Forecast, long Yesterday);
}
