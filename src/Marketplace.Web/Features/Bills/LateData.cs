using Marketplace.Data;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Bills;

/// <summary>Where in the journal a correction of a settled hour goes, once bills may have been issued for it. Nothing is dropped: within the loop's window
/// a correction stands in its own hour, so that the bill of that hour is revised; after it, in the first hour that is not billed.</summary>
public static class LateData
{
    /// <summary>The hour under which the journal has a correction. Call it under <see cref="IssueBills"/>'s lock.</summary>
    /// <param name="now">Market time.</param>
    public static async Task<DateTimeOffset> PostedHourAsync(MarketplaceDb db, int loopId, DateTimeOffset hour, DateTimeOffset now, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(db);
        var billed = await db.BillPeriods.AsNoTracking()
            .Where(period => period.LoopId == loopId && period.PeriodStart <= hour && period.PeriodEnd > hour)
            .Select(period => (DateTimeOffset?)period.PeriodEnd)
            .SingleOrDefaultAsync(cancellationToken);
        if (billed is not { } end || now <= end.AddDays(await WindowDaysAsync(db, loopId, cancellationToken)))
        {
            return hour;
        }

        return await db.BillPeriods.Where(period => period.LoopId == loopId).MaxAsync(period => period.PeriodEnd, cancellationToken);
    }

    /// <summary>For how many days after a period's end a correction revises its bill.</summary>
    public static async Task<int> WindowDaysAsync(MarketplaceDb db, int loopId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(db);
        return await db.BillingTerms.Where(terms => terms.LoopId == loopId).OrderByDescending(terms => terms.Version)
            .Select(terms => (int?)terms.LateDataDays).FirstOrDefaultAsync(cancellationToken) ?? BillingTerms.UsualLateDataDays;
    }
}
