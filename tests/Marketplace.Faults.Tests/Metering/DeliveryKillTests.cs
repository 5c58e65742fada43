using System.Diagnostics;
using System.Globalization;
using Marketplace.Data;
using Marketplace.Faults.Tests.Child;
using Marketplace.Faults.Tests.Ledger;
using Marketplace.Testing;
using Shouldly;
using Xunit;
using Xunit.Abstractions;

namespace Marketplace.Faults.Tests.Metering;

/// <summary>Signed batches over HTTP into a portal that is killed with SIGKILL while it takes them, duplicated and out of order, and under a
/// market clock that jumps.</summary>
public sealed class DeliveryKillTests(ITestOutputHelper output)
{
    private const int Seed = 6;
    private const int Devices = 10;
    private const int Days = 12;
    private const int BatchesACall = 4;

    private static readonly string[] Steps = [LedgerTrace.Append, LedgerTrace.Salt, LedgerTrace.Integrate, LedgerTrace.Sign, LedgerTrace.Commit];

    [Fact]
    public async Task A_portal_killed_while_devices_deliver_loses_nothing_and_stores_nothing_twice()
    {
        var started = Stopwatch.GetTimestamp();
        var random = new Random(Seed);
        var keys = Directory.CreateTempSubdirectory("delivery-kill-");
        await using var database = await TestDatabase.CreateAsync();
        var end = HeadEnd.Start.AddDays(Days);
        using var headEnd = await HeadEnd.CreateAsync(database, Devices, end);
        var batches = Enumerable.Range(0, Days).SelectMany(day => Enumerable.Range(0, Devices).Select(device => headEnd.Next(device, HeadEnd.Start.AddDays(day), 24))).ToList();
        var expected = batches.SelectMany(batch => batch.Readings).ToDictionary(reading => (reading.Meter, reading.Hour), reading => reading.WattHours);
        var calls = batches.Chunk(BatchesACall).ToList();

        var (next, kills) = (0, 0);
        var points = Steps.Select((step, i) => new KillPoint(step, (KillPhase)((i + 1) % 3), 1 + random.Next(4), random.Next(20_000))).ToArray();
        random.Shuffle(points);
        foreach (var point in points)
        {
            await using var portal = MortalPortal.Start(database, keys, point, "serve");
            if (await MortalPortal.AddressAsync(portal) is { } mortal)
            {
                // Who got no answer cannot know how far it came, and who restarts has forgotten some of what it knew: the last calls are made again.
                for (next = Math.Max(0, next - 2); next < calls.Count && await HeadEnd.SendAsync(mortal, calls[next]) is not null; next++)
                {
                }
            }

            (await portal.EndAsync()).ShouldBe(MortalPortal.Killed, $"seed {Seed}, {point}: {portal.Words}");
            kills++;
        }

        next.ShouldBeLessThan(calls.Count, "every kill came while there was something to deliver");
        await using var last = MortalPortal.Start(database, keys, null, "serve");
        var address = (await MortalPortal.AddressAsync(last))!;

        // Everything once more and twice over, in no order.
        var again = batches.Concat(batches).ToArray();
        random.Shuffle(again);
        foreach (var call in again.Chunk(40))
        {
            (await HeadEnd.SendAsync(address, call))!["refused"]!.GetValue<int>().ShouldBe(0);
        }

        var jumps = await JumpAsync(headEnd, address, end, expected);
        var store = await StoredReadings.LookAsync(database, HeadEnd.Slug, expected);
        await MortalPortal.AuditAsync(address, HeadEnd.Slug);

        var summary = string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP delivery kills tried {kills} (seed {Seed}), {batches.Count} signed batches sent at least twice more in no order, {jumps} clock jumps, {store.Sent} readings, lost {store.Lost}, twice {store.Twice}, audited, {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s");
        output.WriteLine(summary);
        TestNotes.Add(summary);
        (store.Lost, store.Twice).ShouldBe((0, 0));
        keys.Delete(recursive: true);
    }

    // Hours that the market clock has not reached are refused, whether they are ahead or the clock went back; once it has, the device's next batch brings them.
    private static async Task<int> JumpAsync(HeadEnd headEnd, Uri portal, DateTimeOffset end, Dictionary<(string, DateTimeOffset), long> expected)
    {
        var jumps = 0;
        async Task<(int Stored, int Refused)> SendAsync(SentBatch batch)
        {
            var answer = (await HeadEnd.SendAsync(portal, [batch]))!;
            return (answer["stored"]!.GetValue<int>(), answer["refused"]!.GetValue<int>());
        }

        async Task JumpToAsync(DateTimeOffset time)
        {
            await headEnd.SetMarketTimeAsync(time);
            jumps++;
        }

        (await SendAsync(headEnd.Next(0, end, 6))).ShouldBe((0, 6), "hours to come");
        await JumpToAsync(end.AddHours(4));
        var four = headEnd.Next(0, end, 6);
        (await SendAsync(four)).ShouldBe((4, 2), "four hours are over");
        await JumpToAsync(end.AddDays(-2));
        (await SendAsync(headEnd.Next(0, end.AddHours(4), 2))).ShouldBe((0, 2), "the clock went back");
        (await SendAsync(four)).ShouldBe((0, 0), "a batch that is known stays known");
        await JumpToAsync(end.AddDays(1));
        var rest = headEnd.Next(0, end.AddHours(4), 2);
        (await SendAsync(rest)).ShouldBe((2, 0), "all are over");
        foreach (var (meter, hour, wattHours) in four.Readings.Take(4).Concat(rest.Readings))
        {
            expected.Add((meter, hour), wattHours);
        }

        return jumps;
    }
}
