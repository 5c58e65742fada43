using System.Globalization;
using System.Text;
using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Network;

/// <summary>What the connections between zones did in an hour, and what became of trades between zones.</summary>
/// <param name="Delivered">Of each order of the book: what was accepted less what the network could not carry.</param>
/// <param name="Flows">One for each connection; none in a loop with one zone.</param>
/// <param name="Trades">The trades between zones that were made by now; deals have theirs since the gate closed.</param>
public sealed record CarriedHour(IReadOnlyList<Energy> Delivered, IReadOnlyList<LineFlow> Flows, IReadOnlyList<ZoneTrade> Trades)
{
    private readonly Dictionary<long, Energy> _curtailed = Trades.ToDictionary(trade => trade.Number, trade => trade.Curtailed);

    /// <summary>What is not delivered of a trade of the result.</summary>
    public Energy CurtailedOf(int trade) => _curtailed.GetValueOrDefault(trade);

    /// <summary>All of it as lines of text, for the record of the result; none in a loop with one zone.</summary>
    public byte[]? Canonical()
    {
        if (Flows.Count == 0 && Trades.Count == 0)
        {
            return null;
        }

        var lines = new StringBuilder();
        foreach (var flow in Flows)
        {
            lines.Append(CultureInfo.InvariantCulture,
                $"{flow.Code} {flow.Carrier.Name()} {flow.FromZone} {flow.ToZone} {flow.Capacity.WattHours} {flow.Sent.WattHours} {flow.Arrived.WattHours} {flow.SentByTrades.WattHours} {flow.ArrivedByTrades.WattHours} {flow.FeeAmount.Micro} {flow.Rent.Micro}\n");
        }

        foreach (var trade in Trades)
        {
            lines.Append(CultureInfo.InvariantCulture,
                $"trade {trade.Number} {trade.Carrier.Name()} {trade.FromZone} {trade.ToZone} {trade.Allowed.WattHours} {trade.Curtailed.WattHours} {trade.Limit ?? "-"} {trade.Fee.Micro}\n");
        }

        return Encoding.UTF8.GetBytes(lines.ToString());
    }
}

/// <summary>Carries what an hour traded from zone to zone: what the auction sent, and, as far as the connections still carry them, the trades of
/// mechanisms that let orders meet across zones.</summary>
public sealed class HourNetwork(MarketplaceDb db)
{
    /// <param name="book">None where the hour fell back: then only deals are carried.</param>
    /// <param name="entries">In the order of the book.</param>
    public async Task<CarriedHour> CarryAsync(
        int loopId, DateTimeOffset hour, OrderBook? book, ClearingResult? result, IReadOnlyList<BookOrder> entries, CancellationToken cancellationToken)
    {
        var accepted = result?.Accepted ?? [];
        var zones = await HourZones.AtAsync(db, loopId, hour, cancellationToken);
        if (!zones.AreSeveral)
        {
            return new CarriedHour(accepted, [], []);
        }

        var outside = new TradesOutside(zones);
        foreach (var deal in await db.ZoneTrades.AsNoTracking()
            .Where(trade => trade.LoopId == loopId && trade.Hour == hour && trade.Kind == ZoneTradeKind.Deal)
            .OrderBy(trade => trade.Number)
            .ToListAsync(cancellationToken))
        {
            outside.Keep(deal.Carrier, deal.FromZone, deal.ToZone, deal.Allowed);
        }

        var trades = result is null ? [] : await TradesAsync(loopId, hour, outside, book!, result, entries, cancellationToken);
        var delivered = accepted.ToArray();
        foreach (var trade in trades.Where(trade => trade.Curtailed > Energy.Zero))
        {
            var made = result!.Trades[(int)trade.Number];
            delivered[made.Buy] -= trade.Curtailed;
            delivered[made.Sell] -= trade.Curtailed;
        }

        return new CarriedHour(delivered, FlowsOf(loopId, hour, outside, book, result), trades);
    }

