using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Network;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Home;

/// <summary>When energy was cheap and when it was dear in the last seven days, where a member takes it: what can wait may follow.</summary>
public sealed record CheapHours(int LoopId, int MemberId) : IRequest<IReadOnlyList<CheapWindow>>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId) || actor.Operates(LoopId);
}

/// <summary>Three hours of the clock that were cheapest on average, and three that were dearest.</summary>
/// <param name="CheapFrom">The hour of the clock at which they begin, 0 to 21.</param>
/// <param name="DearFrom">The same of the dearest.</param>
public sealed record CheapWindow(Carrier Carrier, int CheapFrom, Price Cheap, int DearFrom, Price Dear)
{
    public const int Hours = 3;

    /// <summary>What a kWh that waits saves.</summary>
    public Price Saves => Dear - Cheap;
}

internal sealed class CheapHoursHandler(MarketplaceDb db, MarketTime marketTime) : IRequestHandler<CheapHours, IReadOnlyList<CheapWindow>>
{
    private const int Days = 7;

    // Less than a cent is not worth anybody's evening.
    private static readonly Price s_worthIt = Price.FromMicroPerKWh(10_000);

    public async Task<IReadOnlyList<CheapWindow>> Handle(CheapHours request, CancellationToken cancellationToken)
    {
        var loopId = request.LoopId;
        var calendar = (await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken)).Calendar;
        var now = MarketHour.Containing(await marketTime.NowAsync(loopId, cancellationToken));
        var from = now.AddDays(-Days);
        var takes = await db.Meters
            .Where(meter => meter.LoopId == loopId && meter.MemberId == request.MemberId && meter.Direction == MeterDirection.Consumption && meter.PlantCode == null && meter.InServiceUntil == null)
            .Select(meter => meter.Carrier).Distinct().ToListAsync(cancellationToken);
        var zone = await HourZones.OfAsync(db, loopId, now, request.MemberId, null, cancellationToken);
        var prices = await db.Prices.AsNoTracking().In(zone)
            .Where(price => price.LoopId == loopId && price.Hour >= from && price.Hour < now && price.Price != null && takes.Contains(price.Carrier))
            .Select(price => new { price.Hour, price.Carrier, price.Price })
            .ToListAsync(cancellationToken);
        return [.. prices.GroupBy(price => price.Carrier).OrderBy(carrier => carrier.Key)
            .Select(carrier => Of(carrier.Key, HourOfDay.Means(carrier.Select(price => (price.Hour, price.Price!.Value)), calendar)))
            .OfType<CheapWindow>()
            .Where(window => window.Saves >= s_worthIt)];
    }

    /// <summary>None while a window of three hours on the clock is not known.</summary>
    private static CheapWindow? Of(Carrier carrier, IReadOnlyDictionary<int, Price> means)
    {
        var windows = Enumerable.Range(0, 24 - CheapWindow.Hours + 1)
            .Where(start => Enumerable.Range(start, CheapWindow.Hours).All(means.ContainsKey))
            .Select(start => (Start: start, Mean: HourOfDay.Mean([.. Enumerable.Range(start, CheapWindow.Hours).Select(hour => means[hour])])))
            .ToList();
        return windows.Count == 0 ? null : new CheapWindow(carrier, windows.MinBy(window => window.Mean).Start, windows.Min(window => window.Mean), windows.MaxBy(window => window.Mean).Start, windows.Max(window => window.Mean));
    }
}

/// <summary>What an hour of the clock usually costs: the simplest forecast, and one that everybody can check.</summary>
internal static class HourOfDay
{
    /// <summary>The mean price of each hour of the loop's clock that has any.</summary>
    public static IReadOnlyDictionary<int, Price> Means(IEnumerable<(DateTimeOffset Hour, Price Price)> prices, LoopCalendar calendar) =>
        prices.GroupBy(price => calendar.ToLocal(price.Hour).Hour).ToDictionary(hour => hour.Key, hour => Mean([.. hour.Select(price => price.Price)]));

    public static Price Mean(IReadOnlyCollection<Price> prices) =>
        Price.FromMicroPerKWh(Rounding.DivideAwayFromZero(prices.Aggregate((Int128)0, (sum, price) => sum + price.MicroPerKWh), prices.Count));
}
