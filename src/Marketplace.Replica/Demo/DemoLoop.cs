using Marketplace.Quantities;

namespace Marketplace.Replica.Demo;

/// <summary>The demo loop: an invented district in Berlin with about forty members over heat, cold and electricity.
/// Everything is a function of the seed and the hour; nothing is remembered between calls, so any hour can be asked alone.</summary>
public sealed class DemoLoop
{
    private readonly Weather weather;
    private readonly Grid grid;
    private readonly LoopCalendar calendar;
    private readonly Dictionary<string, Plant> plants;
    private readonly ILookup<string, DemoMeter> uses;
    private readonly ulong tasteKey;

    private DemoLoop(ulong seed)
    {
        Seed = seed;
        weather = new Weather(seed, latitudeDegrees: 52.5, longitudeDegrees: 13.4);
        grid = new Grid(seed);
        calendar = new LoopCalendar(TimeZoneInfo.FindSystemTimeZoneById(TimeZoneId));
        var district = new District(seed);
        (Members, Meters, Plants, Shares) = (district.Members, district.Meters, district.Plants, district.Shares);
        plants = Plants.ToDictionary(plant => plant.Id);
        uses = Meters.Where(meter => meter.Load is not null).ToLookup(meter => meter.Member);
        tasteKey = Chance.Key(seed, "own limits");
    }

    /// <summary>The loop's name.</summary>
    public const string Name = "Lindenhof loop";

    /// <summary>The loop's currency.</summary>
    public const string Currency = "EUR";

    /// <summary>The loop's time zone.</summary>
    public const string TimeZoneId = "Europe/Berlin";

    /// <summary>First loop day of the history shown at first start.</summary>
    public static DateOnly HistoryStart { get; } = new(2026, 10, 1);

    /// <summary>Loop day at whose midnight the market clock starts.</summary>
    public static DateOnly MarketStart { get; } = new(2026, 11, 5);

    /// <summary>The loop's configured feed-in price.</summary>
    public static Price FeedIn { get; } = Price.FromMicroPerKWh(60_000);

    /// <summary>What all chance derives from.</summary>
    public ulong Seed { get; }

    /// <summary>The members, in a fixed order.</summary>
    public IReadOnlyList<LoopMember> Members { get; }

    /// <summary>The meters, in a fixed order.</summary>
    public IReadOnlyList<DemoMeter> Meters { get; }

    /// <summary>The plants, in a fixed order.</summary>
    public IReadOnlyList<Plant> Plants { get; }

    /// <summary>The investors' shares in plants.</summary>
    public IReadOnlyList<PlantShare> Shares { get; }

    /// <summary>Keys of the members that place orders of their own; all others leave it to their standing order.</summary>
    public static IReadOnlyList<string> OwnOrderMembers { get; } = ["home-05", "home-11", "home-20", "office-b", "school", "sports-hall"];

    /// <summary>The demo loop of a seed.</summary>
    public static DemoLoop Create(ulong seed) => new(seed);

    /// <summary>Weather and grid as they are in an hour.</summary>
    /// <exception cref="ArgumentException">Not the start of an hour.</exception>
    public Conditions ConditionsAt(DateTimeOffset hour) => Outside(hour, forecast: false);

    /// <summary>Weather and grid as forecast the day before; the import price is the true one, the weather is not quite.</summary>
    /// <exception cref="ArgumentException">Not the start of an hour.</exception>
    public Conditions ForecastAt(DateTimeOffset hour) => Outside(hour, forecast: true);

    /// <summary>What a meter measures in an hour, in whole Wh, never negative.</summary>
    /// <param name="meter">A meter of this loop.</param>
    /// <param name="hour">Start of the hour.</param>
    /// <param name="scheduled">What a dispatched plant traded on this meter's carrier and direction: it delivers that. Ignored by other meters.</param>
    /// <exception cref="ArgumentException">Not the start of an hour, or a meter of another loop.</exception>
    public Energy Reading(DemoMeter meter, DateTimeOffset hour, Energy scheduled = default)
    {
        var local = Local(hour);
        return meter.IsDispatched ? scheduled : Measure(meter, local, weather.At(hour, forecast: false), () => ConditionsAt(hour));
    }

    /// <summary>The readings of all meters that no schedule moves, in the order of <see cref="Meters"/>.</summary>
    /// <exception cref="ArgumentException">Not the start of an hour.</exception>
    public IEnumerable<(DemoMeter Meter, Energy Energy)> Readings(DateTimeOffset hour)
    {
        var local = Local(hour);
        var sky = weather.At(hour, forecast: false);
        var conditions = ConditionsAt(hour);
        return Meters.Where(meter => !meter.IsDispatched).Select(meter => (meter, Measure(meter, local, sky, () => conditions)));
    }

    /// <summary>What a consumption meter is expected to measure, known the day before: habits and forecast weather, without chance.
    /// Production and dispatched meters expect nothing here; plants say it in their bids.</summary>
    /// <exception cref="ArgumentException">Not the start of an hour.</exception>
    public Energy Expected(DemoMeter meter, DateTimeOffset hour) =>
        meter.Load is null ? Energy.Zero : WholeWh(meter.Load.Expected(Local(hour), weather.At(hour, forecast: true)));

