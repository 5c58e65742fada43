using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Network;
using Marketplace.Web.Features.Plants;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Storage;

/// <summary>Plans a day for the stores whose owners let the market schedule them. The day is cleared as a whole, with the books of the same
/// hours of the day before standing for what is to come; what a kWh in store is worth in each hour then sets the limits at which
/// the store bids in the hour's own auction, so that the auction trades what comes otherwise than planned.</summary>
public sealed partial class StoreDay(MarketplaceDb db, LoopPlants plants, ILinearProgram solver, ILogger<StoreDay> log)
{
    private static readonly TimeSpan Yesterday = TimeSpan.FromHours(24);

    /// <summary>Makes the plan of the hour's day if the market schedules stores on it and there is none yet. Where no plan can be made, the stores
    /// follow their own rule for the day.</summary>
    public async Task PlanAsync(Loop loop, DateTimeOffset hour, CancellationToken cancellationToken)
    {
        var day = loop.Calendar.Day(loop.Calendar.DayOf(hour));
        var chosen = (await StoreChoices.AtAsync(db, loop.Id, day.Start, cancellationToken)).Where(choice => choice.ByMarket).ToList();
        if (chosen.Count == 0 || hour != day.Start
            || await db.StorePlans.AnyAsync(plan => plan.LoopId == loop.Id && plan.Hour >= day.Start && plan.Hour < day.End, cancellationToken))
        {
            return;
        }

        if (await BookAsync(loop, day, chosen, cancellationToken) is not { } book)
        {
            return;
        }

        // A gate closes in time with a plan or without one.
        if (Checked(loop, day, book) is not { } result)
        {
            return;
        }

        await db.BulkInsertAsync(
            [.. result.Stores.Index().SelectMany(store => book.Hours.Select((planned, h) => new StorePlan
            {
                LoopId = loop.Id,
                PlantCode = book.Stores[store.Index].Id,
                Hour = planned.Hour,
                OwnerShareMillionths = chosen.Single(choice => choice.PlantCode == book.Stores[store.Index].Id).OwnerShareMillionths,
                Worth = store.Item.Worth[h],
                Charge = store.Item.Charged[h],
                Discharge = store.Item.Discharged[h],
                Held = store.Item.Held[h],
            }))],
            cancellationToken);
    }

    private DayResult? Checked(Loop loop, Interval day, DayBook book)
    {
        try
        {
            var result = DayAuction.Clear(book, solver);
            var report = DayCheck.Check(result);
            if (report.Holds)
            {
                return result;
            }

            LogRefused(loop.Slug, day, string.Join(" ", report.Findings));
        }
        catch (InvalidOperationException noPlan)
        {
            LogNone(noPlan, loop.Slug, day);
        }

        return null;
    }

    /// <summary>The day as it is expected; none where the loop has not traded for a whole day yet.</summary>
    private async Task<DayBook?> BookAsync(Loop loop, Interval day, List<StoreChoice> chosen, CancellationToken cancellationToken)
    {
        var codes = chosen.Select(choice => choice.PlantCode).ToList();
        var records = await db.Plants.AsNoTracking().Where(plant => plant.LoopId == loop.Id && codes.Contains(plant.Code)).ToListAsync(cancellationToken);
        var hours = Enumerable.Range(0, (int)(day.End - day.Start).TotalHours).Select(h => day.Start.AddHours(h)).ToList();
        var sources = hours.ToDictionary(hour => hour, hour => hour < day.Start + Yesterday ? hour - Yesterday : hour - Yesterday - Yesterday);
        var (from, to) = (sources.Values.Min(), sources.Values.Max());
        var closed = await db.Books.AsNoTracking()
            .Where(book => book.LoopId == loop.Id && book.Hour >= from && book.Hour <= to)
            .ToDictionaryAsync(book => book.Hour, book => book.Json, cancellationToken);
        if (sources.Values.Any(source => !closed.ContainsKey(source)))
        {
            return null;
        }

        var own = (await db.BookOrders.AsNoTracking()
            .Where(order => order.LoopId == loop.Id && order.Hour >= from && order.Hour <= to && order.PlantCode != null && codes.Contains(order.PlantCode))
            .Select(order => new { order.Hour, order.PublicId })
            .ToListAsync(cancellationToken)).ToLookup(order => order.Hour, order => order.PublicId);
        var tariff = await db.Tariffs.AsNoTracking()
            .Where(tariff => tariff.LoopId == loop.Id && tariff.ValidFrom <= day.Start)
            .OrderByDescending(tariff => tariff.Version)
            .FirstAsync(cancellationToken);
        var levels = await plants.LevelsAsync(loop.Id, day.Start, cancellationToken);
        var zones = await HourZones.AtAsync(db, loop.Id, day.Start, cancellationToken);
        var averages = new Dictionary<string, Dictionary<Carrier, Price>>(StringComparer.Ordinal);
        foreach (var zone in zones.Codes)
        {
            averages.Add(zone, await plants.RecentAveragesAsync(loop.Id, day.Start, zone, cancellationToken));
        }

        var read = new Dictionary<DateTimeOffset, OrderBook>();
        foreach (var source in sources.Values.Distinct())
        {
            read.Add(source, OrderBookJson.Read(closed[source]));
        }

        // A day of books from before its zones tells nothing of where the stores stand.
        string NodeOf(PlantRecord record) => NodeName.Of(zones.Of(0, record.Code), PlantDefinition.Read(record.Definition).Output);
        if (read.Values.Any(book => !book.Nodes.SequenceEqual(read[sources[day.Start]].Nodes, StringComparer.Ordinal) || records.Exists(record => book.NodeIndex(NodeOf(record)) < 0)))
        {
            return null;
        }

        return new DayBook(
            [.. hours.Select(hour => Expected(hour, read[sources[hour]], own[sources[hour]].ToHashSet(StringComparer.Ordinal)))],
            [.. records.OrderBy(record => record.Code, StringComparer.Ordinal).Select(record =>
            {
                var plant = PlantDefinition.Read(record.Definition);
                return MarketStore.Of(
                    plant, record.Code, levels.GetValueOrDefault(record.Code), averages[zones.Of(0, record.Code)].GetValueOrDefault(plant.Output),
                    tariff.NetworkFee(plant.Output), NodeOf(record));
            })],
            []);
    }

