using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Features.Home;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Bills;
using Shouldly;
using Xunit;
using static Marketplace.Web.Tests.Features.Bills.SettledWeekend;
using MeterDirection = Marketplace.Data.MeterDirection;

namespace Marketplace.Web.Tests.Features.Home;

/// <summary>What each home says, against figures worked out by hand.</summary>
public sealed class HomeTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    private static readonly DateTimeOffset s_end = Period.End;

    [Fact]
    public async Task The_month_so_far_stands_beside_the_same_days_of_the_month_before_and_its_causes_add_up()
    {
        var weekend = await InAsync(host, "so-far");
        await host.Put(db => db.Positions.Add(new Position
        {
            // 1 February, 11:00 in the loop: 10 kWh at 10 cents, and 1.2 cents for the network.
            LoopId = weekend.LoopId, MemberId = Household, Hour = new DateTimeOffset(2026, 2, 1, 10, 0, 0, TimeSpan.Zero), Carrier = Carrier.Heat, Direction = MeterDirection.Consumption,
            PlantCode = "", Traded = new Energy(10_000), Metered = new Energy(10_000), Price = new Price(100_000), TradedAmount = Money.FromMicro(1_000_000), NetworkFee = Money.FromMicro(120_000),
        }));

        var month = await host.Send(new MonthSoFar(weekend.LoopId, Household), weekend.As(Household, Role.Consumer));

        var own = weekend.Positions.Where(position => position.MemberId == Household && position.Direction == MeterDirection.Consumption).ToList();
        var net = own.Sum(position => (position.TradedAmount + position.ImbalanceAmount + position.NetworkFee).Micro) + 500_000;
        month.Total.Cents.ShouldBe((long)Math.Round(Math.Round(net / 10_000m, MidpointRounding.AwayFromZero) * 1.19m, MidpointRounding.AwayFromZero));
        var before = month.LastMonth.ShouldNotBeNull();
        before.Period.ShouldBe(new Interval(new DateTimeOffset(2026, 1, 31, 23, 0, 0, TimeSpan.Zero), new DateTimeOffset(2026, 2, 2, 23, 0, 0, TimeSpan.Zero)));
        before.Total.Cents.ShouldBe(193, "1.00 + 0.12 + two days at 0.25, and 19 % of 1.62");
        before.Causes.Sum(cause => cause.Cents).ShouldBe(month.Total.Cents - 193);
        month.LastYear.ShouldBeNull();
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new MonthSoFar(weekend.LoopId, Household), weekend.As(Neighbour, Role.Consumer)));
    }

    [Fact]
    public async Task Cheap_and_dear_hours_are_those_of_the_last_seven_days()
    {
        var weekend = await InAsync(host, "cheap");
        var calendar = new LoopCalendar(TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin"));
        await host.Put(db =>
        {
            db.Meters.Add(new Meter { LoopId = weekend.LoopId, Id = 1, Code = "power", MemberId = Household, Carrier = Carrier.Electricity, Direction = MeterDirection.Consumption, InServiceFrom = s_end.AddDays(-30) });
            db.Prices.AddRange(Enumerable.Range(1, 7 * 24).Select(i => s_end.AddHours(-i)).Select(hour => new HourPrice
            {
                LoopId = weekend.LoopId, Hour = hour, Carrier = Carrier.Electricity, Traded = new Energy(1),
                Price = new Price(calendar.ToLocal(hour).Hour switch { 11 or 12 or 13 => 100_000, 18 or 19 or 20 => 300_000, _ => 200_000 }),
            }));
            db.Prices.Add(new HourPrice { LoopId = weekend.LoopId, Hour = s_end.AddHours(-1), Carrier = Carrier.Heat, Price = new Price(1), Traded = new Energy(1) });
        });

        var window = (await host.Send(new CheapHours(weekend.LoopId, Household), weekend.As(Household, Role.Consumer))).ShouldHaveSingleItem();

        window.ShouldBe(new CheapWindow(Carrier.Electricity, 11, new Price(100_000), 18, new Price(300_000)));
        window.Saves.ShouldBe(new Price(200_000));
    }

    [Fact]
    public async Task Converting_is_weighed_against_selling_by_the_cleared_prices_and_by_what_the_hour_usually_costs()
    {
        var weekend = await InAsync(host, "convert");
        var cop = HeatPumpPerformance.CopMillionths(4.5m);
        await host.Put(db =>
        {
            db.HourSteps.Add(new HourStep { LoopId = weekend.LoopId, Hour = s_end, Step = HourStepKind.Cleared, DoneAt = s_end });
            foreach (var hour in new[] { s_end, s_end.AddHours(-23) })
            {
                db.Conditions.Add(new HourConditions { LoopId = weekend.LoopId, Hour = hour, AirTempC = 4.5m, ImportPrice = new Price(1), CarbonGramsPerKWh = 1 });
            }

            void Price(DateTimeOffset hour, Carrier carrier, long price) => db.Prices.Add(new HourPrice { LoopId = weekend.LoopId, Hour = hour, Carrier = carrier, Price = new Price(price), Traded = new Energy(1) });
            Price(s_end, Carrier.Electricity, 200_000);
            Price(s_end, Carrier.Heat, 90_000);
            Price(s_end, Carrier.Cold, 10_000);
            // The hour after it is expected by the same hour of the clock on two earlier days; cold was not traded then.
            Price(s_end.AddHours(-23), Carrier.Electricity, 500_000);
            Price(s_end.AddHours(-47), Carrier.Electricity, 700_000);
            Price(s_end.AddHours(-23), Carrier.Heat, 100_000);
        });

        var pump = (await host.Send(new ConvertOrSell(weekend.LoopId, Owner), weekend.As(Owner, Role.Prosumer))).ShouldHaveSingleItem();

        pump.Code.ShouldBe("hp");
        var cleared = pump.Hours[0];
        (cleared.IsCleared, cleared.Sold).ShouldBe((true, new Price(200_000)));
        cleared.Converted.MicroPerKWh.ShouldBe((long)Math.Round(cop * 0.09m, MidpointRounding.AwayFromZero) + (long)Math.Round((cop - 1_000_000) * 0.01m, MidpointRounding.AwayFromZero));
        cleared.Converts.ShouldBeTrue();
        var next = pump.Hours[1];
        (next.Hour.Start, next.IsCleared, next.Sold).ShouldBe((s_end.AddHours(1), false, new Price(600_000)));
        next.Converted.MicroPerKWh.ShouldBe((long)Math.Round(cop * 0.1m, MidpointRounding.AwayFromZero));
        next.Converts.ShouldBeFalse("no heat pump makes six kWh of one at this weather");
        pump.Hours.Select(hour => hour.Hour.Start).ShouldBe([s_end, s_end.AddHours(1), s_end.AddHours(24)], "no other hour of the clock has a price");
        (await host.Send(new ConvertOrSell(weekend.LoopId, Household), weekend.As(Household, Role.Prosumer))).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_store_says_what_it_holds_and_what_it_does_next()
    {
        var weekend = await InAsync(host, "store-next");
        await host.Put(db => db.Plants.Add(new PlantRecord
        {
            LoopId = weekend.LoopId, Code = "battery", Name = "Battery", OwnerId = StoreKeeper,
            Definition = PlantDefinition.Write(new Plant
            {
                Id = "battery", DisplayName = "Battery", Owner = "m-04", Kind = PlantKind.Store, Output = Carrier.Electricity, CapacityWatts = 5_000,
                Store = new StoreDetails(new Energy(20_000), 950_000, 950_000, 0, 100_000, new Price(10_000)),
            }),
        }));
        var actor = weekend.As(StoreKeeper, Role.Storage);
        (await host.Send(new StoreOutlook(weekend.LoopId, StoreKeeper), actor)).ShouldHaveSingleItem().Reason.ShouldBe(StoreReason.None);

        await host.Put(db =>
        {
            db.StoreLevels.Add(new StoreLevel { LoopId = weekend.LoopId, PlantCode = "battery", Hour = s_end.AddHours(-1), Level = new Energy(8_000) });
            foreach (var (hours, charge) in new[] { (0, 0L), (2, 3_000L), (3, 4_000L) })
            {
                db.StorePlans.Add(new StorePlan { LoopId = weekend.LoopId, PlantCode = "battery", Hour = s_end.AddHours(hours), OwnerShareMillionths = 800_000, Charge = new Energy(charge), Held = new Energy(8_000 + charge) });
            }
        });
        var planned = (await host.Send(new StoreOutlook(weekend.LoopId, StoreKeeper), actor)).ShouldHaveSingleItem();
        (planned.Level, planned.Reason, planned.Hour, planned.Charge).ShouldBe((new Energy(8_000), StoreReason.Planned, MarketMoment.HourOf(s_end.AddHours(2)), new Energy(3_000)));

        await host.Put(db => db.StoreLevels.Add(new StoreLevel { LoopId = weekend.LoopId, PlantCode = "battery", Hour = s_end, Discharged = new Energy(500), Level = new Energy(7_474) }));
        var cleared = (await host.Send(new StoreOutlook(weekend.LoopId, StoreKeeper), actor)).ShouldHaveSingleItem();
        (cleared.Level, cleared.Reason, cleared.Hour, cleared.Discharge).ShouldBe((new Energy(8_000), StoreReason.Cleared, MarketMoment.HourOf(s_end), new Energy(500)));
    }

    [Fact]
    public async Task Everything_is_consistent_until_a_transfer_was_never_settled_or_an_hour_does_not_balance()
    {
        var whole = await InAsync(host, "consistent");
        (await host.Send(new LoopConsistency(whole.LoopId), whole.As(Operator, Role.Auditor))).Holds.ShouldBeTrue();
        await host.Put(db => db.Balances.Add(new HourBalance { LoopId = whole.LoopId, Hour = s_end.AddHours(-1), Carrier = Carrier.Heat, Sold = new Energy(10), Bought = new Energy(9) }));
        var unbalanced = await host.Send(new LoopConsistency(whole.LoopId), whole.As(Operator, Role.Auditor));
        (unbalanced.Holds, unbalanced.Balances, unbalanced.Unbalanced).ShouldBe((false, 1, 1));

        var lost = await InAsync(host, "unsettled");
        await host.Put(db =>
        {
            var (owed, market) = (db.Accounts.Single(account => account.LoopId == lost.LoopId && account.MemberId == Household).Id, db.Accounts.Single(account => account.LoopId == lost.LoopId && account.Kind == AccountKind.Market).Id);
            db.Transfers.Add(new Transfer { LoopId = lost.LoopId, Hour = s_end.AddHours(-2), Kind = TransferKind.Trade, Carrier = (short)Carrier.Cold, DebitAccount = owed, CreditAccount = market, Amount = 7 });
        });
        var differs = await host.Send(new LoopConsistency(lost.LoopId), lost.As(Operator, Role.Auditor));
        (differs.Holds, differs.JournalDifference).ShouldBe((false, Money.FromMicro(-7)));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new LoopConsistency(lost.LoopId), lost.As(Household, Role.Consumer)));
    }

    [Fact]
    public void A_person_with_several_roles_has_a_home_for_each()
    {
        var loop = new LoopView(1, "alpha", "Alpha", "EUR", "Europe/Berlin", LoopKind.Demo, [new MemberHere(2, "Kim", [Role.Prosumer, Role.Investor]), new MemberHere(5, "Office", [Role.Operator])]);

        var views = HomeView.Of(loop);

        views.Select(view => (view.Kind, view.Member.Id)).ShouldBe([(HomeKind.Operator, 5), (HomeKind.Prosumer, 2), (HomeKind.Resident, 2), (HomeKind.Investor, 2)]);
        HomeView.Choose(views, null, null).ShouldBe(views[0]);
        HomeView.Choose(views, "resident", 2).ShouldBe(views[2]);
        HomeView.Choose(views, "nobody", 9).ShouldBe(views[0]);
        views[3].Query.ShouldBe("?as=investor&member=2");
    }

    [Fact]
    public async Task The_loops_door_shows_a_visitor_what_it_is()
    {
        await InAsync(host, "door");
        using var visitor = host.CreateClient();

        var page = await visitor.GetStringAsync(new Uri("/loops/door", UriKind.Relative));

        page.ShouldContain("What this loop is");
        page.ShouldContain("solar roofs (1)");
        (await visitor.GetAsync(new Uri("/loops/no-such-loop", UriKind.Relative))).StatusCode.ShouldBe(System.Net.HttpStatusCode.NotFound);
    }
}
