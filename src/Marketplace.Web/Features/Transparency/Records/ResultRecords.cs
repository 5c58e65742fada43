using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Transparency.Records;

/// <summary>Clearing results. What is committed holds hashes, prices and totals only, so anybody may read it.</summary>
internal sealed class ResultRecords(MarketplaceDb db) : IRecordSource
{
    public RecordKind Kind => RecordKind.ClearingResult;

    public async Task<KeptRecord?> FindAsync(EntryPlace place, Actor actor, CancellationToken cancellationToken)
    {
        if (place.HourAfter("result/") is not { } hour
            || await db.Results.Where(row => row.LoopId == place.LoopId && row.Hour == hour).Select(row => row.Canonical).SingleOrDefaultAsync(cancellationToken) is not { } canonical)
        {
            return null;
        }

        return new KeptRecord(
            new LedgerRecord(Kind, 1, $"result/{Instants.Iso(hour)}", canonical, 0, DateOnly.FromDateTime(hour.UtcDateTime)),
            $"/loops/{place.Slug}/market/{HourAddress.Of(hour)}");
    }
}
