using System.Globalization;
using System.IO.Compression;
using Marketplace.Metering.Checks;
using Marketplace.Quantities;

namespace Marketplace.Metering.Tests.Quality;

/// <summary>A year of real meters as it lies in files.</summary>
internal static class RecordedYear
{
    public static readonly LoopCalendar London = new(TimeZoneInfo.FindSystemTimeZoneById("Europe/London"));

    /// <summary>The columns of a compressed file of hours, values as if they were kWh.</summary>
    /// <param name="file">Header: a time in UTC, then one column a building.</param>
    /// <param name="take">How many buildings, all of them if fewer.</param>
    public static IReadOnlyList<MeterSeries> Hourly(string file, int take = int.MaxValue)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
        var names = reader.ReadLine()!.Split(',')[1..].Take(take).ToArray();
        var values = names.Select(_ => new List<Energy?>(8_760)).ToArray();
        DateTimeOffset? from = null;
        while (reader.ReadLine() is { } line)
        {
            var fields = line.Split(',');
            from ??= Utc(fields[0]);
            for (var i = 0; i < names.Length; i++)
            {
                values[i].Add(fields[i + 1].Length == 0 ? null : Energy.FromKWh(decimal.Parse(fields[i + 1], CultureInfo.InvariantCulture)));
            }
        }

        return [.. names.Zip(values, (name, hours) => new MeterSeries(name, from!.Value, hours))];
    }

    /// <summary>The rows of a small file, by column name.</summary>
    public static IReadOnlyList<Dictionary<string, string>> Rows(string file)
    {
        var lines = File.ReadAllLines(file);
        var header = lines[0].Split(',');
        return [.. lines[1..].Select(line => header.Zip(line.Split(',')).ToDictionary(pair => pair.First, pair => pair.Second))];
    }

    public static DateTimeOffset Utc(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
}
