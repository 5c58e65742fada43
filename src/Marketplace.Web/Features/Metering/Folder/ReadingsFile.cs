using Marketplace.Metering;
using Marketplace.Quantities;
using static Marketplace.Web.Features.Metering.ReadingsTable;

namespace Marketplace.Web.Features.Metering;

/// <summary>Reads readings.csv in one pass.</summary>
internal sealed class ReadingsFile
{
    // Two dates this far apart in one file mean that one of them is wrong; without a bound one such row would ask for gigabytes.
    private const int LongestSpanHours = 20 * 366 * 24;

    private readonly Dictionary<(string Building, Carrier Carrier), MeterColumn> _columns = [];
    private readonly Dictionary<string, Dictionary<string, Meter>> _known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, short> _basisNumbers = new(StringComparer.Ordinal);
    private readonly List<string?> _bases = [null];
    private readonly HashSet<string>? _buildings;
    private readonly Interval? _site;
    private readonly TimeZoneInfo _zone;
    private readonly FolderProblems _problems;
    private readonly CsvTable _table;
    private int? _firstHour;

    private ReadingsFile(CsvTable table, IEnumerable<string>? buildings, Interval? site, TimeZoneInfo zone, FolderProblems problems)
    {
        _table = table;
        _buildings = buildings is null ? null : new HashSet<string>(buildings, StringComparer.Ordinal);
        _site = site;
        _zone = zone;
        _problems = problems;
    }

    public static ReadingsTable Read(string folder, string file, IEnumerable<string>? buildings, Interval? site, TimeZoneInfo zone, FolderProblems problems)
    {
        using var table = CsvTable.Open(folder, file, problems, ProblemWeight.Fatal, "timestamp_utc", "building", "commodity", "kwh");
        if (table is null)
        {
            return new ReadingsTable([], [null], null, problems);
        }

        if (!table.Has("basis"))
        {
            problems.Warn(file, 1, "basis", "missing-column", "the column 'basis' is missing; every value is taken as measured.");
        }

        return new ReadingsFile(table, buildings, site, zone, problems).ReadRows();
    }

    private ReadingsTable ReadRows()
    {
        var refusedBefore = _problems.RowsRefused;
        var rows = 0;
        var (time, building, commodity, kwh, basis, unit) = (
            _table.Column("timestamp_utc"), _table.Column("building"), _table.Column("commodity"), _table.Column("kwh"), _table.Column("basis"), _table.Column("unit"));
        while (_table.Read())
        {
            rows++;
            if (TryUsual(_table.Span(time), _table.Span(building), _table.Span(commodity), _table.Span(kwh), basis < 0 ? [] : _table.Span(basis), unit < 0 ? "kWh" : _table.Span(unit)))
            {
                continue;
            }

            Row(_table[time], _table[building], _table[commodity], _table[kwh], _table[basis], unit < 0 ? "kWh" : _table[unit]);
        }

        var good = _columns.Values.Where(column => column.Count > 0).ToArray();
        if (good.Length == 0)
        {
            _problems.Fail(_table.File, 0, "", "no-rows", "the file has no good reading.");
            return new ReadingsTable([], [null], null, _problems) { RowsRead = rows };
        }

        var span = new Interval(MeterColumn.HourOf(good.Min(column => column.First)), MeterColumn.HourOf(good.Max(column => column.Last)) + Validation.Hour);
        WarnOfLocalTime(span, good);
        // Rows with a wrong number of fields never came to Row, and are rows all the same.
        var misshapen = _problems.RowsRefused - refusedBefore - (rows - good.Sum(column => column.Count));
        return new ReadingsTable(_columns, _bases, span, _problems) { RowsRead = rows + misshapen };
    }

