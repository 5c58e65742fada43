using Marketplace.Data;
using Marketplace.Market;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Auctions;

/// <summary>Which rules a loop's market follows in an hour.</summary>
public static class HourRules
{
    /// <summary>The latest of those valid for the hour; the coupled auction for all carriers where none were ever set.</summary>
    public static async Task<MarketRules> OfAsync(MarketplaceDb db, int loopId, DateTimeOffset hour, CancellationToken cancellationToken) =>
        await db.MarketRules.AsNoTracking()
            .Where(rules => rules.LoopId == loopId && rules.ValidFrom <= hour)
            .OrderByDescending(rules => rules.Version)
            .FirstOrDefaultAsync(cancellationToken)
        ?? First(loopId);

    /// <summary>What holds before anybody has set anything.</summary>
    public static MarketRules First(int loopId) => new() { LoopId = loopId, Reason = "" };

    /// <summary>The halt that keeps an hour from being cleared, if there is one.</summary>
    public static Task<MarketHalt?> HaltOfAsync(MarketplaceDb db, int loopId, DateTimeOffset hour, CancellationToken cancellationToken) =>
        db.MarketHalts.AsNoTracking().SingleOrDefaultAsync(halt => halt.LoopId == loopId && halt.EndedAt == null && halt.FromHour <= hour, cancellationToken);

    /// <summary>Whether converters that join this carrier with another stand still, because one of the two is cleared by itself.</summary>
    public static bool IsAlone(this Mechanism mechanism) => mechanism != Mechanism.Coupled;
}
