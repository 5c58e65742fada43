using Marketplace.Metering.Checks;
using Marketplace.Metering.Checks.Value;
using Marketplace.Metering.Forecasts;
using Marketplace.Quantities;
using Shouldly;
using Xunit;

namespace Marketplace.Metering.Tests;

public class EstimationLadderTests
{
    private static readonly LoopCalendar London = new(TimeZoneInfo.FindSystemTimeZoneById("Europe/London"));

    // A Monday in winter; ten weeks from it.
    private static readonly DateTimeOffset From = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);
    private const int Count = 70 * 24;

    // A heat meter that takes 1 kWh, 2 kWh on working days from eight to eighteen, and 100 Wh more for each degree below 15.5.
    private static int Outside(DateTimeOffset hour) => 3_000 + ((int)((hour - From).TotalHours * 37 % 9_000));

    private static long Taken(int index)
    {
        var hour = From.AddHours(index);
        var isWork = hour.Hour is >= 8 and < 18 && hour.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday);
        return (isWork ? 2_000 : 1_000) + (Math.Max(0, 15_500 - Outside(hour)) / 10);
    }

    [Fact]
    public void A_sibling_gives_its_shape_in_the_proportion_of_both()
    {
        var gap = new HourRun(500, 30);
        var sibling = Series("sibling", index => Taken(index) * 3);

        var filled = EstimationLadder.Fill(new EstimationEvidence(Own(gap), London, sibling), gap);

        filled.Count.ShouldBe(30);
        filled.ShouldAllBe(hour => hour.Estimate.Applied == EstimationMethod.Sibling && hour.Estimate.Requested == EstimationMethod.Sibling);
        filled.Select(hour => hour.Estimate.Energy.WattHours).ShouldBe(Enumerable.Range(500, 30).Select(Taken));
    }

    [Fact]
    public void Without_the_siblings_hour_the_next_rung_is_taken_and_the_request_kept()
    {
        var gap = new HourRun(500, 30);
        var sibling = Series("sibling", index => index is >= 510 and < 512 ? null : Taken(index));

        var filled = EstimationLadder.Fill(new EstimationEvidence(Own(gap), London, sibling), gap);

        filled[10].Estimate.ShouldSatisfyAllConditions(
            estimate => estimate.Requested.ShouldBe(EstimationMethod.Sibling),
            estimate => estimate.Applied.ShouldBe(EstimationMethod.LikeDays));
        filled[12].Estimate.Applied.ShouldBe(EstimationMethod.Sibling);
    }

    [Theory]
    [InlineData(2, EstimationMethod.Linear, EstimationMethod.Linear)]
    [InlineData(3, EstimationMethod.LikeDays, EstimationMethod.LikeDays)]
    [InlineData(168, EstimationMethod.LikeDays, EstimationMethod.LikeDays)]
    [InlineData(169, EstimationMethod.Weather, EstimationMethod.Weather)]
    public void The_length_of_the_gap_calls_for_a_method(int hours, EstimationMethod requested, EstimationMethod applied)
    {
        var gap = new HourRun(900, hours);

        var filled = EstimationLadder.Fill(new EstimationEvidence(Own(gap), London, Temperature: hour => Outside(hour)), gap);

        filled.ShouldAllBe(hour => hour.Estimate.Requested == requested && hour.Estimate.Applied == applied);
    }

    [Fact]
    public void A_long_gap_without_temperatures_falls_back_to_like_days_and_says_so()
    {
        var gap = new HourRun(900, 200);

        EstimationLadder.Fill(new EstimationEvidence(Own(gap), London), gap)[50].Estimate
            .ShouldSatisfyAllConditions(
                estimate => estimate.Requested.ShouldBe(EstimationMethod.Weather),
                estimate => estimate.Applied.ShouldBe(EstimationMethod.LikeDays));
    }

    [Fact]
    public void Weather_gives_back_what_the_meter_would_have_taken()
    {
        var gap = new HourRun(700, 400);

        var filled = EstimationLadder.Fill(new EstimationEvidence(Own(gap), London, Temperature: hour => Outside(hour)), gap);

        foreach (var (hour, index) in filled.Select((hour, index) => (hour, index)))
        {
            Math.Abs(hour.Estimate.Energy.WattHours - Taken(700 + index)).ShouldBeLessThanOrEqualTo(2);
        }
    }

    [Fact]
    public void The_register_scales_the_shape_to_the_watt_hour()
    {
        var gap = new HourRun(500, 7);
        var before = new RegisterReading(From.AddHours(498), Energy.FromWh(1_000_000));
        var after = new RegisterReading(From.AddHours(508), Energy.FromWh(1_000_000 + Taken(498) + Taken(499) + Taken(507) + 10_001));

        var filled = EstimationLadder.Fill(new EstimationEvidence(Own(gap), London, Before: before, After: after), gap);

        filled.Sum(hour => hour.Estimate.Energy.WattHours).ShouldBe(10_001);
        filled.ShouldAllBe(hour => hour.Estimate.Applied == EstimationMethod.RegisterDifference);
        filled[0].Estimate.Explanation.ShouldContain("scaled to the 10.001 kWh that the register of m counted in 7 hours");
    }

    [Fact]
    public void A_register_that_counted_less_than_was_measured_beside_the_gap_scales_nothing()
    {
        var gap = new HourRun(500, 7);
        var before = new RegisterReading(From.AddHours(498), Energy.FromWh(0));

        EstimationLadder.Fill(new EstimationEvidence(Own(gap), London, Before: before, After: new RegisterReading(From.AddHours(508), Energy.FromWh(100))), gap)[0].Estimate
            .ShouldSatisfyAllConditions(
                estimate => estimate.Requested.ShouldBe(EstimationMethod.RegisterDifference),
                estimate => estimate.Applied.ShouldBe(EstimationMethod.LikeDays));
    }

    [Fact]
    public void A_meter_that_was_off_still_shares_out_what_its_register_counted()
    {
        var gap = new HourRun(500, 3);
        var own = new MeterSeries("m", From, Enumerable.Range(0, Count).Select(index => index is >= 500 and < 503 ? (Energy?)null : Energy.Zero));

        EstimationLadder.Fill(new EstimationEvidence(own, London, Before: new(From.AddHours(500), Energy.Zero), After: new(From.AddHours(503), Energy.FromWh(10))), gap)
            .Select(hour => hour.Estimate.Energy.WattHours).ShouldBe([4, 3, 3]);
    }

    [Fact]
    public void A_gap_outside_the_series_is_refused() =>
        Should.Throw<ArgumentException>(() => EstimationLadder.Fill(new EstimationEvidence(Own(new HourRun(0, 1)), London), new HourRun(Count - 1, 2)));

    private static MeterSeries Own(HourRun gap) => Series("m", index => index >= gap.First && index < gap.End ? null : Taken(index));

    private static MeterSeries Series(string meter, Func<int, long?> wattHours) =>
        new(meter, From, Enumerable.Range(0, Count).Select(index => wattHours(index) is { } value ? (Energy?)Energy.FromWh(value) : null));
}
