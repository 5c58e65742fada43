using System.Globalization;
using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Auctions;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Network;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Prices;

/// <summary>Clears an hour whose gate is still open with the orders that stand now, for its operator. Nothing of it is kept or published.</summary>
public sealed record PreviewClearing(int LoopId, DateTimeOffset Hour) : IRequest<ClearingPreview>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

/// <param name="Findings">What the check of the result found; nothing is good.</param>
public sealed record ClearingPreview(
    DateTimeOffset MarketNow, DateTimeOffset Gate, IReadOnlyList<PreviewNode> Nodes, IReadOnlyList<PreviewConverter> Converters,
    IReadOnlyDictionary<OrderSource, int> Orders, Money Welfare, ClearingChecks Checks, IReadOnlyList<string> Findings, TimeSpan Took);

/// <param name="Traded">What is sold and made, which is what is bought and used.</param>
/// <param name="Wanted">All that buyers want, at any limit.</param>
/// <param name="Offered">All that sellers offer, at any limit.</param>
public sealed record PreviewNode(Carrier Carrier, Price? Price, Price? Low, Price? High, Energy Traded, Energy Wanted, Energy Offered, string Zone = "");

public sealed record PreviewConverter(string Name, Energy Heat, Energy Cold, Energy Electricity);

internal sealed class PreviewClearingHandler(
    MarketplaceDb db, MarketTime marketTime, BookEntries entries, ILinearProgram solver, TimeProvider time) : IRequestHandler<PreviewClearing, ClearingPreview>
{
    public async Task<ClearingPreview> Handle(PreviewClearing request, CancellationToken cancellationToken)
    {
        var (loopId, hour) = (request.LoopId, request.Hour);
        var loop = await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken);
        var now = await marketTime.NowAsync(loopId, cancellationToken);
        var gate = MarketHour.GateOf(loop, hour);
        if (!MarketHour.IsStart(hour) || hour < loop.FirstHour || (loop.EndsAt is { } end && hour >= end))
        {
            throw new RefusedException(nameof(request.Hour), "This market has no such hour.");
        }

        if (gate <= now || await db.HourSteps.AnyAsync(step => step.LoopId == loopId && step.Step == HourStepKind.Closed && step.Hour == hour, cancellationToken))
        {
            throw new RefusedException(nameof(request.Hour), "The gate of this hour has closed: its auction is held, and its own page shows the result.");
        }

        var composed = await entries.ComposeAsync(loop, hour, cancellationToken);
        var started = time.GetTimestamp();
        // Names are places: nobody will ever name one of these orders.
        var book = MarketBook.Of(
            hour, composed, await HourRules.OfAsync(db, loopId, hour, cancellationToken),
            position => position.ToString(CultureInfo.InvariantCulture), member => member.ToString(CultureInfo.InvariantCulture));
        var result = Clearing.Run(book, solver);
        var report = Clearing.Check(book, result);
        var took = time.GetElapsedTime(started);
        var names = await db.Plants.Where(plant => plant.LoopId == loopId).ToDictionaryAsync(plant => plant.Code, plant => plant.Name, cancellationToken);
        return new ClearingPreview(
            now, gate,
            [.. result.Prices.Select(price => NodeOf(price, book, result))],
            [.. result.Flows.Where(flow => NodeName.LineOf(flow.Unit) is null).GroupBy(flow => flow.Unit).Select(unit => ConverterOf(names.GetValueOrDefault(unit.Key, unit.Key), [.. unit]))],
            composed.Orders.GroupBy(order => order.Source).ToDictionary(group => group.Key, group => group.Count()),
            result.Welfare, report.Checks, [.. report.Findings.Select(finding => finding.ToString())], took);
    }

    private static PreviewNode NodeOf(NodePrice price, OrderBook book, ClearingResult result)
    {
        var (zone, carrier) = NodeName.Parse(price.Node);
        var (wanted, offered, sold) = (Energy.Zero, Energy.Zero, Energy.Zero);
        foreach (var (i, order) in book.Orders.Index().Where(order => order.Item.Node == price.Node))
        {
            if (order.Side == Side.Buy)
            {
                wanted += order.Quantity;
            }
            else
            {
                offered += order.Quantity;
                sold += result.Accepted[i];
            }
        }

        var made = result.Flows.Where(flow => flow.Node == price.Node && flow.Energy > Energy.Zero).Aggregate(Energy.Zero, (sum, flow) => sum + flow.Energy);
        return new PreviewNode(carrier, price.Price, price.Low, price.High, sold + made, wanted, offered, zone);
    }

    private static PreviewConverter ConverterOf(string name, UnitFlow[] flows)
    {
        Energy At(Carrier carrier) => flows.Where(flow => NodeName.Parse(flow.Node).Carrier == carrier).Aggregate(Energy.Zero, (sum, flow) => sum + flow.Energy);
        return new PreviewConverter(name, At(Carrier.Heat), At(Carrier.Cold), At(Carrier.Electricity));
    }
}
