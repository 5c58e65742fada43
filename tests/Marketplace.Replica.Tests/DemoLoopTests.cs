using System.Globalization;
using Marketplace.Quantities;
using Marketplace.Replica.Demo;
using Shouldly;
using Xunit;

namespace Marketplace.Replica.Tests;

public class DemoLoopTests
{
    private static readonly DemoLoop Loop = DemoLoop.Create(1);
    private static readonly LoopCalendar Calendar = new(TimeZoneInfo.FindSystemTimeZoneById(DemoLoop.TimeZoneId));
    private static readonly DateTimeOffset[] October = [.. Calendar.Month(DemoLoop.HistoryStart).Steps(TimeSpan.FromHours(1))];

    private static readonly Dictionary<string, long[]> Measured = October
        .SelectMany(Loop.Readings)
        .GroupBy(reading => reading.Meter.Id)
        .ToDictionary(readings => readings.Key, readings => readings.Select(reading => reading.Energy.WattHours).ToArray());

    [Fact]
    public void The_district_holds_every_role_and_all_parts_fit_together()
    {
        Loop.Members.Count.ShouldBe(40);
        Loop.Members.Select(member => member.Key).ShouldBeUnique();
        Loop.Members.Select(member => member.DisplayName).ShouldBeUnique();
        Loop.Members.SelectMany(member => member.Roles).Distinct().Count().ShouldBe(Enum.GetValues<LoopRole>().Length);
        Loop.Members.Count(member => member.Kind == MemberKind.Dwelling).ShouldBe(24);
        Loop.Members.Count(member => member.Roles.Contains(LoopRole.Investor)).ShouldBe(2);
        Loop.Meters.Select(meter => meter.Id).ShouldBeUnique();
        Loop.Plants.Select(plant => plant.Id).ShouldBeUnique();
        Loop.Plants.Select(plant => plant.Kind).Distinct().Count().ShouldBe(Enum.GetValues<PlantKind>().Length);
        var keys = Loop.Members.Select(member => member.Key).ToHashSet();
        Loop.Plants.ShouldAllBe(plant => keys.Contains(plant.Owner));
        Loop.Meters.ShouldAllBe(meter => keys.Contains(meter.Member));
        Loop.Meters.ShouldAllBe(meter => meter.Plant == null || Loop.Plants.Single(plant => plant.Id == meter.Plant).Owner == meter.Member);
        Loop.Plants.ShouldAllBe(plant => Loop.Meters.Any(meter => meter.Plant == plant.Id));
        Loop.Plants.Where(plant => plant.Kind == PlantKind.Store).ShouldAllBe(plant => plant.Store != null);
        Loop.Shares.ShouldAllBe(share => keys.Contains(share.Holder) && share.ShareMillionths > 0 && share.ShareMillionths <= 1_000_000);
        DemoLoop.OwnOrderMembers.ShouldAllBe(key => keys.Contains(key) && !Loop.Plants.Any(plant => plant.Owner == key));
    }

    [Fact]
    public void The_same_seed_gives_the_same_loop_and_another_seed_another()
    {
        // Pinned: a deployed loop must not change its past because the code was rebuilt.
        Fingerprint(1).ShouldBe("29d1dc5e997af889");
        Fingerprint(1).ShouldBe(Fingerprint(1));
        Fingerprint(2).ShouldNotBe(Fingerprint(1));
    }

    [Fact]
    public void Any_hour_can_be_asked_alone()
    {
        var again = DemoLoop.Create(1);
        foreach (var at in (int[])[744, 3, 400])
        {
            foreach (var meter in again.Meters.Where(meter => !meter.IsDispatched))
            {
                again.Reading(meter, October[at]).WattHours.ShouldBe(Measured[meter.Id][at]);
            }
        }
    }

    [Fact]
    public void The_day_of_the_clock_change_has_25_hours_of_readings()
    {
        October.Length.ShouldBe(745);
        Calendar.Day(new DateOnly(2026, 10, 25)).Steps(TimeSpan.FromHours(1)).Count().ShouldBe(25);
        Measured.Values.ShouldAllBe(values => values.Length == 745);
    }

    [Fact]
    public void A_dwelling_uses_what_dwellings_use_in_October()
    {
        foreach (var member in Loop.Members.Where(member => member.Kind == MemberKind.Dwelling))
        {
            KWh($"{member.Key}-electricity").ShouldBeInRange(110, 420, member.Key);
            KWh($"{member.Key}-heat").ShouldBeInRange(220, 900, member.Key);
        }

        Measured.Where(meter => meter.Key.StartsWith("home-", StringComparison.Ordinal) && meter.Key.EndsWith("-cold", StringComparison.Ordinal))
            .ShouldAllBe(meter => meter.Value.Sum() < 40_000);
    }

    [Fact]
    public void Offices_the_market_hall_and_the_data_centre_need_cold_in_winter_too()
    {
        var winter = new DateTimeOffset(2027, 1, 20, 10, 0, 0, TimeSpan.Zero);
        foreach (var id in (string[])["office-a-cold", "office-b-cold", "office-c-cold", "market-hall-cold", "data-centre-cold"])
        {
            Loop.Reading(Loop.Meters.Single(meter => meter.Id == id), winter).WattHours.ShouldBeGreaterThan(1_000, id);
        }

        KWh("data-centre-electricity").ShouldBeInRange(40_000, 50_000);
        KWh("waste-heat-data-centre-heat-out").ShouldBeInRange(10_000, 20_000);
    }

