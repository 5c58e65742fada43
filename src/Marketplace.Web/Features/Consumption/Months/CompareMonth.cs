using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Consumption.Months;

/// <summary>What a member took in a month, beside the month before and the same month of the year before. Settled hours only.</summary>
/// <param name="First">The month's first day.</param>
public sealed record CompareMonth(int LoopId, int MemberId, DateOnly First) : IRequest<ComparedMonth>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId) || actor.Operates(LoopId);
}

/// <param name="IsWhole">Whether every hour of the month is settled; else it is compared with nothing.</param>
public sealed record ComparedMonth(Interval Month, Interval Before, Interval LastYear, bool IsWhole, IReadOnlyList<ComparedCarrier> Carriers);

/// <param name="Before">In the month before; none where nothing was supplied then.</param>
/// <param name="LastYearInThisWeather">As the year before would have been in this month's weather, by degree days; none for electricity, or where the weather is not known.</param>
public sealed record ComparedCarrier(Carrier Carrier, Energy Now, Energy? Before, Energy? LastYear, Energy? LastYearInThisWeather);

internal sealed class CompareMonthHandler(MarketplaceDb db, IRequestHandler<ConsumptionOf, IReadOnlyList<ConsumptionRow>> consumption) : IRequestHandler<CompareMonth, ComparedMonth>
{
    public async Task<ComparedMonth> Handle(CompareMonth request, CancellationToken cancellationToken)
    {
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == request.LoopId, cancellationToken);
        var (month, before, year) = (loop.Calendar.Month(request.First), loop.Calendar.Month(request.First.AddMonths(-1)), loop.Calendar.Month(request.First.AddYears(-1)));
        var end = month.End - MarketHour.Length;
        var whole = await db.HourSteps.AnyAsync(step => step.LoopId == loop.Id && step.Step == HourStepKind.Settled && step.Hour == end, cancellationToken);
        var now = await SumsAsync(request, month, cancellationToken);
        var earlier = await SumsAsync(request, before, cancellationToken);
        var ago = await SumsAsync(request, year, cancellationToken);
        var (weather, weatherAgo) = (await WeatherOfPeriod.DegreeDaysAsync(db, loop, month, cancellationToken), await WeatherOfPeriod.DegreeDaysAsync(db, loop, year, cancellationToken));
        return new ComparedMonth(month, before, year, whole,
        [
            .. Carriers.All.Where(now.ContainsKey).Select(carrier => new ComparedCarrier(
                carrier, now[carrier], Of(earlier, carrier), Of(ago, carrier),
                carrier is Carrier.Heat or Carrier.Cold && Of(ago, carrier) is { } then && weather is not null && weatherAgo is not null
                    && DegreeDays.Corrected(then.WattHours, weatherAgo[carrier], weather[carrier]) is { } corrected ? new Energy(corrected) : null)),
        ]);
    }

    private static Energy? Of(Dictionary<Carrier, Energy> sums, Carrier carrier) => sums.TryGetValue(carrier, out var sum) ? sum : null;

    private async Task<Dictionary<Carrier, Energy>> SumsAsync(CompareMonth request, Interval month, CancellationToken cancellationToken) =>
        (await consumption.Handle(new ConsumptionOf(request.LoopId, request.MemberId, month, Grain.Month), cancellationToken))
        .GroupBy(row => row.Carrier).ToDictionary(rows => rows.Key, rows => rows.MeteredOf());
}
