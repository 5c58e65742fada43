using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Features.Network;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Auctions;

/// <summary>Clears the closed book of an hour for all carriers at once, checks the result independently, and publishes it.
/// A published result is never cleared again: doing it twice changes nothing.</summary>
public sealed record ClearHour(int LoopId, DateTimeOffset Hour) : IRequest<Unit>, IGuarded, IRepeatableStep
{
    public bool Permits(Actor actor) => actor.IsSystem;
}

internal sealed class ClearHourHandler(Work work, ILinearProgram solver, LoopPlants plants, LiveMarket live, HourNetwork network, TimeProvider time)
    : IRequestHandler<ClearHour, Unit>
{
    public async Task<Unit> Handle(ClearHour request, CancellationToken cancellationToken)
    {
        var (loopId, hour) = (request.LoopId, request.Hour);
        var db = work.Db;
        if (await db.HourSteps.AnyAsync(step => step.LoopId == loopId && step.Step == HourStepKind.Cleared && step.Hour == hour, cancellationToken))
        {
            return Unit.Value;
        }

        var closed = await db.Books.AsNoTracking().SingleOrDefaultAsync(book => book.LoopId == loopId && book.Hour == hour, cancellationToken)
            ?? throw new RefusedException($"The gate for {Instants.Iso(hour)} is not closed.");
        if (await LogTables.StateOfAsync(await work.ConnectionAsync(cancellationToken), loopId, closed.BatchId, cancellationToken) < EntryState.UnderSignature)
        {
            throw new RefusedException($"The book of {Instants.Iso(hour)} is not signed on the ledger yet.");
        }

        if (await HourRules.HaltOfAsync(db, loopId, hour, cancellationToken) is { } halt)
        {
            throw new RefusedException($"The market is halted from {Instants.Iso(halt.FromHour)} on: {halt.Reason}");
        }

        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var entries = await db.BookOrders.AsNoTracking()
            .Where(order => order.LoopId == loopId && order.Hour == hour)
            .OrderBy(order => order.Position)
            .ToListAsync(cancellationToken);

        var book = OrderBookJson.Read(closed.Json);
        var result = Clearing.Run(book, solver);
        var report = Clearing.Check(book, result);
        if (!report.Holds)
        {
            throw new BrokenInvariantException("a clearing result passes its independent check", string.Join(" ", report.Findings));
        }

        await live.RequireKeptAsync(loopId, hour, entries, result.Trades, cancellationToken);

        var json = ClearingResultJson.Write(book, result);
        var prices = PricesOf(loopId, hour, book, result);
        var carried = await network.CarryAsync(loopId, hour, book, result, entries, cancellationToken);
        var canonical = BookRecord.ResultCanonical(loop.Slug, hour, closed.Json, json, result.Welfare, prices, carried.Canonical());
        var key = $"result/{Instants.Iso(hour)}";
        var appended = await LedgerDoor.AppendAsync(
            await work.ConnectionAsync(cancellationToken), work.Transaction, loopId, key,
            [new LedgerRecord(RecordKind.ClearingResult, 1, key, canonical, 0, DateOnly.FromDateTime(hour.UtcDateTime))], cancellationToken);

        await db.BulkInsertAsync(
            [new AuctionResult
            {
                LoopId = loopId,
                Hour = hour,
                Json = json,
                Canonical = canonical,
                Welfare = result.Welfare,
                BatchId = appended.BatchId,
                BatchPosition = appended.Positions[0],
            }],
            cancellationToken);
        await db.BulkInsertAsync(prices, cancellationToken);
        await db.BulkInsertAsync(
            [.. entries.Where(entry => carried.Delivered[entry.Position] > Energy.Zero).Select(entry => new Acceptance
            {
                LoopId = loopId,
                Hour = hour,
                Position = entry.Position,
                Accepted = carried.Delivered[entry.Position],
            })],
            cancellationToken);
        await db.BulkInsertAsync(TradesOf(loopId, hour, entries, result, carried), cancellationToken);
        await db.BulkInsertAsync(carried.Flows, cancellationToken);
        await db.BulkInsertAsync(carried.Trades, cancellationToken);
        await db.BulkInsertAsync(RunsOf(loopId, hour, book, result), cancellationToken);
        await db.BulkInsertAsync(await StoreLevelsAsync(plants, db, loopId, hour, entries, carried.Delivered, cancellationToken), cancellationToken);
        await db.BulkInsertAsync(
            [new HourStep { LoopId = loopId, Hour = hour, Step = HourStepKind.Cleared, DoneAt = time.GetUtcNow() }], cancellationToken);
        return Unit.Value;
    }

    private static List<HourPrice> PricesOf(int loopId, DateTimeOffset hour, OrderBook book, ClearingResult result) =>
        [.. result.Prices.Select(node =>
        {
            var (zone, carrier) = NodeName.Parse(node.Node);
            var sold = Energy.Zero;
            for (var i = 0; i < book.Orders.Count; i++)
            {
                if (book.Orders[i].Side == Side.Sell && book.Orders[i].Node == node.Node)
                {
                    sold += result.Accepted[i];
                }
            }

            foreach (var flow in result.Flows.Where(flow => flow.Node == node.Node && flow.Energy > Energy.Zero))
            {
                sold += flow.Energy;
            }

            return new HourPrice
            {
                LoopId = loopId, Hour = hour, Carrier = carrier, Zone = zone, Price = node.Price, Lowest = node.Low, Highest = node.High, Traded = sold,
            };
        })];

    private static List<MarketTrade> TradesOf(int loopId, DateTimeOffset hour, List<BookOrder> entries, ClearingResult result, CarriedHour carried) =>
        [.. result.Trades.Index().Select(trade => new MarketTrade
        {
            LoopId = loopId,
            Hour = hour,
            Number = trade.Index,
            Carrier = entries[Math.Max(trade.Item.Buy, trade.Item.Sell)].Carrier,
            BuyPosition = trade.Item.Buy == Trade.Pool ? null : trade.Item.Buy,
            SellPosition = trade.Item.Sell == Trade.Pool ? null : trade.Item.Sell,
            Energy = trade.Item.Energy - carried.CurtailedOf(trade.Index),
            Curtailed = carried.CurtailedOf(trade.Index),
            Price = trade.Item.Price,
            Round = trade.Item.Round,
        })];

    private static List<ConverterRun> RunsOf(int loopId, DateTimeOffset hour, OrderBook book, ClearingResult result)
    {
        var flows = result.Flows.ToLookup(flow => flow.Unit);
        Energy At(string converter, Carrier carrier) => flows[converter].SingleOrDefault(flow => NodeName.Parse(flow.Node).Carrier == carrier)?.Energy ?? Energy.Zero;
        return [.. book.Converters.Index()
            .Where(converter => result.Converters[converter.Index] > Energy.Zero)
            .Select(converter => new ConverterRun
            {
                LoopId = loopId,
                Hour = hour,
                PlantCode = converter.Item.Id,
                Zone = NodeName.Parse(converter.Item.Flows.Keys.First()).Zone,
                Activity = result.Converters[converter.Index],
                Heat = At(converter.Item.Id, Carrier.Heat),
                Cold = At(converter.Item.Id, Carrier.Cold),
                Electricity = At(converter.Item.Id, Carrier.Electricity),
            })];
    }

    /// <summary>What each store holds after the hour's trades, idle ones too, so that the next hour's bid knows it.</summary>
    internal static async Task<List<StoreLevel>> StoreLevelsAsync(
        LoopPlants plants, MarketplaceDb db, int loopId, DateTimeOffset hour, IReadOnlyList<BookOrder> entries, IReadOnlyList<Energy> accepted,
        CancellationToken cancellationToken)
    {
        var before = await plants.LevelsAsync(loopId, hour, cancellationToken);
        var records = await db.Plants.AsNoTracking().Where(plant => plant.LoopId == loopId).OrderBy(plant => plant.Code).ToListAsync(cancellationToken);
        var levels = new List<StoreLevel>();
        foreach (var record in records)
        {
            if (PlantDefinition.Read(record.Definition).Store is not { } details)
            {
                continue;
            }

            Energy Sum(OrderSide side) => entries
                .Where(entry => entry.PlantCode == record.Code && entry.Side == side)
                .Aggregate(Energy.Zero, (sum, entry) => sum + (accepted.Count == 0 ? Energy.Zero : accepted[entry.Position]));
            var (charged, discharged) = (Sum(OrderSide.Buy), Sum(OrderSide.Sell));
            var step = new StoreState(before.GetValueOrDefault(record.Code)).Hour(details, charged, discharged);
            levels.Add(new StoreLevel
            {
                LoopId = loopId, PlantCode = record.Code, Hour = hour, Charged = charged, Discharged = discharged, Lost = step.Loss, Level = step.State.Stored,
            });
        }

        return levels;
    }
}