    [Fact]
    public void An_office_works_by_loop_time_on_working_days()
    {
        long At(int day, int hour) => Loop.Expected(
            Loop.Meters.Single(meter => meter.Id == "office-a-electricity"),
            Calendar.StartOf(new DateOnly(2026, 10, day)).AddHours(hour)).WattHours;
        At(14, 10).ShouldBeGreaterThan(2 * At(14, 3));
        At(14, 10).ShouldBeGreaterThan(2 * At(17, 10));

        // Start at seven by the clock on the wall, before and after the change to winter time.
        At(14, 7).ShouldBeGreaterThan(2 * At(14, 6));
        At(28, 7).ShouldBeGreaterThan(2 * At(28, 6));
    }

    [Fact]
    public void The_sun_shines_by_day_only_and_never_beyond_peak_power()
    {
        foreach (var plant in Loop.Plants.Where(plant => plant.Kind == PlantKind.Pv))
        {
            var meter = Loop.Meters.Single(meter => meter.Plant == plant.Id);
            for (var hour = 0; hour < October.Length; hour++)
            {
                var local = Calendar.ToLocal(October[hour]).Hour;
                if (local is >= 20 or < 6)
                {
                    Measured[meter.Id][hour].ShouldBe(0);
                }

                Measured[meter.Id][hour].ShouldBeInRange(0, plant.CapacityWatts);
            }

            // kWh per kW of peak power in a Berlin October.
            (Measured[meter.Id].Sum() / (decimal)plant.CapacityWatts).ShouldBeInRange(25, 90);
        }
    }

    [Fact]
    public void The_forecast_misses_the_sun_a_little_but_knows_the_price()
    {
        decimal missed = 0, sun = 0;
        foreach (var hour in October)
        {
            var (actual, forecast) = (Loop.ConditionsAt(hour), Loop.ForecastAt(hour));
            forecast.ImportPrice.ShouldBe(actual.ImportPrice);
            missed += Math.Abs(actual.GhiWm2 - forecast.GhiWm2);
            sun += actual.GhiWm2;
        }

        (missed / sun).ShouldBeInRange(0.01m, 0.2m);
    }

    [Theory]
    [InlineData(1UL)]
    [InlineData(42UL)]
    [InlineData(2026UL)]
    public void Weather_and_prices_of_a_year_are_those_of_the_place(ulong seed)
    {
        var loop = DemoLoop.Create(seed);
        var year = new Interval(Calendar.StartOf(new DateOnly(2026, 1, 1)), Calendar.StartOf(new DateOnly(2027, 1, 1)))
            .Steps(TimeSpan.FromHours(1)).Select(loop.ConditionsAt).ToArray();
        year.Average(hour => hour.AirTempC).ShouldBeInRange(7.5m, 12.5m);
        year.Min(hour => hour.AirTempC).ShouldBeInRange(-20m, 0m);
        year.Max(hour => hour.AirTempC).ShouldBeInRange(24m, 40m);
        (year.Sum(hour => hour.GhiWm2) / 1000m).ShouldBeInRange(850m, 1350m);
        year.Max(hour => hour.GhiWm2).ShouldBeInRange(700m, 1100m);
        year.Average(hour => hour.ImportPrice.CentsPerKWh).ShouldBeInRange(7m, 14m);
        year.Count(hour => hour.ImportPrice < Price.Zero).ShouldBeInRange(50, 700);
        year.ShouldAllBe(hour => hour.CarbonGramsPerKWh >= 45 && hour.CarbonGramsPerKWh <= 640);
    }

    [Fact]
    public void Own_orders_ask_for_the_expected_use_at_three_limits()
    {
        var hour = Calendar.StartOf(DemoLoop.MarketStart).AddHours(10);
        foreach (var key in DemoLoop.OwnOrderMembers)
        {
            var orders = Loop.OwnOrders(key, hour);
            orders.ShouldAllBe(order => order.Side == BidSide.Buy && order.Quantity > Energy.Zero);
            foreach (var meter in Loop.Meters.Where(meter => meter.Member == key))
            {
                var mine = orders.Where(order => order.Carrier == meter.Carrier).ToArray();
                mine.Sum(order => order.Quantity.WattHours).ShouldBe(Loop.Expected(meter, hour).WattHours);
                mine.Select(order => order.Limit).ShouldBeUnique();
            }
        }

        Loop.OwnOrders("home-01", hour).ShouldBeEmpty();
    }

    [Fact]
    public void Dispatched_meters_measure_what_was_scheduled()
    {
        var meter = Loop.Meters.First(meter => meter.Plant == "heat-pump-north");
        Loop.Reading(meter, October[0], Energy.FromWh(4321)).ShouldBe(Energy.FromWh(4321));
        Loop.Readings(October[0]).ShouldAllBe(reading => !reading.Meter.IsDispatched);
    }

    [Fact]
    public void Half_an_hour_is_no_market_hour() =>
        Should.Throw<ArgumentException>(() => Loop.ConditionsAt(October[0].AddMinutes(30)));

    private static long KWh(string meter) => Measured[meter].Sum() / 1000;

    private static string Fingerprint(ulong seed)
    {
        var loop = DemoLoop.Create(seed);
        var hash = 14695981039346656037UL;
        foreach (var hour in (DateTimeOffset[])[October[12], October[500], October[601], October[744]])
        {
            foreach (var (_, energy) in loop.Readings(hour))
            {
                Add(energy.WattHours);
            }

            var outside = loop.ForecastAt(hour);
            Add(outside.ImportPrice.MicroPerKWh);
            Add((long)(outside.AirTempC * 10));
            Add((long)(outside.GhiWm2 * 10));
            foreach (var order in loop.OwnOrders("office-b", hour))
            {
                Add(order.Quantity.WattHours);
                Add(order.Limit.MicroPerKWh);
            }
        }

        return hash.ToString("x16", CultureInfo.InvariantCulture);

        void Add(long value) => hash = unchecked((hash ^ (ulong)value) * 1099511628211UL);
    }
}
