using System.Globalization;
using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Auctions;

/// <summary>
/// Continuous trading: where a carrier's mechanism is pay-as-bid, members' own orders meet as they come, and what they trade is binding
/// at once. The same rules run over the closed book (standing orders, default terms and plants come after the own orders), so that the
/// trades made live are the first of the hour's result; that this is so is checked before a result is published.
/// </summary>
public sealed class LiveMarket(Work work, TimeProvider time)
{
    /// <summary>Waits for its turn and holds it until the transaction ends, before an order is placed, changed or withdrawn: whoever is first
    /// has the smaller order number, which is the priority in time.</summary>
    /// <returns>Whether the carrier trades continuously in that hour.</returns>
    public async Task<bool> EnterAsync(int loopId, DateTimeOffset hour, Carrier carrier, CancellationToken cancellationToken)
    {
        if ((await HourRules.OfAsync(work.Db, loopId, hour, cancellationToken)).Of(carrier) != Mechanism.PayAsBid)
        {
            return false;
        }

        var name = string.Create(CultureInfo.InvariantCulture, $"live/{loopId}/{hour.ToUnixTimeSeconds()}/{carrier}");
        await work.Db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({name}, 0))", cancellationToken);
        return true;
    }

    /// <summary>Brings the orders that have come together with those that rest; only after <see cref="EnterAsync"/> and after they are saved.</summary>
    /// <returns>The trades that are new.</returns>
    public async Task<IReadOnlyList<LiveTrade>> MatchAsync(int loopId, DateTimeOffset hour, Carrier carrier, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var made = await MadeAsync(loopId, hour, carrier, cancellationToken);
        var orders = await OrdersAsync(loopId, hour, carrier, made, cancellationToken);
        var trades = Trades(orders, await HourRules.OfAsync(db, loopId, hour, cancellationToken));
        RequireSame(hour, made, trades.Take(made.Count));
        var now = time.GetUtcNow();
        List<LiveTrade> fresh = [.. trades.Skip(made.Count).Select(trade => new LiveTrade
        {
            LoopId = loopId,
            Hour = hour,
            Carrier = carrier,
            BuyOrderId = trade.Buy,
            SellOrderId = trade.Sell,
            Energy = trade.Energy,
            Price = trade.Price,
            At = now,
        })];
        db.LiveTrades.AddRange(fresh);
        await db.SaveChangesAsync(cancellationToken);
        return fresh;
    }

    /// <summary>What an order has traded so far; what is left of it can still be withdrawn.</summary>
    public async Task<Energy> TradedAsync(int loopId, long orderId, CancellationToken cancellationToken) =>
        Energy.FromWh(await work.Db.Database.SqlQuery<long>(
            $"SELECT coalesce(sum(energy), 0)::bigint AS \"Value\" FROM market.live_trades WHERE loop_id = {loopId} AND (buy_order_id = {orderId} OR sell_order_id = {orderId})")
            .SingleAsync(cancellationToken));

    /// <summary>The own orders that stand in the book of an hour, in the order in which they came. One that was withdrawn after it had traded
    /// stands there with what it traded.</summary>
    public async Task<IReadOnlyList<MarketOrder>> OrdersAsync(int loopId, DateTimeOffset hour, CancellationToken cancellationToken)
    {
        var made = await work.Db.LiveTrades.AsNoTracking()
            .Where(trade => trade.LoopId == loopId && trade.Hour == hour)
            .ToListAsync(cancellationToken);
        return await OrdersAsync(loopId, hour, null, made, cancellationToken);
    }

    /// <summary>Whether a result keeps what was traded live.</summary>
    /// <exception cref="BrokenInvariantException">It does not.</exception>
    public async Task RequireKeptAsync(
        int loopId, DateTimeOffset hour, IReadOnlyList<BookOrder> book, IReadOnlyList<Trade> trades, CancellationToken cancellationToken)
    {
        var made = await work.Db.LiveTrades.AsNoTracking()
            .Where(trade => trade.LoopId == loopId && trade.Hour == hour)
            .OrderBy(trade => trade.Id)
            .ToListAsync(cancellationToken);
        foreach (var carrier in made.GroupBy(trade => trade.Carrier))
        {
            RequireSame(hour, [.. carrier], trades
                .Where(trade => trade is { Buy: not Trade.Pool, Sell: not Trade.Pool } && book[trade.Buy].Carrier == carrier.Key
                    && book[trade.Buy].Source == OrderSource.Own && book[trade.Sell].Source == OrderSource.Own)
                .Select(trade => new Made(book[trade.Buy].OrderId!.Value, book[trade.Sell].OrderId!.Value, trade.Energy, trade.Price))
                .Take(carrier.Count()));
        }
    }

    private Task<List<LiveTrade>> MadeAsync(int loopId, DateTimeOffset hour, Carrier carrier, CancellationToken cancellationToken) =>
        work.Db.LiveTrades.AsNoTracking()
            .Where(trade => trade.LoopId == loopId && trade.Hour == hour && trade.Carrier == carrier)
            .OrderBy(trade => trade.Id)
            .ToListAsync(cancellationToken);

    private async Task<IReadOnlyList<MarketOrder>> OrdersAsync(
        int loopId, DateTimeOffset hour, Carrier? carrier, IReadOnlyList<LiveTrade> made, CancellationToken cancellationToken)
    {
        var traded = new Dictionary<long, Energy>();
        foreach (var trade in made)
        {
            traded[trade.BuyOrderId] = traded.GetValueOrDefault(trade.BuyOrderId) + trade.Energy;
            traded[trade.SellOrderId] = traded.GetValueOrDefault(trade.SellOrderId) + trade.Energy;
        }

        long[] some = [.. traded.Keys];
        var orders = await work.Db.Orders.AsNoTracking()
            .Where(order => order.LoopId == loopId && order.Hour == hour && (carrier == null || order.Carrier == carrier)
                && (order.WithdrawnAt == null || some.Contains(order.Id)))
            .OrderBy(order => order.Id)
            .ToListAsync(cancellationToken);
        foreach (var order in orders.Where(order => order.WithdrawnAt is not null))
        {
            order.Quantity = traded[order.Id];
        }

        return orders;
    }

    /// <summary>A live book of these orders.</summary>
    internal static ContinuousBook BookOf(IReadOnlyList<MarketOrder> orders, MarketRules rules)
    {
        var book = new ContinuousBook(rules.Cap, rules.Floor);
        foreach (var order in orders)
        {
            book.Place(new Order(
                order.Id.ToString(CultureInfo.InvariantCulture), order.Carrier.Name(), order.Side == OrderSide.Buy ? Side.Buy : Side.Sell,
                order.Quantity, order.Limit, order.MemberId.ToString(CultureInfo.InvariantCulture)));
        }

        return book;
    }

    private static List<Made> Trades(IReadOnlyList<MarketOrder> orders, MarketRules rules) =>
        [.. BookOf(orders, rules).Trades.Select(trade => new Made(orders[trade.Buy].Id, orders[trade.Sell].Id, trade.Energy, trade.Price))];

    private static void RequireSame(DateTimeOffset hour, IReadOnlyList<LiveTrade> made, IEnumerable<Made> trades)
    {
        if (!made.Select(trade => new Made(trade.BuyOrderId, trade.SellOrderId, trade.Energy, trade.Price)).SequenceEqual(trades))
        {
            throw new BrokenInvariantException("trades made live are kept", Instants.Iso(hour));
        }
    }

    private readonly record struct Made(long Buy, long Sell, Energy Energy, Price Price);
}