    /// <summary>An earlier book without the orders of the stores that are planned, as one coupled auction.</summary>
    private static OrderBook Expected(DateTimeOffset hour, OrderBook book, HashSet<string> own) => new(
        hour,
        book.Nodes,
        [.. book.Orders.Where(order => !own.Contains(order.Id)).Select(order => new Order(order.Id, order.Node, order.Side, order.Quantity, order.Limit))],
        book.Converters,
        book.Connections,
        book.Cap,
        book.Floor);

    [LoggerMessage(Level = LogLevel.Error, Message = "Loop {Loop}: no plan can be made for stores of {Day}")]
    private partial void LogNone(Exception problem, string loop, Interval day);

    [LoggerMessage(Level = LogLevel.Error, Message = "Loop {Loop}: the plan for stores of {Day} fails its check and is not used: {Findings}")]
    private partial void LogRefused(string loop, Interval day, string findings);
}

/// <summary>A store as the market schedules it.</summary>
public static class MarketStore
{
    private const long One = 1_000_000;

    /// <param name="plant">The store.</param>
    /// <param name="id">Its name in the day's book.</param>
    /// <param name="level">What it holds when the day begins.</param>
    /// <param name="average">The average price of its carrier over the last day: what it holds when the day ends is worth that, less what getting it out costs.</param>
    /// <param name="networkFee">Paid once, on what is charged. Wear, which is per kWh discharged, is counted there too.</param>
    /// <param name="node">Where it stands; null is the carrier's node of a loop with one zone.</param>
    public static Store Of(Plant plant, string id, Energy level, Price average, Price networkFee, string? node = null)
    {
        var details = plant.Store ?? throw new ArgumentException($"{plant.Id} is no store", nameof(plant));
        var power = Energy.FromWh(plant.CapacityWatts);
        var roundTrip = Rounding.DivideAwayFromZero((Int128)details.ChargeEfficiencyMillionths * details.DischargeEfficiencyMillionths, One);
        var wear = Rounding.DivideAwayFromZero((Int128)plant.RunningCost.MicroPerKWh * roundTrip, One);
        var worth = Rounding.DivideAwayFromZero((Int128)Math.Max(0, average.MicroPerKWh) * details.DischargeEfficiencyMillionths, One);
        return new Store(
            id, node ?? plant.Output.Name(), power, power, details.Capacity, Energy.Min(level, details.Capacity), Price.FromMicroPerKWh(worth),
            details.ChargeEfficiencyMillionths, details.DischargeEfficiencyMillionths, details.StandingLossMillionthsPerHour,
            networkFee + Price.FromMicroPerKWh(wear));
    }

    /// <summary>What the store bids in an hour: all that power and content allow, at limits at which it gains by what a kWh held is worth.</summary>
    public static PlantBid Bid(Plant plant, Store store, Energy level, Price worth)
    {
        var details = plant.Store!;
        var state = new StoreState(level);
        var sell = store.SellsAt(worth);
        // A lossless store without fee would trade with itself.
        var buy = Price.Min(store.BuysAt(worth), sell - Price.FromMicroPerKWh(1));
        return PlantBid.Of(
            new PlantOrder(plant.Output, BidSide.Buy, Energy.Min(store.ChargePerHour, state.Room(details)), buy),
            new PlantOrder(plant.Output, BidSide.Sell, Energy.Min(store.DischargePerHour, state.Deliverable(details)), sell));
    }
}
