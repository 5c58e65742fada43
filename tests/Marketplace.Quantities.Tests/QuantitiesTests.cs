using Shouldly;
using Xunit;

namespace Marketplace.Quantities.Tests;

public class QuantitiesTests
{
    [Theory]
    [InlineData(5, 2, 3)]
    [InlineData(-5, 2, -3)]
    [InlineData(4, 3, 1)]
    [InlineData(-4, 3, -1)]
    [InlineData(5, -2, -3)]
    public void Halves_round_away_from_zero(long numerator, long denominator, long expected) =>
        Rounding.DivideAwayFromZero(numerator, denominator).ShouldBe(expected);

    [Fact]
    public void A_price_of_an_amount_is_rounded_once()
    {
        Price.FromMicroPerKWh(100_001).Of(Energy.FromWh(1500)).ShouldBe(Money.FromMicro(150_002));
        Price.FromMicroPerKWh(-31_000).Of(Energy.FromWh(1000)).ShouldBe(Money.FromMicro(-31_000));
    }

    [Fact]
    public void Energy_finer_than_a_watt_hour_is_refused() =>
        Should.Throw<ArgumentException>(() => Energy.FromKWh(1.0005m)).Message.ShouldContain("1.0005 kWh");

    [Fact]
    public void Overflow_is_an_error_not_a_wrong_number() =>
        Should.Throw<OverflowException>(() => Energy.FromWh(long.MaxValue) + Energy.FromWh(1));

    [Fact]
    public void Days_with_a_clock_change_have_23_and_25_hours()
    {
        var berlin = new LoopCalendar(TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin"));
        berlin.Day(new DateOnly(2026, 3, 29)).Length.ShouldBe(TimeSpan.FromHours(23));
        berlin.Day(new DateOnly(2026, 10, 25)).Length.ShouldBe(TimeSpan.FromHours(25));
        berlin.Month(new DateOnly(2026, 10, 9)).Length.ShouldBe(TimeSpan.FromHours((31 * 24) + 1));
        berlin.DaysIn(berlin.Month(new DateOnly(2026, 10, 9))).ShouldBe(31);
    }

    [Fact]
    public void A_split_sums_exactly_and_gives_ties_to_the_earlier()
    {
        LargestRemainder.Split(10, [1, 1, 1]).ShouldBe([4, 3, 3]);
        LargestRemainder.Split(100, [0, 7, 0, 3]).ShouldBe([0, 70, 0, 30]);
        Should.Throw<ArgumentException>(() => LargestRemainder.Split(1, [0, 0]));
    }
}
