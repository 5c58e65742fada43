using Marketplace.Quantities;
using Shouldly;
using Xunit;

namespace Marketplace.Metering.Tests;

public class EstimationTests
{
    private static readonly LoopCalendar London = new(TimeZoneInfo.FindSystemTimeZoneById("Europe/London"));

    // A Wednesday in winter, when London's clocks show UTC.
    private static readonly DateTimeOffset Hour = new(2026, 1, 21, 9, 0, 0, TimeSpan.Zero);

    private readonly Dictionary<DateTimeOffset, Energy> _measured = [];

    [Fact]
    public void A_gap_of_one_hour_is_bridged_in_the_middle()
    {
        Measured((-1, 100), (1, 201));

        var estimate = Estimate(Hour);

        estimate.Energy.ShouldBe(Energy.FromWh(151));
        (estimate.Requested, estimate.Applied).ShouldBe((EstimationMethod.Linear, EstimationMethod.Linear));
    }

    [Fact]
    public void A_gap_of_two_hours_is_bridged_in_thirds()
    {
        Measured((-1, 100), (2, 400));

        Estimate(Hour).Energy.ShouldBe(Energy.FromWh(200));
        Estimate(Hour.AddHours(1)).Energy.ShouldBe(Energy.FromWh(300));
    }

    [Fact]
    public void A_longer_gap_takes_the_average_of_the_last_four_working_days_and_skips_the_weekend()
    {
        Measured((-2, 7), (2, 9));
        MeasuredDaysBack((1, 100), (2, 200), (3, 9_000), (4, 9_000), (5, 301), (6, 400), (7, 8_000));

        var estimate = Estimate(Hour);

        estimate.Energy.ShouldBe(Energy.FromWh(250));
        (estimate.Requested, estimate.Applied).ShouldBe((EstimationMethod.LikeDays, EstimationMethod.LikeDays));
        estimate.Explanation.ShouldContain("last 4 working days");
    }

    [Fact]
    public void A_weekend_hour_is_like_weekend_hours_only()
    {
        // Saturday the 24th; three and four days before the 21st are the weekend of the 17th and 18th.
        MeasuredDaysBack((3, 10), (4, 20), (1, 9_000));

        Estimate(Hour.AddDays(3)).Energy.ShouldBe(Energy.FromWh(15));
    }

    [Theory]
    [InlineData(7, EstimationMethod.LastWeek)]
    [InlineData(1, EstimationMethod.Yesterday)]
    public void A_single_day_is_named_for_what_it_is(int daysBack, EstimationMethod applied)
    {
        MeasuredDaysBack((daysBack, 55));

        var estimate = Estimate(Hour);

        estimate.Energy.ShouldBe(Energy.FromWh(55));
        (estimate.Requested, estimate.Applied).ShouldBe((EstimationMethod.LikeDays, applied));
    }

    [Fact]
    public void Nothing_known_is_zero_and_says_so()
    {
        var estimate = Estimate(Hour);

        estimate.Energy.ShouldBe(Energy.Zero);
        estimate.Applied.ShouldBe(EstimationMethod.Zero);
        estimate.Explanation.ShouldContain("nothing is known");
    }

    [Fact]
    public void A_like_hour_is_alike_by_the_clock_on_the_wall()
    {
        // Tuesday after the clocks went forward on 29 March 2026: 08:00 UTC is nine o'clock, as 09:00 UTC was before.
        var afterChange = new DateTimeOffset(2026, 3, 31, 8, 0, 0, TimeSpan.Zero);
        _measured[new DateTimeOffset(2026, 3, 27, 9, 0, 0, TimeSpan.Zero)] = Energy.FromWh(10);
        _measured[new DateTimeOffset(2026, 3, 26, 9, 0, 0, TimeSpan.Zero)] = Energy.FromWh(30);

        Estimate(afterChange).Energy.ShouldBe(Energy.FromWh(20));
    }

    [Fact]
    public void It_asks_only_for_hours_it_has_announced()
    {
        var announced = Estimation.HoursConsulted(Hour, London).ToHashSet();

        Estimation.Of(Hour, asked => announced.Contains(asked) ? null : throw new InvalidOperationException($"{asked:u} was not announced"), London)
            .Applied.ShouldBe(EstimationMethod.Zero);
    }

    private Estimate Estimate(DateTimeOffset hour) => Estimation.Of(hour, at => _measured.TryGetValue(at, out var energy) ? energy : null, London);

    private void Measured(params (int Hours, long WattHours)[] values)
    {
        foreach (var (hours, wattHours) in values)
        {
            _measured[Hour.AddHours(hours)] = Energy.FromWh(wattHours);
        }
    }

    private void MeasuredDaysBack(params (int Days, long WattHours)[] values) =>
        Measured([.. values.Select(value => (-24 * value.Days, value.WattHours))]);
}
