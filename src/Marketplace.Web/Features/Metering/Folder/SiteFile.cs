using Marketplace.Metering;
using Marketplace.Quantities;

namespace Marketplace.Web.Features.Metering;

/// <summary>Weather and grid by hour. The currency stands in the name of the price column.</summary>
internal sealed class SiteFile(string? currency, SortedDictionary<DateTimeOffset, FolderConditions> rows)
{
    private const string File = ReplayFolder.SiteName;
    private const string PricePrefix = "import_price_";
    private const string PriceSuffix = "_per_kwh";

    public string? Currency { get; } = currency;

    /// <summary>The good rows, by time.</summary>
    public IEnumerable<FolderConditions> Rows => rows.Values;

    /// <summary>From the first row's hour to the end of the last row's; null without rows.</summary>
    public Interval? Span => rows.Count == 0 ? null : new Interval(rows.First().Key, rows.Last().Key + Validation.Hour);

    /// <summary>One row for each hour of the span. An hour without its own carries the one before it forward (the first
    /// hours take the first row), and the problems say so.</summary>
    public IReadOnlyList<FolderConditions> Over(Interval span, FolderProblems problems)
    {
        if (rows.Count == 0)
        {
            return [];
        }

        var hours = new List<FolderConditions>();
        var last = rows.First().Value;
        foreach (var hour in span.Steps(Validation.Hour))
        {
            if (rows.TryGetValue(hour, out var own))
            {
                hours.Add(last = own);
                continue;
            }

            problems.Warn(File, 0, "timestamp_utc", "missing-hour", $"no good row for {Instants.Iso(hour)}; the values of {Instants.Iso(last.Hour)} are used for it.");
            hours.Add(last with { Hour = hour, IsCarriedForward = true });
        }

        return hours;
    }

    public static SiteFile? Read(string folder, FolderUse use, FolderProblems problems)
    {
        var whenUnusable = use == FolderUse.Replay ? ProblemWeight.Fatal : ProblemWeight.Warning;
        using var table = CsvTable.Open(folder, File, problems, whenUnusable, "timestamp_utc");
        return table is null ? null : Of(table, whenUnusable, problems);
    }

    /// <summary>What a table says of the hours; null where it cannot be used.</summary>
    public static SiteFile? Of(CsvTable table, ProblemWeight whenUnusable, FolderProblems problems)
    {
        var price = table.Header.FirstOrDefault(name => name.StartsWith(PricePrefix, StringComparison.OrdinalIgnoreCase)
            && name.EndsWith(PriceSuffix, StringComparison.OrdinalIgnoreCase) && name.Length == PricePrefix.Length + 3 + PriceSuffix.Length);
        if (price is null)
        {
            problems.Add(table.File, 1, "import_price_gbp_per_kwh", "missing-column", "there is no price column: its name is import_price_, the currency and _per_kwh.", whenUnusable);
            return null;
        }

        foreach (var (name, instead) in new[] { ("air_temp_c", "10 °C"), ("ghi_w_m2", "no sunshine"), ("grid_carbon_kg_per_kwh", "no carbon") })
        {
            if (!table.Has(name))
            {
                problems.Warn(table.File, 1, name, "missing-column", $"the column '{name}' is missing; {instead} is assumed for every hour.");
            }
        }

        var rows = new SortedDictionary<DateTimeOffset, FolderConditions>();
        var latest = DateTimeOffset.MinValue;
        while (table.Read())
        {
            if (Row(table, price, problems) is not { } row)
            {
                continue;
            }

            if (rows.TryGetValue(row.Hour, out var first))
            {
                var isSame = first == row with { Line = first.Line };
                problems.Refuse(table.File, table.Line, "timestamp_utc", isSame ? "repeated" : "contradicted", FormattableString.Invariant(
                    $"{Instants.Iso(row.Hour)} already stands on line {first.Line}{(isSame ? "" : ", with other values; the first is kept")}."));
                continue;
            }

            if (row.Hour < latest)
            {
                problems.Warn(table.File, table.Line, "timestamp_utc", "out-of-order", $"{Instants.Iso(row.Hour)} comes after {Instants.Iso(latest)}; the row is used in its place in time.");
            }

            latest = row.Hour > latest ? row.Hour : latest;
            rows.Add(row.Hour, row);
        }

        if (rows.Count == 0)
        {
            problems.Add(table.File, 0, "", "no-rows", "the file has no good row.", whenUnusable);
        }

        return new SiteFile(price.Substring(PricePrefix.Length, 3).ToUpperInvariant(), rows);
    }

    private static FolderConditions? Row(CsvTable table, string priceColumn, FolderProblems problems)
    {
        if (FieldText.Hour(table["timestamp_utc"], out var hour) is { } fault)
        {
            problems.Refuse(table.File, table.Line, "timestamp_utc", fault.Rule, fault.Message);
            return null;
        }

        return Value(table, "air_temp_c", -90, 60, 10, problems) is { } temperature
            && Value(table, "ghi_w_m2", 0, 2000, 0, problems) is { } sun
            && Value(table, priceColumn, -1000, 1000, 0, problems) is { } price
            && Value(table, "grid_carbon_kg_per_kwh", 0, 10, 0, problems) is { } carbon
            && PriceOf(table, priceColumn, price, problems) is { } importPrice
            ? new FolderConditions(
                table.Line, hour, decimal.Round(temperature, 2, MidpointRounding.AwayFromZero), decimal.Round(sun, 1, MidpointRounding.AwayFromZero),
                importPrice, (int)decimal.Round(carbon * 1000m, MidpointRounding.AwayFromZero), false)
            : null;
    }

    private static Price? PriceOf(CsvTable table, string column, decimal value, FolderProblems problems)
    {
        if (decimal.IsInteger(value * 1_000_000m))
        {
            return Price.FromUnitsPerKWh(value);
        }

        problems.Refuse(table.File, table.Line, column, "price", $"'{table[column]}' is finer than a millionth of the currency.");
        return null;
    }

    private static decimal? Value(CsvTable table, string column, decimal least, decimal most, decimal whereMissing, FolderProblems problems)
    {
        if (!table.Has(column))
        {
            return whereMissing;
        }

        var fault = FieldText.Number(table[column], out var value);
        if (fault is null && (value < least || value > most))
        {
            fault = new FieldFault("out-of-range", FormattableString.Invariant($"{value} is outside {least} to {most}."));
        }

        if (fault is null)
        {
            return value;
        }

        problems.Refuse(table.File, table.Line, column, fault.Rule, fault.Message);
        return null;
    }
}
