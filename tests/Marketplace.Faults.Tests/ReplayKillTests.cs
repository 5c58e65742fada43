using System.Text.Json;
using System.Text.Json.Nodes;
using Marketplace.Testing;
using Npgsql;
using Shouldly;
using Xunit;

namespace Marketplace.Faults.Tests;

public sealed class ReplayKillTests
{
    private const string Seed = "11";

    /// <summary>Killed with -9 again and again, at different points of its work, a replay ends as if nothing had happened.</summary>
    [Fact]
    public async Task A_replay_killed_again_and_again_ends_at_the_same_root_and_the_same_bills()
    {
        using var folder = new RecordedFolder();
        await using var calm = await TestDatabase.CreateEmptyAsync();
        var expected = await FinishAsync(calm, folder);

        await using var stormy = await TestDatabase.CreateEmptyAsync();
        foreach (var (table, rows) in new[] { ("market.readings", 1), ("market.hour_steps", 5), ("market.results", 11), ("market.hour_steps", 90), ("market.settlements", 46) })
        {
            await using var run = await PublishedApp.StartAsync(stormy, null, "replay", folder.Path, "--seed", Seed);
            await Eventually.HoldsAsync(() => HasRowsAsync(stormy, table, rows), $"{table} had {rows} rows", TimeSpan.FromSeconds(120));
            await run.KillAsync();
        }

        var resumed = await FinishAsync(stormy, folder);

        Comparable(resumed).ShouldBe(Comparable(expected));
        (await DocumentsAsync(stormy)).ShouldBe(await DocumentsAsync(calm));
    }

    [Fact]
    public async Task A_replay_run_again_says_the_same_and_adds_nothing()
    {
        using var folder = new RecordedFolder(buildings: 2, hours: 24);
        await using var database = await TestDatabase.CreateEmptyAsync();

        var first = await FinishAsync(database, folder);
        var again = await FinishAsync(database, folder);

        Comparable(again).ShouldBe(Comparable(first));
    }

    private static async Task<JsonObject> FinishAsync(TestDatabase database, RecordedFolder folder)
    {
        var json = Path.Combine(Path.GetDirectoryName(folder.Path)!, "summary.json");
        var ended = await PublishedApp.RunAsync(database, null, "replay", folder.Path, "--seed", Seed, "--json", json);
        ended.ExitCode.ShouldBe(0, ended.Error);
        return JsonNode.Parse(await File.ReadAllTextAsync(json))!.AsObject();
    }

    // Time and memory differ from run to run; all else must not.
    private static string Comparable(JsonObject summary)
    {
        var copy = summary.DeepClone().AsObject();
        foreach (var name in new[] { "seconds", "peakMemoryMegabytes", "postgresPeakMemoryMegabytes" })
        {
            copy.Remove(name).ShouldBeTrue(name);
        }

        return copy.ToJsonString(new JsonSerializerOptions { WriteIndented = true });
    }

    private static async Task<string> DocumentsAsync(TestDatabase database)
    {
        await using var connection = new NpgsqlConnection(database.Owner);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT string_agg(number || ' ' || total_cents || ' ' || md5(canonical), E'\\n' ORDER BY id) FROM market.bills", connection);
        return (string)(await command.ExecuteScalarAsync())!;
    }

    private static async Task<bool> HasRowsAsync(TestDatabase database, string table, int rows)
    {
        try
        {
            await using var connection = new NpgsqlConnection(database.Owner);
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand($"SELECT count(*) FROM {table}", connection);
            return (long)(await command.ExecuteScalarAsync())! >= rows;
        }
        catch (PostgresException notYet) when (notYet.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName)
        {
            return false;
        }
    }
}