    // Nearly every row of nearly every file: its time as formats.md writes it, a meter that was there before, a plain number, in order. Whatever
    // is else in any way goes to Row, which also says what is wrong with it.
    private bool TryUsual(
        ReadOnlySpan<char> timeText, ReadOnlySpan<char> building, ReadOnlySpan<char> commodity, ReadOnlySpan<char> kwh, ReadOnlySpan<char> basis, ReadOnlySpan<char> unit)
    {
        if (!basis.IsEmpty && !basis.SequenceEqual("measured") || !unit.SequenceEqual("kWh")
            || !_known.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(building, out var carriers)
            || !carriers.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(commodity, out var meter)
            || !FieldText.TryUsualHour(timeText, out var hour) || !FieldText.TryUsualEnergy(kwh, out var wattHours))
        {
            return false;
        }

        var index = MeterColumn.IndexOf(hour);
        if (index <= meter.Latest || index - _firstHour > LongestSpanHours || (_site is { } site && !site.Contains(hour)))
        {
            return false;
        }

        meter.Latest = index;
        meter.Column.Add(index, wattHours, _table.Line, 0);
        return true;
    }

    private Meter MeterOf(string building, string commodity, Carrier carrier)
    {
        if (!_known.TryGetValue(building, out var carriers))
        {
            _known.Add(building, carriers = new Dictionary<string, Meter>(StringComparer.Ordinal));
        }

        if (!carriers.TryGetValue(commodity, out var meter))
        {
            // A commodity may be written in several ways; the meter is one.
            meter = carriers.Values.FirstOrDefault(other => other.Carrier == carrier);
            if (meter is null)
            {
                meter = new Meter(building, carrier);
                _columns.Add((building, carrier), meter.Column);
            }

            carriers.Add(commodity, meter);
        }

        return meter;
    }

    private sealed class Meter(string building, Carrier carrier)
    {
        public string Building => building;

        public Carrier Carrier => carrier;

        public MeterColumn Column { get; } = new();

        /// <summary>The latest hour so far.</summary>
        public int Latest { get; set; } = int.MinValue;
    }

    private void Row(string timeText, string building, string commodity, string kwh, string basis, string unit)
    {
        if (FieldText.Hour(timeText, out var hour) is { } timeFault)
        {
            Refuse("timestamp_utc", timeFault.Rule, timeFault.Message);
            return;
        }

        if (building.Length is 0 or > 64 || building.Any(char.IsControl))
        {
            Refuse("building", "building-name", "a building's name has 1 to 64 characters.");
            return;
        }

        if (_buildings is not null && !_buildings.Contains(building))
        {
            Refuse("building", "unknown-building", $"'{building}' is not among the participants.");
            return;
        }

        if (!Carriers.TryParse(commodity.ToLowerInvariant(), out var carrier))
        {
            Refuse("commodity", "unknown-commodity", commodity.Length == 0 ? "the field is empty." : $"'{commodity}' is not electricity, heat or cold.");
            return;
        }

        if (!unit.Equals("kWh", StringComparison.OrdinalIgnoreCase))
        {
            Refuse("unit", "wrong-unit", $"the unit is '{unit}'; energy is given in kWh.");
            return;
        }

        if (FieldText.Energy(kwh, out var energy) is { } energyFault)
        {
            Refuse("kwh", energyFault.Rule, energyFault.Message);
            return;
        }

        Keep(building, commodity, carrier, timeText, hour, energy, basis);
    }

    private void Keep(string building, string commodity, Carrier carrier, string timeText, DateTimeOffset hour, Energy energy, string basis)
    {
        if (_site is { } site && !site.Contains(hour))
        {
            Refuse("timestamp_utc", hour >= site.End ? ReadingRule.Future.Name : "before-site", hour >= site.End
                ? $"'{timeText}' lies in the future: the site's hours end at {Instants.Iso(site.End)}."
                : $"'{timeText}' lies before the site's first hour, {Instants.Iso(site.Start)}.");
            return;
        }

        var index = MeterColumn.IndexOf(hour);
        _firstHour ??= index;
        if (Math.Abs(index - _firstHour.Value) > LongestSpanHours)
        {
            Refuse("timestamp_utc", "timestamp", $"'{timeText}' is more than 20 years from the file's first reading.");
            return;
        }

        var meter = MeterOf(building, commodity, carrier);
        if (meter.Column.TryGet(index, out var first))
        {
            RefuseDuplicate(meter, timeText, hour, energy, first.WattHours, first.Line);
            return;
        }

        if (index < meter.Latest)
        {
            _problems.Warn(_table.File, _table.Line, "timestamp_utc", "out-of-order",
                $"'{timeText}' comes after {Instants.Iso(MeterColumn.HourOf(meter.Latest))} of {meter.Building} {meter.Carrier.Name()}; the reading is kept in its place in time.");
        }

        meter.Latest = Math.Max(index, meter.Latest);
        meter.Column.Add(index, energy.WattHours, _table.Line, BasisNumber(basis));
    }

