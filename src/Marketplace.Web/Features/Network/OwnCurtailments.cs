using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Network;

/// <summary>What the network could not carry of a member's deals and trades in an hour, and what the member gets for it.</summary>
public sealed record OwnCurtailments(int LoopId, int MemberId, DateTimeOffset Hour) : IRequest<IReadOnlyList<OwnCurtailment>>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId) || actor.Operates(LoopId);
}

/// <param name="Kind">A deal, or a trade.</param>
/// <param name="DealId">The deal; none for a trade.</param>
/// <param name="Limit">The connection that was full; empty where no way leads from zone to zone.</param>
/// <param name="Shared">Whether trades made at once shared what it had left; else earlier ones had it.</param>
/// <param name="Compensation">None before the hour is settled.</param>
public sealed record OwnCurtailment(
    ZoneTradeKind Kind, long? DealId, Carrier Carrier, bool Buys, Energy Allowed, Energy Curtailed, Price Price, string Limit, bool Shared, Money? Compensation);

internal sealed class OwnCurtailmentsHandler(MarketplaceDb db) : IRequestHandler<OwnCurtailments, IReadOnlyList<OwnCurtailment>>
{
    public async Task<IReadOnlyList<OwnCurtailment>> Handle(OwnCurtailments request, CancellationToken cancellationToken)
    {
        var (loopId, member, hour) = (request.LoopId, request.MemberId, request.Hour);
        var trades = await db.ZoneTrades.AsNoTracking()
            .Where(trade => trade.LoopId == loopId && trade.Hour == hour && (trade.BuyerId == member || trade.SellerId == member))
            .OrderBy(trade => trade.Kind).ThenBy(trade => trade.Number)
            .ToListAsync(cancellationToken);
        var amounts = await db.CurtailedMembers.AsNoTracking()
            .Where(row => row.LoopId == loopId && row.Hour == hour && row.MemberId == member)
            .ToDictionaryAsync(row => (row.Kind, row.Number), row => -row.Amount, cancellationToken);
        var live = trades.Exists(trade => trade.Kind == ZoneTradeKind.Trade) ? [] : await LiveAsync(loopId, member, hour, cancellationToken);
        return [.. trades
            .Where(trade => trade.Curtailed > Energy.Zero)
            .Select(trade => new OwnCurtailment(
                trade.Kind, trade.Kind == ZoneTradeKind.Deal ? trade.Number : null, trade.Carrier, trade.BuyerId == member, trade.Allowed, trade.Curtailed, trade.Price,
                trade.Limit ?? "", trade.Shared, amounts.TryGetValue((trade.Kind, trade.Number), out var amount) ? amount : null))
            .Concat(live)];
    }

    /// <summary>Trades made live that are in no result yet.</summary>
    private async Task<IReadOnlyList<OwnCurtailment>> LiveAsync(int loopId, int member, DateTimeOffset hour, CancellationToken cancellationToken) =>
        [.. (await (
                from trade in db.LiveTrades.AsNoTracking()
                where trade.LoopId == loopId && trade.Hour == hour && trade.Limit != null
                join buy in db.Orders on new { trade.LoopId, Id = trade.BuyOrderId } equals new { buy.LoopId, buy.Id }
                join sell in db.Orders on new { trade.LoopId, Id = trade.SellOrderId } equals new { sell.LoopId, sell.Id }
                where buy.MemberId == member || sell.MemberId == member
                orderby trade.Id
                select new { trade, Buys = buy.MemberId == member }).ToListAsync(cancellationToken))
            .Select(row => new OwnCurtailment(
                ZoneTradeKind.Trade, null, row.trade.Carrier, row.Buys, row.trade.Energy - row.trade.Curtailed, row.trade.Curtailed, row.trade.Price, row.trade.Limit!, false, null))];
}
