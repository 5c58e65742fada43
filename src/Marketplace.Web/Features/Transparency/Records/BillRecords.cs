using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Transparency.Records;

/// <summary>Bills: for the member billed and the operator, as their pages are.</summary>
internal sealed class BillRecords(MarketplaceDb db) : IRecordSource
{
    public RecordKind Kind => RecordKind.Bill;

    public async Task<KeptRecord?> FindAsync(EntryPlace place, Actor actor, CancellationToken cancellationToken)
    {
        if (!actor.BelongsTo(place.LoopId))
        {
            return null;
        }

        var bill = await db.Bills.AsNoTracking().SingleOrDefaultAsync(
            bill => bill.LoopId == place.LoopId && bill.BatchId == place.BatchId && bill.BatchPosition == place.Position, cancellationToken);
        return bill is not null && (actor.ActsFor(place.LoopId, bill.MemberId) || actor.Operates(place.LoopId))
            ? new KeptRecord(
                new LedgerRecord(Kind, Billing.BillRecord.Version, BillKeys.Record(bill.Number), bill.Canonical, bill.MemberId, BillKeys.Month(bill.PeriodStart)),
                $"/loops/{place.Slug}/bills/{bill.Number}")
            : null;
    }
}
