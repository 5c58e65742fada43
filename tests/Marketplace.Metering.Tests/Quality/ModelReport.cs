using System.Globalization;
using Marketplace.Metering.Checks;
using Marketplace.Metering.Forecasts;
using Marketplace.Quantities;

namespace Marketplace.Metering.Tests.Quality;

/// <summary>How far estimates and forecasts are from what real meters then measured.</summary>
internal static class ModelReport
{
    private static readonly int[] GapHours = [1, 2, 24, 100, 400];
    private static readonly DateOnly[] ForecastDays =
        [new(2019, 3, 15), new(2019, 3, 31), new(2019, 5, 15), new(2019, 7, 17), new(2019, 9, 22), new(2019, 10, 27), new(2019, 11, 20), new(2019, 12, 11)];

    public static IReadOnlyList<QualityFigure> OnCambridge(string folder, int take)
    {
        var temperatures = RecordedYear.Rows(Path.Combine(folder, "site_hourly.csv"))
            .ToDictionary(row => RecordedYear.Utc(row["timestamp_utc"]), row => (int)(decimal.Parse(row["air_temp_c"], CultureInfo.InvariantCulture) * 1000));
        int? Outside(DateTimeOffset hour) => temperatures.TryGetValue(hour, out var temperature) ? temperature : null;
        var electricity = RecordedYear.Hourly(Path.Combine(folder, "electricity_kwh.csv.gz"), take);
        var gas = RecordedYear.Hourly(Path.Combine(folder, "heat_gas_as_reported.csv.gz"), take);
        return
        [
            .. Estimates(electricity, MeterClass.Electricity, Outside, "electricity"),
            .. Estimates(gas, MeterClass.Heat, Outside, "heat"),
            .. Forecasts(electricity, MeterClass.Electricity, Outside, "electricity"),
            .. Forecasts(gas, MeterClass.Heat, Outside, "heat"),
        ];
    }

    /// <summary>Gaps made where there were readings: the mean error of an hour and the error of the whole gap, as shares of what was measured.</summary>
    private static IEnumerable<QualityFigure> Estimates(IReadOnlyList<MeterSeries> meters, MeterClass parameters, OutdoorTemperature outside, string name)
    {
        var random = new Random(2019);
        var sound = meters.Select(series => SeriesValidation.Judge(series, parameters, new SeriesContext(RecordedYear.London)).Sound()).ToList();
        foreach (var length in GapHours)
        {
            var (off, total, whole) = (0m, 0m, 0m);
            foreach (var series in sound)
            {
                var gap = new HourRun(random.Next(1_500, series.Count - length - 200), length);
                var own = series.With(at => at >= gap.First && at < gap.End ? null : series[at]);
                var (estimated, measured) = (0m, 0m);
                foreach (var (hour, estimate) in EstimationLadder.Fill(new EstimationEvidence(own, RecordedYear.London, Temperature: outside), gap))
                {
                    if (series[series.IndexOf(hour)] is { } truth)
                    {
                        off += Math.Abs(estimate.Energy.WattHours - truth.WattHours);
                        estimated += estimate.Energy.WattHours;
                        measured += truth.WattHours;
                    }
                }

                total += measured;
                whole += Math.Abs(estimated - measured);
            }

            yield return new QualityFigure($"estimate_{name}_{length}h_hourly_error", Share(off, total), "share");
            yield return new QualityFigure($"estimate_{name}_{length}h_gap_error", Share(whole, total), "share");
        }
    }

    /// <summary>Days over the year, both clock changes among them: the mean error of an hour of the method chosen, and of the naive one.</summary>
    private static IEnumerable<QualityFigure> Forecasts(IReadOnlyList<MeterSeries> meters, MeterClass parameters, OutdoorTemperature outside, string name)
    {
        var (off, naive, total) = (0m, 0m, 0m);
        var chosen = new SortedDictionary<ForecastMethod, int>();
        foreach (var series in meters)
        {
            var sound = SeriesValidation.Judge(series, parameters, new SeriesContext(RecordedYear.London)).Sound();
            foreach (var day in ForecastDays)
            {
                if (Forecasting.Of(sound, day, RecordedYear.London, outside) is not { } forecast)
                {
                    continue;
                }

                chosen[forecast.Method] = chosen.GetValueOrDefault(forecast.Method) + 1;
                foreach (var hour in forecast.Hours)
                {
                    var at = sound.IndexOf(hour.Hour);
                    if (sound[at] is { } measured && sound[at - 168] is { } before)
                    {
                        off += Math.Abs(hour.Energy.WattHours - measured.WattHours);
                        naive += Math.Abs(before.WattHours - measured.WattHours);
                        total += measured.WattHours;
                    }
                }
            }
        }

        return
        [
            new QualityFigure($"forecast_{name}_error", Share(off, total), "share"),
            new QualityFigure($"forecast_{name}_error_of_last_week", Share(naive, total), "share"),
            .. chosen.Select(pair => new QualityFigure($"forecast_{name}_by_{pair.Key.ToString().ToLowerInvariant()}", pair.Value, "days")),
        ];
    }

    // Nothing measured, nothing to be wrong about.
    private static double Share(decimal part, decimal whole) => whole == 0 ? 0 : (double)(part / whole);
}
