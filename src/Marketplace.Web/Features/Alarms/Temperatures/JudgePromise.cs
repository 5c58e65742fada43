using FluentValidation;
using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Alarms.Temperatures;

/// <summary>What became of a meter's temperature promise in a time, as a whole and by day: what contracts count. It is always worked out from the
/// readings as they are now, so that a late reading counts too.</summary>
public sealed record JudgePromise(int LoopId, string MeterCode, Interval Interval) : IRequest<PromiseSheet?>, IGuarded
{
    /// <summary>A year and a little.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(400);

    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <param name="Terms">What is promised at the end of the time; null where nothing is.</param>
/// <param name="Last">The last hour in the time with a temperature.</param>
public sealed record PromiseSheet(
    string MeterCode, Carrier Carrier, TemperatureTerms? Terms, PromiseReport Report, IReadOnlyList<PromiseDay> Days, SubstationHour? Last, IReadOnlyList<SubstationHour> Hours);

/// <summary>A day of the loop.</summary>
public sealed record PromiseDay(DateOnly Day, PromiseReport Report);

internal sealed class JudgePromiseValidator : AbstractValidator<JudgePromise>
{
    public JudgePromiseValidator() =>
        RuleFor(request => request.Interval).Must(interval => interval.Length <= JudgePromise.Longest).WithMessage("At most 400 days can be judged at once.");
}

internal sealed class JudgePromiseHandler(Work work, CurrentActor current, MarketTime marketTime, SubstationTemperatures temperatures) : IRequestHandler<JudgePromise, PromiseSheet?>
{
    public async Task<PromiseSheet?> Handle(JudgePromise request, CancellationToken cancellationToken)
    {
        if (await VisibleMeter.FindAsync(work.Db, current.Actor, request.LoopId, request.MeterCode, cancellationToken) is not { } meter)
        {
            return null;
        }

        // Hours that are still to come are neither kept nor broken.
        var now = MarketHour.Containing(await marketTime.NowAsync(request.LoopId, cancellationToken));
        var start = MarketHour.Containing(request.Interval.Start);
        var interval = new Interval(start, request.Interval.End < now ? request.Interval.End : now > start ? now : start.AddHours(1));
        var calendar = (await work.Db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == request.LoopId, cancellationToken)).Calendar;
        var own = (await temperatures.ReadAsync(request.LoopId, [meter.Id], interval, cancellationToken)).GetValueOrDefault(meter.Id) ?? new MeterTemperatures([], []);
        var days = interval.Start >= now
            ? []
            : interval.Steps(MarketHour.Length).GroupBy(calendar.DayOf)
                .Select(hours => new PromiseDay(hours.Key, own.Judge(new Interval(hours.First(), hours.Last() + MarketHour.Length)))).ToList();
        return new PromiseSheet(
            meter.Code, meter.Carrier, own.TermsAt(interval.End - MarketHour.Length), Sum(days), days, own.Hours.LastOrDefault(hour => hour.Supply is not null || hour.Return is not null), own.Hours);
    }

    private static PromiseReport Sum(IReadOnlyList<PromiseDay> days) => new(
        days.Sum(day => day.Report.HoursJudged), days.Sum(day => day.Report.HoursWithoutFlow), days.Sum(day => day.Report.HoursNotMeasured), [.. days.SelectMany(day => day.Report.Broken)]);
}
