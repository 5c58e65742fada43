using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Network;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Orders;

/// <summary>What a member needs to know to place an order or an offer: which hours are open, what it may trade, what energy cost lately.</summary>
public sealed record OrderDesk(int LoopId, int MemberId) : IRequest<DeskView>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId) || actor.Operates(LoopId);
}

/// <param name="Hours">The hours that take orders, the next one first; none when the market has ended.</param>
/// <param name="Buys">Carriers that the member's meters take from the loop.</param>
/// <param name="DefaultLimits">The price limit of the loop's default terms in the last closed auction, by carrier.</param>
/// <param name="Lately">Prices of the last seven market days, by carrier.</param>
/// <param name="YesterdayAt">What the member took at the same hour of the day before, for the next open hour.</param>
public sealed record DeskView(
    DateTimeOffset MarketNow, IReadOnlyList<OpenHour> Hours, IReadOnlyList<Carrier> Buys,
    IReadOnlyDictionary<Carrier, Price> DefaultLimits, IReadOnlyDictionary<Carrier, RecentPrices> Lately, IReadOnlyDictionary<Carrier, Energy> YesterdayAt);

public sealed record OpenHour(Interval Hour, DateTimeOffset GateCloses);

/// <summary>The auction prices of a week, lowest first; never empty.</summary>
public sealed record RecentPrices(IReadOnlyList<Price> Sorted)
{
    public Price Lowest => Sorted[0];

    public Price Middle => Sorted[Sorted.Count / 2];

    public Price Highest => Sorted[^1];

    /// <summary>In how many of the hours an offer at this limit would have been below or at the price.</summary>
    public int HoursAtLeast(Price limit) => Sorted.Count(price => price >= limit);
}

internal sealed class OrderDeskHandler(MarketplaceDb db, MarketTime marketTime) : IRequestHandler<OrderDesk, DeskView>
{
    /// <summary>How far ahead orders are taken.</summary>
    private const int HoursAhead = 36;

    private static readonly TimeSpan Day = TimeSpan.FromHours(24);

    public async Task<DeskView> Handle(OrderDesk request, CancellationToken cancellationToken)
    {
        var loopId = request.LoopId;
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var now = await marketTime.NowAsync(loopId, cancellationToken);
        var lastClosed = await db.HourSteps
            .Where(step => step.LoopId == loopId && step.Step == HourStepKind.Closed)
            .MaxAsync(step => (DateTimeOffset?)step.Hour, cancellationToken);
        var hours = OpenHours(loop, now, lastClosed);
        var buys = await db.Meters
            .Where(meter => meter.LoopId == loopId && meter.MemberId == request.MemberId && meter.Direction == MeterDirection.Consumption
                && meter.PlantCode == null && meter.InServiceUntil == null)
            .Select(meter => meter.Carrier).Distinct().Order().ToListAsync(cancellationToken);
        var defaults = lastClosed is { } closed
            ? await db.BookOrders
                .Where(order => order.LoopId == loopId && order.Hour == closed && order.Source == OrderSource.Default)
                .GroupBy(order => order.Carrier)
                .Select(group => new { group.Key, Limit = group.Max(order => order.Limit) })
                .ToDictionaryAsync(row => row.Key, row => row.Limit, cancellationToken)
            : [];
        var from = MarketHour.Containing(now).AddDays(-7);
        var zone = await HourZones.OfAsync(db, loopId, MarketHour.Containing(now), request.MemberId, null, cancellationToken);
        var lately = (await db.Prices.AsNoTracking().In(zone)
            .Where(price => price.LoopId == loopId && price.Hour >= from && price.Price != null)
            .Select(price => new { price.Carrier, price.Price })
            .ToListAsync(cancellationToken))
            .GroupBy(price => price.Carrier)
            .ToDictionary(group => group.Key, group => new RecentPrices([.. group.Select(price => price.Price!.Value).Order()]));
        var yesterday = hours.Count == 0
            ? []
            : await YesterdayAsync(request, hours[0].Hour.Start - Day, cancellationToken);
        return new DeskView(now, hours, buys, defaults, lately, yesterday);
    }

    private static List<OpenHour> OpenHours(Loop loop, DateTimeOffset now, DateTimeOffset? lastClosed)
    {
        var first = MarketHour.FirstOpen(loop, now, lastClosed);
        return [.. new Interval(first, first.AddHours(HoursAhead)).Steps(MarketHour.Length)
            .Where(hour => loop.EndsAt is not { } end || hour < end)
            .Select(hour => new OpenHour(MarketMoment.HourOf(hour), MarketHour.GateOf(loop, hour)))];
    }

    private Task<Dictionary<Carrier, Energy>> YesterdayAsync(OrderDesk request, DateTimeOffset hour, CancellationToken cancellationToken) =>
        db.Positions
            .Where(position => position.LoopId == request.LoopId && position.MemberId == request.MemberId && position.Hour == hour
                && position.Direction == MeterDirection.Consumption && position.PlantCode == "")
            .ToDictionaryAsync(position => position.Carrier, position => position.Metered, cancellationToken);
}
