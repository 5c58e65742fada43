using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Metering;

public sealed class EstimateMissingTests : MeteringLoop
{
    [Fact]
    public async Task Silent_meters_get_an_estimate_that_says_how_and_a_second_run_changes_nothing()
    {
        await Receive("a", Row("ann-heat", 9, 1m), Row("bob-heat", 8, 1m), Row("bob-heat", 10, 2m), Row("ann-electricity", -24 + 9, 0.7m));

        var first = await Host.Send(new EstimateMissing(LoopId, Hour.AddHours(9)));
        var second = await Host.Send(new EstimateMissing(LoopId, Hour.AddHours(9)));

        first.Estimated.ShouldBe(2);
        first.ByMethod.ShouldBe(new Dictionary<EstimationMethod, int> { [EstimationMethod.Yesterday] = 1, [EstimationMethod.Linear] = 1 }, ignoreOrder: true);
        second.Estimated.ShouldBe(0);
        var estimates = (await Stored()).Where(reading => reading.Quality == ReadingQuality.Estimated).ToList();
        estimates.Select(reading => (reading.MeterId, reading.Energy.WattHours, reading.Note)).ShouldBe(
        [
            (2, 700, "Estimated: the same hour the day before (asked for: average of like days)"),
            (3, 1_500, "Estimated: on the straight line between the readings before and after"),
        ]);
        (await Committed()).ShouldBe(6);
    }

    [Fact]
    public async Task An_estimate_never_rests_on_an_estimate()
    {
        await Host.Send(new EstimateMissing(LoopId, Hour.AddHours(8)));
        await Receive("a", Row("ann-heat", 10, 5m));

        var estimated = await Host.Send(new EstimateMissing(LoopId, Hour.AddHours(9)));

        estimated.ByMethod.ShouldBe(new Dictionary<EstimationMethod, int> { [EstimationMethod.Zero] = 3 });
    }

    [Fact]
    public async Task A_meter_that_joins_later_is_estimated_without_touching_the_others()
    {
        await Host.Send(new EstimateMissing(LoopId, Hour));
        await Host.Put(db => db.Meters.Add(new Meter
        {
            LoopId = LoopId, Id = 4, MemberId = 2, Code = "bob-cold", Carrier = Carrier.Cold, Direction = MeterDirection.Consumption, InServiceFrom = Hour,
        }));

        (await Host.Send(new EstimateMissing(LoopId, Hour))).Estimated.ShouldBe(1);
        (await Host.Send(new EstimateMissing(LoopId, Hour.AddHours(-1)))).Estimated.ShouldBe(3);
    }

    [Fact]
    public async Task A_late_measurement_takes_the_estimates_place()
    {
        await Host.Send(new EstimateMissing(LoopId, Hour));
        await Receive("late", Row("ann-heat", 0, 1m));

        var hour = (await Host.Send(new ReadingsOf(LoopId, 1, new Interval(Hour, Hour.AddHours(1))))).Single(hour => hour.MeterCode == "ann-heat");

        (hour.Energy.WattHours, hour.Quality, hour.Revision).ShouldBe((1_000, ReadingQuality.Measured, 1));
    }

    [Fact]
    public async Task Half_past_is_no_hour() =>
        await Should.ThrowAsync<RefusedException>(() => Host.Send(new EstimateMissing(LoopId, Hour.AddMinutes(30))));

    [Fact]
    public async Task The_operator_sees_what_is_missing_and_estimated()
    {
        await Receive("a", Row("ann-heat", 0, 1m), Row("bob-heat", 0, 1m));
        await Host.Send(new EstimateMissing(LoopId, Hour));

        var list = await Host.Send(new ListMeters(LoopId, "ANN"));

        list.Total.ShouldBe(2);
        list.Meters.Select(meter => (meter.Code, meter.Last, meter.Expected, meter.Missing, meter.Estimated)).ShouldBe(
            [("ann-heat", Hour, 168, 167, 0), ("ann-electricity", Hour, 168, 167, 1)]);
        (await Host.Send(new ListMeters(LoopId, "%"))).Total.ShouldBe(0);
    }
}
