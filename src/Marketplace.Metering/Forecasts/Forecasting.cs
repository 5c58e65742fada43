using Marketplace.Metering.Checks;
using Marketplace.Quantities;

namespace Marketplace.Metering.Forecasts;

/// <summary>
/// Forecasts a day of a meter from what was known at its start. Three methods are tried on the two weeks before, each day of them
/// from what was known then; the one with the least squared error makes the forecast. For back-tested days the temperature that was
/// measured stands in for the one that was forecast, so the error shown is that of the method, not of the weather service.
/// </summary>
public static class Forecasting
{
    /// <summary>How many days are forecast in retrospect to choose a method.</summary>
    public const int BackTestDays = 14;

    private const int LikeDayCount = 4;
    private const int DaysBack = 28;
    private const int LearntHours = 56 * 24;
    private const decimal BandShare = 0.9m;

    // In the back-test a profile is learnt once a week: learning it for each day costs much and changes little.
    private const int DaysOfProfile = 7;

    /// <summary>Forecasts a local day.</summary>
    /// <param name="known">Sound readings until the forecast is made; nothing from the day on is looked at.</param>
    /// <param name="day">The local day.</param>
    /// <param name="calendar">Whose days.</param>
    /// <param name="temperature">The temperature outside: measured for the past, forecast for the day. Null leaves out the method that needs it.</param>
    /// <param name="notAfter">What had been measured by when the forecast is made, if that is before the day begins; null means its start.</param>
    /// <returns>Null where no method has anything to go by.</returns>
    public static Forecast? Of(MeterSeries known, DateOnly day, LoopCalendar calendar, OutdoorTemperature? temperature = null, DateTimeOffset? notAfter = null)
    {
        ArgumentNullException.ThrowIfNull(known);
        ArgumentNullException.ThrowIfNull(calendar);
        var start = calendar.StartOf(day);
        var lead = notAfter is { } until && until < start ? start - until : TimeSpan.Zero;
        var errors = new List<(ForecastError Error, Int128 Squares)>();
        foreach (var method in (ForecastMethod[])[ForecastMethod.LastWeek, ForecastMethod.LikeDays, ForecastMethod.Weather])
        {
            if (method != ForecastMethod.Weather || temperature is not null)
            {
                errors.Add(BackTest(known, day, lead, calendar, method, temperature));
            }
        }

        // A method that could be tried on fewer hours is not better for it: squares are compared by the hour.
        var ranked = errors.Where(one => one.Error.Hours > 0)
            .OrderBy(one => (decimal)one.Squares / one.Error.Hours).ThenBy(one => one.Error.Method)
            .Select(one => one.Error).ToList();
        foreach (var error in ranked.DefaultIfEmpty(errors[0].Error))
        {
            var profile = error.Method == ForecastMethod.Weather ? ProfileBefore(known, calendar.StartOf(day) - lead, calendar, temperature) : null;
            if (Day(known, day, lead, calendar, error.Method, temperature, profile) is { } hours)
            {
                return new Forecast(known.Meter, day, error.Method, [.. hours.Select(hour => Banded(hour.Hour, hour.Energy, error.UsualError))], [error, .. ranked.Where(other => other != error)]);
            }
        }

        return null;
    }

    private static ForecastHour Banded(DateTimeOffset hour, Energy energy, Energy usualError) =>
        new(hour, energy, Energy.Max(Energy.Zero, energy - usualError), energy + usualError);

