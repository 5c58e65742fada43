using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Network;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell.Components.Charts;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Prices;

/// <summary>One auction as everybody may see it. Those who operate or audit the loop see the whole curves.</summary>
/// <param name="AsPublic">As the public sees it, whoever asks: for files that are kept along the way.</param>
/// <param name="Zone">Whose flows are drawn where the loop has several zones; null is that of the reader's own meters, else the first.</param>
public sealed record AuctionOfHour(int LoopId, DateTimeOffset Hour, bool AsPublic = false, string? Zone = null) : IRequest<AuctionView?>, IPublic;

/// <summary>How far an hour has come.</summary>
public enum AuctionState
{
    /// <summary>The gate has closed; the auction has not been cleared yet.</summary>
    Closed,

    /// <summary>Prices are published.</summary>
    Cleared,

    /// <summary>It could not be cleared: energy is settled at the fallback tariff.</summary>
    FellBack,
}

/// <param name="Whole">Whether the curves show each limit of the book, not merged ones.</param>
/// <param name="Checks">What the check of the result found; none without a result.</param>
public sealed record AuctionView(
    AuctionState State, bool Whole, int Orders, Money? Welfare, IReadOnlyList<NodeView> Nodes, IReadOnlyList<ConverterView> Converters,
    IReadOnlyList<PriceReason> Reasons, HourFlows Flows, ClearingChecks? Checks,
    string BookSha256, string? ResultSha256, DateTimeOffset? ClosedAt, DateTimeOffset? ClearedAt)
{
    /// <summary>The zones of the hour, and the one whose flows are drawn; none in a loop with one.</summary>
    public required ZonesToChoose Zones { get; init; }

    /// <summary>What the connections between zones carried.</summary>
    public IReadOnlyList<LineView> Lines { get; init; } = [];
}

/// <summary>A connection's hour.</summary>
/// <param name="Sent">What entered it, by the auction and by trades outside it; none where fewer than five members stand behind it.</param>
/// <param name="Arrived">What came out of it.</param>
/// <param name="FromPrice">The price where energy leaves; none where the carrier has no price there.</param>
/// <param name="IsFull">Whether it carried all it could, so that prices part.</param>
public sealed record LineView(
    string Code, Carrier Carrier, ZoneName From, ZoneName To, Energy Capacity, int LossMillionths, Price Fee, Energy? Sent, Energy? Arrived,
    Price? FromPrice, Price? ToPrice, bool IsFull);

/// <param name="Price">None where nothing could be traded.</param>
/// <param name="Lowest">Where the price is not unique: the lowest that clears the same.</param>
/// <param name="Balance">None where fewer than five members took part.</param>
/// <param name="Supply">Empty where fewer than five members stand behind it.</param>
public sealed record NodeView(
    Carrier Carrier, Price? Price, Price? Lowest, Price? Highest, NodeBalance? Balance,
    IReadOnlyList<CurveStep> Supply, IReadOnlyList<CurveStep> Demand, string Zone = "");

/// <summary>Sold + made by converters + arrived from other zones = bought + used by converters + sent to other zones.</summary>
/// <param name="Arrived">Over connections from other zones.</param>
/// <param name="Sent">Over connections to other zones.</param>
public sealed record NodeBalance(Energy Sold, Energy Made, Energy Bought, Energy Used, Energy Arrived, Energy Sent);

/// <summary>A converter's hour, for those who may see single plants. Below zero it takes, above it gives.</summary>
public sealed record ConverterView(string Code, string Name, Energy Heat, Energy Cold, Energy Electricity);

