using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Marketplace.Data;
using Marketplace.Faults.Tests.Child;
using Marketplace.Testing;
using Shouldly;
using Xunit;
using Xunit.Abstractions;

namespace Marketplace.Faults.Tests.Ledger;

/// <summary>
/// The process that appends, integrates, tiles, signs, has cosigned and publishes is killed with SIGKILL before, during and after each of these steps,
/// and started again. More seeds than the usual few: MARKETPLACE_FAULT_SEEDS.
/// </summary>
public sealed class KillAtEachStepTests(ITestOutputHelper output)
{
    private const int Killed = 137;

    private static readonly string[] Steps =
    [
        LedgerTrace.Append, LedgerTrace.Salt, StepKiller.CallersCommit, LedgerTrace.Integrate, LedgerTrace.Tile,
        LedgerTrace.Sign, LedgerTrace.Commit, LedgerTrace.Cosign, LedgerTrace.Ask, LedgerTrace.Publish,
    ];

    [Fact]
    public async Task Killed_at_any_step_the_log_ends_at_the_same_root_and_nothing_is_lost_or_forked()
    {
        var seeds = int.TryParse(Environment.GetEnvironmentVariable("MARKETPLACE_FAULT_SEEDS"), CultureInfo.InvariantCulture, out var given) ? given : 4;
        var started = Stopwatch.GetTimestamp();
        var storms = new ConcurrentBag<Storm>();
        await Parallel.ForEachAsync(
            Enumerable.Range(1, seeds),
            new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount },
            async (seed, _) => storms.Add(await RunAsync(seed)));

        var summary = string.Create(
            CultureInfo.InvariantCulture,
            $"ledger kills tried {storms.Sum(s => s.Kills)} ({Steps.Length} steps, before, during and after, {seeds} seeds, {storms.Sum(s => s.WitnessKills)} witnesses killed too), lost {storms.Sum(s => s.Lost)}, forks {storms.Sum(s => s.Forks)}, same root as undisturbed {storms.Count(s => s.IsSame)} of {seeds}, audited by ours{(storms.All(s => s.IsCheckedByOther) ? " and ledger-verifier" : " (ledger-verifier skipped: not here)")}, {storms.Sum(s => s.Entries)} entries, {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s");
        output.WriteLine(summary);
        TestNotes.Add(summary);
        storms.ShouldAllBe(s => s.IsSame && s.Lost == 0 && s.Forks == 0);
    }

    private static async Task<Storm> RunAsync(int seed)
    {
        var random = new Random(seed);
        var all = Steps.SelectMany(step => Enum.GetValues<KillPhase>().Select(phase => new KillPoint(step, phase, 1 + random.Next(2), random.Next(1500))));

        // Each seed takes every other point, in an order of its own, so that any two seeds in a row take all.
        var points = all.Where((_, i) => i % 2 == seed % 2).ToArray();
        random.Shuffle(points);

        // The first fills a whole tile of the second level.
        var mostRecords = seed == 1 ? 2200 : 300;

        // At most two times two batches until a point is reached; and a few to go on with after the last.
        var batches = (points.Length * 4) + 4;
        await using var calm = await WatchedLog.CreateAsync(await TestDatabase.CreateAsync(), seed, witnesses: 0);
        await using (var undisturbed = calm.Start(calm.Order(batches, mostRecords)))
        {
            (await undisturbed.EndAsync()).ShouldBe(0, undisturbed.Words);
            await calm.LookAsync(undisturbed);
        }

        var expected = await calm.SettleAsync();

        await using var log = await WatchedLog.CreateAsync(await TestDatabase.CreateAsync(), seed, witnesses: 2);
        var witnessKills = 0;
        foreach (var point in points)
        {
            await using var process = log.Start(log.Order(batches, mostRecords) with { Kill = point });
            (await process.EndAsync()).ShouldBe(Killed, $"seed {seed}, {point}: {process.Words}");
            if (random.Next(4) == 0)
            {
                var witness = log.Witnesses[random.Next(log.Witnesses.Count)];
                await witness.KillAsync();
                await witness.StartAsync();
                witnessKills++;
            }

            await log.LookAsync(process);
        }

        await using var last = log.Start(log.Order(batches, mostRecords) with { Serves = true });
        await last.LineAsync(line => line == "finished");
        await log.LookAsync(last);
        var reached = await log.SettleAsync();
        var isCheckedByOther = await log.AuditAsync(last);
        (await last.StopAsync()).ShouldBe(0, last.Words);
        (await log.AlarmsAsync()).ShouldBeEmpty();
        return new Storm(points.Length, witnessKills, log.Lost, log.Forks, reached == expected, isCheckedByOther, reached.Size);
    }

    private sealed record Storm(int Kills, int WitnessKills, int Lost, int Forks, bool IsSame, bool IsCheckedByOther, long Entries);
}
