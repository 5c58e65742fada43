using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Consumption.Comparisons;

/// <summary>What a member took in a day, week, month or year, beside the one before and the same one of the year before. Settled hours only; of a
/// period that is not over, the others are compared as far as it has come.</summary>
public sealed record ComparePeriod(int LoopId, int MemberId, PeriodChoice Period) : IRequest<ComparedPeriod>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId) || actor.Operates(LoopId);
}

/// <param name="Now">The period as far as it is settled.</param>
/// <param name="Before">What of the period before goes with it.</param>
/// <param name="IsWhole">Whether every hour of the period is settled.</param>
public sealed record ComparedPeriod(PeriodUnit Unit, Interval Now, Interval Before, Interval LastYear, bool IsWhole, IReadOnlyList<ComparedCarrier> Carriers);

/// <param name="Before">In the period before; none where nothing was supplied then.</param>
/// <param name="LastYearInThisWeather">As the year before would have been in this period's weather, by degree days; none for electricity, or where the weather is not known.</param>
public sealed record ComparedCarrier(Carrier Carrier, Energy Now, Energy? Before, Energy? LastYear, Energy? LastYearInThisWeather);

internal sealed class ComparePeriodHandler(MarketplaceDb db, IRequestHandler<ConsumptionOf, IReadOnlyList<ConsumptionRow>> consumption) : IRequestHandler<ComparePeriod, ComparedPeriod>
{
    public async Task<ComparedPeriod> Handle(ComparePeriod request, CancellationToken cancellationToken)
    {
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == request.LoopId, cancellationToken);
        var (choice, calendar) = (request.Period, loop.Calendar);
        var whole = choice.In(calendar);
        var settled = await db.HourSteps.Where(step => step.LoopId == loop.Id && step.Step == HourStepKind.Settled).MaxAsync(step => (DateTimeOffset?)step.Hour, cancellationToken);
        var end = settled is { } last && last + MarketHour.Length < whole.End && last >= whole.Start ? last + MarketHour.Length : whole.End;
        var now = new Interval(whole.Start, end);
        var ago = LastYear(choice);
        var before = Beside(choice.Step(-1));
        var year = Beside(ago);
        var sums = await SumsAsync(now);
        var earlier = await SumsAsync(before);
        var then = await SumsAsync(year);
        var (weather, weatherThen) = (await WeatherOfPeriod.DegreeDaysAsync(db, loop, now, cancellationToken), await WeatherOfPeriod.DegreeDaysAsync(db, loop, year, cancellationToken));
        return new ComparedPeriod(choice.Unit, now, before, year, settled is { } at && at + MarketHour.Length >= whole.End,
        [
            .. Carriers.All.Where(sums.ContainsKey).Select(carrier => new ComparedCarrier(
                carrier, sums[carrier], Of(earlier, carrier), Of(then, carrier),
                carrier is Carrier.Heat or Carrier.Cold && Of(then, carrier) is { } used && weather is not null && weatherThen is not null
                    && DegreeDays.Corrected(used.WattHours, weatherThen[carrier], weather[carrier]) is { } corrected ? new Energy(corrected) : null)),
        ]);

        Interval Beside(PeriodChoice other) => calendar.SameSoFar(now, choice.Next, other.First, other.Next);

        async Task<Dictionary<Carrier, Energy>> SumsAsync(Interval span) =>
            (await consumption.Handle(new ConsumptionOf(request.LoopId, request.MemberId, span, Grain.Month), cancellationToken))
            .GroupBy(row => row.Carrier).ToDictionary(rows => rows.Key, rows => rows.MeteredOf());
    }

    /// <summary>The same day of the same month; of weeks the one 52 weeks before, so that it has the same weekdays.</summary>
    private static PeriodChoice LastYear(PeriodChoice period) => period.Unit == PeriodUnit.Week
        ? PeriodChoice.Containing(PeriodUnit.Week, period.First.AddDays(-364))
        : PeriodChoice.Containing(period.Unit, period.First.AddYears(-1));

    private static Energy? Of(Dictionary<Carrier, Energy> sums, Carrier carrier) => sums.TryGetValue(carrier, out var sum) ? sum : null;
}
