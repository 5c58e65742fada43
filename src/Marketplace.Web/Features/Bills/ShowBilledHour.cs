using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Network;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Bills;

/// <summary>One hour of a line: the auction that made its price, the member's orders in it, the readings behind its energy.</summary>
public sealed record ShowBilledHour(int LoopId, string Number, short Line, DateTimeOffset Hour) : IRequest<BilledHour>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <summary>Where an hour of a bill line comes from.</summary>
public sealed record BilledHour
{
    public required BillLineDetail Line { get; init; }

    public required LineHour Hour { get; init; }

    /// <summary>The settled position as a whole: trade, imbalance and fee of the hour.</summary>
    public required Position Position { get; init; }

    /// <summary>The carrier's published price of the hour; none if the hour was settled without an auction.</summary>
    public required HourPrice? Auction { get; init; }

    public required IReadOnlyList<OrderInHour> Orders { get; init; }

    /// <summary>The trades that the position is made of, where they have prices of their own.</summary>
    public required IReadOnlyList<MarketTrade> Trades { get; init; }

    /// <summary>What deals with other members delivered, each at its own price.</summary>
    public required IReadOnlyList<DealInHour> Deals { get; init; }

    /// <summary>The fee of connections between zones, in what the trades cost.</summary>
    public Money Carriage { get; init; }

    /// <summary>What the converter did, if the position is a converter's.</summary>
    public required ConverterRun? Run { get; init; }

    public required IReadOnlyList<ReadingOfHour> Readings { get; init; }

    /// <summary>What a kWh of electricity cost outside the loop.</summary>
    public required Price? ImportPrice { get; init; }

    public required DateTimeOffset? Earlier { get; init; }

    public required DateTimeOffset? Later { get; init; }
}

/// <summary>An order of the member in the hour's book.</summary>
public sealed record OrderInHour(int Position, OrderSide Side, Energy Quantity, Price Limit, OrderSource Source, Energy Accepted);

/// <summary>A deal of the member that delivered in the hour.</summary>
/// <param name="Other">The other party.</param>
public sealed record DealInHour(long DealId, string Other, Energy Delivered, Price Price);

/// <summary>A value of one of the member's meters, with all that came before it.</summary>
public sealed record ReadingOfHour(int MeterId, string MeterCode, short Revision, Energy Energy, ReadingQuality Quality, string? Note, DateTimeOffset ReceivedAt, bool IsLatest);

