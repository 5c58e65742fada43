using System.Security.Cryptography;
using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell.Components.Charts;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Prices;

/// <summary>One auction as everybody may see it. Those who operate or audit the loop see the whole curves.</summary>
public sealed record AuctionOfHour(int LoopId, DateTimeOffset Hour) : IRequest<AuctionView?>, IPublic;

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
public sealed record AuctionView(
    AuctionState State, bool Whole, int Orders, Money? Welfare, IReadOnlyList<NodeView> Nodes, IReadOnlyList<ConverterView> Converters,
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

internal sealed class AuctionOfHourHandler(MarketplaceDb db, CurrentActor current) : IRequestHandler<AuctionOfHour, AuctionView?>
{
    public async Task<AuctionView?> Handle(AuctionOfHour request, CancellationToken cancellationToken)
    {
        var (loopId, hour) = (request.LoopId, request.Hour);
        var book = await db.Books.AsNoTracking().SingleOrDefaultAsync(book => book.LoopId == loopId && book.Hour == hour, cancellationToken);
        if (book is null)
        {
            return null;
        }

        var whole = SeesWholeBook(current.Actor, loopId);
        var result = await db.Results.AsNoTracking().SingleOrDefaultAsync(result => result.LoopId == loopId && result.Hour == hour, cancellationToken);
        var prices = await db.Prices.AsNoTracking()
            .Where(price => price.LoopId == loopId && price.Hour == hour)
            .ToDictionaryAsync(price => price.Carrier, cancellationToken);
        var steps = await db.HourSteps.AsNoTracking()
            .Where(step => step.LoopId == loopId && step.Hour == hour)
            .ToDictionaryAsync(step => step.Step, step => step.DoneAt, cancellationToken);
        var runs = await db.ConverterRuns.AsNoTracking().Where(run => run.LoopId == loopId && run.Hour == hour).ToListAsync(cancellationToken);
        var plants = await db.Plants.AsNoTracking().Where(plant => plant.LoopId == loopId)
            .Select(plant => new { plant.Code, plant.Name, plant.OwnerId }).ToDictionaryAsync(plant => plant.Code, cancellationToken);
        var orders = await (
            from order in db.BookOrders
            where order.LoopId == loopId && order.Hour == hour
            join acceptance in db.Acceptances on new { order.LoopId, order.Hour, order.Position }
                equals new { acceptance.LoopId, acceptance.Hour, acceptance.Position } into acceptances
            from acceptance in acceptances.DefaultIfEmpty()
            select new Wish(
                order.MemberId, order.Carrier, order.Side, order.Quantity, order.Limit, acceptance == null ? (Energy?)null : acceptance.Accepted))
            .ToListAsync(cancellationToken);

        var converters = OrderBookJson.Read(book.Json).Converters;
        var clearing = prices.ToDictionary(price => price.Key, price => price.Value.Price);
        var nodes = Carriers.All.Select(carrier =>
        {
            var price = prices.GetValueOrDefault(carrier);
            var here = orders.Where(order => order.Carrier == carrier).ToList();
            var implied = converters
                .Select(converter => (Wish: ImpliedWish(converter, carrier, clearing), Owner: plants[converter.Id].OwnerId))
                .Where(wish => wish.Wish is not null)
                .Select(wish => (wish.Wish!.Value.Side, Entry: new CurveEntry(wish.Owner, wish.Wish.Value.Quantity, wish.Wish.Value.Limit)))
                .ToList();
            IEnumerable<CurveEntry> Side(OrderSide side) => here
                .Where(order => order.Side == side)
                .Select(order => new CurveEntry(order.MemberId, order.Quantity, order.Limit))
                .Concat(implied.Where(wish => wish.Side == side).Select(wish => wish.Entry));
            var traded = price?.Traded ?? Energy.Zero;
            var supply = PublicCurve.UpTo(Side(OrderSide.Sell).OrderBy(entry => entry.Limit), traded);
            var demand = PublicCurve.UpTo(Side(OrderSide.Buy).OrderByDescending(entry => entry.Limit), traded);
            return new NodeView(
                carrier, price?.Price, price?.Lowest, price?.Highest,
                BalanceOf(carrier, here, runs, plants.ToDictionary(plant => plant.Key, plant => plant.Value.OwnerId), whole),
                whole ? PublicCurve.Full(supply) : PublicCurve.Merge(supply, PricesOfPeriod.SmallestGroup),
                whole ? PublicCurve.Full(demand) : PublicCurve.Merge(demand, PricesOfPeriod.SmallestGroup));
        }).ToList();
        return new AuctionView(
            result is not null ? AuctionState.Cleared : steps.ContainsKey(HourStepKind.Cleared) ? AuctionState.FellBack : AuctionState.Closed,
            whole,
            book.Orders,
            result?.Welfare,
            nodes,
            whole ? [.. runs.OrderBy(run => run.PlantCode).Select(run => new ConverterView(run.PlantCode, plants[run.PlantCode].Name, run.Heat, run.Cold, run.Electricity))] : [],
            Convert.ToHexStringLower(SHA256.HashData(book.Json)),
            result is null ? null : Convert.ToHexStringLower(SHA256.HashData(result.Json)),
            steps.TryGetValue(HourStepKind.Closed, out var closed) ? closed : null,
            steps.TryGetValue(HourStepKind.Cleared, out var cleared) ? cleared : null);
    }

    internal static bool SeesWholeBook(Actor actor, int loopId) =>
        actor.Operates(loopId) || actor.Roles.Any(held => held.LoopId == loopId && held.Role == Role.Auditor);

    private static NodeBalance? BalanceOf(
        Carrier carrier, List<Wish> orders, List<ConverterRun> runs, Dictionary<string, int> owners, bool whole)
    {
        var traded = orders.Where(order => order.Accepted > Energy.Zero).ToList();
        var flows = runs.Select(run => (Owner: owners[run.PlantCode], Energy: FlowOf(run, carrier))).Where(flow => flow.Energy != Energy.Zero).ToList();
        var members = traded.Select(order => order.MemberId).Concat(flows.Select(flow => flow.Owner)).Distinct().Count();
        if (!whole && members < PricesOfPeriod.SmallestGroup && members > 0)
        {
            return null;
        }

        Energy Accepted(OrderSide side) => traded.Where(order => order.Side == side).Aggregate(Energy.Zero, (sum, order) => sum + order.Accepted!.Value);
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

    private static Energy FlowOf(ConverterRun run, Carrier carrier) => carrier switch
    {
        Carrier.Heat => run.Heat,
        Carrier.Cold => run.Cold,
        Carrier.Electricity => run.Electricity,
        _ => throw new ArgumentOutOfRangeException(nameof(carrier), carrier, "Not a carrier"),
    };

    private sealed record Wish(int MemberId, Carrier Carrier, OrderSide Side, Energy Quantity, Price Limit, Energy? Accepted);
}
