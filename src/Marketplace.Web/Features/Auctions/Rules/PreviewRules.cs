using FluentValidation;
using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Features.Network;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Auctions.Rules;

/// <summary>What the last day would have been under other rules: each closed book of it cleared again, and nothing stored.</summary>
public sealed record PreviewRules(int LoopId, RulesWished Rules) : IRequest<RulesPreview>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

/// <param name="Hours">The hours looked at; none before the first was cleared.</param>
/// <param name="Welfare">By the rules that held.</param>
/// <param name="WouldBeWelfare">By the rules asked about.</param>
/// <param name="Idle">Plants that would stand still because they join a carrier that would be cleared by itself.</param>
public sealed record RulesPreview(
    Interval? Hours, Money Welfare, Money WouldBeWelfare, IReadOnlyList<CarrierPreview> Carriers, IReadOnlyList<string> Idle);

/// <param name="Price">The average price, by energy; none where nothing was traded.</param>
/// <param name="Bought">What members bought for themselves; what plants and stores took is not in it.</param>
/// <param name="Unserved">What members wanted to buy and did not get.</param>
public sealed record CarrierPreview(
    Carrier Carrier, Price? Price, Energy Bought, Energy Unserved, Price? WouldBePrice, Energy WouldBeBought, Energy WouldBeUnserved);

public sealed class PreviewRulesValidator : AbstractValidator<PreviewRules>
{
    public PreviewRulesValidator() => RuleFor(request => request.Rules).SetValidator(new RulesWishedValidator());
}

internal sealed class PreviewRulesHandler(MarketplaceDb db, ILinearProgram solver) : IRequestHandler<PreviewRules, RulesPreview>
{
    private const int HoursBack = 24;

    public async Task<RulesPreview> Handle(PreviewRules request, CancellationToken cancellationToken)
    {
        var loopId = request.LoopId;
        var results = await db.Results.AsNoTracking()
            .Where(result => result.LoopId == loopId)
            .OrderByDescending(result => result.Hour)
            .Take(HoursBack)
            .ToListAsync(cancellationToken);
        if (results.Count == 0)
        {
            return new RulesPreview(null, Money.Zero, Money.Zero, [], []);
        }

        var (from, until) = (results[^1].Hour, results[0].Hour);
        var books = await db.Books.AsNoTracking()
            .Where(book => book.LoopId == loopId && book.Hour >= from && book.Hour <= until)
            .ToDictionaryAsync(book => book.Hour, book => book.Json, cancellationToken);
        var orders = (await db.BookOrders.AsNoTracking()
            .Where(order => order.LoopId == loopId && order.Hour >= from && order.Hour <= until)
            .OrderBy(order => order.Position)
            .ToListAsync(cancellationToken)).ToLookup(order => order.Hour);
        var plants = await db.Plants.AsNoTracking().Where(plant => plant.LoopId == loopId)
            .Select(plant => new { plant.Code, plant.Name, plant.Definition }).ToListAsync(cancellationToken);
        var outside = plants
            .Where(plant => PlantDefinition.Read(plant.Definition).Kind is PlantKind.GridSupplier or PlantKind.BalancingPlant)
            .Select(plant => plant.Code).ToHashSet();

        var rules = request.Rules.For(loopId);
        var (was, wouldBe) = (new Totals(), new Totals());
        var idle = new HashSet<string>(StringComparer.Ordinal);
        foreach (var result in results)
        {
            var book = OrderBookJson.Read(books[result.Hour]);
            var composed = new ComposedBook(
                [.. orders[result.Hour].Select(order => new BookEntry(
                    order.MemberId, order.Carrier, order.Side, order.Quantity, order.Limit, order.Source, order.OrderId, order.PlantCode)
                {
                    IsOutside = order.PlantCode is { } code && outside.Contains(code),
                })],
                [.. book.Converters.Select(converter => new Converter(
                    converter.Id, converter.Capacity, converter.FlowsByCarrier().ToDictionary(flow => flow.Key.Name(), flow => flow.Value), converter.Cost))])
            {
                Outside = await OutsideAsync(loopId, result.Hour, cancellationToken),
            };
            was.Add(book, ClearingResultJson.Read(result.Json, book), composed);
            var other = Again(result.Hour, composed, rules);
            var cleared = Clearing.Run(other, solver);
            if (!Clearing.Check(other, cleared).Holds)
            {
                throw new BrokenInvariantException("a clearing result passes its independent check", Instants.Iso(result.Hour));
            }

            wouldBe.Add(other, cleared, composed);
            idle.UnionWith(other.Converters.Where(converter => !other.CanRun(converter)).Select(converter => converter.Id));
        }

        return new RulesPreview(
            new Interval(from, until + Loops.MarketHour.Length),
            was.Welfare,
            wouldBe.Welfare,
            [.. Carriers.All.Select(carrier => new CarrierPreview(
                carrier,
                was.Price(carrier), was.Bought(carrier), was.Unserved(carrier),
                wouldBe.Price(carrier), wouldBe.Bought(carrier), wouldBe.Unserved(carrier)))],
            [.. plants.Where(plant => idle.Contains(plant.Code)).Select(plant => plant.Name).Order(StringComparer.Ordinal)]);
    }

