using System.Globalization;
using Marketplace.Metering.Checks;
using Marketplace.Metering.Checks.Across;
using Marketplace.Metering.Checks.Delivery;
using Marketplace.Metering.Checks.Value;
using Marketplace.Quantities;

namespace Marketplace.Metering.Tests.Quality;

/// <summary>One figure of a report.</summary>
internal sealed record QualityFigure(string Name, double Value, string Unit);

/// <summary>What was found against what is known to be there.</summary>
internal sealed class Confusion
{
    public long Right { get; private set; }

    public long Wrong { get; private set; }

    public long Missed { get; private set; }

    public double Precision => Right + Wrong == 0 ? 1 : (double)Right / (Right + Wrong);

    public double Recall => Right + Missed == 0 ? 1 : (double)Right / (Right + Missed);

    public void Add(bool isFound, bool isThere, long times = 1)
    {
        Right += isFound && isThere ? times : 0;
        Wrong += isFound && !isThere ? times : 0;
        Missed += !isFound && isThere ? times : 0;
    }

    public IEnumerable<QualityFigure> Figures(string name) =>
        [new(name + "_precision", Precision, "share"), new(name + "_recall", Recall, "share"), new(name + "_true", Right + Missed, "cases")];
}

/// <summary>What the checks find in two published data sets, against what their publishers say is wrong in them.</summary>
internal static class QualityReport
{
    public const long WattHoursPerTonHour = 3_517;

    public static IReadOnlyList<QualityFigure> OnCambridge(string folder, int take = int.MaxValue)
    {
        var (electricity, gas) = Meters(folder, take);
        return
        [
            .. KnownDefects(folder, take),
            .. InjectedGaps(electricity, "electricity"),
            .. InjectedGaps(gas, "heat"),
            .. GasZeros(gas),
            .. InjectedSpikes(electricity, MeterClass.Electricity, "electricity"),
            .. InjectedSpikes(gas, MeterClass.Heat, "heat"),
            .. Findings(electricity, MeterClass.Electricity, "electricity"),
            .. Findings(gas, MeterClass.Heat, "heat"),
        ];
    }

    /// <summary>What the publishers have listed themselves: gaps, cubic metres, shared plants.</summary>
    public static IReadOnlyList<QualityFigure> KnownDefects(string folder, int take = int.MaxValue)
    {
        var (electricity, gas) = Meters(folder, take);
        var buildings = RecordedYear.Rows(Path.Combine(folder, "buildings.csv")).ToDictionary(row => row["building"]);
        var quality = RecordedYear.Rows(Path.Combine(folder, "meter_quality.csv")).Where(row => row["meter"] == "electricity").ToDictionary(row => row["building"]);
        return [.. Zeros(electricity, quality), .. Units(gas, buildings), .. Plants(gas, buildings)];
    }

    private static (IReadOnlyList<MeterSeries> Electricity, IReadOnlyList<MeterSeries> Gas) Meters(string folder, int take) =>
        (RecordedYear.Hourly(Path.Combine(folder, "electricity_kwh.csv.gz"), take), RecordedYear.Hourly(Path.Combine(folder, "heat_gas_as_reported.csv.gz"), take));

    /// <summary>
    /// Every zero in electricity is a missing reading, its README says. So precision by hours is one by itself: what is not zero is
    /// never called a gap. The injected gaps say more.
    /// </summary>
    private static IEnumerable<QualityFigure> Zeros(IReadOnlyList<MeterSeries> electricity, Dictionary<string, Dictionary<string, string>> quality)
    {
        var hours = new Confusion();
        var meters = new Confusion();
        var longest = new Confusion();
        foreach (var series in electricity)
        {
            var gaps = ZeroGapCheck.Find(series, RecordedYear.London);
            var isGap = new bool[series.Count];
            foreach (var gap in gaps)
            {
                Array.Fill(isGap, true, series.IndexOf(gap.During.Start), (int)gap.During.Length.TotalHours);
            }

            for (var at = 0; at < series.Count; at++)
            {
                hours.Add(isGap[at], series[at] == Energy.Zero);
            }

            var published = quality[series.Meter];
            meters.Add(gaps.Count > 0, double.Parse(published["zero_pct"], CultureInfo.InvariantCulture) > 0);
            var run = int.Parse(published["longest_zero_run_h"], CultureInfo.InvariantCulture);
            if (run > 0)
            {
                longest.Add(gaps.Any(gap => gap.During.Length == TimeSpan.FromHours(run) && gap.During.Start == RecordedYear.Utc(published["longest_zero_run_start"])), true);
            }
        }

        return [.. hours.Figures("quality_electricity_gap_hours"), .. meters.Figures("quality_electricity_gap_meters"), .. longest.Figures("quality_electricity_longest_gap")];
    }

