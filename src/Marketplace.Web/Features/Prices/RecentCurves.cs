using FluentValidation;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Prices;

/// <summary>How likely an order is to be accepted: what would have become of its limit at the same hour of the last seven days that
/// were cleared. It reads published prices only, by their key.</summary>
/// <param name="Hour">The hour that the order is for; the days before it are looked at.</param>
public sealed record RecentCurves(int LoopId, DateTimeOffset Hour, Carrier Carrier, OrderSide Side, Price Limit) : IRequest<LikelyAcceptance>, IPublic
{
    /// <summary>Some of the days before may not be cleared yet, or have fallen back.</summary>
    private const int DaysLookedAt = 14;

    /// <summary>The same hour of the loop's clock on the days before; a day whose clocks skip the hour has none.</summary>
    public static IReadOnlyList<DateTimeOffset> HoursBefore(LoopCalendar calendar, DateTimeOffset hour)
    {
        var local = calendar.ToLocal(hour);
        var day = calendar.DayOf(hour);
        return [.. Enumerable.Range(1, DaysLookedAt)
            .Select(back => calendar.Day(day.AddDays(-back)).Steps(MarketHour.Length).Select(start => (DateTimeOffset?)start)
                .FirstOrDefault(start => calendar.ToLocal(start!.Value).TimeOfDay == local.TimeOfDay))
            .OfType<DateTimeOffset>()];
    }
}

/// <param name="Accepted">In how many of the auctions the limit was beyond the price: certainly accepted.</param>
/// <param name="AtThePrice">In how many it was the price itself: accepted in part at best.</param>
/// <param name="Prices">The prices of those auctions, the newest first.</param>
public sealed record LikelyAcceptance(int Accepted, int AtThePrice, IReadOnlyList<PastPrice> Prices)
{
    /// <summary>How many auctions were looked at; fewer than seven while the market is young.</summary>
    public int Of => Prices.Count;
}

/// <param name="Price">None where nothing was traded: no order is counted as accepted then.</param>
public sealed record PastPrice(Interval Hour, Price? Price);

public sealed class RecentCurvesValidator : AbstractValidator<RecentCurves>
{
    public RecentCurvesValidator()
    {
        RuleFor(request => request.Hour).Must(MarketHour.IsStart).WithMessage("Choose a whole hour.");
        RuleFor(request => request.Carrier).IsInEnum().WithMessage("Choose heat, cold or electricity.");
        RuleFor(request => request.Side).IsInEnum().WithMessage("Choose to buy or to sell.");
    }
}

internal sealed class RecentCurvesHandler(MarketplaceDb db) : IRequestHandler<RecentCurves, LikelyAcceptance>
{
    private const int Days = 7;

    public async Task<LikelyAcceptance> Handle(RecentCurves request, CancellationToken cancellationToken)
    {
        var calendar = (await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == request.LoopId, cancellationToken)).Calendar;
        var hours = RecentCurves.HoursBefore(calendar, request.Hour).ToArray();
        var prices = (await db.Prices.AsNoTracking()
            .Where(price => price.LoopId == request.LoopId && hours.Contains(price.Hour) && price.Carrier == request.Carrier)
            .OrderByDescending(price => price.Hour)
            .Take(Days)
            .Select(price => new { price.Hour, price.Price })
            .ToListAsync(cancellationToken))
            .ConvertAll(price => new PastPrice(MarketMoment.HourOf(price.Hour), price.Price));
        return new LikelyAcceptance(
            prices.Count(past => past.Price is { } price && (request.Side == OrderSide.Buy ? request.Limit > price : request.Limit < price)),
            prices.Count(past => past.Price == request.Limit),
            prices);
    }
}
