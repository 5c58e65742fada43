using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Prices;

/// <summary>What became of a member's own orders in an auction, and what would have changed it. Nobody else may ask, the operator neither:
/// who operates the loop reads the whole book as such.</summary>
public sealed record OwnAuctionOrders(int LoopId, int MemberId, DateTimeOffset Hour) : IRequest<IReadOnlyList<OwnOutcome>>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId);
}

/// <param name="Plant">The plant that the order is for, by name.</param>
/// <param name="Price">The price of the carrier; where each trade has its own, the average of the order's trades.</param>
/// <param name="Outcome">None while the hour has no result.</param>
/// <param name="MissedBy">How much better the limit would have had to be to be accepted at least in part.</param>
/// <param name="NextLimit">The nearest limit that would surely have been accepted, the other orders being as they are.</param>
/// <param name="Alike">How many orders of this side had this limit, the own one among them.</param>
public sealed record OwnOutcome(
    string PublicId, Carrier Carrier, OrderSide Side, OrderSource Source, string? Plant, Energy Quantity, Price Limit, Energy Accepted,
    Price? Price, bool PerTrade, OrderOutcome? Outcome, Price? MissedBy, Price? NextLimit, int Alike)
{
    public bool IsFull => Accepted == Quantity;
}

internal sealed class OwnAuctionOrdersHandler(MarketplaceDb db, PublishedAuctions auctions) : IRequestHandler<OwnAuctionOrders, IReadOnlyList<OwnOutcome>>
{
    public async Task<IReadOnlyList<OwnOutcome>> Handle(OwnAuctionOrders request, CancellationToken cancellationToken)
    {
        if (await auctions.ReadAsync(db, request.LoopId, request.Hour, cancellationToken) is not { } auction)
        {
            return [];
        }

        var plants = await db.Plants
            .Where(plant => plant.LoopId == request.LoopId && plant.OwnerId == request.MemberId)
            .ToDictionaryAsync(plant => plant.Code, plant => plant.Name, cancellationToken);
        return [.. auction.Orders.Index()
            .Where(order => order.Item.MemberId == request.MemberId)
            .Select(order => Explain(auction, order.Index, order.Item, plants))
            .OrderBy(order => order.Carrier).ThenBy(order => order.Side).ThenBy(order => order.Limit)];
    }

    private static OwnOutcome Explain(AuctionRecord auction, int position, BookedOrder order, Dictionary<string, string> plants)
    {
        var plant = order.PlantCode is { } code ? plants.GetValueOrDefault(code, code) : null;
        var accepted = auction.Accepted(position);
        if (auction.Explanation is { } explanation && auction.HasOnePrice(order.Node))
        {
            var why = explanation.OfOrder(position);
            return new OwnOutcome(
                order.PublicId, order.Carrier, order.Side, order.Source, plant, order.Quantity, order.Limit, accepted, why.Price, false,
                why.Outcome, why.MissedBy, why.NextLimit, why.AlikeOrders);
        }

        return new OwnOutcome(
            order.PublicId, order.Carrier, order.Side, order.Source, plant, order.Quantity, order.Limit, accepted,
            AverageOfTrades(auction, position), auction.Result is not null, null, null, null, 1);
    }

    private static Price? AverageOfTrades(AuctionRecord auction, int position)
    {
        var own = (auction.Result?.Trades ?? []).Where(trade => trade.Buy == position || trade.Sell == position).ToList();
        var energy = own.Aggregate(Int128.Zero, (sum, trade) => sum + trade.Energy.WattHours);
        return energy == 0
            ? null
            : Price.FromMicroPerKWh((long)(own.Aggregate(Int128.Zero, (sum, trade) => sum + ((Int128)trade.Energy.WattHours * trade.Price.MicroPerKWh)) / energy));
    }
}