    private static (ForecastError Error, Int128 Squares) BackTest(
        MeterSeries known, DateOnly day, TimeSpan lead, LoopCalendar calendar, ForecastMethod method, OutdoorTemperature? temperature)
    {
        var absolute = new List<long>();
        var (squares, sum, relative, relativeHours) = ((Int128)0, (Int128)0, 0m, 0);
        var cutOff = calendar.StartOf(day) - lead;
        WeatherProfile? profile = null;
        for (var back = BackTestDays; back >= 1; back--)
        {
            if (method == ForecastMethod.Weather && back % DaysOfProfile == 0)
            {
                profile = ProfileBefore(known, calendar.StartOf(day.AddDays(-back)) - lead, calendar, temperature);
            }

            if (Day(known, day.AddDays(-back), lead, calendar, method, temperature, profile) is not { } hours)
            {
                continue;
            }

            foreach (var (hour, energy) in hours)
            {
                if (hour >= cutOff || ValueAt(known, hour) is not { } measured)
                {
                    continue;
                }

                var error = Math.Abs(energy.WattHours - measured);
                absolute.Add(error);
                squares += (Int128)error * error;
                sum += measured;
                if (measured > 0)
                {
                    relative += (decimal)error / measured;
                    relativeHours++;
                }
            }
        }

        var count = absolute.Count;
        var usual = count == 0 ? 0 : Statistics.Quantile(absolute.ToArray(), BandShare);
        decimal? cvrmse = count == 0 || sum <= 0 ? null : Root((decimal)squares / count) / ((decimal)sum / count);
        return (new ForecastError(method, count, relativeHours == 0 ? null : relative / relativeHours, cvrmse, new Energy(usual)), squares);
    }

    private static WeatherProfile? ProfileBefore(MeterSeries known, DateTimeOffset cutOff, LoopCalendar calendar, OutdoorTemperature? temperature)
    {
        var end = Math.Min(known.Count, known.IndexOf(cutOff));
        return temperature is null || end <= 0 ? null : WeatherProfile.Learn(known, end - LearntHours, end, calendar, temperature);
    }

    private static List<(DateTimeOffset Hour, Energy Energy)>? Day(
        MeterSeries known, DateOnly day, TimeSpan lead, LoopCalendar calendar, ForecastMethod method, OutdoorTemperature? temperature, WeatherProfile? profile)
    {
        var whole = calendar.Day(day);
        var cutOff = whole.Start - lead;
        if (method == ForecastMethod.Weather && profile is null)
        {
            return null;
        }

        var hours = new List<(DateTimeOffset, Energy)>();
        foreach (var hour in whole.Steps(TimeSpan.FromHours(1)))
        {
            var energy = method switch
            {
                ForecastMethod.LastWeek => LastWeek(hour) ?? LikeDays(hour),
                ForecastMethod.LikeDays => LikeDays(hour) ?? LastWeek(hour),
                ForecastMethod.Weather => temperature!(hour) is { } outside ? profile!.At(hour, outside) : LikeDays(hour),
            };
            if (energy is not { } forecast)
            {
                return null;
            }

            hours.Add((hour, forecast));
        }

        return hours;

        Energy? LastWeek(DateTimeOffset hour) => Measured(hour, 7) ?? Measured(hour, 14);

        Energy? LikeDays(DateTimeOffset hour)
        {
            var isWeekend = Estimation.IsWeekend(hour, calendar);
            var (sum, count) = ((Int128)0, 0);
            for (var back = 1; back <= DaysBack && count < LikeDayCount; back++)
            {
                if (Estimation.SameLocalHour(hour, back, calendar) is { } like
                    && Estimation.IsWeekend(like, calendar) == isWeekend && Measured(hour, back) is { } energy)
                {
                    sum += energy.WattHours;
                    count++;
                }
            }

            return count == 0 ? null : new Energy(Rounding.DivideAwayFromZero(sum, count));
        }

        Energy? Measured(DateTimeOffset hour, int daysBack) =>
            Estimation.SameLocalHour(hour, daysBack, calendar) is { } like && like < cutOff && ValueAt(known, like) is { } value ? new Energy(value) : null;
    }

    private static long? ValueAt(MeterSeries series, DateTimeOffset hour) => series.IndexOf(hour) is var at && at >= 0 && at < series.Count ? series.Value(at) : null;

    // Newton's method in decimals: the same digits everywhere.
    private static decimal Root(decimal value)
    {
        if (value <= 0)
        {
            return 0m;
        }

        var root = (decimal)Math.Sqrt((double)value);
        return (root + (value / root)) / 2m;
    }
}
