using Marketplace.Metering.Checks;
using Shouldly;
using Xunit;

namespace Marketplace.Metering.Tests.Quality;

public class QualityTests
{
    [SharedFact]
    public void The_checks_find_what_the_publishers_of_the_cambridge_year_know_to_be_wrong()
    {
        var figures = QualityReport.KnownDefects(SharedData.Cambridge).ToDictionary(figure => figure.Name, figure => figure.Value);

        figures["quality_electricity_gap_hours_recall"].ShouldBeGreaterThan(0.99);
        figures["quality_electricity_gap_meters_precision"].ShouldBeGreaterThan(0.97);
        figures["quality_electricity_gap_meters_recall"].ShouldBeGreaterThan(0.97);
        figures["quality_electricity_longest_gap_recall"].ShouldBeGreaterThan(0.97);
        figures["quality_cubic_metres_precision"].ShouldBeGreaterThan(0.95);
        figures["quality_cubic_metres_recall"].ShouldBeGreaterThan(0.95);
        figures["quality_shared_plant_pairs_precision"].ShouldBe(1);
        figures["quality_shared_plant_pairs_recall"].ShouldBe(1);
        figures["quality_shared_plants"].ShouldBe(5);
    }

    [SharedFact]
    public void Spikes_put_into_real_heat_are_found_and_little_else_is_called_one()
    {
        var gas = RecordedYear.Hourly(Path.Combine(SharedData.Cambridge, "heat_gas_as_reported.csv.gz"), take: 20);

        var figures = QualityReport.InjectedSpikes(gas, MeterClass.Heat, "heat").ToDictionary(figure => figure.Name, figure => figure.Value);

        figures["quality_heat_injected_spikes_recall"].ShouldBeGreaterThan(0.88);
        figures["quality_heat_injected_spikes_hampel_precision"].ShouldBeGreaterThan(0.95);
    }

    [SharedFact]
    public void No_check_changes_what_was_measured_on_real_meters()
    {
        foreach (var series in RecordedYear.Hourly(Path.Combine(SharedData.Cambridge, "electricity_kwh.csv.gz"), take: 2))
        {
            var validated = SeriesValidation.Judge(series, MeterClass.Electricity, new SeriesContext(RecordedYear.London));

            validated.Series.ShouldBeSameAs(series);
            var sound = validated.Sound();
            Enumerable.Range(0, series.Count).ShouldAllBe(hour => sound[hour] == series[hour] || (sound[hour] == null && (validated.IsGap(hour) || validated.IsDoubtful(hour))));
            Enumerable.Range(0, series.Count).Count(validated.IsDoubtful).ShouldBeLessThan(series.Count / 50);
        }
    }

    [SharedFact]
    public void The_storage_of_the_campus_balances_in_every_hour_and_its_clocks_are_told_apart()
    {
        var figures = QualityReport.OnUiuc(SharedData.Uiuc).ToDictionary(figure => figure.Name, figure => figure.Value);

        figures["quality_uiuc_balance_hours"].ShouldBe(8_785);
        figures["quality_uiuc_balance_broken"].ShouldBe(0);
        figures["quality_uiuc_chilled_water_continuous_clock"].ShouldBe(1);
        figures["quality_uiuc_steam_wall_clock"].ShouldBe(1);
        figures["quality_uiuc_steam_change_days_wrong"].ShouldBe(0);
    }

    [SharedFact]
    public void On_real_heat_the_chosen_forecast_beats_the_naive_one()
    {
        var figures = ModelReport.OnCambridge(SharedData.Cambridge, take: 2).ToDictionary(figure => figure.Name, figure => figure.Value);

        figures["forecast_heat_error"].ShouldBeLessThan(figures["forecast_heat_error_of_last_week"]);
        figures["estimate_electricity_2h_hourly_error"].ShouldBeLessThan(0.2);
    }
}
