using System.Globalization;
using Marketplace.Quantities;
using Marketplace.Web.Shell;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Shell;

public sealed class FormatTests
{
    private static readonly TimeZoneInfo s_berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
    private static readonly Format s_euro = new("EUR", s_berlin, CultureInfo.GetCultureInfo("en-GB"));
    private static readonly Format s_german = new("EUR", s_berlin, CultureInfo.GetCultureInfo("de-DE"));

    [Theory]
    [InlineData(0, "0 kWh")]
    [InlineData(6, "6 Wh")]
    [InlineData(420, "0.42 kWh")]
    [InlineData(12_400, "12.4 kWh")]
    [InlineData(99_949, "99.9 kWh")]
    [InlineData(99_950, "100 kWh")]
    [InlineData(1_340_200, "1,340 kWh")]
    [InlineData(2_600_000, "2.6 MWh")]
    [InlineData(-12_400, "−12.4 kWh")]
    public void Energy_has_sensible_digits(long energyWh, string expected) => Plain(s_euro.Energy(Energy.FromWh(energyWh))).ShouldBe(expected);

    [Fact]
    public void Separators_are_the_cultures() => Plain(s_german.Energy(Energy.FromWh(1_340_200))).ShouldBe("1.340 kWh");

    [Fact]
    public void Money_has_two_decimals_and_a_real_minus()
    {
        s_euro.Money(Money.FromCents(1_240)).ShouldBe("€12.40");
        s_euro.Money(Money.FromCents(-305)).ShouldBe("−€3.05");
        Plain(s_german.Money(Money.FromCents(124_000))).ShouldBe("1.240,00 €");
        Plain((s_euro with { Currency = "CHF" }).Money(Money.FromCents(1_240))).ShouldBe("CHF 12.40");
    }

    [Fact]
    public void A_price_takes_the_currencys_small_unit()
    {
        Plain(s_euro.Price(Price.FromMicroPerKWh(124_000))).ShouldBe("12.40 ct/kWh");
        Plain((s_euro with { Currency = "GBP" }).Price(Price.FromMicroPerKWh(-5_050))).ShouldBe("−0.51 p/kWh");
    }

    [Fact]
    public void A_month_is_named_by_its_days_in_loop_time() =>
        s_euro.Period(s_euro.Calendar.Month(new DateOnly(2026, 11, 5))).ShouldBe("1 to 30 Nov 2026, loop time");

    [Fact]
    public void A_period_over_two_months_names_both() =>
        s_euro.PeriodShort(new Interval(s_euro.Calendar.StartOf(new DateOnly(2026, 10, 28)), s_euro.Calendar.StartOf(new DateOnly(2026, 11, 4)))).ShouldBe("28 Oct to 3 Nov 2026");

    [Fact]
    public void A_day_a_year_and_an_hour_have_their_own_names()
    {
        s_euro.PeriodShort(s_euro.Calendar.Day(new DateOnly(2026, 11, 5))).ShouldBe("5 Nov 2026");
        s_euro.PeriodShort(PeriodChoice.Containing(PeriodUnit.Year, new DateOnly(2026, 3, 1)).In(s_euro.Calendar)).ShouldBe("2026");
        var hour = new Interval(At("2026-11-05T13:00:00Z"), At("2026-11-05T14:00:00Z"));
        s_euro.PeriodShort(hour).ShouldBe("5 Nov 2026, 14:00–15:00");
    }

    [Fact]
    public void The_hour_that_comes_twice_says_which_it_is()
    {
        Plain(s_euro.Hour(new Interval(At("2026-10-25T00:00:00Z"), At("2026-10-25T01:00:00Z")))).ShouldBe("02:00–02:00 (UTC+2)");
        Plain(s_euro.Hour(new Interval(At("2026-10-25T01:00:00Z"), At("2026-10-25T02:00:00Z")))).ShouldBe("02:00–03:00 (UTC+1)");
    }

    [Fact]
    public void A_moment_shows_its_zone() => Plain(s_euro.Moment(At("2026-11-21T13:00:00Z"))).ShouldBe("21 Nov 2026, 14:00 (UTC+1)");

    private static DateTimeOffset At(string iso) => DateTimeOffset.Parse(iso, CultureInfo.InvariantCulture);

    private static string Plain(string text) => text.Replace('\u00a0', ' ');
}