    /// <summary>What a plant knows when it bids for an hour.</summary>
    /// <param name="plant">A plant of this loop.</param>
    /// <param name="hour">Start of the delivery hour.</param>
    /// <param name="store">What it will hold at the start of the hour, for a store.</param>
    /// <param name="recentAverages">Average price of each carrier over recent hours; a carrier without price is absent.</param>
    /// <exception cref="ArgumentException">Not the start of an hour.</exception>
    public BidInputs InputsFor(Plant plant, DateTimeOffset hour, StoreState store, IReadOnlyDictionary<Carrier, Price> recentAverages) =>
        new(ForecastAt(hour))
        {
            OwnerElectricity = plant.Kind == PlantKind.WasteHeat ? ElectricityOf(plant.Owner, meter => Expected(meter, hour)) : Energy.Zero,
            Store = store,
            RecentAverages = recentAverages,
            FeedIn = FeedIn,
        };

    /// <summary>The orders a member places itself for an hour: most of the expected use almost at any price, the rest only when it is cheap.
    /// Empty for a member that leaves it to its standing order.</summary>
    /// <exception cref="ArgumentException">Not the start of an hour.</exception>
    public IReadOnlyList<PlantOrder> OwnOrders(string member, DateTimeOffset hour)
    {
        if (!OwnOrderMembers.Contains(member))
        {
            return [];
        }

        var import = ForecastAt(hour).ImportPrice;
        var day = Local(hour).DayNumber;
        var orders = new List<PlantOrder>();
        foreach (var meter in uses[member])
        {
            var expected = Expected(meter, hour).WattHours;
            var must = expected * 7 / 10;
            var should = expected * 2 / 10;
            var (high, middle, low) = Limits(meter.Carrier, import);

            // Each member judges "cheap" anew each day, within ten per cent.
            var taste = 900 + (long)(200 * Chance.Uniform(tasteKey ^ meter.Keys!.Day, day));
            Add(meter.Carrier, must, high);
            Add(meter.Carrier, should, Tasted(middle, taste));
            Add(meter.Carrier, expected - must - should, Tasted(low, taste));
        }

        return orders;

        void Add(Carrier carrier, long wattHours, Price limit)
        {
            if (wattHours > 0)
            {
                orders.Add(new PlantOrder(carrier, BidSide.Buy, Energy.FromWh(wattHours), limit));
            }
        }
    }

    private static (Price High, Price Middle, Price Low) Limits(Carrier carrier, Price import) => carrier switch
    {
        Carrier.Heat => (Price.Max(import, Price.FromMicroPerKWh(60_000)) + Price.FromMicroPerKWh(80_000), Price.FromMicroPerKWh(70_000), Price.FromMicroPerKWh(30_000)),
        Carrier.Cold => (Price.FromMicroPerKWh(120_000), Price.FromMicroPerKWh(40_000), Price.FromMicroPerKWh(10_000)),
        _ => (Price.Max(import, Price.Zero) + Price.FromMicroPerKWh(80_000), Price.FromMicroPerKWh(140_000), Price.FromMicroPerKWh(85_000)),
    };

    private static Price Tasted(Price price, long thousandths) => Price.FromMicroPerKWh(price.MicroPerKWh * thousandths / 1000 / 100 * 100);

    private Conditions Outside(DateTimeOffset hour, bool forecast)
    {
        var expected = weather.At(hour, forecast: true);
        var sky = forecast ? expected : weather.At(hour, forecast: false);
        return new Conditions(
            hour.ToUniversalTime(),
            Math.Round((decimal)sky.AirC, 1),
            Math.Round((decimal)sky.GhiWm2, 1),
            grid.ImportPrice(Local(hour), expected),
            Grid.Carbon(sky));
    }

    private Energy Measure(DemoMeter meter, LocalHour local, Sky sky, Func<Conditions> conditions)
    {
        if (meter.Load is { } load)
        {
            return WholeWh(load.Actual(meter.Keys!, local, sky));
        }

        if (meter.Plant is null || !plants.TryGetValue(meter.Plant, out var plant))
        {
            throw new ArgumentException($"{meter.Id} is not a meter of this loop", nameof(meter));
        }

        return plant.Kind == PlantKind.Pv
            ? PlantOutput.Pv(plant, conditions())
            : PlantOutput.WasteHeat(plant, ElectricityOf(plant.Owner, use => Measure(use, local, sky, conditions)));
    }

    private Energy ElectricityOf(string member, Func<DemoMeter, Energy> of) =>
        uses[member].Where(meter => meter.Carrier == Carrier.Electricity).Aggregate(Energy.Zero, (sum, meter) => sum + of(meter));

    private LocalHour Local(DateTimeOffset hour)
    {
        var index = HourIndex.Of(hour);
        var local = calendar.ToLocal(hour).DateTime;
        var free = local.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday
            || (local.Month, local.Day) is (1, 1) or (5, 1) or (10, 3) or (12, 25) or (12, 26);
        return new LocalHour(index, DateOnly.FromDateTime(local).DayNumber, local.Hour, free);
    }

    private static Energy WholeWh(double watts) => Energy.FromWh((long)Math.Round(Math.Max(0, watts)));
}
