using System.Text.Json.Nodes;
using Marketplace.Testing;

namespace Marketplace.Benchmarks;

/// <summary>The demo week, from an empty database to its bills: the whole command as a person runs it.</summary>
internal sealed class Replay : IBenchmark
{
    private const int HoursOfTheWeek = 168;

    public string Name => "replay";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(Size size)
    {
        var week = Path.Combine(Repository.Root, "..", "shared", "data", "cambridge-loop-2019", "demo-week");
        using var made = size.Scale < 1 || !Directory.Exists(week) ? new RecordedFolder(buildings: 32, hours: size.Of(HoursOfTheWeek, least: 4)) : null;
        if (made is not null && size.Scale == 1)
        {
            await Console.Error.WriteLineAsync("# no ../shared/data: a made-up week of the same size instead");
        }

        await using var database = await TestDatabase.CreateEmptyAsync();
        var json = Path.GetTempFileName();
        try
        {
            var ended = await PublishedApp.RunAsync(database, null, "replay", made?.Path ?? week, "--json", json);
            if (ended.ExitCode != 0)
            {
                throw new InvalidOperationException(ended.Error);
            }

            var summary = JsonNode.Parse(await File.ReadAllTextAsync(json))!;
            return
            [
                new Figure("replay_time", summary["seconds"]!.GetValue<double>(), "s"),
                new Figure("replay_peak_memory", summary["peakMemoryMegabytes"]!.GetValue<double>(), "MB"),
                new Figure("replay_postgres_peak_memory", summary["postgresPeakMemoryMegabytes"]?.GetValue<double>() ?? double.NaN, "MB"),
                new Figure("replay_readings", summary["readingsIn"]!.GetValue<double>(), "readings"),
                new Figure("replay_hours", summary["hoursCleared"]!.GetValue<double>(), "hours"),
            ];
        }
        finally
        {
            File.Delete(json);
        }
    }
}
