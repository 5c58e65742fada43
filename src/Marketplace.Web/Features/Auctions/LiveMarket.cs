using System.Globalization;
using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Deals;
using Marketplace.Web.Features.Network;
using Marketplace.Web.Features.Operations;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Auctions;

/// <summary>
/// Continuous trading: where a carrier's mechanism is pay-as-bid, members' own orders meet as they come, and what they trade is binding
/// at once. The same rules run over the closed book (standing orders, default terms and plants come after the own orders), so that the
/// trades made live are the first of the hour's result; that this is so is checked before a result is published.
/// </summary>
public sealed class LiveMarket(Work work, MarketEvents events, TimeProvider time)
{
    /// <summary>Waits for its turn and holds it until the transaction ends, before orders are placed, changed or withdrawn: whoever is first
    /// has the smaller order number, which is the priority in time. Gates are passed before. A request that does this more than once names
    /// all it will need the first time, so that two requests cannot wait for each other.</summary>
    /// <returns>Those of the hours and carriers that trade continuously.</returns>
    public async Task<IReadOnlyList<(DateTimeOffset Hour, Carrier Carrier)>> EnterAsync(
        int loopId, IEnumerable<(DateTimeOffset Hour, Carrier Carrier)> places, CancellationToken cancellationToken)
    {
        var versions = await work.Db.MarketRules.AsNoTracking()
            .Where(rules => rules.LoopId == loopId)
            .OrderByDescending(rules => rules.Version)
            .ToListAsync(cancellationToken);
        List<(DateTimeOffset Hour, Carrier Carrier)> continuous = [.. places.Distinct()
            .Where(place => versions.Find(rules => rules.ValidFrom <= place.Hour)?.Of(place.Carrier) == Mechanism.PayAsBid)
            .Order()];
        if (continuous.Count > 0)
        {
            string[] names = [.. continuous.Select(place => string.Create(
                CultureInfo.InvariantCulture, $"live/{loopId}/{place.Hour.ToUnixTimeSeconds()}/{place.Carrier}"))];
            await work.Db.Database.ExecuteSqlAsync(
                $"SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) FROM unnest({names}) WITH ORDINALITY AS n (name, place) ORDER BY place",
                cancellationToken);
        }

        return continuous;
    }

    /// <summary>Brings the orders that have come together with those that rest; only after <see cref="EnterAsync"/> and after they are saved.</summary>
    public async Task MatchAsync(int loopId, DateTimeOffset hour, Carrier carrier, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var made = await MadeAsync(loopId, hour, carrier, cancellationToken);
        var orders = await OrdersAsync(loopId, hour, carrier, made, cancellationToken);
        var trades = Trades(orders, await HourRules.OfAsync(db, loopId, hour, cancellationToken));
        RequireSame(hour, made, trades.Take(made.Count));
        var now = time.GetUtcNow();
        List<LiveTrade> more = [.. trades.Skip(made.Count).Select(trade => new LiveTrade
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
        if (more.Count > 0)
        {
            await CurtailAsync(loopId, hour, carrier, more, orders.ToDictionary(order => order.Id), cancellationToken);
        }

        db.LiveTrades.AddRange(more);
        await db.SaveChangesAsync(cancellationToken);
        work.AfterCommit(_ =>
        {
            events.Publish(new MarketEvent(loopId, null, hour));
            return Task.CompletedTask;
        });
    }

    /// <summary>The own orders that stand in the book of an hour, in the order in which they came. One that was withdrawn after it had traded
    /// stands there with what it traded.</summary>
    public async Task<IReadOnlyList<MarketOrder>> OrdersAsync(int loopId, DateTimeOffset hour, CancellationToken cancellationToken)
    {
        var made = await work.Db.LiveTrades.AsNoTracking()
            .Where(trade => trade.LoopId == loopId && trade.Hour == hour)
            .ToListAsync(cancellationToken);
        return await OrdersAsync(loopId, hour, null, made, cancellationToken);
    }

    /// <summary>The zones of an hour, with what was traded live between them. It binds: what comes later gets what is left of the connections.</summary>
    public async Task<TradesOutside> OutsideAsync(int loopId, DateTimeOffset hour, CancellationToken cancellationToken)
    {
        var outside = new TradesOutside(await HourZones.AtAsync(work.Db, loopId, hour, cancellationToken));
        if (outside.Zones.AreSeveral)
        {
            var made = await (
                from trade in work.Db.LiveTrades.AsNoTracking()
                where trade.LoopId == loopId && trade.Hour == hour
                join buy in work.Db.Orders on new { trade.LoopId, Id = trade.BuyOrderId } equals new { buy.LoopId, buy.Id }
                join sell in work.Db.Orders on new { trade.LoopId, Id = trade.SellOrderId } equals new { sell.LoopId, sell.Id }
                orderby trade.Id
                select new { trade, buy, sell }).ToListAsync(cancellationToken);
            foreach (var (trade, from, to) in made.Select(row => (row.trade, ZoneOf(outside.Zones, row.sell), ZoneOf(outside.Zones, row.buy))))
            {
                if (from != to)
                {
                    outside.Keep(trade.Carrier, from, to, trade.Energy - trade.Curtailed);
                }
            }
        }

        return outside;
    }

    /// <summary>Before new trades bind: holds them against the connections, after the trades made before them and the deals accepted before them.</summary>
    private async Task CurtailAsync(
        int loopId, DateTimeOffset hour, Carrier carrier, IReadOnlyList<LiveTrade> trades, Dictionary<long, MarketOrder> orders, CancellationToken cancellationToken)
    {
        var outside = await OutsideAsync(loopId, hour, cancellationToken);
        var zones = outside.Zones;
        if (!zones.AreSeveral)
        {
            return;
        }

        var loop = await work.Db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        foreach (var (act, deal) in (await DealNominations.AcceptedAsync(work.Db, loop, hour, cancellationToken)).Where(accepted => accepted.Deal.Carrier == carrier))
        {
            outside.Admit(carrier, zones.Of(deal.SellerId, act.PlantCode), zones.Of(deal.BuyerId, null), act.Quantity);
        }

        foreach (var trade in trades)
        {
            var (from, to) = (ZoneOf(zones, orders[trade.SellOrderId]), ZoneOf(zones, orders[trade.BuyOrderId]));
            if (from != to)
            {
                var outcome = outside.Admit(carrier, from, to, trade.Energy);
                (trade.Curtailed, trade.Limit) = (outcome.Curtailed, outcome.Limit);
            }
        }
    }

    private static string ZoneOf(HourZones zones, MarketOrder order) => zones.Of(order.MemberId, order.PlantCode);

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