    /// <summary>Zeros put where there were readings, so that the truth is known for hours that are not zero by themselves.</summary>
    private static IEnumerable<QualityFigure> InjectedGaps(IReadOnlyList<MeterSeries> meters, string name)
    {
        int[] lengths = [3, 5, 8, 24, 47, 100, 240];
        var random = new Random(2019);
        var hours = new Confusion();
        foreach (var series in meters)
        {
            var isInjected = new bool[series.Count];
            foreach (var length in lengths)
            {
                Array.Fill(isInjected, true, random.Next(series.Count - length), length);
            }

            // A zero that was there before is no truth either way.
            var isKnown = Enumerable.Range(0, series.Count).Select(at => series[at] is { } energy && energy > Energy.Zero).ToArray();
            var damaged = series.With(at => isInjected[at] ? Energy.Zero : series[at]);
            var isFound = new bool[series.Count];
            foreach (var gap in ZeroGapCheck.Find(damaged, RecordedYear.London))
            {
                Array.Fill(isFound, true, damaged.IndexOf(gap.During.Start), (int)gap.During.Length.TotalHours);
            }

            for (var at = 0; at < series.Count; at++)
            {
                if (isKnown[at])
                {
                    hours.Add(isFound[at], isInjected[at]);
                }
            }
        }

        return hours.Figures($"quality_{name}_injected_gap_hours");
    }

    /// <summary>Single hours set to three times the meter's highest, and to eight times the highest of the hours around: what each check of spikes
    /// finds of them, and what it finds in the hours that were left as measured, where nobody knows how many are right.</summary>
    public static IEnumerable<QualityFigure> InjectedSpikes(IReadOnlyList<MeterSeries> meters, MeterClass parameters, string name)
    {
        const int OfEach = 6;
        var random = new Random(2019);
        var (large, local, both, all) = (new Confusion(), new Confusion(), new Confusion(), new Confusion());
        foreach (var series in meters)
        {
            var highest = Enumerable.Range(0, series.Count).Max(at => series[at]?.WattHours ?? 0);
            var injected = new Dictionary<int, long>();
            for (var i = 0; i < 2 * OfEach; i++)
            {
                var at = random.Next(200, series.Count - 200);
                var most = Enumerable.Range(at - 12, 25).Max(near => series[near]?.WattHours ?? 0);
                var value = i < OfEach ? 3 * highest : 8 * most;
                if (series[at] is not null && value > 0)
                {
                    injected[at] = value;
                }
            }

            var damaged = series.With(at => injected.TryGetValue(at, out var value) ? Energy.FromWh(value) : series[at]);
            var hampel = SpikeChecks.FindHampel(damaged, parameters).Select(finding => damaged.IndexOf(finding.During.Start)).ToHashSet();
            var peaks = SpikeChecks.FindPeaks(damaged, parameters).Select(finding => damaged.IndexOf(finding.During.Start)).ToHashSet();
            foreach (var (at, value) in injected)
            {
                (value == 3 * highest ? large : local).Add(hampel.Contains(at), true);
                both.Add(hampel.Contains(at) || peaks.Contains(at), true);
                all.Add(hampel.Contains(at), true);
            }

            all.Add(true, false, hampel.Count(at => !injected.ContainsKey(at)));
        }

        return
        [
            new($"quality_{name}_injected_large_spikes_hampel_recall", large.Recall, "share"),
            new($"quality_{name}_injected_local_spikes_hampel_recall", local.Recall, "share"),
            new($"quality_{name}_injected_spikes_recall", both.Recall, "share"),
            new($"quality_{name}_injected_spikes_hampel_precision", all.Precision, "share"),
            new($"quality_{name}_hampel_findings_elsewhere", all.Wrong, "findings"),
        ];
    }

    /// <summary>Of gas zeros nobody knows the truth; those of June to August are mostly genuine.</summary>
    private static IEnumerable<QualityFigure> GasZeros(IReadOnlyList<MeterSeries> gas)
    {
        var (zeros, found, summer, foundInSummer) = (0, 0, 0, 0);
        foreach (var series in gas)
        {
            var gaps = ZeroGapCheck.Find(series, RecordedYear.London);
            foreach (var run in HourRun.OfZeros(series))
            {
                var isFound = gaps.Any(gap => gap.During.Start == series.At(run.First));
                for (var at = run.First; at < run.End; at++)
                {
                    var isSummer = series.At(at).Month is >= 6 and <= 8;
                    zeros++;
                    found += isFound ? 1 : 0;
                    summer += isSummer ? 1 : 0;
                    foundInSummer += isSummer && isFound ? 1 : 0;
                }
            }
        }

        return
        [
            new("quality_heat_zeros_called_gaps", Share(found, zeros), "share"),
            new("quality_heat_summer_zeros_called_gaps", Share(foundInSummer, summer), "share"),
        ];
    }

    private static IEnumerable<QualityFigure> Units(IReadOnlyList<MeterSeries> gas, Dictionary<string, Dictionary<string, string>> buildings)
    {
        var cubicMetres = new Confusion();
        var same = 0;
        foreach (var series in gas)
        {
            var building = buildings[series.Meter];
            var found = UnitCheck.Judge(series, decimal.Parse(building["gia_m2"], CultureInfo.InvariantCulture), UnitExpectation.NaturalGas);
            var published = building["heat_unit_class_INFERRED"] switch
            {
                "m3-inferred" => UnitVerdict.CubicMetres,
                "kwh-plausible" => UnitVerdict.AsLabelled,
                _ => UnitVerdict.Unclear,
            };
            cubicMetres.Add(found == UnitVerdict.CubicMetres, published == UnitVerdict.CubicMetres);
            same += found == published ? 1 : 0;
        }

        return [.. cubicMetres.Figures("quality_cubic_metres"), new("quality_unit_same_verdict", Share(same, gas.Count), "share")];
    }

