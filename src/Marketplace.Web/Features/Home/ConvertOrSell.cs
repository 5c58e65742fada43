using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Network;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Home;

/// <summary>What a kWh of electricity is worth sold, and what it is worth in each of a member's heat pumps, chillers and boilers: in the last
/// cleared hour by its prices, and in the coming day by what each hour of the clock cost on average over the last seven days.</summary>
public sealed record ConvertOrSell(int LoopId, int MemberId) : IRequest<IReadOnlyList<ConverterOutlook>>, IGuarded
{
    public bool Permits(Actor actor) => actor.ActsFor(LoopId, MemberId) || actor.Operates(LoopId);
}

/// <param name="Hours">The last cleared hour first, then those to come; empty before the first auction.</param>
public sealed record ConverterOutlook(string Code, string Name, PlantKind Kind, IReadOnlyList<ConversionHour> Hours);

/// <summary>One kWh of electricity in one hour. Ratios are whole millionths.</summary>
/// <param name="IsCleared">Whether the prices are those of the auction; else they are expected.</param>
/// <param name="Sold">What it brings sold.</param>
/// <param name="Products">What the plant makes of it and what that brings.</param>
/// <param name="RunningCost">What running the plant costs for it.</param>
public sealed record ConversionHour(Interval Hour, bool IsCleared, Price Sold, IReadOnlyList<ConversionProduct> Products, Price RunningCost)
{
    /// <summary>What it brings converted.</summary>
    public Price Converted => Products.Aggregate(Price.Zero, (sum, product) => sum + product.Brings) - RunningCost;

    /// <summary>Above zero converting is worth more, below zero selling.</summary>
    public Price Gain => Converted - Sold;

    public bool Converts => Gain > Price.Zero;
}

/// <param name="RatioMillionths">How much comes out of a kWh of electricity.</param>
/// <param name="Price">Of a kWh of it; none where it could not be traded, and then it brings nothing.</param>
public sealed record ConversionProduct(Carrier Carrier, long RatioMillionths, Price? Price)
{
    public Price Brings => Quantities.Price.FromMicroPerKWh(Rounding.DivideAwayFromZero((Int128)RatioMillionths * (Price?.MicroPerKWh ?? 0), 1_000_000));
}

internal sealed class ConvertOrSellHandler(MarketplaceDb db, MarketTime marketTime) : IRequestHandler<ConvertOrSell, IReadOnlyList<ConverterOutlook>>
{
    private const int HoursAhead = 24;
    private const int Days = 7;

    public async Task<IReadOnlyList<ConverterOutlook>> Handle(ConvertOrSell request, CancellationToken cancellationToken)
    {
        var loopId = request.LoopId;
        var own = (await db.Plants.AsNoTracking().Where(plant => plant.LoopId == loopId && plant.OwnerId == request.MemberId).OrderBy(plant => plant.Name).ToListAsync(cancellationToken))
            .Select(plant => (Record: plant, Plant: PlantDefinition.Read(plant.Definition)))
            .Where(plant => plant.Plant.Kind is PlantKind.HeatPump or PlantKind.Chiller || (plant.Plant.Kind == PlantKind.Boiler && plant.Plant.Input is not null))
            .ToList();
        if (own.Count == 0)
        {
            return [];
        }

        var calendar = (await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken)).Calendar;
        var now = MarketHour.Containing(await marketTime.NowAsync(loopId, cancellationToken));
        var cleared = await db.HourSteps.Where(step => step.LoopId == loopId && step.Step == HourStepKind.Cleared).MaxAsync(step => (DateTimeOffset?)step.Hour, cancellationToken);
        if (cleared is not { } last)
        {
            return [.. own.Select(plant => new ConverterOutlook(plant.Record.Code, plant.Record.Name, plant.Plant.Kind, []))];
        }

        var (from, to) = (last.AddDays(-Days), last + MarketHour.Length);
        var prices = await db.Prices.AsNoTracking()
            .Where(price => price.LoopId == loopId && price.Hour >= from && price.Hour < to && price.Price != null)
            .Select(price => new { price.Hour, price.Carrier, price.Zone, price.Price })
            .ToListAsync(cancellationToken);
        var (weatherFrom, weatherTo) = (last.AddDays(-1), last.AddHours(HoursAhead + 1));
        var weather = await db.Conditions.AsNoTracking()
            .Where(hour => hour.LoopId == loopId && hour.Hour >= weatherFrom && hour.Hour < weatherTo)
            .ToDictionaryAsync(hour => hour.Hour, cancellationToken);
        var zones = await HourZones.AtAsync(db, loopId, now, cancellationToken);
        return [.. own.Select(plant =>
        {
            var zone = zones.Of(request.MemberId, plant.Record.Code);
            var here = prices.Where(price => price.Zone.Length == 0 || price.Zone == zone).ToList();
            var usual = Carriers.All.ToDictionary(carrier => carrier, carrier => HourOfDay.Means(here.Where(price => price.Carrier == carrier).Select(price => (price.Hour, price.Price!.Value)), calendar));
            var hours = new List<ConversionHour>();
            for (var hour = last; hour <= last.AddHours(HoursAhead); hour += MarketHour.Length)
            {
                Price? Of(Carrier carrier) => hour == last
                    ? here.Find(price => price.Hour == last && price.Carrier == carrier)?.Price
                    : usual[carrier].TryGetValue(calendar.ToLocal(hour).Hour, out var mean) ? mean : null;
                if (Of(Carrier.Electricity) is { } power && WeatherOf(hour) is { } conditions && At(plant.Plant, hour, hour == last, power, Of, conditions) is { } outlook)
                {
                    hours.Add(outlook);
                }
            }

            return new ConverterOutlook(plant.Record.Code, plant.Record.Name, plant.Plant.Kind, hours);
        })];

        // Tomorrow's weather where it is not known yet: today's at the same hour.
        HourConditions? WeatherOf(DateTimeOffset hour) => weather.GetValueOrDefault(hour) ?? weather.GetValueOrDefault(hour.AddDays(-1));
    }

    /// <summary>The plant as it bids: its ratios and its running cost per kWh of electricity.</summary>
    private static ConversionHour? At(Plant plant, DateTimeOffset hour, bool isCleared, Price power, Func<Carrier, Price?> price, HourConditions known)
    {
        var conditions = new Conditions(hour, known.AirTempC, known.GhiWm2, known.ImportPrice, known.CarbonGramsPerKWh);
        return PlantBids.For(plant, new BidInputs(conditions)).Converter is not { } converter ? null : new ConversionHour(
            MarketMoment.HourOf(hour), isCleared, power,
            [.. Carriers.All.Where(carrier => converter.FlowMillionths.TryGetValue(carrier, out var flow) && flow > 0).Select(carrier => new ConversionProduct(carrier, converter.FlowMillionths[carrier], price(carrier)))],
            converter.RunningCost);
    }
}
