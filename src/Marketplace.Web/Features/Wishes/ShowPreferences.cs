using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Wishes;

/// <summary>What a member asks of its energy, and how far that was met lately.</summary>
public sealed record ShowPreferences(int LoopId, int MemberId) : IRequest<PreferencesView>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId) || actor.Operates(LoopId);
}

/// <param name="Lately">The last 30 days up to the last settled hour.</param>
/// <param name="Wishes">One for each carrier that the member's meters take.</param>
public sealed record PreferencesView(Interval Lately, IReadOnlyList<WishView> Wishes);

/// <param name="Wanted">Bought while an origin was asked for.</param>
/// <param name="Paid">The premium paid.</param>
public sealed record WishView(Carrier Carrier, Preference Wish, Price Premium, DateTimeOffset? Since, Energy Wanted, Energy Met, Money Paid);

internal sealed class ShowPreferencesHandler(MarketplaceDb db, MarketTime marketTime) : IRequestHandler<ShowPreferences, PreferencesView>
{
    private static readonly TimeSpan Month = TimeSpan.FromDays(30);

    public async Task<PreferencesView> Handle(ShowPreferences request, CancellationToken cancellationToken)
    {
        var (loopId, memberId) = (request.LoopId, request.MemberId);
        var end = MarketHour.Containing(await marketTime.NowAsync(loopId, cancellationToken));
        var lately = new Interval(end - Month, end);
        var carriers = await db.Meters
            .Where(meter => meter.LoopId == loopId && meter.MemberId == memberId && meter.Direction == MeterDirection.Consumption
                && meter.PlantCode == null && meter.InServiceUntil == null)
            .Select(meter => meter.Carrier).Distinct().Order().ToListAsync(cancellationToken);
        var wishes = await db.MemberPreferences.AsNoTracking()
            .Where(wish => wish.LoopId == loopId && wish.MemberId == memberId)
            .OrderBy(wish => wish.Version)
            .ToListAsync(cancellationToken);
        var met = await db.WishesMet.AsNoTracking()
            .Where(met => met.LoopId == loopId && met.MemberId == memberId && met.Hour >= lately.Start && met.Hour < lately.End)
            .ToListAsync(cancellationToken);
        return new PreferencesView(lately, [.. carriers.Select(carrier =>
        {
            var wish = wishes.FindLast(wish => wish.Carrier == carrier);
            var here = met.Where(row => row.Carrier == carrier).ToList();
            return new WishView(
                carrier,
                wish?.Wish ?? Preference.Cheapest,
                wish?.Premium ?? Price.Zero,
                wish?.ValidFrom,
                here.Aggregate(Energy.Zero, (sum, row) => sum + row.Wanted),
                here.Aggregate(Energy.Zero, (sum, row) => sum + row.Met),
                here.Aggregate(Money.Zero, (sum, row) => sum + row.Amount));
        })]);
    }
}
