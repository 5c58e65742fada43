using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Metering.Checks;
using Marketplace.Quantities;
using Marketplace.Web.Features.Devices;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Features.Metering.Quality;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Metering;

public sealed class JudgeReadingsTests : MeteringLoop
{
    private const int Days = 28;

    [Fact]
    public async Task New_hours_are_judged_and_what_is_found_is_kept_beside_readings_that_stay()
    {
        await ReceiveWeeks();
        var before = (await Stored()).Count;

        var first = await Judge();
        var second = await Judge();

        var flags = await Flags();
        flags.Select(flag => (flag.MeterId, flag.CheckName, Hours(flag))).ShouldBe(
            [(1, "missing-interval", (-100, -95)), (1, "spike-hampel", (-200, -199)), (1, "spike", (-200, -199)), (1, "outside-history", (-200, -199))], ignoreOrder: true);
        flags.Single(flag => flag.CheckName == "spike").Words.ShouldContain("50 kWh");
        first.Found.ShouldBe(4);
        second.ShouldBe(JudgedReadings.Nothing);
        (await Stored()).Count.ShouldBe(before);
        (await Host.Look(db => db.OpenFlags.CountAsync())).ShouldBe(4);
    }

    [Fact]
    public async Task Judging_the_same_hours_again_raises_nothing_twice()
    {
        await ReceiveWeeks();
        await Judge();
        await Host.Put(db => db.UnjudgedReadings.Add(new UnjudgedReadings { LoopId = LoopId, MeterId = 1, FromHour = Hour.AddDays(-20), UntilHour = Hour, Stamp = 1 }));

        var again = await Judge();

        (again.Meters, again.Found, again.Withdrawn).ShouldBe((1, 0, 0));
    }

    [Fact]
    public async Task A_late_measurement_withdraws_the_flag_and_the_flag_stays_on_record()
    {
        await ReceiveWeeks();
        await Judge();
        await Receive("late", [.. Enumerable.Range(-100, 5).Select(hour => Row("ann-heat", hour, Usual(hour)))]);

        var judged = await Judge();

        judged.Withdrawn.ShouldBe(1);
        (await Flags()).ShouldContain(flag => flag.CheckName == "missing-interval");
        (await Host.Look(db => db.FlagResolutions.SingleAsync())).Kind.ShouldBe(FlagResolutionKind.NoLongerFound);
        (await Host.Look(db => db.OpenFlags.Select(flag => flag.CheckName).ToListAsync())).ShouldBe(["spike", "spike-hampel", "outside-history"], ignoreOrder: true);
    }

    [Fact]
    public async Task A_run_that_goes_on_is_flagged_on_where_the_last_flag_ends()
    {
        await Receive("a", [.. Enumerable.Range(-Days * 24, Days * 24).Select(hour => Row("ann-heat", hour, hour >= -14 ? 7.125m : Usual(hour)))]);
        await Judge();
        await Receive("b", [.. Enumerable.Range(0, 6).Select(hour => Row("ann-heat", hour, 7.125m))]);
        await Judge();

        (await Flags()).Where(flag => flag.CheckName == "stuck").Select(Hours).ShouldBe([(-14, 0), (0, 6)]);
    }

    [Fact]
    public async Task A_day_of_23_hours_is_judged_by_23_when_it_is_over_and_hours_lie_on_both_sides()
    {
        // In Berlin the 29th of March begins 575 hours after the 5th does in UTC, and ends 23 hours later.
        await Host.Put(db => db.Clocks.Single(clock => clock.LoopId == LoopId).MarketAnchor = Hour.AddDays(28));
        var hours = Enumerable.Range(500, 130).ToList();
        var received = await Receive(
            "spring",
            [
                .. hours.Select(hour => Row("ann-heat", hour, Usual(hour))),
                .. hours.Where(hour => hour != 580).Select(hour => Row("bob-heat", hour, Usual(hour))),
                .. hours.Where(hour => hour < 598 && hour != 580).Select(hour => Row("ann-electricity", hour, Usual(hour))),
            ]);

        await Judge();

        received.Rejected.ShouldBeEmpty();
        var flag = (await Flags()).Where(flag => flag.CheckName == "dst-day").ShouldHaveSingleItem();
        (flag.MeterId, Hours(flag), flag.Words).ShouldBe((3, (575, 598), "2026-03-29 has 23 hours; 22 were delivered."));
    }

