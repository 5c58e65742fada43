using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Orders;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Deals;

/// <summary>What deals bind of a member's credit: what their hours of the next month could cost. Bills come monthly, so that what lies
/// further ahead is paid as it comes.</summary>
internal static class DealExposure
{
    private const int DaysAhead = 31;

    /// <param name="from">The first hour that counts.</param>
    public static Money Of(Loop loop, DealTerms terms, Carrier carrier, OrderSide side, Orders.Tariffs tariffs, DateTimeOffset from) =>
        terms.Hours(loop.Calendar)
            .SkipWhile(hour => hour < from)
            .TakeWhile(hour => hour < from.AddDays(DaysAhead))
            .Aggregate(Money.Zero, (sum, hour) => sum + tariffs.WorstCost(hour, carrier, side, terms.Quantity, terms.Price));

    /// <summary>What the accepted deals of a member bind.</summary>
    /// <param name="settled">The last settled hour: what it cost is owed already.</param>
    public static async Task<Money> OfMemberAsync(
        MarketplaceDb db, Loop loop, int memberId, Orders.Tariffs tariffs, DateTimeOffset settled, CancellationToken cancellationToken)
    {
        var accepted = await db.DealActs.AsNoTracking()
            .Where(act => act.LoopId == loop.Id && act.Kind == DealActKind.Accepted && act.EndsAt > settled)
            .Join(
                db.Deals.Where(deal => deal.SellerId == memberId || deal.BuyerId == memberId),
                act => new { act.LoopId, Id = act.DealId }, deal => new { deal.LoopId, deal.Id }, (act, deal) => new { act, deal.Carrier, deal.BuyerId })
            .ToListAsync(cancellationToken);
        return accepted.Aggregate(Money.Zero, (sum, row) => sum + Of(
            loop, DealTerms.Of(row.act), row.Carrier, row.BuyerId == memberId ? OrderSide.Buy : OrderSide.Sell, tariffs, settled.AddHours(1)));
    }
}
