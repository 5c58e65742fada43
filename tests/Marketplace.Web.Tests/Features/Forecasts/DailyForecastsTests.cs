using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Metering.Forecasts;
using Marketplace.Quantities;
using Marketplace.Web.Features.Forecasts;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Metering;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Forecasts;

public sealed class DailyForecastsTests : MeteringLoop
{
    private static readonly DateOnly Tomorrow = new(2026, 3, 6);

    [Fact]
    public async Task Each_meter_with_readings_gets_its_day_with_the_error_of_each_method_and_one_record_covers_all()
    {
        await ReceiveWeeks();

        (await Make(Tomorrow)).ShouldBe(2);

        var forecasts = await Host.Look(db => db.MeterForecasts.AsNoTracking().OrderBy(forecast => forecast.MeterId).ToListAsync());
        forecasts.Select(forecast => (forecast.MeterId, forecast.Version, forecast.HoursWh.Length)).ShouldBe([(1, 1, 24), (3, 1, 24)]);
        // The same every week: last week is right to the watt-hour.
        ((ForecastMethod)forecasts[0].Method).ShouldBe(ForecastMethod.LastWeek);
        forecasts[0].HoursWh[9].ShouldBe(Energy.FromKWh(Usual(24 + 8)).WattHours);
        ForecastErrors.Read(forecasts[0].Errors).Select(error => error.Method).ShouldBe([ForecastMethod.LastWeek, ForecastMethod.LikeDays]);
        var day = await Host.Look(db => db.ForecastDays.SingleAsync());
        (day.Day, day.Version, day.Meters).ShouldBe((Tomorrow, 1, 2));
        day.Sha256.ShouldBe(ForecastRecord.HashOf([("ann-heat", forecasts[0]), ("bob-heat", forecasts[1])]));
        System.Text.Encoding.UTF8.GetString(day.Canonical).ShouldBe(
            $"forecast/v1\nloop tests\nday 2026-03-06\nversion 1\nmeters 2\nsha256 {Convert.ToHexStringLower(day.Sha256)}\nmadeAt {Instants.Iso(Hour)}\n");
    }

    [Fact]
    public async Task A_run_cut_short_goes_on_and_a_later_one_is_a_further_version()
    {
        await ReceiveWeeks();
        await Host.Send(new MakeForecasts(LoopId, Tomorrow, MostMeters: 1));
        (await Host.Look(db => db.ForecastDays.CountAsync())).ShouldBe(0);

        (await Make(Tomorrow)).ShouldBe(1);
        (await Make(Tomorrow)).ShouldBe(2);

        (await Host.Look(db => db.ForecastDays.OrderBy(day => day.Version).Select(day => day.Meters).ToListAsync())).ShouldBe([2, 2]);
        var seen = await Host.Send(new ForecastsOfMeter(LoopId, "ann-heat", Day(Tomorrow)), Acting(new RoleHeld(LoopId, 1, Role.Consumer)));
        (seen!.Latest!.Version, seen.Hours.Count).ShouldBe((2, 24));
        (await Host.Send(new ForecastsOfMeter(LoopId, "bob-heat", Day(Tomorrow)), Acting(new RoleHeld(LoopId, 1, Role.Consumer)))).ShouldBeNull();
    }

    [Fact]
    public async Task Quantities_follow_forecasts_only_from_the_hour_on_for_which_the_loop_has_chosen_so()
    {
        await ReceiveWeeks();
        await Make(Tomorrow);
        var loop = await Host.Look(db => db.Loops.AsNoTracking().SingleAsync());
        var hour = Hour.AddHours(24 + 12);
        (await Expected(loop, hour)).ShouldBeNull();
        await Should.ThrowAsync<NotPermittedException>(() => Host.Send(new ChooseQuantity(LoopId, QuantitySource.Forecast, "Mine"), Acting(new RoleHeld(LoopId, 1, Role.Consumer))));

        var from = await Host.Send(new ChooseQuantity(LoopId, QuantitySource.Forecast, "They are better"), Acting(new RoleHeld(LoopId, 2, Role.Operator)));

        from.ShouldBe(Hour.AddHours(24 + 2));
        (await Expected(loop, from.AddHours(-1))).ShouldBeNull();
        var expected = await Expected(loop, hour);
        expected![(1, Carrier.Heat)].ShouldBe(Energy.FromKWh(Usual(36)));
        expected[(2, Carrier.Heat)].ShouldBe(Energy.FromKWh(Usual(36) + 1m));
        // A meter without a forecast counts with the hour of the day before; one without either does not count.
        expected.ContainsKey((1, Carrier.Electricity)).ShouldBeFalse();
        (await Host.Send(new ShowForecasts(LoopId), Acting(new RoleHeld(LoopId, 2, Role.Operator)))).Choices.Single().Reason.ShouldBe("They are better");
    }

    [Fact]
    public async Task A_gap_with_nothing_else_to_go_by_is_filled_by_the_forecast_of_its_hour()
    {
        await ReceiveWeeks();
        await Make(Tomorrow);
        // A forecast for a meter of which nothing is known but that.
        await Host.Look(db => db.Database.ExecuteSqlAsync($"""
            INSERT INTO market.meter_forecasts (loop_id, day, version, meter_id, method, usual_error, hours_wh, errors, known_until, made_at)
            SELECT loop_id, day, version, 2, method, usual_error, hours_wh, errors, known_until, made_at FROM market.meter_forecasts WHERE meter_id = 1
            """));

        await Host.Send(new EstimateMissing(LoopId, Hour.AddHours(36)));

        var estimate = (await Stored()).Single(reading => reading.MeterId == 2);
        (estimate.Energy, estimate.Note).ShouldBe((Energy.FromKWh(Usual(36)), "Estimated: what had been forecast for the hour (asked for: weather profile)"));
    }

    [Theory]
    [InlineData("2026-03-05T16:59:59Z", "2026-03-05")]
    [InlineData("2026-03-05T17:00:00Z", "2026-03-06")]
    [InlineData("2026-03-05T23:00:00Z", "2026-03-06")]
    public async Task The_next_day_is_due_from_six_in_the_evening(string now, string day)
    {
        var loop = await Host.Look(db => db.Loops.AsNoTracking().SingleAsync());

        DailyForecasts.DayDue(loop, DateTimeOffset.Parse(now, System.Globalization.CultureInfo.InvariantCulture)).ShouldBe(DateOnly.Parse(day, System.Globalization.CultureInfo.InvariantCulture));
    }

    private Task<ReceivedReadings> ReceiveWeeks() => Receive("weeks",
        [.. Enumerable.Range(-28 * 24, 29 * 24).SelectMany(hour => new[] { Row("ann-heat", hour, Usual(hour)), Row("bob-heat", hour, Usual(hour) + 1m) })]);

    // Each week the same, each hour of it different.
    private static decimal Usual(int hour) => 2m + ((((hour % 168) + 168) % 168) * 53 % 97 * 0.025m);

    private async Task<int> Make(DateOnly day)
    {
        await using var scope = Host.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<DailyForecasts>().RunAsync(LoopId, day, CancellationToken.None);
    }

    private async Task<Dictionary<(int Member, Carrier Carrier), Energy>?> Expected(Loop loop, DateTimeOffset hour)
    {
        await using var scope = Host.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<ExpectedQuantities>().AtAsync(loop, hour, CancellationToken.None);
    }

    private static Interval Day(DateOnly day) => new LoopCalendar(TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin")).Day(day);
}
