using System.Globalization;
using Marketplace.Data;
using Marketplace.Faults.Tests.Child;
using Marketplace.Testing;
using Shouldly;
using Xunit;
using Xunit.Abstractions;

namespace Marketplace.Faults.Tests.Ledger;

/// <summary>Two hosts on one database, both appending, integrating and asking the same witnesses, some batches handed in by both.</summary>
public sealed class TwoSequencersTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Two_sequencers_started_at_once_make_one_tree_though_one_of_them_is_killed_again_and_again()
    {
        await using var log = await WatchedLog.CreateAsync(await TestDatabase.CreateAsync(), seed: 601, witnesses: 2);
        var one = log.Order(batches: 100, mostRecords: 150, "one") with { Shared = "both" };
        await using var steady = log.Start(log.Order(batches: 100, mostRecords: 150, "other") with { Shared = "both" });
        KillPoint[] points =
        [
            new(LedgerTrace.Commit, KillPhase.During, 6, 100),
            new(LedgerTrace.Publish, KillPhase.During, 6, 200),
            new(LedgerTrace.Ask, KillPhase.After, 9, 0),
            new(LedgerTrace.Tile, KillPhase.After, 6, 0),
        ];
        foreach (var point in points)
        {
            await using var killed = log.Start(one with { Kill = point });
            (await killed.EndAsync()).ShouldBe(137, $"{point}: {killed.Words}");
            await log.LookAsync(killed);
        }

        await using (var last = log.Start(one))
        {
            (await last.EndAsync()).ShouldBe(0, last.Words);
            (await steady.EndAsync()).ShouldBe(0, steady.Words);
            await log.LookAsync(last);
            await log.LookAsync(steady);
        }

        await using var serving = log.Start(one with { Serves = true });
        await serving.LineAsync(line => line == "finished");
        var (size, _) = await log.SettleAsync();
        await log.AuditAsync(serving);
        (await serving.StopAsync()).ShouldBe(0, serving.Words);
        (await log.AlarmsAsync()).ShouldBeEmpty();
        var summary = string.Create(CultureInfo.InvariantCulture, $"two sequencers at once, one killed {points.Length} times: lost {log.Lost}, forks {log.Forks}, {size} entries");
        output.WriteLine(summary);
        TestNotes.Add(summary);
    }

    /// <summary>/dev/full refuses each byte as a full disk does.</summary>
    [Fact]
    public async Task A_witness_whose_disk_is_full_cosigns_nothing_and_goes_on_when_there_is_space()
    {
        await using var log = await WatchedLog.CreateAsync(await TestDatabase.CreateAsync(), seed: 602, witnesses: 2);
        await using (var before = log.Start(log.Order(batches: 5, mostRecords: 100)))
        {
            (await before.EndAsync()).ShouldBe(0, before.Words);
        }

        var full = log.Witnesses[0];
        var remembered = full.Remembered().ShouldNotBeNull();
        var aside = full.State + ".next";
        File.CreateSymbolicLink(aside, "/dev/full");
        await using (var meanwhile = log.Start(log.Order(batches: 10, mostRecords: 100)))
        {
            (await meanwhile.EndAsync()).ShouldBe(0, meanwhile.Words);
            meanwhile.Words.ShouldContain("answered 503");
            await log.LookAsync(meanwhile);
        }

        full.Remembered().ShouldBe(remembered);
        (await log.IsPublishedAsync()).ShouldBeFalse();
        log.Witnesses[1].Remembered()!.Value.Size.ShouldBeGreaterThan(remembered.Size);

        await full.KillAsync();
        full.Remembered().ShouldBe(remembered);
        File.Delete(aside);
        await full.StartAsync();
        await using var after = log.Start(log.Order(batches: 15, mostRecords: 100) with { Serves = true });
        await after.LineAsync(line => line == "finished");
        await log.LookAsync(after);
        await log.SettleAsync();
        await log.AuditAsync(after);
        (await after.StopAsync()).ShouldBe(0, after.Words);
    }
}
