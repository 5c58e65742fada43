using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Features.Consumption.Carbon;
using Marketplace.Web.Features.Consumption.Comparisons;
using Marketplace.Web.Features.Consumption.Pictures;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Features.Prices;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell;
using Marketplace.Web.Shell.Components.Charts;
using Marketplace.Web.Tests.Features.Bills;
using Shouldly;
using Xunit;
using static Marketplace.Web.Tests.Features.Bills.SettledWeekend;
using MeterDirection = Marketplace.Data.MeterDirection;

namespace Marketplace.Web.Tests.Features.Consumption;

/// <summary>What consumption is held against: earlier periods, neighbours, and CO2.</summary>
public sealed class ComparisonTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    private static readonly DateTimeOffset s_hour = new(2026, 4, 10, 10, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_month_that_is_not_over_stands_beside_the_same_part_of_last_years_in_this_weather()
    {
        var weekend = await InAsync(host, "compare");
        await host.Put(db =>
        {
            foreach (var (first, degrees) in new[] { (new DateOnly(2026, 3, 1), 3m), (new DateOnly(2025, 3, 1), 8m) })
            {
                db.Conditions.AddRange(Enumerable.Range(0, 31).Select(day => new HourConditions
                {
                    LoopId = weekend.LoopId, Hour = new DateTimeOffset(first.AddDays(day), new TimeOnly(12, 0), TimeSpan.Zero), AirTempC = degrees, ImportPrice = new Price(1), CarbonGramsPerKWh = 1,
                }));
            }

            // The second day of last March counts, the tenth does not: this March has come to its second day.
            db.Add(Taken(weekend, Household, new DateTimeOffset(2025, 3, 2, 12, 0, 0, TimeSpan.Zero), Carrier.Heat, 20_000));
            db.Add(Taken(weekend, Household, new DateTimeOffset(2025, 3, 10, 12, 0, 0, TimeSpan.Zero), Carrier.Heat, 90_000));
        });

        var month = await host.Send(
            new ComparePeriod(weekend.LoopId, Household, PeriodChoice.Containing(PeriodUnit.Month, new DateOnly(2026, 3, 1))), weekend.As(Household, Role.Consumer));

        month.IsWhole.ShouldBeFalse();
        month.Now.ShouldBe(Period);
        var heat = month.Carriers.Single(row => row.Carrier == Carrier.Heat);
        heat.Now.WattHours.ShouldBe(weekend.Positions.Where(position => position.MemberId == Household && position.Carrier == Carrier.Heat).Sum(position => position.Metered.WattHours));
        heat.Before.ShouldBeNull();
        heat.LastYear.ShouldBe(new Energy(20_000));
        heat.LastYearInThisWeather.ShouldBe(new Energy(30_000), "15 degree days a day instead of 10");
        month.Carriers.Single(row => row.Carrier == Carrier.Electricity).LastYearInThisWeather.ShouldBeNull();
    }

    [Fact]
    public async Task Neighbours_are_shown_as_a_mean_of_at_least_five_others_and_not_at_all_below()
    {
        var weekend = await InAsync(host, "neighbours");
        int[] others = [Operator, Owner, StoreKeeper, Investor, Neighbour];
        await host.Put(db =>
        {
            db.AddRange(others.Select((member, i) => Taken(weekend, member, Period.Start, Carrier.Heat, (i + 1) * 1_000)));
            db.AddRange(others.Take(4).Select(member => Taken(weekend, member, Period.Start, Carrier.Electricity, 1_000)));
        });

        var seen = await host.Send(new NeighboursLikeMe(weekend.LoopId, Household, Period), weekend.As(Household, Role.Consumer));

        seen.Carriers.Single(row => row.Carrier == Carrier.Heat).ShouldSatisfyAllConditions(
            row => row.Mean.ShouldBe(new Energy(3_000)),
            row => row.Others.ShouldBe(5),
            row => row.Own.WattHours.ShouldBe(weekend.Positions.Where(position => position.MemberId == Household && position.Carrier == Carrier.Heat).Sum(position => position.Metered.WattHours)));
        seen.Carriers.Single(row => row.Carrier == Carrier.Electricity).ShouldSatisfyAllConditions(row => row.Mean.ShouldBeNull(), row => row.Others.ShouldBe(0));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new NeighboursLikeMe(weekend.LoopId, Household, Period), weekend.As(Neighbour, Role.Consumer)));
    }

    [Fact]
    public async Task Carbon_follows_the_electricity_through_the_heat_pump_and_every_ribbon_adds_up()
    {
        var weekend = await WithGridHourAsync("carbon");

        var rows = await host.Send(new CarbonOf(weekend.LoopId, Household, MarketMoment.HourOf(s_hour), Grain.Hour), weekend.As(Household, Role.Consumer));

        // Half of the electricity is from the grid at 300 g; the pump makes 1.75 kWh of heat from 0.5 kWh of it.
        rows.Single(row => row.Carrier == Carrier.Electricity).Milligrams.ShouldBe(60_000, "0.4 kWh at 150 g");
        rows.Single(row => row.Carrier == Carrier.Heat).Milligrams.ShouldBe(42_857, "1 kWh at 150 g × 0.5 / 1.75");
        rows.ShouldAllBe(row => row.UnknownHours == 0);
        (await host.Send(new CarbonOf(weekend.LoopId, Household, Period, Grain.Hour), weekend.As(Household, Role.Consumer))).ShouldAllBe(row => row.Milligrams == 0 && row.UnknownHours == 1, "no conditions are known for these hours");
        var publicOne = await host.Send(new CarbonOfLoop(weekend.LoopId, MarketMoment.HourOf(s_hour), Grain.Hour), Actor.Visitor);
        publicOne.IsMix.ShouldBeFalse("one member owns the roofs");
        publicOne.Steps.ShouldHaveSingleItem().MilligramsPerKWh.ShouldBe(300_000);
    }

    [Fact]
    public async Task What_enters_a_node_of_the_loops_picture_leaves_it_and_few_members_are_not_shown()
    {
        var weekend = await WithGridHourAsync("flows");
        foreach (var span in new[] { MarketMoment.HourOf(s_hour), Period })
        {
            var flows = await host.Send(new LoopFlows(weekend.LoopId, span), weekend.As(Operator, Role.Operator));

            flows.Links.ShouldNotBeEmpty();
            foreach (var node in flows.Nodes.Where(node => node.Column is 1 or 2 or 3))
            {
                flows.Links.Where(link => link.To == node.Id).Sum(link => link.Energy.WattHours).ShouldBe(flows.Links.Where(link => link.From == node.Id).Sum(link => link.Energy.WattHours), node.Id);
            }

            flows.Links.Where(link => flows.Nodes.Single(node => node.Id == link.From).Column == 0).Sum(link => link.Energy.WattHours)
                .ShouldBe(flows.Links.Where(link => flows.Nodes.Single(node => node.Id == link.To).Column == 4).Sum(link => link.Energy.WattHours), "what came from sources has gone to uses and losses");
            FlowLayout.Of(flows.Nodes, flows.Links, 960, 400).Ribbons.Count.ShouldBe(flows.Links.Count);
        }

        var seen = await host.Send(new LoopFlows(weekend.LoopId, Period), Actor.Visitor);
        (seen.Hidden, seen.Links.Count).ShouldBe((true, 0));
    }

    [Fact]
    public async Task A_year_is_told_by_the_mean_day_of_each_month_and_by_hundredths_of_its_hours()
    {
        var weekend = await InAsync(host, "year");
        var profile = await host.Send(
            new YearProfile(weekend.LoopId, Household, PeriodChoice.Containing(PeriodUnit.Year, new DateOnly(2026, 1, 1)).In(new LoopCalendar(TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin")))),
            weekend.As(Household, Role.Consumer));

        var heat = weekend.Positions.Where(position => position.MemberId == Household && position.Carrier == Carrier.Heat).OrderBy(position => position.Hour).Select(position => position.Metered.WattHours).ToList();
        profile.Months.Count(hour => hour.Carrier == Carrier.Heat).ShouldBe(24);
        profile.Months.Single(hour => hour is { Carrier: Carrier.Heat, Hour: 7 }).Energy.WattHours.ShouldBe((heat[7] + heat[31] + 1) / 2);
        profile.Durations[Carrier.Heat].Count.ShouldBe(101);
        (profile.Durations[Carrier.Heat][0], profile.Durations[Carrier.Heat][100]).ShouldBe((heat.Max(), heat.Min()));
    }

    /// <summary>An hour in April: sun and grid give 1 kWh of electricity each, the heat pump takes half a kWh and gives 1.75 kWh of heat.</summary>
    private async Task<SettledWeekend> WithGridHourAsync(string slug)
    {
        var weekend = await InAsync(host, slug);
        await host.Put(db =>
        {
            db.Plants.Add(new PlantRecord
            {
                LoopId = weekend.LoopId, Code = "grid", Name = "Grid", OwnerId = Operator,
                Definition = PlantDefinition.Write(new Plant { Id = "grid", DisplayName = "Grid", Owner = "m-01", Kind = PlantKind.GridSupplier, Output = Carrier.Electricity, CapacityWatts = 10_000 }),
            });
            db.Conditions.Add(new HourConditions { LoopId = weekend.LoopId, Hour = s_hour, AirTempC = 8, ImportPrice = new Price(1), CarbonGramsPerKWh = 300 });
            db.AddRange(
                Moved(weekend, Operator, "grid", Carrier.Electricity, -1_000),
                Moved(weekend, Owner, "pv", Carrier.Electricity, -1_000),
                Moved(weekend, Owner, "hp", Carrier.Electricity, 500),
                Moved(weekend, Owner, "hp", Carrier.Heat, -1_750),
                Taken(weekend, Household, s_hour, Carrier.Electricity, 400),
                Taken(weekend, Household, s_hour, Carrier.Heat, 1_000));
        });
        return weekend;
    }

    private static Position Moved(SettledWeekend weekend, int member, string plant, Carrier carrier, long wattHours) => new()
    {
        LoopId = weekend.LoopId, MemberId = member, Hour = s_hour, Carrier = carrier, Direction = wattHours < 0 ? MeterDirection.Production : MeterDirection.Consumption, PlantCode = plant,
        Traded = new Energy(wattHours), Metered = new Energy(wattHours),
    };

    private static Position Taken(SettledWeekend weekend, int member, DateTimeOffset hour, Carrier carrier, long wattHours) => new()
    {
        LoopId = weekend.LoopId, MemberId = member, Hour = hour, Carrier = carrier, Direction = MeterDirection.Consumption, PlantCode = "", Traded = new Energy(wattHours), Metered = new Energy(wattHours),
    };
}
