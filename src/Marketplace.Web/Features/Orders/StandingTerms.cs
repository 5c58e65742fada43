using Marketplace.Data;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Orders;

/// <summary>What standing orders ask for in an hour: their own terms, or those of the template they follow.</summary>
public static class StandingTerms
{
    /// <summary>The standing orders that take part in an hour, oldest first, each with its quantity and limit of that hour. One whose
    /// template leaves the hour of the day out does not take part.</summary>
    public static async Task<IReadOnlyList<StandingOrder>> AtAsync(MarketplaceDb db, Loop loop, DateTimeOffset hour, CancellationToken cancellationToken)
    {
        var orders = await db.StandingOrders.AsNoTracking()
            .Where(order => order.LoopId == loop.Id && order.EndedAt == null)
            .OrderBy(order => order.Id)
            .ToListAsync(cancellationToken);
        if (orders.TrueForAll(order => order.TemplateId is null))
        {
            return orders;
        }

        var hourOfDay = HourOfDay(loop, hour);
        var terms = await (
            from order in db.StandingOrders
            where order.LoopId == loop.Id && order.EndedAt == null && order.TemplateId != null
            join row in db.OrderTemplateHours on new { order.LoopId, Id = order.TemplateId!.Value } equals new { row.LoopId, Id = row.TemplateId }
            where row.HourOfDay == hourOfDay
            select row).Distinct().AsNoTracking().ToDictionaryAsync(row => row.TemplateId, cancellationToken);
        return [.. orders.Where(order => Follow(order, order.TemplateId is { } id ? terms.GetValueOrDefault(id) : null))];
    }

    /// <summary>A member's standing orders with their terms by the hour of the day; what takes part in no hour is left out.</summary>
    public static async Task<IReadOnlyList<DayOfStanding>> OfMemberAsync(MarketplaceDb db, int loopId, int memberId, CancellationToken cancellationToken)
    {
        var orders = await db.StandingOrders.AsNoTracking()
            .Where(order => order.LoopId == loopId && order.MemberId == memberId && order.EndedAt == null)
            .OrderBy(order => order.Id)
            .ToListAsync(cancellationToken);
        var followed = orders.Select(order => order.TemplateId).OfType<long>().Distinct().ToList();
        var hours = followed.Count == 0
            ? []
            : await db.OrderTemplateHours.AsNoTracking().Where(row => row.LoopId == loopId && followed.Contains(row.TemplateId)).ToListAsync(cancellationToken);
        var byTemplate = hours.ToLookup(row => row.TemplateId);
        return [.. orders.Select(order => new DayOfStanding(order, order.TemplateId is { } id ? DayOf(byTemplate[id]) : Same(order)))];
    }

    /// <summary>The hour that the loop's clocks show at the start of a market hour.</summary>
    public static short HourOfDay(Loop loop, DateTimeOffset hour) => checked((short)loop.Calendar.ToLocal(hour).Hour);

    private static bool Follow(StandingOrder order, OrderTemplateHour? terms)
    {
        if (order.TemplateId is not null && terms is not null)
        {
            (order.Quantity, order.Limit) = (terms.Quantity, terms.Limit);
        }

        return order.TemplateId is null || terms is not null;
    }

    internal static HourTerms?[] DayOf(IEnumerable<OrderTemplateHour> hours)
    {
        var day = new HourTerms?[24];
        foreach (var row in hours)
        {
            day[row.HourOfDay] = new HourTerms(row.Quantity, row.Limit);
        }

        return day;
    }

    private static HourTerms?[] Same(StandingOrder order) => [.. Enumerable.Repeat(new HourTerms(order.Quantity, order.Limit), 24)];
}

/// <summary>What is asked for in an hour.</summary>
/// <param name="Quantity">Null follows the forecast.</param>
public sealed record HourTerms(Quantities.Energy? Quantity, Quantities.Price Limit);

/// <summary>A standing order with its terms by the hour of the day, 24 of them; null where it takes no part.</summary>
public sealed record DayOfStanding(StandingOrder Order, IReadOnlyList<HourTerms?> Hours)
{
    /// <summary>Whether the two would trade with each other in some hour.</summary>
    public bool Crosses(DayOfStanding other) =>
        Order.Side != other.Order.Side && Order.Carrier == other.Order.Carrier
        && Enumerable.Range(0, 24).Any(hour => (Hours[hour], other.Hours[hour]) is ({ } mine, { } theirs)
            && (Order.Side == OrderSide.Buy ? mine.Limit >= theirs.Limit : theirs.Limit >= mine.Limit));
}