internal sealed class AuctionOfHourHandler(MarketplaceDb db, CurrentActor current, PublishedAuctions auctions, ZoneChoice choice) : IRequestHandler<AuctionOfHour, AuctionView?>
{
    public async Task<AuctionView?> Handle(AuctionOfHour request, CancellationToken cancellationToken)
    {
        var (loopId, hour) = (request.LoopId, request.Hour);
        if (await auctions.ReadAsync(db, loopId, hour, cancellationToken) is not { } auction)
        {
            return null;
        }

        var whole = !request.AsPublic && SeesWholeBook(current.Actor, loopId);
        var prices = await db.Prices.AsNoTracking()
            .Where(price => price.LoopId == loopId && price.Hour == hour)
            .ToDictionaryAsync(price => NodeName.Of(price.Zone, price.Carrier), cancellationToken);
        var steps = await db.HourSteps.AsNoTracking()
            .Where(step => step.LoopId == loopId && step.Hour == hour)
            .ToDictionaryAsync(step => step.Step, step => step.DoneAt, cancellationToken);
        var runs = await db.ConverterRuns.AsNoTracking().Where(run => run.LoopId == loopId && run.Hour == hour).ToListAsync(cancellationToken);
        var plants = (await db.Plants.AsNoTracking().Where(plant => plant.LoopId == loopId)
            .Select(plant => new { plant.Code, plant.Name, plant.OwnerId, plant.Definition }).ToListAsync(cancellationToken))
            .ToDictionary(plant => plant.Code, plant => new PlantFacts(plant.Name, plant.OwnerId, PlantDefinition.Read(plant.Definition).Kind));

        var zones = await HourZones.AtAsync(db, loopId, hour, cancellationToken);
        var chosen = new ZonesToChoose(
            [.. zones.Zones.Select(zone => new ZoneName(zone.Code, zone.Name))], await choice.OfAsync(loopId, hour, request.Zone, cancellationToken));
        var flows = zones.AreSeveral
            ? await db.LineFlows.AsNoTracking().Where(flow => flow.LoopId == loopId && flow.Hour == hour).OrderBy(flow => flow.Code).ToListAsync(cancellationToken)
            : [];
        var clearing = prices.ToDictionary(price => price.Key, price => price.Value.Price, StringComparer.Ordinal);
        var nodes = auction.Book.Nodes.Select(node => NodeOf(node, auction, prices.GetValueOrDefault(node), clearing, runs, flows, plants, whole)).ToList();
        return new AuctionView(
            auction.Result is not null ? AuctionState.Cleared : steps.ContainsKey(HourStepKind.Cleared) ? AuctionState.FellBack : AuctionState.Closed,
            whole,
            auction.Orders.Count,
            auction.Result?.Welfare,
            nodes,
            whole ? [.. runs.OrderBy(run => run.PlantCode).Select(run => new ConverterView(run.PlantCode, plants[run.PlantCode].Name, run.Heat, run.Cold, run.Electricity))] : [],
            PriceReasons.Of(auction, plants, whole),
            HourFlows.Of(auction, nodes, runs, flows, chosen.Chosen, plants, whole),
            auction.Result?.Checks,
            auction.BookSha256,
            auction.ResultSha256,
            steps.TryGetValue(HourStepKind.Closed, out var closed) ? closed : null,
            steps.TryGetValue(HourStepKind.Cleared, out var cleared) ? cleared : null)
        {
            Zones = chosen,
            Lines = [.. flows.Select(flow => LineOf(flow, chosen, nodes))],
        };
    }

    internal static bool SeesWholeBook(Actor actor, int loopId) =>
        actor.Operates(loopId) || actor.Roles.Any(held => held.LoopId == loopId && held.Role == Role.Auditor);

    private static NodeView NodeOf(
        string node, AuctionRecord auction, HourPrice? price, Dictionary<string, Price?> clearing, List<ConverterRun> runs,
        List<LineFlow> lines, Dictionary<string, PlantFacts> plants, bool whole)
    {
        var (zone, carrier) = NodeName.Parse(node);
        var implied = auction.Book.Converters
            .Select(converter => (Wish: ImpliedWish(converter, node, clearing), Owner: plants[converter.Id].OwnerId))
            .Where(wish => wish.Wish is not null)
            .Select(wish => (wish.Wish!.Value.Side, Entry: new CurveEntry(wish.Owner, wish.Wish.Value.Quantity, wish.Wish.Value.Limit)))
            .ToList();
        IEnumerable<CurveEntry> Side(OrderSide side) => auction.Orders
            .Where(order => order.Node == node && order.Side == side)
            .Select(order => new CurveEntry(order.MemberId, order.Quantity, order.Limit))
            .Concat(implied.Where(wish => wish.Side == side).Select(wish => wish.Entry))
            .Concat(LineWishes(node, side, auction.Book, clearing));
        var traded = price?.Traded ?? Energy.Zero;
        var supply = PublicCurve.UpTo(Side(OrderSide.Sell).OrderBy(entry => entry.Limit), traded);
        var demand = PublicCurve.UpTo(Side(OrderSide.Buy).OrderByDescending(entry => entry.Limit), traded);
        return new NodeView(
            carrier, price?.Price, price?.Lowest, price?.Highest,
            BalanceOf(node, auction, runs, lines, plants, whole),
            whole ? PublicCurve.Full(supply) : PublicCurve.Merge(supply, PricesOfPeriod.SmallestGroup),
            whole ? PublicCurve.Full(demand) : PublicCurve.Merge(demand, PricesOfPeriod.SmallestGroup),
            zone);
    }

