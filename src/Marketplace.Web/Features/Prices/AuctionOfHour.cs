using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell.Components.Charts;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Prices;

/// <summary>One auction as everybody may see it. Those who operate or audit the loop see the whole curves.</summary>
/// <param name="AsPublic">As the public sees it, whoever asks: for files that are kept along the way.</param>
public sealed record AuctionOfHour(int LoopId, DateTimeOffset Hour, bool AsPublic = false) : IRequest<AuctionView?>, IPublic;

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
    string BookSha256, string? ResultSha256, DateTimeOffset? ClosedAt, DateTimeOffset? ClearedAt);

/// <param name="Price">None where nothing could be traded.</param>
/// <param name="Lowest">Where the price is not unique: the lowest that clears the same.</param>
/// <param name="Balance">None where fewer than five members took part.</param>
/// <param name="Supply">Empty where fewer than five members stand behind it.</param>
public sealed record NodeView(
    Carrier Carrier, Price? Price, Price? Lowest, Price? Highest, NodeBalance? Balance,
    IReadOnlyList<CurveStep> Supply, IReadOnlyList<CurveStep> Demand);

/// <summary>Sold + made by converters = bought + used by converters + lost in rounding.</summary>
public sealed record NodeBalance(Energy Sold, Energy Made, Energy Bought, Energy Used);

/// <summary>A converter's hour, for those who may see single plants. Below zero it takes, above it gives.</summary>
public sealed record ConverterView(string Code, string Name, Energy Heat, Energy Cold, Energy Electricity);

