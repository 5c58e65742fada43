using Marketplace.Metering.Checks;
using Marketplace.Metering.Forecasts;
using Marketplace.Quantities;
using Shouldly;
using Xunit;

namespace Marketplace.Metering.Tests.Forecasts;

public class ForecastingTests
{
    private static readonly LoopCalendar London = new(TimeZoneInfo.FindSystemTimeZoneById("Europe/London"));
    private static readonly DateTimeOffset From = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_meter_that_repeats_its_week_is_forecast_without_error_by_the_last_week()
    {
        var known = Series(60, hour => 1_000 + (HourOfWeek(hour) * 10));

        var forecast = Forecasting.Of(known, Day(60), London)!;

        forecast.Method.ShouldBe(ForecastMethod.LastWeek);
        forecast.Hours.Count.ShouldBe(24);
        forecast.Hours.ShouldAllBe(hour => hour.Energy.WattHours == 1_000 + (HourOfWeek(hour.Hour) * 10) && hour.Low == hour.Energy && hour.High == hour.Energy);
        forecast.Errors[0].ShouldBe(new ForecastError(ForecastMethod.LastWeek, 14 * 24, 0m, 0m, Energy.Zero));
        forecast.Errors.Select(error => error.Method).ShouldBe([ForecastMethod.LastWeek, ForecastMethod.LikeDays]);
    }

    [Fact]
    public void A_meter_whose_days_scatter_is_forecast_by_like_days()
    {
        var known = Series(60, hour => 5_000 + ((long)(hour - From).TotalHours * 7_919 % 1_000));

        Forecasting.Of(known, Day(60), London)!.Method.ShouldBe(ForecastMethod.LikeDays);
    }

    [Fact]
    public void A_meter_that_follows_the_weather_is_forecast_by_the_weather()
    {
        Func<DateTimeOffset, int> outside = hour => (int)(hour - From).TotalDays * 2_711 % 12_000;
        var known = Series(60, hour => 500 + (Math.Max(0, 15_500 - outside(hour)) / 5));

        var forecast = Forecasting.Of(known, Day(60), London, hour => outside(hour))!;

        forecast.Method.ShouldBe(ForecastMethod.Weather);
        forecast.Hours.ShouldAllBe(hour => Math.Abs(hour.Energy.WattHours - (500 + (Math.Max(0, 15_500 - outside(hour.Hour)) / 5))) <= 2);
        forecast.Errors[0].Cvrmse!.Value.ShouldBeLessThan(0.01m);
    }

    [Fact]
    public void The_error_is_what_the_textbook_says()
    {
        // The last week is always 100 Wh lower than this one, of 1,000 Wh growing by 100 a week.
        var known = Series(70, hour => 1_000 + (100 * (long)((hour - From).TotalDays / 7)));

        var error = Forecasting.Of(known, Day(70), London)!.Errors.Single(error => error.Method == ForecastMethod.LastWeek);

        // The two weeks before hold 1,800 and 1,900 Wh an hour.
        error.Hours.ShouldBe(336);
        error.Mape!.Value.ShouldBe((100m / 1_800m / 2) + (100m / 1_900m / 2), 1e-12m);
        error.Cvrmse!.Value.ShouldBe(100m / 1_850m, 1e-12m);
        error.UsualError.ShouldBe(Energy.FromWh(100));
    }

    [Theory]
    [InlineData(2026, 3, 29, 23)]
    [InlineData(2026, 10, 25, 25)]
    [InlineData(2026, 10, 26, 24)]
    public void A_day_has_its_own_number_of_hours_and_follows_the_clock_on_the_wall(int year, int month, int day, int hours)
    {
        var date = new DateOnly(year, month, day);
        var known = Series(300, hour => 1_000 + (London.ToLocal(hour).Hour * 10));

        var forecast = Forecasting.Of(known, date, London)!;

        forecast.Hours.Count.ShouldBe(hours);
        forecast.Hours.ShouldAllBe(hour => hour.Energy.WattHours == 1_000 + (London.ToLocal(hour.Hour).Hour * 10));
        forecast.Hours[0].Hour.ShouldBe(London.StartOf(date));
    }

    [Fact]
    public void Nothing_from_the_time_of_the_forecast_on_is_looked_at()
    {
        var honest = Series(60, hour => 1_000 + (HourOfWeek(hour) * 10));
        var cutOff = London.StartOf(Day(40)).AddHours(-12);
        var poisoned = honest.With(at => honest.At(at) >= cutOff ? Energy.FromWh(9_999_999) : honest[at]);

        var clean = Forecasting.Of(honest, Day(40), London, notAfter: cutOff)!;
        var other = Forecasting.Of(poisoned, Day(40), London, notAfter: cutOff)!;

        other.Hours.ShouldBe(clean.Hours);
        other.Errors.ShouldBe(clean.Errors);
    }

    [Fact]
    public void A_new_meter_is_forecast_from_the_little_that_there_is_and_nothing_gives_nothing()
    {
        Forecasting.Of(Series(2, _ => 700), new DateOnly(2026, 1, 7), London)!.Hours.ShouldAllBe(hour => hour.Energy == Energy.FromWh(700));
        Forecasting.Of(Series(2, _ => null), new DateOnly(2026, 1, 7), London).ShouldBeNull();
        Forecasting.Of(Series(2, _ => 700), new DateOnly(2025, 1, 7), London).ShouldBeNull();
    }

    private static int HourOfWeek(DateTimeOffset hour) => (int)((hour - From).TotalHours % 168);

    private static DateOnly Day(int index) => DateOnly.FromDateTime(From.AddDays(index).DateTime);

    private static MeterSeries Series(int days, Func<DateTimeOffset, long?> wattHours) =>
        new("m", From, Enumerable.Range(0, days * 24).Select(index => wattHours(From.AddHours(index)) is { } value ? (Energy?)Energy.FromWh(value) : null));
}
