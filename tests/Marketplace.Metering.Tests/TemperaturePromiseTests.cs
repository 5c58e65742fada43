using Shouldly;
using Xunit;

namespace Marketplace.Metering.Tests;

public class TemperaturePromiseTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);
    private static readonly TemperaturePromise Heat = new(SupplyAtLeast: 65_000, ReturnAtMost: 45_000);

    [Fact]
    public void Supply_and_return_are_judged_with_the_tolerance_of_sensors()
    {
        var report = PromiseReport.Judge(
            [Hour(0, 64_500, 45_500), Hour(1, 64_499, 45_000), Hour(2, 70_000, 45_501), Hour(3, 60_000, 50_000)], Heat);

        report.HoursJudged.ShouldBe(4);
        report.HoursBroken(PromiseSide.Supply).ShouldBe(2);
        report.HoursBroken(PromiseSide.Return).ShouldBe(2);
        report.MilliKelvinHours(PromiseSide.Supply).ShouldBe(501 + 5_000);
        report.Broken[0].ShouldBe(new BrokenPromise(Start.AddHours(1), PromiseSide.Supply, 64_499, 65_000));
        report.Broken[0].Deviation.ShouldBe(-501);
        report.Broken[1].Deviation.ShouldBe(501);
    }

    [Fact]
    public void Each_hour_counts_once_judged_without_flow_or_not_measured()
    {
        var report = PromiseReport.Judge(
            [Hour(0, 20_000, 20_000) with { Litres = 5 }, Hour(1, null, 40_000), Hour(2, 70_000, null), Hour(3, 70_000, 40_000) with { Litres = null }], Heat);

        (report.HoursWithoutFlow, report.HoursNotMeasured, report.HoursJudged).ShouldBe((1, 2, 1));
        report.Broken.ShouldBeEmpty();
    }

    [Fact]
    public void Cold_is_promised_the_other_way_round()
    {
        var cold = new TemperaturePromise(SupplyAtMost: 7_000, ReturnAtLeast: 12_000);

        var report = PromiseReport.Judge([Hour(0, 8_000, 11_000), Hour(1, 6_000, 13_000)], cold);

        report.Broken.Select(broken => (broken.Hour, broken.Side)).ShouldBe([(Start, PromiseSide.Supply), (Start, PromiseSide.Return)]);
    }

    [Theory]
    [InlineData(-20_000, 90_000)]
    [InlineData(-10_000, 90_000)]
    [InlineData(0, 80_000)]
    [InlineData(2_500, 77_500)]
    [InlineData(20_000, 70_000)]
    public void A_heating_curve_promises_by_the_weather(int outdoor, int least)
    {
        var promise = Heat with { HeatingCurve = [(10_000, 70_000), (-10_000, 90_000)] };

        promise.LeastSupplyAt(outdoor).ShouldBe(least);
        promise.LeastSupplyAt(null).ShouldBe(65_000);
        PromiseReport.Judge([Hour(0, least - 600, 40_000) with { Outdoor = outdoor }], promise).HoursBroken(PromiseSide.Supply).ShouldBe(1);
    }

    private static SubstationHour Hour(int index, int? supply, int? back) => new(Start.AddHours(index), supply, back, 500);
}