    private static NodeBalance? BalanceOf(
        string node, AuctionRecord auction, List<ConverterRun> runs, List<LineFlow> lines, Dictionary<string, PlantFacts> plants, bool whole)
    {
        var (zone, carrier) = NodeName.Parse(node);
        var traded = auction.Orders.Select((order, i) => (Order: order, Accepted: auction.Accepted(i)))
            .Where(order => order.Order.Node == node && order.Accepted > Energy.Zero).ToList();
        var flows = runs.Where(run => run.Zone == zone).Select(run => (Owner: plants[run.PlantCode].OwnerId, Energy: FlowOf(run, carrier))).Where(flow => flow.Energy != Energy.Zero).ToList();
        var members = traded.Select(order => order.Order.MemberId).Concat(flows.Select(flow => flow.Owner)).Distinct().Count();
        if (!whole && members < PricesOfPeriod.SmallestGroup && members > 0)
        {
            return null;
        }

        Energy Accepted(OrderSide side) => traded.Where(order => order.Order.Side == side).Aggregate(Energy.Zero, (sum, order) => sum + order.Accepted);
        return new NodeBalance(
            Accepted(OrderSide.Sell),
            flows.Where(flow => flow.Energy > Energy.Zero).Aggregate(Energy.Zero, (sum, flow) => sum + flow.Energy),
            Accepted(OrderSide.Buy),
            flows.Where(flow => flow.Energy < Energy.Zero).Aggregate(Energy.Zero, (sum, flow) => sum - flow.Energy),
            lines.Where(line => NodeName.Of(line.ToZone, line.Carrier) == node).Aggregate(Energy.Zero, (sum, line) => sum + line.Arrived),
            lines.Where(line => NodeName.Of(line.FromZone, line.Carrier) == node).Aggregate(Energy.Zero, (sum, line) => sum + line.Sent));
    }

    /// <summary>What a converter wishes at one node, the other nodes' prices given: the price there at which running it neither
    /// gains nor loses. With these wishes the curves of a node meet at its price although energy comes from other nodes.</summary>
    private static (OrderSide Side, Energy Quantity, Price Limit)? ImpliedWish(
        Converter converter, string node, Dictionary<string, Price?> prices)
    {
        const long One = 1_000_000;
        var flow = converter.Flows.GetValueOrDefault(node);
        if (flow == 0)
        {
            return null;
        }

        Int128 others = -(Int128)converter.Cost.MicroPerKWh * One;
        foreach (var other in converter.Flows.Keys.Where(other => other != node && converter.Flows[other] != 0))
        {
            if (prices.GetValueOrDefault(other) is not { } price)
            {
                return null;
            }

            others += (Int128)converter.Flows[other] * price.MicroPerKWh;
        }

        return (
            flow > 0 ? OrderSide.Sell : OrderSide.Buy,
            Energy.FromWh((long)((Int128)converter.Capacity.WattHours * Math.Abs(flow) / One)),
            Price.FromMicroPerKWh((long)(-others / flow)));
    }

    /// <summary>A connection's wish at a node, the price at its other end given: with it the curves of a zone meet at the zone's price.</summary>
    private static IEnumerable<CurveEntry> LineWishes(string node, OrderSide side, OrderBook book, Dictionary<string, Price?> prices)
    {
        const long One = 1_000_000;
        foreach (var line in book.Connections.Where(line => (side == OrderSide.Sell ? line.To : line.From) == node && line.Capacity > Energy.Zero))
        {
            var through = One - line.LossMillionths;
            if (side == OrderSide.Sell && prices.GetValueOrDefault(line.From) is { } bought)
            {
                yield return new CurveEntry(
                    0, Energy.FromWh(UnitFlows.Whole(through, line.Capacity.WattHours)),
                    Price.FromMicroPerKWh((long)((Int128)(bought + line.Fee).MicroPerKWh * One / through)));
            }
            else if (side == OrderSide.Buy && prices.GetValueOrDefault(line.To) is { } sold)
            {
                yield return new CurveEntry(0, line.Capacity, Price.FromMicroPerKWh((long)((Int128)sold.MicroPerKWh * through / One)) - line.Fee);
            }
        }
    }

    /// <summary>What everybody may know of a connection's hour: the energy too, where both of its ends may be shown.</summary>
    private static LineView LineOf(LineFlow flow, ZonesToChoose zones, IReadOnlyList<NodeView> nodes)
    {
        NodeView? At(string zone) => nodes.FirstOrDefault(node => node.Carrier == flow.Carrier && (node.Zone == zone || node.Zone.Length == 0));
        ZoneName Named(string zone) => zones.Zones.FirstOrDefault(known => known.Code == zone) ?? new ZoneName(zone, zone);
        var (from, to) = (At(flow.FromZone), At(flow.ToZone));
        var shown = from?.Balance is not null && to?.Balance is not null;
        return new LineView(
            flow.Code, flow.Carrier, Named(flow.FromZone), Named(flow.ToZone), flow.Capacity, flow.LossMillionths, flow.Fee,
            shown ? flow.Sent + flow.SentByTrades : null, shown ? flow.Arrived + flow.ArrivedByTrades : null, from?.Price, to?.Price, flow.IsFull);
    }

    internal static Energy FlowOf(ConverterRun run, Carrier carrier) => carrier switch
    {
        Carrier.Heat => run.Heat,
        Carrier.Cold => run.Cold,
        Carrier.Electricity => run.Electricity,
        _ => throw new ArgumentOutOfRangeException(nameof(carrier), carrier, "Not a carrier"),
    };
}