    /// <summary>The hour's zones, and the deals between them; trades made live would be orders again.</summary>
    private async Task<TradesOutside> OutsideAsync(int loopId, DateTimeOffset hour, CancellationToken cancellationToken)
    {
        var outside = new TradesOutside(await HourZones.AtAsync(db, loopId, hour, cancellationToken));
        foreach (var deal in outside.Zones.AreSeveral
            ? await db.ZoneTrades.AsNoTracking().Where(trade => trade.LoopId == loopId && trade.Hour == hour && trade.Kind == ZoneTradeKind.Deal).ToListAsync(cancellationToken)
            : [])
        {
            outside.Keep(deal.Carrier, deal.FromZone, deal.ToZone, deal.Allowed);
        }

        return outside;
    }

    private static OrderBook Again(DateTimeOffset hour, ComposedBook composed, MarketRules rules)
    {
        try
        {
            return MarketBook.Of(
                hour, composed, rules,
                position => position.ToString(System.Globalization.CultureInfo.InvariantCulture),
                member => member.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
        catch (OrderBookException problem)
        {
            throw new RefusedException($"With these rules the book of {Instants.Iso(hour)} could not have been cleared: {problem.Message}.");
        }
    }

    private sealed class Totals
    {
        private readonly Dictionary<Carrier, (Int128 Value, Int128 Bought, Int128 Wanted)> _carriers = [];

        public Money Welfare { get; private set; }

        public void Add(OrderBook book, ClearingResult result, ComposedBook composed)
        {
            Welfare += result.Welfare;
            for (var i = 0; i < book.Orders.Count; i++)
            {
                var order = book.Orders[i];
                if (order.Side == Side.Buy && composed.Orders[i].PlantCode is null)
                {
                    var price = result.Prices[book.NodeIndex(order.Node)].Price?.MicroPerKWh ?? 0;
                    var (value, bought, wanted) = _carriers.GetValueOrDefault(composed.Orders[i].Carrier);
                    var accepted = result.Accepted[i].WattHours;
                    _carriers[composed.Orders[i].Carrier] = (value + ((Int128)accepted * price), bought + accepted, wanted + order.Quantity.WattHours);
                }
            }
        }

        public Price? Price(Carrier carrier) => _carriers.GetValueOrDefault(carrier) is { Bought: var bought, Value: var value } && bought > 0
            ? Quantities.Price.FromMicroPerKWh((long)(value / bought))
            : null;

        public Energy Bought(Carrier carrier) => Energy.FromWh((long)_carriers.GetValueOrDefault(carrier).Bought);

        public Energy Unserved(Carrier carrier)
        {
            var (_, bought, wanted) = _carriers.GetValueOrDefault(carrier);
            return Energy.FromWh((long)(wanted - bought));
        }
    }
}
