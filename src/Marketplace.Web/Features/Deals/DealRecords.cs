using System.Globalization;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Features.Transparency.Records;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Deals;

/// <summary>Acts on deals and what deals deliver: for the two parties, and for the loop's operators and auditors.</summary>
internal sealed class DealRecords(MarketplaceDb db) : IRecordSource
{
    public RecordKind Kind => RecordKind.Deal;

    public async Task<KeptRecord?> FindAsync(EntryPlace place, Actor actor, CancellationToken cancellationToken)
    {
        var (dealId, record) = place.HourAfter("dealhours/") is { } hour
            ? await HourAsync(place, hour, cancellationToken)
            : await ActAsync(place, cancellationToken);
        if (record is null
            || await db.Deals.AsNoTracking().SingleOrDefaultAsync(deal => deal.LoopId == place.LoopId && deal.Id == dealId, cancellationToken) is not { } deal
            || !(actor.ActsFor(place.LoopId, deal.SellerId) || actor.ActsFor(place.LoopId, deal.BuyerId) || actor.Operates(place.LoopId) || actor.Audits(place.LoopId)))
        {
            return null;
        }

        return new KeptRecord(record, string.Create(CultureInfo.InvariantCulture, $"/loops/{place.Slug}/deals/{dealId}"));
    }

    private async Task<(long DealId, LedgerRecord? Record)> HourAsync(EntryPlace place, DateTimeOffset hour, CancellationToken cancellationToken) =>
        await db.DealHours.AsNoTracking().SingleOrDefaultAsync(
            row => row.LoopId == place.LoopId && row.Hour == hour && row.BatchPosition == place.Position, cancellationToken) is { } row
            ? (row.DealId, DealRecord.Of(row))
            : (0, null);

    private async Task<(long DealId, LedgerRecord? Record)> ActAsync(EntryPlace place, CancellationToken cancellationToken) =>
        place.BatchKey.Split('/') is ["deal", var id, var number]
        && long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var dealId)
        && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var counted)
        && await db.DealActs.AsNoTracking().SingleOrDefaultAsync(
            act => act.LoopId == place.LoopId && act.DealId == dealId && act.Number == counted, cancellationToken) is { } act
            ? (dealId, DealRecord.Of(act))
            : (0, null);
}
