using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Network;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Prices;

/// <summary>What a kWh of each carrier costs in the hour that runs on the market clock, and in the hour after it.</summary>
/// <param name="Zone">Where a loop has several: a code; null is the zone of the reader's own meters, else the first.</param>
public sealed record PricesNow(int LoopId, string? Zone = null) : IRequest<CurrentPrices>, IPublic, ISharedRead
{
    // In a loop of several zones the reader's first member there decides.
    public object SharedBy(Actor actor) => (this, actor.Roles.FirstOrDefault(held => held.LoopId == LoopId)?.MemberId);
}

/// <param name="Hour">The hour of the prices: the running one, or the last that has any.</param>
/// <param name="IsRunning">Whether the prices are those of the running hour.</param>
public sealed record CurrentPrices(DateTimeOffset MarketNow, Interval? Hour, bool IsRunning, IReadOnlyList<CarrierPrices> Carriers);

/// <param name="Now">None where nothing could be traded.</param>
/// <param name="Next">The price of the following hour, once it is cleared.</param>
public sealed record CarrierPrices(Carrier Carrier, Price? Now, Price? Next);

internal sealed class PricesNowHandler(MarketplaceDb db, MarketTime marketTime, ZoneChoice choice) : IRequestHandler<PricesNow, CurrentPrices>
{
    public async Task<CurrentPrices> Handle(PricesNow request, CancellationToken cancellationToken)
    {
        var now = await marketTime.NowAsync(request.LoopId, cancellationToken);
        var running = MarketHour.Containing(now);
        var last = await db.Prices
            .Where(price => price.LoopId == request.LoopId && price.Hour <= running)
            .OrderByDescending(price => price.Hour)
            .Select(price => (DateTimeOffset?)price.Hour)
            .FirstOrDefaultAsync(cancellationToken);
        if (last is not { } hour)
        {
            return new CurrentPrices(now, null, false, [.. Carriers.All.Select(carrier => new CarrierPrices(carrier, null, null))]);
        }

        var next = hour + MarketHour.Length;
        var zone = await choice.OfAsync(request.LoopId, next, request.Zone, cancellationToken);
        var prices = await db.Prices.AsNoTracking().In(zone)
            .Where(price => price.LoopId == request.LoopId && (price.Hour == hour || price.Hour == next))
            .ToDictionaryAsync(price => (price.Hour, price.Carrier), price => price.Price, cancellationToken);
        return new CurrentPrices(
            now,
            MarketMoment.HourOf(hour),
            hour == running,
            [.. Carriers.All.Select(carrier => new CarrierPrices(carrier, prices.GetValueOrDefault((hour, carrier)), prices.GetValueOrDefault((next, carrier))))]);
    }
}