    [Fact]
    public async Task Hours_after_the_markets_own_time_are_judged_too()
    {
        // An import of recorded years: they were over, but the clock of their loop stands still.
        await Host.Send(new ReceiveReadings(LoopId, "recorded", [.. Enumerable.Range(2000, 60).Select(hour => Row("ann-heat", hour, hour == 2030 ? 999m : Usual(hour)))], Hour.AddDays(200)));

        await Judge();

        (await Host.Look(db => db.UnjudgedReadings.CountAsync())).ShouldBe(0);
    }

    [Fact]
    public async Task A_finished_day_shows_meters_of_which_nothing_came()
    {
        await Host.Put(db => db.JudgedDays.Add(new JudgedDay { LoopId = LoopId, Until = new DateOnly(2026, 3, 5) }));

        // The market clock stands at one in the morning of the 6th, by local time.
        (await Host.Send(new JudgeDay(LoopId))).ShouldBeTrue();
        (await Host.Send(new JudgeDay(LoopId))).ShouldBeFalse();
        await Judge();

        (await Flags()).Select(flag => (flag.MeterId, flag.CheckName, Hours(flag))).ShouldBe(
            [(1, "missing-interval", (-1, 23)), (2, "missing-interval", (-1, 23)), (3, "missing-interval", (-1, 23))]);
    }

    [Fact]
    public async Task A_meter_that_is_a_multiple_of_another_is_told_and_estimates_the_others_gaps()
    {
        await Receive("a", [.. Weeks().SelectMany(hour => new[] { Row("ann-heat", hour, Usual(hour)), Row("bob-heat", hour, 2 * Usual(hour)) }).Where(row => row.Meter != "bob-heat" || row.Start < Hour.AddHours(-10))]);
        await Judge();
        var shared = (await Flags()).Single(flag => flag.CheckName == "constant-multiple");
        (shared.MeterId, shared.OtherMeter, shared.Severity).ShouldBe((3, "ann-heat", FlagSeverity.Note));

        await Host.Send(new EstimateMissing(LoopId, Hour.AddHours(-5)));

        var estimate = (await Stored()).Single(reading => reading.MeterId == 3 && reading.Quality == ReadingQuality.Estimated);
        estimate.Energy.ShouldBe(Energy.FromKWh(2 * Usual(-5)));
        estimate.Note.ShouldBe("Estimated: what ann-heat measured, in the proportion of both around the gap");
        var kept = await Host.Look(db => db.ReadingEstimates.SingleAsync(one => one.MeterId == 3));
        ((EstimationMethod)kept.Requested, (EstimationMethod)kept.Applied).ShouldBe((EstimationMethod.Sibling, EstimationMethod.Sibling));
    }

    [Fact]
    public async Task A_silent_meter_is_flagged_once_by_the_hour_and_the_flag_ends_when_it_sends_again()
    {
        await Host.Put(db => db.Clocks.Single(clock => clock.LoopId == LoopId).Rate = 1);

        // It is hour 24 of the market: bob's meter has sent until then, ann's two not for a while.
        await Receive("a", [.. Enumerable.Range(0, 24).Select(hour => Row("bob-heat", hour, 1m)), Row("ann-heat", 21, 1m), Row("ann-electricity", 19, 1m)]);

        (await Host.Send(new JudgeSilence(LoopId))).ShouldBe(new SilenceChanges(1, 0));
        (await Host.Send(new JudgeSilence(LoopId))).ShouldBe(new SilenceChanges(0, 0));

        var flag = (await Flags()).ShouldHaveSingleItem();
        (flag.MeterId, flag.CheckName, Hours(flag)).ShouldBe((2, "silent", (20, 24)));
        flag.Words.ShouldBe("Nothing has come since 2026-03-05T20:00:00Z, for 4 hours.");
        await Receive("b", Row("ann-electricity", 22, 1m));
        (await Host.Send(new JudgeSilence(LoopId))).ShouldBe(new SilenceChanges(0, 1));
        (await Host.Look(db => db.OpenFlags.CountAsync())).ShouldBe(0);
    }

