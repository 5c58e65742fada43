using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Transparency.Records;

/// <summary>Closed order books. What is committed holds hashes and totals only, so anybody may read it.</summary>
internal sealed class BookRecords(MarketplaceDb db) : IRecordSource
{
    public RecordKind Kind => RecordKind.OrderBook;

    public async Task<KeptRecord?> FindAsync(EntryPlace place, Actor actor, CancellationToken cancellationToken)
    {
        if (place.HourAfter("book/") is not { } hour
            || await db.Books.Where(row => row.LoopId == place.LoopId && row.Hour == hour).Select(row => row.Canonical).SingleOrDefaultAsync(cancellationToken) is not { } canonical)
        {
            return null;
        }

        return new KeptRecord(
            new LedgerRecord(Kind, 1, $"book/{Instants.Iso(hour)}", canonical, 0, DateOnly.FromDateTime(hour.UtcDateTime)),
            $"/loops/{place.Slug}/market/{HourAddress.Of(hour)}");
    }
}
