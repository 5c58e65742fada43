using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Deals;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Features.Storage;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Auctions;

/// <summary>Fixes the order book of an hour and puts its hash on the ledger, before anything is cleared.
/// Closing a closed gate changes nothing.</summary>
public sealed record CloseGate(int LoopId, DateTimeOffset Hour) : IRequest<Unit>, IGuarded, IRepeatableStep
{
    public bool Permits(Actor actor) => actor.IsSystem;
}

internal sealed class CloseGateHandler(Work work, Gate gate, BookEntries entries, NominateDeals deals, StoreDay stores, Sequencer sequencer, TimeProvider time)
    : IRequestHandler<CloseGate, Unit>
{
    public async Task<Unit> Handle(CloseGate request, CancellationToken cancellationToken)
    {
        var (loopId, hour) = (request.LoopId, request.Hour);
        var db = work.Db;
        await gate.ShutAsync(loopId, hour, cancellationToken);
        if (await db.HourSteps.AnyAsync(step => step.LoopId == loopId && step.Step == HourStepKind.Closed && step.Hour == hour, cancellationToken))
        {
            return Unit.Value;
        }

        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        await stores.PlanAsync(loop, hour, cancellationToken);
        var composed = await entries.ComposeAsync(loop, hour, cancellationToken);
        var secrets = new OrderSecrets(loop.Seed, hour);
        var rules = await HourRules.OfAsync(db, loopId, hour, cancellationToken);
        var zones = composed.Outside.Zones;
        var rows = composed.Orders.Select((entry, position) => new BookOrder
        {
            LoopId = loopId,
            Hour = hour,
            Position = position,
            PublicId = secrets.PublicId(position),
            Salt = secrets.Salt(position),
            MemberId = entry.MemberId,
            Carrier = entry.Carrier,
            Zone = zones.NodeZone(zones.Of(entry.MemberId, entry.PlantCode), entry.Carrier, rules),
            Side = entry.Side,
            Quantity = entry.Quantity,
            Limit = entry.Limit,
            Source = entry.Source,
            OrderId = entry.OrderId,
            PlantCode = entry.PlantCode,
        }).ToList();

        var book = MarketBook.Of(hour, composed, rules, position => rows[position].PublicId, secrets.Party);
        var json = OrderBookJson.Write(book);
        var canonical = BookRecord.Canonical(loop.Slug, hour, json, rows);
        var appended = await LedgerDoor.AppendAsync(
            await work.ConnectionAsync(cancellationToken),
            work.Transaction,
            loopId,
            $"book/{Instants.Iso(hour)}",
            [new LedgerRecord(RecordKind.OrderBook, 1, $"book/{Instants.Iso(hour)}", canonical, 0, DateOnly.FromDateTime(hour.UtcDateTime))],
            cancellationToken);

        await deals.KeepAsync(loop, hour, composed.Deals, cancellationToken);
        await db.BulkInsertAsync(composed.ZoneTrades, cancellationToken);
        await db.BulkInsertAsync(rows, cancellationToken);
        await db.BulkInsertAsync(
            [new Book
            {
                LoopId = loopId,
                Hour = hour,
                Json = json,
                Canonical = canonical,
                Orders = rows.Count,
                BatchId = appended.BatchId,
                BatchPosition = appended.Positions[0],
            }],
            cancellationToken);
        await db.BulkInsertAsync(
            [new HourStep { LoopId = loopId, Hour = hour, Step = HourStepKind.Closed, DoneAt = time.GetUtcNow() }], cancellationToken);

        // Clearing needs the book signed. If we crash before this has run, clearing runs it itself.
        work.AfterCommit(token => sequencer.IntegrateAsync(loopId, token));
        return Unit.Value;
    }
}
