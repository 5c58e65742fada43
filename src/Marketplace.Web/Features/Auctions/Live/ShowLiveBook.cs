using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Auctions.Live;

/// <summary>The order book of an hour's continuous trading, for the members of the loop. It names limits and sums, nobody's orders.</summary>
public sealed record ShowLiveBook(int LoopId, DateTimeOffset Hour) : IRequest<LiveBookView>, IGuarded, ISharedRead
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);

    public object SharedBy(Actor actor) => this;
}

/// <param name="IsOpen">Whether orders are still taken.</param>
/// <param name="Carriers">Those that trade continuously in this hour; none where the rules say otherwise.</param>
public sealed record LiveBookView(DateTimeOffset GateCloses, bool IsOpen, DateTimeOffset MarketNow, IReadOnlyList<LiveCarrier> Carriers);

/// <param name="Bids">What buyers wait with, the highest limit first.</param>
/// <param name="Offers">What sellers wait with, the lowest limit first.</param>
/// <param name="Trades">The latest trades, newest first.</param>
/// <param name="Traded">All that was traded so far.</param>
public sealed record LiveCarrier(
    Carrier Carrier, IReadOnlyList<DepthLevel> Bids, IReadOnlyList<DepthLevel> Offers, IReadOnlyList<LiveTrade> Trades, Energy Traded);

internal sealed class ShowLiveBookHandler(MarketplaceDb db, LiveMarket live, MarketTime marketTime) : IRequestHandler<ShowLiveBook, LiveBookView>
{
    private const int Levels = 20;
    private const int Latest = 20;

    public async Task<LiveBookView> Handle(ShowLiveBook request, CancellationToken cancellationToken)
    {
        var (loopId, hour) = (request.LoopId, request.Hour);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var now = await marketTime.NowAsync(loopId, cancellationToken);
        var gate = MarketHour.GateOf(loop, hour);
        var closed = await db.HourSteps.AnyAsync(step => step.LoopId == loopId && step.Step == HourStepKind.Closed && step.Hour == hour, cancellationToken);
        var rules = await HourRules.OfAsync(db, loopId, hour, cancellationToken);
        var orders = await live.OrdersAsync(loopId, hour, cancellationToken);
        var trades = await db.LiveTrades.AsNoTracking()
            .Where(trade => trade.LoopId == loopId && trade.Hour == hour)
            .OrderByDescending(trade => trade.Id)
            .ToListAsync(cancellationToken);
        return new LiveBookView(
            gate,
            gate > now && !closed,
            now,
            [.. Carriers.All.Where(carrier => rules.Of(carrier) == Mechanism.PayAsBid).Select(carrier =>
            {
                var book = LiveMarket.BookOf([.. orders.Where(order => order.Carrier == carrier)], rules);
                var here = trades.Where(trade => trade.Carrier == carrier).ToList();
                return new LiveCarrier(
                    carrier, book.Depth(Side.Buy, Levels), book.Depth(Side.Sell, Levels), [.. here.Take(Latest)],
                    here.Aggregate(Energy.Zero, (sum, trade) => sum + trade.Energy));
            })]);
    }
}