internal sealed class AuctionOfHourHandler(MarketplaceDb db, CurrentActor current, PublishedAuctions auctions) : IRequestHandler<AuctionOfHour, AuctionView?>
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
            .ToDictionaryAsync(price => price.Carrier, cancellationToken);
        var steps = await db.HourSteps.AsNoTracking()
            .Where(step => step.LoopId == loopId && step.Hour == hour)
            .ToDictionaryAsync(step => step.Step, step => step.DoneAt, cancellationToken);
        var runs = await db.ConverterRuns.AsNoTracking().Where(run => run.LoopId == loopId && run.Hour == hour).ToListAsync(cancellationToken);
        var plants = (await db.Plants.AsNoTracking().Where(plant => plant.LoopId == loopId)
            .Select(plant => new { plant.Code, plant.Name, plant.OwnerId, plant.Definition }).ToListAsync(cancellationToken))
            .ToDictionary(plant => plant.Code, plant => new PlantFacts(plant.Name, plant.OwnerId, PlantDefinition.Read(plant.Definition).Kind));

        var clearing = prices.ToDictionary(price => price.Key, price => price.Value.Price);
        var nodes = Carriers.All.Select(carrier => NodeOf(carrier, auction, prices.GetValueOrDefault(carrier), clearing, runs, plants, whole)).ToList();
        return new AuctionView(
            auction.Result is not null ? AuctionState.Cleared : steps.ContainsKey(HourStepKind.Cleared) ? AuctionState.FellBack : AuctionState.Closed,
            whole,
            auction.Orders.Count,
            auction.Result?.Welfare,
            nodes,
            whole ? [.. runs.OrderBy(run => run.PlantCode).Select(run => new ConverterView(run.PlantCode, plants[run.PlantCode].Name, run.Heat, run.Cold, run.Electricity))] : [],
            PriceReasons.Of(auction, plants, whole),
            HourFlows.Of(auction, nodes, runs, plants, whole),
            auction.Result?.Checks,
            auction.BookSha256,
            auction.ResultSha256,
            steps.TryGetValue(HourStepKind.Closed, out var closed) ? closed : null,
            steps.TryGetValue(HourStepKind.Cleared, out var cleared) ? cleared : null);
    }

    internal static bool SeesWholeBook(Actor actor, int loopId) =>
        actor.Operates(loopId) || actor.Roles.Any(held => held.LoopId == loopId && held.Role == Role.Auditor);

    private static NodeView NodeOf(
        Carrier carrier, AuctionRecord auction, HourPrice? price, Dictionary<Carrier, Price?> clearing, List<ConverterRun> runs,
        Dictionary<string, PlantFacts> plants, bool whole)
    {
        var implied = auction.Book.Converters
            .Select(converter => (Wish: ImpliedWish(converter, carrier, clearing), Owner: plants[converter.Id].OwnerId))
            .Where(wish => wish.Wish is not null)
            .Select(wish => (wish.Wish!.Value.Side, Entry: new CurveEntry(wish.Owner, wish.Wish.Value.Quantity, wish.Wish.Value.Limit)))
            .ToList();
        IEnumerable<CurveEntry> Side(OrderSide side) => auction.Orders
            .Where(order => order.Carrier == carrier && order.Side == side)
            .Select(order => new CurveEntry(order.MemberId, order.Quantity, order.Limit))
            .Concat(implied.Where(wish => wish.Side == side).Select(wish => wish.Entry));
        var traded = price?.Traded ?? Energy.Zero;
        var supply = PublicCurve.UpTo(Side(OrderSide.Sell).OrderBy(entry => entry.Limit), traded);
        var demand = PublicCurve.UpTo(Side(OrderSide.Buy).OrderByDescending(entry => entry.Limit), traded);
        return new NodeView(
            carrier, price?.Price, price?.Lowest, price?.Highest,
            BalanceOf(carrier, auction, runs, plants, whole),
            whole ? PublicCurve.Full(supply) : PublicCurve.Merge(supply, PricesOfPeriod.SmallestGroup),
            whole ? PublicCurve.Full(demand) : PublicCurve.Merge(demand, PricesOfPeriod.SmallestGroup));
    }

    private static NodeBalance? BalanceOf(
        Carrier carrier, AuctionRecord auction, List<ConverterRun> runs, Dictionary<string, PlantFacts> plants, bool whole)
    {
        var traded = auction.Orders.Select((order, i) => (Order: order, Accepted: auction.Accepted(i)))
            .Where(order => order.Order.Carrier == carrier && order.Accepted > Energy.Zero).ToList();
        var flows = runs.Select(run => (Owner: plants[run.PlantCode].OwnerId, Energy: FlowOf(run, carrier))).Where(flow => flow.Energy != Energy.Zero).ToList();
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
            flows.Where(flow => flow.Energy < Energy.Zero).Aggregate(Energy.Zero, (sum, flow) => sum - flow.Energy));
    }

    /// <summary>What a converter wishes at one node, the other nodes' prices given: the price there at which running it neither
    /// gains nor loses. With these wishes the curves of a node meet at its price although energy comes from other nodes.</summary>
    private static (OrderSide Side, Energy Quantity, Price Limit)? ImpliedWish(
        Converter converter, Carrier carrier, Dictionary<Carrier, Price?> prices)
    {
        const long One = 1_000_000;
        var flow = converter.Flows.GetValueOrDefault(carrier.Name());
        if (flow == 0)
        {
            return null;
        }

        Int128 others = -(Int128)converter.Cost.MicroPerKWh * One;
        foreach (var other in Carriers.All.Where(other => other != carrier && converter.Flows.GetValueOrDefault(other.Name()) != 0))
        {
            if (prices.GetValueOrDefault(other) is not { } price)
            {
                return null;
            }

            others += (Int128)converter.Flows[other.Name()] * price.MicroPerKWh;
        }

        return (
            flow > 0 ? OrderSide.Sell : OrderSide.Buy,
            Energy.FromWh((long)((Int128)converter.Capacity.WattHours * Math.Abs(flow) / One)),
            Price.FromMicroPerKWh((long)(-others / flow)));
    }

    internal static Energy FlowOf(ConverterRun run, Carrier carrier) => carrier switch
    {
        Carrier.Heat => run.Heat,
        Carrier.Cold => run.Cold,
        Carrier.Electricity => run.Electricity,
        _ => throw new ArgumentOutOfRangeException(nameof(carrier), carrier, "Not a carrier"),
    };
}