    [Fact]
    public async Task A_day_of_a_clock_change_with_another_number_of_hours_is_noted()
    {
        // In Berlin the 26th of October 2025 has 25 hours; here one of them was never written.
        var start = new DateTimeOffset(2025, 10, 24, 22, 0, 0, TimeSpan.Zero);
        await Host.Put(db => db.Meters.Where(meter => meter.Id == 1).ToList().ForEach(meter => meter.InServiceFrom = start.AddDays(-9)));
        await DayIsJudged();
        await Receive("a", [.. Enumerable.Range(0, 73).Where(hour => hour != 27).Select(hour => new DeliveredReading(1, "ann-heat", start.AddHours(hour), 1m + (hour % 7)))]);

        await Judge();

        var flag = (await Flags()).Single(flag => flag.CheckName == "dst-day");
        (flag.Severity, flag.Words).ShouldBe((FlagSeverity.Note, "2025-10-26 has 25 hours; 24 were delivered."));
        flag.Hour.ShouldBe(new DateTimeOffset(2025, 10, 25, 22, 0, 0, TimeSpan.Zero));
    }

    [Fact]
    public async Task Energy_without_the_temperatures_that_came_before_is_noted_and_a_unit_that_does_not_fit_them_too()
    {
        using var device = new Devices.TestDevice("km-1");
        await Host.Send(new RegisterDevice(LoopId, device.Code, "", device.Pem, null));
        await Host.Send(new CommissionDevice(LoopId, device.Code, "ann-heat", Hour.AddHours(-48)));
        // 100 litres by 20 K are 2.29 kWh: in megajoules called kWh, 8.3.
        var outcome = (await Host.Send(new ReceiveSignedBatches(LoopId, [device.Sign(1,
            [.. Enumerable.Range(-48, 60).SelectMany(hour => new[]
            {
                Devices.TestDevice.Heat(Hour.AddHours(hour), 8_260 + (hour % 5)), new SignedReading("volume", Hour.AddHours(hour), 3600, 100, "l"),
                new SignedReading("flow-temperature", Hour.AddHours(hour), 3600, 60_000, "mC"), new SignedReading("return-temperature", Hour.AddHours(hour), 3600, 40_000, "mC"),
            }.Where(reading => hour < 3 || reading.Register is "heat" or "volume"))])]))).ShouldHaveSingleItem();
        outcome.Refused.ShouldBeEmpty();

        await Host.Send(new JudgeDay(LoopId));
        await Judge();

        var flags = await Flags();
        var missing = flags.Single(flag => flag.CheckName == "missing-sibling");
        (missing.MeterId, Hours(missing), missing.Words).ShouldBe((1, (3, 12), "flow-temperature, return-temperature did not come with energy."));
        var unit = flags.Single(flag => flag.CheckName == "suspected-unit");
        (unit.MeterId, unit.Severity).ShouldBe((1, FlagSeverity.Note));
        unit.Words.ShouldEndWith("times what flow and temperatures give: the values may be megajoules.");
    }

    [Fact]
    public async Task Limits_of_a_class_are_set_with_a_reason_and_hold_for_hours_that_come()
    {
        var loose = ClassParameters.Of(MeterClass.Heat) with { SpikeOverThirdPeak = 90m, HistoryFactor = 90m };
        var operating = Operator();
        await Should.ThrowAsync<RefusedException>(() => Host.Send(new SetMeterClass(LoopId, "heat", loose, " "), operating));
        await Should.ThrowAsync<RefusedException>(() => Host.Send(new SetMeterClass(LoopId, "steam", loose, "Tried"), operating));
        await Should.ThrowAsync<NotPermittedException>(() => Host.Send(new SetMeterClass(LoopId, "heat", loose, "Mine"), Member(1)));

        (await Host.Send(new SetMeterClass(LoopId, "heat", loose, "A bakery fires its oven"), operating)).ShouldBe(1);
        await ReceiveWeeks();
        await Judge();

        (await Flags()).Select(flag => flag.CheckName).ShouldBe(["missing-interval"]);
        var shown = (await Host.Send(new ShowMeterClasses(LoopId), operating)).Single(one => one.Name == "heat");
        (shown.InForce.SpikeOverThirdPeak, shown.History.Single().Reason).ShouldBe((90m, "A bakery fires its oven"));
        (await Host.Look(db => db.OperatorActions.SingleAsync())).Action.ShouldBe(nameof(SetMeterClass));
    }