internal sealed class ShowBilledHourHandler(Work work, BillAccess access, LineHours lines) : IRequestHandler<ShowBilledHour, BilledHour>
{
    public async Task<BilledHour> Handle(ShowBilledHour request, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var (loopId, hour) = (request.LoopId, request.Hour);
        var bill = await access.FindAsync(loopId, request.Number, cancellationToken);
        var (line, tariff) = await lines.FindAsync(bill, request.Line, cancellationToken);
        var hours = await LineHours.ReadAsync(db, bill, line, tariff.During, cancellationToken);
        var place = hours.ToList().FindIndex(one => one.Hour == hour);
        if (place < 0)
        {
            throw new NotPermittedException("This hour");
        }

        var (carrier, direction) = (line.Carrier!.Value, line.Direction);
        var position = await db.Positions.AsNoTracking().SingleAsync(
            position => position.LoopId == loopId && position.MemberId == bill.MemberId && position.Hour == hour
                && position.Carrier == carrier && position.Direction == direction && position.PlantCode == line.Plant, cancellationToken);
        var plant = line.Plant.Length == 0 ? null : line.Plant;
        var side = direction == MeterDirection.Consumption ? OrderSide.Buy : OrderSide.Sell;
        var orders = await db.BookOrders.AsNoTracking()
            .Where(order => order.LoopId == loopId && order.Hour == hour && order.MemberId == bill.MemberId && order.Carrier == carrier && order.Side == side && order.PlantCode == plant)
            .OrderBy(order => order.Position).ToListAsync(cancellationToken);
        var places = orders.Select(order => order.Position).ToList();
        var accepted = await db.Acceptances.AsNoTracking()
            .Where(acceptance => acceptance.LoopId == loopId && acceptance.Hour == hour && places.Contains(acceptance.Position))
            .ToDictionaryAsync(acceptance => acceptance.Position, acceptance => acceptance.Accepted, cancellationToken);
        return new BilledHour
        {
            Line = new BillLineDetail(bill.Number, bill.MemberId, bill.Role, new Interval(bill.PeriodStart, bill.PeriodEnd), line, tariff, []),
            Hour = hours[place],
            Position = position,
            Auction = await db.Prices.AsNoTracking()
                .In(await HourZones.OfAsync(db, loopId, hour, bill.MemberId, line.Plant, cancellationToken))
                .SingleOrDefaultAsync(price => price.LoopId == loopId && price.Hour == hour && price.Carrier == carrier, cancellationToken),
            Orders = [.. orders.Select(order => new OrderInHour(order.Position, order.Side, order.Quantity, order.Limit, order.Source, accepted.GetValueOrDefault(order.Position)))],
            Trades = await db.Trades.AsNoTracking()
                .Where(trade => trade.LoopId == loopId && trade.Hour == hour && trade.Carrier == carrier
                    && ((side == OrderSide.Buy && places.Contains(trade.BuyPosition ?? -1)) || (side == OrderSide.Sell && places.Contains(trade.SellPosition ?? -1))))
                .OrderBy(trade => trade.Number)
                .ToListAsync(cancellationToken),
            Deals = await DealsAsync(loopId, bill.MemberId, carrier, side, line.Plant, hour, cancellationToken),
            Carriage = side == OrderSide.Sell ? Money.Zero : (await db.ZoneTrades.AsNoTracking()
                .Where(trade => trade.LoopId == loopId && trade.Hour == hour && trade.Carrier == carrier && trade.BuyerId == bill.MemberId && trade.BuyerPlant == line.Plant)
                .Select(trade => trade.Fee)
                .ToListAsync(cancellationToken)).Aggregate(Money.Zero, (sum, fee) => sum + fee),
            Run = plant is null ? null : await db.ConverterRuns.AsNoTracking().SingleOrDefaultAsync(run => run.LoopId == loopId && run.Hour == hour && run.PlantCode == plant, cancellationToken),
            Readings = await ReadingsAsync(loopId, bill.MemberId, carrier, direction, plant, hour, cancellationToken),
            ImportPrice = await db.Conditions.AsNoTracking().Where(conditions => conditions.LoopId == loopId && conditions.Hour == hour)
                .Select(conditions => (Price?)conditions.ImportPrice).SingleOrDefaultAsync(cancellationToken),
            Earlier = place > 0 ? hours[place - 1].Hour : null,
            Later = place + 1 < hours.Count ? hours[place + 1].Hour : null,
        };
    }

    private async Task<IReadOnlyList<DealInHour>> DealsAsync(
        int loopId, int memberId, Carrier carrier, OrderSide side, string plant, DateTimeOffset hour, CancellationToken cancellationToken)
    {
        var deals = work.Db.DealHours.AsNoTracking().Where(deal => deal.LoopId == loopId && deal.Hour == hour && deal.Carrier == carrier
            && (side == OrderSide.Buy ? deal.BuyerId == memberId && plant == "" : deal.SellerId == memberId && deal.PlantCode == plant));
        var rows = await deals
            .Join(
                work.Db.Members, deal => new { deal.LoopId, Id = side == OrderSide.Buy ? deal.SellerId : deal.BuyerId }, member => new { member.LoopId, member.Id },
                (deal, member) => new DealInHour(deal.DealId, member.Name, deal.Delivered, deal.Price))
            .ToListAsync(cancellationToken);
        return [.. rows.Where(deal => deal.Delivered > Energy.Zero).OrderBy(deal => deal.DealId)];
    }

    private async Task<IReadOnlyList<ReadingOfHour>> ReadingsAsync(
        int loopId, int memberId, Carrier carrier, MeterDirection direction, string? plant, DateTimeOffset hour, CancellationToken cancellationToken)
    {
        var rows = await work.Db.Meters.AsNoTracking()
            .Where(meter => meter.LoopId == loopId && meter.MemberId == memberId && meter.Carrier == carrier && meter.Direction == direction && meter.PlantCode == plant)
            .Join(work.Db.Readings.Where(reading => reading.Hour == hour), meter => new { meter.LoopId, MeterId = meter.Id }, reading => new { reading.LoopId, reading.MeterId },
                (meter, reading) => new { meter.Code, reading })
            .OrderBy(row => row.reading.MeterId).ThenByDescending(row => row.reading.Revision)
            .ToListAsync(cancellationToken);
        return [.. rows.Select((row, i) => new ReadingOfHour(
            row.reading.MeterId, row.Code, row.reading.Revision, row.reading.Energy, row.reading.Quality, row.reading.Note, row.reading.ReceivedAt,
            i == 0 || rows[i - 1].reading.MeterId != row.reading.MeterId))];
    }
}
