using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Network;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Orders;

/// <summary>What the auctions of the last seven cleared days say of a limit at an hour of the day. Prices are public; so is this.</summary>
public sealed record LikelyAcceptance(int LoopId, Carrier Carrier, DateTimeOffset Hour, string? Zone = null) : IRequest<PricesAtHour>, IPublic;

/// <summary>The prices of the same hour of the day on the last days that were cleared, newest first; empty where nothing was traded.</summary>
public sealed record PricesAtHour(IReadOnlyList<Price> Prices)
{
    /// <summary>On how many of the days an order at this limit would have been accepted, at least in part.</summary>
    public int Days(OrderSide side, Price limit) => Prices.Count(price => side == OrderSide.Buy ? limit >= price : limit <= price);
}

internal sealed class LikelyAcceptanceHandler(MarketplaceDb db, MarketTime marketTime, ZoneChoice choice) : IRequestHandler<LikelyAcceptance, PricesAtHour>
{
    private const int Days = 7;

    public async Task<PricesAtHour> Handle(LikelyAcceptance request, CancellationToken cancellationToken)
    {
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == request.LoopId, cancellationToken);
        var last = await db.HourSteps
            .Where(step => step.LoopId == loop.Id && step.Step == HourStepKind.Cleared)
            .MaxAsync(step => (DateTimeOffset?)step.Hour, cancellationToken) ?? await marketTime.NowAsync(loop.Id, cancellationToken);
        var day = loop.Calendar.DayOf(last);
        var clock = loop.Calendar.ToLocal(request.Hour).TimeOfDay;
        // Nine days: the last one may not have come to this hour yet, and on one the clocks may leave it out.
        var hours = Enumerable.Range(0, Days + 2)
            .SelectMany(back => loop.Calendar.Day(day.AddDays(-back)).Steps(MarketHour.Length).Where(hour => loop.Calendar.ToLocal(hour).TimeOfDay == clock))
            .Where(hour => hour <= last)
            .ToList();
        var zone = await choice.OfAsync(loop.Id, request.Hour, request.Zone, cancellationToken);
        var prices = await db.Prices.AsNoTracking().In(zone)
            .Where(price => price.LoopId == loop.Id && price.Carrier == request.Carrier && hours.Contains(price.Hour) && price.Price != null)
            .OrderByDescending(price => price.Hour)
            .Select(price => price.Price!.Value)
            .Take(Days)
            .ToListAsync(cancellationToken);
        return new PricesAtHour(prices);
    }
}