    /// <summary>The result's trades between zones. Those made live were held against the network then, and keep what they got.</summary>
    private async Task<IReadOnlyList<ZoneTrade>> TradesAsync(
        int loopId, DateTimeOffset hour, TradesOutside outside, OrderBook book, ClearingResult result, IReadOnlyList<BookOrder> entries, CancellationToken cancellationToken)
    {
        var live = (await db.LiveTrades.AsNoTracking()
                .Where(trade => trade.LoopId == loopId && trade.Hour == hour)
                .OrderBy(trade => trade.Id)
                .ToListAsync(cancellationToken))
            .GroupBy(trade => trade.Carrier)
            .ToDictionary(carrier => carrier.Key, carrier => new Queue<LiveTrade>(carrier));
        var (carried, open) = (new List<ZoneTrade>(), new List<(ZoneTrade Trade, int Round)>());
        foreach (var (number, trade) in result.Trades.Index().Where(trade => trade.Item is { Buy: not Trade.Pool, Sell: not Trade.Pool }))
        {
            var (buy, sell) = (entries[trade.Buy], entries[trade.Sell]);
            var made = buy.Source == OrderSource.Own && sell.Source == OrderSource.Own && live.TryGetValue(buy.Carrier, out var rest) && rest.TryDequeue(out var next) ? next : null;
            var (from, to) = (outside.Zones.Of(sell.MemberId, sell.PlantCode), outside.Zones.Of(buy.MemberId, buy.PlantCode));
            if (from == to)
            {
                continue;
            }

            var row = new ZoneTrade
            {
                LoopId = loopId, Hour = hour, Kind = ZoneTradeKind.Trade, Number = number, Carrier = buy.Carrier,
                SellerId = sell.MemberId, BuyerId = buy.MemberId, SellerPlant = sell.PlantCode ?? "", BuyerPlant = buy.PlantCode ?? "",
                FromZone = from, ToZone = to, Price = trade.Price, Allowed = trade.Energy,
            };
            carried.Add(row);
            if (made is null)
            {
                // Falling offers are taken round by round, all of a round at once; other trades come one after the other.
                open.Add((row, book.MechanismOf(book.NodeIndex(buy.Carrier.Name())) == Mechanism.FallingOffers ? trade.Round : number));
                continue;
            }

            (row.Allowed, row.Curtailed, row.Limit) = (made.Energy - made.Curtailed, made.Curtailed, made.Limit);
            outside.Keep(row.Carrier, from, to, row.Allowed);
        }

        foreach (var carrier in open.GroupBy(trade => trade.Trade.Carrier))
        {
            var outcomes = outside.AdmitAll(carrier.Key, [.. carrier.Select(trade => (trade.Trade.FromZone, trade.Trade.ToZone, trade.Trade.Allowed, trade.Round))]);
            foreach (var ((row, _), outcome) in carrier.Zip(outcomes))
            {
                (row.Allowed, row.Curtailed, row.Limit, row.Shared) = (outcome.Allowed, outcome.Curtailed, outcome.Limit, outcome.Shared);
            }
        }

        foreach (var row in carried)
        {
            row.Fee = outside.FeeOf(row.Carrier, row.FromZone, row.ToZone, row.Allowed);
        }

        return carried;
    }

    private static IReadOnlyList<LineFlow> FlowsOf(int loopId, DateTimeOffset hour, TradesOutside outside, OrderBook? book, ClearingResult? result)
    {
        var byTrades = outside.Use();
        return [.. outside.Zones.Lines.Select(line =>
        {
            var sent = book is null ? Energy.Zero : book.Connections.Index()
                .Where(connection => connection.Item.Id == NodeName.OfLine(line.Code))
                .Aggregate(Energy.Zero, (sum, connection) => sum + result!.Connections[connection.Index]);
            var arrived = sent == Energy.Zero ? Energy.Zero : Energy.FromWh(UnitFlows.Whole(1_000_000L - line.LossMillionths, sent.WattHours));
            var fee = line.Fee.Of(sent);
            return new LineFlow
            {
                LoopId = loopId, Hour = hour, Code = line.Code, Carrier = line.Carrier, FromZone = line.FromZone, ToZone = line.ToZone,
                Capacity = line.Capacity, LossMillionths = line.LossMillionths, Fee = line.Fee,
                Sent = sent, Arrived = arrived,
                SentByTrades = byTrades.GetValueOrDefault(line.Code).Sent, ArrivedByTrades = byTrades.GetValueOrDefault(line.Code).Arrived,
                FeeAmount = fee,
                Rent = sent == Energy.Zero ? Money.Zero : PriceOf(book!, result!, line.ToZone, line.Carrier).Of(arrived) - PriceOf(book!, result!, line.FromZone, line.Carrier).Of(sent) - fee,
            };
        })];
    }

    private static Price PriceOf(OrderBook book, ClearingResult result, string zone, Carrier carrier)
    {
        var node = NodeName.Of(zone, carrier);
        return result.Prices[book.NodeIndex(node)].Price ?? throw new BrokenInvariantException("a node that a connection brings energy to or from has a price", node);
    }
}
