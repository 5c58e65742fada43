using System.Globalization;
using System.Text;

namespace Marketplace.Testing;

/// <summary>A small folder of recorded readings in the format of a replay, made up but always the same: some buildings with heat and
/// electricity, prices that go below zero for an hour, a winter's weather.</summary>
public sealed class RecordedFolder : IDisposable
{
    private static readonly DateTime First = new(2026, 1, 12, 0, 0, 0, DateTimeKind.Utc);

    private readonly DirectoryInfo _parent = Directory.CreateTempSubdirectory("recorded-");

    public RecordedFolder(int buildings = 4, int hours = 48, string name = "winter-days")
    {
        Path = Directory.CreateDirectory(System.IO.Path.Combine(_parent.FullName, name)).FullName;
        Write("participants.csv", "building,role,approx_roof_m2", Enumerable.Range(1, buildings)
            .Select(b => Line($"h{b},{(b % 4 == 0 ? "data hall: candidate waste-heat producer" : "consumer")},{200 * b}")));
        Write("site_hourly.csv", "timestamp_utc,air_temp_c,ghi_w_m2,import_price_eur_per_kwh,grid_carbon_kg_per_kwh", Enumerable.Range(0, hours)
            .Select(h => Line($"{At(h)},{4 - (h % 7)}.5,{(h % 24 is > 8 and < 16 ? 40 * (h % 24 - 8) : 0)},{(h == 27 ? "-0.0125" : Line($"0.{10 + (h % 24)}"))},0.2")));
        Write("readings.csv", "timestamp_utc,building,commodity,kwh,basis", Enumerable.Range(0, hours).SelectMany(h => Enumerable.Range(1, buildings).SelectMany(b => new[]
        {
            Line($"{At(h)},h{b},electricity,{(5 * b) + (h % 5)}.{h % 10},measured"),
            Line($"{At(h)},h{b},heat,{(8 * b) + (h % 9)}.25,measured"),
        })));
    }

    public string Path { get; }

    public void Dispose() => _parent.Delete(recursive: true);

    private static string At(int hour) => First.AddHours(hour).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    private static string Line(FormattableString line) => line.ToString(CultureInfo.InvariantCulture);

    private void Write(string file, string header, IEnumerable<string> lines) =>
        File.WriteAllText(System.IO.Path.Combine(Path, file), string.Join('\n', lines.Prepend(header)) + "\n", new UTF8Encoding(false));
}