    private void RefuseDuplicate(Meter meter, string timeText, DateTimeOffset hour, Energy energy, long firstWattHours, int firstLine)
    {
        var isSame = firstWattHours == energy.WattHours;
        var local = IsClockBack(hour) ? " Clocks go back on this day: if the file is in local time, convert it to UTC." : "";
        var values = FormattableString.Invariant($", with {firstWattHours / 1000m} kWh instead of {energy.KilowattHours} kWh; the first is kept");
        Refuse("timestamp_utc", isSame ? ReadingRule.Repeated.Name : ReadingRule.Contradicted.Name, FormattableString.Invariant(
            $"'{timeText}' of {meter.Building} {meter.Carrier.Name()} already stands on line {firstLine}{(isSame ? "" : values)}.{local}"));
    }

    // A file in local time has no reading of anybody in the hour that the clocks skip in spring.
    private void WarnOfLocalTime(Interval span, MeterColumn[] columns)
    {
        for (var day = span.Start.UtcDateTime.Date; day < span.End.UtcDateTime; day = day.AddDays(1))
        {
            for (var clock = 1; clock <= 3; clock++)
            {
                var hour = new DateTimeOffset(day.AddHours(clock), TimeSpan.Zero);
                if (span.Contains(hour) && IsClockForward(hour) && columns.All(column => !column.TryGet(MeterColumn.IndexOf(hour), out _)))
                {
                    _problems.Warn(_table.File, 0, "timestamp_utc", "local-time",
                        $"no meter has a reading at {Instants.Iso(hour)}, where clocks go forward: if the file is in local time, convert it to UTC.");
                }
            }
        }
    }

    private bool IsClockBack(DateTimeOffset hour) =>
        _zone.IsAmbiguousTime(hour.UtcDateTime.AsUnspecified()) || (hour.Hour <= 3 && (IsLastSunday(hour, 10) || IsSunday(hour, 11, 1)));

    private bool IsClockForward(DateTimeOffset hour) =>
        _zone.IsInvalidTime(hour.UtcDateTime.AsUnspecified()) || IsLastSunday(hour, 3) || IsSunday(hour, 3, 2);

    private static bool IsLastSunday(DateTimeOffset at, int month) =>
        at.Month == month && at.DayOfWeek == DayOfWeek.Sunday && at.AddDays(7).Month != month;

    private static bool IsSunday(DateTimeOffset at, int month, int number) =>
        at.Month == month && at.DayOfWeek == DayOfWeek.Sunday && (at.Day + 6) / 7 == number;

    private short BasisNumber(string basis)
    {
        if (basis.Length == 0 || basis.Equals("measured", StringComparison.OrdinalIgnoreCase))
        {
            return 0;
        }

        // A basis is one of few words; where every row has its own, the first thousands are kept and the rest share a word.
        if (!_basisNumbers.TryGetValue(basis, out var number))
        {
            number = _bases.Count < short.MaxValue ? (short)_bases.Count : (short)(short.MaxValue - 1);
            if (number == _bases.Count)
            {
                _bases.Add(basis.Length <= 200 ? basis : basis[..200]);
                _basisNumbers.Add(basis, number);
            }
        }

        return number;
    }

    private void Refuse(string field, string rule, string message) => _problems.Refuse(_table.File, _table.Line, field, rule, message);
}

file static class Unspecified
{
    public static DateTime AsUnspecified(this DateTime time) => DateTime.SpecifyKind(time, DateTimeKind.Unspecified);
}