    [Fact]
    public async Task A_plants_meter_is_not_held_against_habits_it_does_not_have()
    {
        await Host.Look(db => db.Meters.Where(meter => meter.Id == 1).ExecuteUpdateAsync(set => set.SetProperty(meter => meter.PlantCode, "boiler")));
        await ReceiveWeeks();
        await Judge();

        (await Flags()).Select(flag => flag.CheckName).ShouldBe(["missing-interval"]);
    }

    [Fact]
    public async Task Energy_before_anybody_was_a_member_is_severe()
    {
        await DayIsJudged();
        await Host.Put(db => db.Members.Add(new Member { LoopId = LoopId, Id = 3, Key = "cem", Name = "cem", Kind = "Dwelling", JoinedAt = Hour.AddHours(-1) }));
        await Host.Put(db => db.Meters.Add(new Meter { LoopId = LoopId, Id = 4, MemberId = 3, Code = "cem-heat", Carrier = Carrier.Heat, Direction = MeterDirection.Consumption, InServiceFrom = Hour.AddDays(-1) }));
        await Receive("a", Row("cem-heat", -2, 1m), Row("cem-heat", -1, 1m));
        await Judge();

        (await Flags()).Select(flag => (flag.CheckName, flag.Severity, Hours(flag))).ShouldBe([("consumption-without-contract", FlagSeverity.Severe, (-2, -1))]);
    }

    [Fact]
    public async Task Flags_cannot_be_changed()
    {
        await ReceiveWeeks();
        await Judge();

        await Should.ThrowAsync<Npgsql.PostgresException>(() => Host.Look(db => db.Database.ExecuteSqlAsync($"UPDATE market.reading_flags SET words = 'nothing'")));
        await Should.ThrowAsync<Npgsql.PostgresException>(() => Host.Look(db => db.Database.ExecuteSqlAsync($"DELETE FROM market.reading_flags")));
    }

    // Four weeks of a calm daily shape with five hours missing and one spike.
    private async Task ReceiveWeeks()
    {
        await DayIsJudged();
        await Receive("weeks", [.. Weeks().Where(hour => hour is < -100 or >= -95).Select(hour => Row("ann-heat", hour, hour == -200 ? 50m : Usual(hour)))]);
    }

    private static IEnumerable<int> Weeks() => Enumerable.Range(-Days * 24, Days * 24);

    // No two hours alike, so that nothing looks stuck.
    private static decimal Usual(int hour) => 4m + (((hour % 24) + 24) % 24 * 0.1m) + ((((hour * 37) % 23) + 23) % 23 * 0.011m);

    private async Task<JudgedReadings> Judge()
    {
        await using var scope = Host.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<ReadingChecks>().RunAsync(LoopId, CancellationToken.None);
    }

    private Task<List<ReadingFlag>> Flags() => Host.Look(db => db.ReadingFlags.AsNoTracking().OrderBy(flag => flag.MeterId).ThenBy(flag => flag.Hour).ThenBy(flag => flag.CheckName).ToListAsync());

    private static (int, int) Hours(ReadingFlag flag) => ((int)(flag.Hour - Hour).TotalHours, (int)(flag.UntilHour - Hour).TotalHours);

    private Actor Operator() => Acting(new RoleHeld(LoopId, 2, Role.Operator));

    private Actor Member(int id) => Acting(new RoleHeld(LoopId, id, Role.Consumer));
}
