using System.Globalization;
using Marketplace.Testing;
using Shouldly;
using Xunit;
using Xunit.Abstractions;

namespace Marketplace.Faults.Tests.Ledger;

/// <summary>PostgreSQL goes away under a host that appends: restarted as by a power cut, or out of disk. The host goes on by itself.</summary>
public sealed class DatabaseFaultTests(ITestOutputHelper output)
{
    private const int Batches = 60;

    [Fact]
    public async Task PostgreSQL_restarted_underneath_costs_nothing_that_was_acknowledged()
    {
        await using var server = await OwnServer.StartAsync();
        await using var log = await WatchedLog.CreateAsync(await TestDatabase.CreateOnAsync(server.ConnectionString), seed: 501, witnesses: 2);
        await using var process = log.Start(log.Order(Batches, mostRecords: 400) with { IsStubborn = true, Serves = true });
        const int restarts = 4;
        for (var restart = 1; restart <= restarts; restart++)
        {
            await process.LineAsync(line => line == Done(restart * Batches / (restarts + 1)));
            await server.RestartAsync();
        }

        await FinishAsync(log, process, string.Create(CultureInfo.InvariantCulture, $"PostgreSQL restarted underneath {restarts} times"));
    }

    [SmallDiskFact]
    public async Task A_full_disk_costs_nothing_and_the_log_goes_on_when_there_is_space()
    {
        await using var server = await OwnServer.StartAsync(megabytes: 320);
        await using var log = await WatchedLog.CreateAsync(await TestDatabase.CreateOnAsync(server.ConnectionString), seed: 502, witnesses: 2);
        const int times = 3;
        await using var process = log.Start(log.Order(Batches, mostRecords: 2000) with { IsStubborn = true, Serves = true, PauseEvery = Batches / (times + 1) });
        for (var time = 1; time <= times; time++)
        {
            await process.LineAsync(line => line == "paused");
            server.FillDisk();

            // The last time the journal itself finds no space, at which the server goes down.
            if (time == times)
            {
                await server.SwitchJournalAsync();
            }

            await process.GoOnAsync();
            for (var refusal = 0; refusal < 5; refusal++)
            {
                await process.LineAsync(line => line.StartsWith("refused ", StringComparison.Ordinal));
            }

            await server.FreeDiskAsync();
        }

        await FinishAsync(log, process, string.Create(CultureInfo.InvariantCulture, $"disk full {times} times"));
    }

    private static string Done(int batch) => string.Create(CultureInfo.InvariantCulture, $"done own/{batch}");

    private async Task FinishAsync(WatchedLog log, OwnProcess process, string what)
    {
        await process.LineAsync(line => line == "finished");
        await Eventually.HoldsAsync(log.IsPublishedAsync, "all was published");
        await log.LookAsync(process);
        var (size, _) = await log.SettleAsync();
        var isCheckedByOther = await log.AuditAsync(process);
        (await process.StopAsync()).ShouldBe(0, process.Words);
        (await log.AlarmsAsync()).ShouldBeEmpty();
        var refusals = process.Said.Where(line => line.StartsWith("refused ", StringComparison.Ordinal)).Select(line => line.Split(' ')[2]).CountBy(state => state);
        var summary = string.Create(
            CultureInfo.InvariantCulture,
            $"{what}: lost {log.Lost}, forks {log.Forks}, {size} entries, refused meanwhile ({string.Join(", ", refusals.Select(r => $"{r.Key}: {r.Value}"))}), audited by ours{(isCheckedByOther ? " and ledger-verifier" : "")}");
        output.WriteLine(summary);
        TestNotes.Add(summary);
    }
}
