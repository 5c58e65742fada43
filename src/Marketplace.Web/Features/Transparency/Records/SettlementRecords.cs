using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Transparency.Records;

/// <summary>Settlements of hours: the loop's own, for its operators and auditors. In a small loop the totals could tell of one member.</summary>
internal sealed class SettlementRecords(MarketplaceDb db) : IRecordSource
{
    public RecordKind Kind => RecordKind.Settlement;

    public async Task<KeptRecord?> FindAsync(EntryPlace place, Actor actor, CancellationToken cancellationToken)
    {
        if (!(actor.Operates(place.LoopId) || actor.Audits(place.LoopId))
            || place.HourAfter("settlement/") is not { } hour
            || await db.Settlements.Where(row => row.LoopId == place.LoopId && row.Hour == hour).Select(row => row.Canonical).SingleOrDefaultAsync(cancellationToken) is not { } canonical)
        {
            return null;
        }

        return new KeptRecord(
            new LedgerRecord(Kind, 1, $"settlement/{Instants.Iso(hour)}", canonical, 0, DateOnly.FromDateTime(hour.UtcDateTime)),
            $"/loops/{place.Slug}/market/{HourAddress.Of(hour)}");
    }
}
