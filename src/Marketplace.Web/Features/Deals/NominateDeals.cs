using Marketplace.Data;
using Marketplace.Web.Features.Network;
using Marketplace.Web.Features.Settlement;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Deals;

/// <summary>Keeps what deals deliver in an hour when its gate closes, and commits it to the ledger beside the book: before anything is cleared.</summary>
public sealed class NominateDeals(Work work)
{
    public async Task KeepAsync(Loop loop, DateTimeOffset hour, IReadOnlyList<DealHour> nominated, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(loop);
        ArgumentNullException.ThrowIfNull(nominated);
        if (nominated.Count == 0)
        {
            return;
        }

        foreach (var row in nominated)
        {
            row.Canonical = DealRecord.Canonical(loop.Slug, row);
        }

        var appended = await LedgerDoor.AppendAsync(
            await work.ConnectionAsync(cancellationToken), work.Transaction, loop.Id, DealRecord.HoursBatch(hour), [.. nominated.Select(DealRecord.Of)], cancellationToken);
        foreach (var (i, row) in nominated.Index())
        {
            (row.BatchId, row.BatchPosition) = (appended.BatchId, appended.Positions[i]);
        }

        await work.Db.BulkInsertAsync(nominated, cancellationToken);
    }
}

/// <summary>What deals deliver in an hour, as trades to be settled, each at its own price.</summary>
internal static class DealTrades
{
    public static async Task<IReadOnlyList<Traded>> OfAsync(
        MarketplaceDb db, int loopId, DateTimeOffset hour, NetworkToSettle network, CancellationToken cancellationToken) =>
        [.. (await db.DealHours.AsNoTracking().Where(row => row.LoopId == loopId && row.Hour == hour).OrderBy(row => row.DealId).ToListAsync(cancellationToken))
            .Where(row => row.Delivered > Quantities.Energy.Zero)
            .SelectMany(row => new[]
            {
                new Traded(row.BuyerId, "", row.Carrier, MeterDirection.Consumption, row.Delivered, row.Price, network.FeeOf(ZoneTradeKind.Deal, row.DealId)),
                new Traded(row.SellerId, row.PlantCode, row.Carrier, MeterDirection.Production, -row.Delivered, row.Price),
            })];
}