    private static IEnumerable<QualityFigure> Plants(IReadOnlyList<MeterSeries> gas, Dictionary<string, Dictionary<string, string>> buildings)
    {
        var findings = SharedPlantCheck.Find(gas);
        var found = findings.Select(finding => (finding.OtherMeter!, finding.Meter)).ToHashSet();
        var exact = new Confusion();
        var near = new Confusion();
        for (var second = 1; second < gas.Count; second++)
        {
            for (var first = 0; first < second; first++)
            {
                var pair = (gas[first].Meter, gas[second].Meter);
                var (a, b) = (buildings[pair.Item1]["shared_heat_profile_group"], buildings[pair.Item2]["shared_heat_profile_group"]);
                var isGroup = a.Length > 0 && a == b;
                var isNear = isGroup && a.EndsWith('~');
                near.Add(found.Contains(pair), isGroup);
                if (!isNear)
                {
                    exact.Add(found.Contains(pair), isGroup);
                }
            }
        }

        return
        [
            .. exact.Figures("quality_shared_plant_pairs"),
            .. near.Figures("quality_shared_plant_pairs_with_nearly"),
            new("quality_shared_plants", SharedPlantCheck.Groups(findings).Count, "groups"),
        ];
    }

    public static IEnumerable<QualityFigure> Findings(IReadOnlyList<MeterSeries> meters, MeterClass parameters, string name)
    {
        var context = new SeriesContext(RecordedYear.London);
        var findings = meters.SelectMany(series => SeriesValidation.Judge(series, parameters, context).Findings).ToList();
        return findings.GroupBy(finding => finding.Check.Name).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => new QualityFigure($"quality_{name}_findings_{group.Key.Replace('-', '_')}", group.Count(), "findings"));
    }

    public static IReadOnlyList<QualityFigure> OnUiuc(string folder)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById("America/Chicago");
        var rows = RecordedYear.Rows(Path.Combine(folder, "uiuc_hourly_2019.csv"));
        var demand = Column("chilled_water_demand_tonh", out var waterClock, out _);
        var plant = Column("chiller_plant_output_tonh", out _, out _);
        var storage = Column("tes_discharge_pos_charge_neg_tonh", out _, out _);
        Column("steam_kwth", out var steamClock, out var steam);

        // Each of the three is rounded to a watt-hour.
        var tolerance = Energy.FromWh(2);
        var imbalances = BalanceChecks.JudgeLoop("campus", [plant, storage], [demand], tolerance);
        var calendar = new LoopCalendar(zone);
        var changeDays = ClockChecks.JudgeChangeDays(steam, calendar);
        return
        [
            new("quality_uiuc_balance_hours", BalanceChecks.HoursCompared([plant, storage], [demand]), "hours"),
            new("quality_uiuc_balance_broken", imbalances.Sum(finding => finding.During.Length.TotalHours), "hours"),
            new("quality_uiuc_chilled_water_continuous_clock", waterClock == WrittenClock.Continuous ? 1 : 0, "bool"),
            new("quality_uiuc_steam_wall_clock", steamClock == WrittenClock.Wall ? 1 : 0, "bool"),
            new("quality_uiuc_steam_change_days_wrong", changeDays.Count, "days"),
        ];

        MeterSeries Column(string name, out WrittenClock clock, out List<DeliveredInterval> intervals)
        {
            var written = rows.Where(row => row[name].Length > 0)
                .ToDictionary(row => DateTime.Parse(row["timestamp_local"], CultureInfo.InvariantCulture), row => decimal.Parse(row[name], NumberStyles.Float, CultureInfo.InvariantCulture));
            var found = ClockChecks.ClockOf(written.ContainsKey, DateOnly.FromDateTime(written.Keys.Min()), DateOnly.FromDateTime(written.Keys.Max()), zone);
            clock = found;
            var values = written.ToDictionary(pair => ClockChecks.InstantOf(pair.Key, found, zone), pair => pair.Value);
            intervals = [.. values.Keys.Order().Select(start => new DeliveredInterval(name, name, start, start.AddHours(1)))];
            var from = intervals[0].Start;
            var count = (int)(intervals[^1].End - from).TotalHours;
            return new MeterSeries(name, from, Enumerable.Range(0, count).Select(hour => values.TryGetValue(from.AddHours(hour), out var value)
                ? (Energy?)Energy.FromWh((long)Math.Round(value * WattHoursPerTonHour, MidpointRounding.AwayFromZero))
                : null));
        }
    }

    private static double Share(int part, int whole) => whole == 0 ? 0 : (double)part / whole;
}
