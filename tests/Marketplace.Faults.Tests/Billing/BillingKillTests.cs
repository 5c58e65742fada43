using System.Globalization;
using Marketplace.Faults.Tests.Ledger;
using Marketplace.Faults.Tests.Metering;
using Marketplace.Testing;
using Npgsql;
using Shouldly;
using Xunit;
using Xunit.Abstractions;

namespace Marketplace.Faults.Tests.Billing;

/// <summary>A billing run that is killed with SIGKILL, or loses its connection, while it writes: the database itself holds it at the chosen row, so that
/// the blow always falls there. Then started again, by one process and by two at once.</summary>
public sealed class BillingKillTests(ITestOutputHelper output)
{
    private const string Seed = "5";

    /// <summary>The tables that a run writes, in its order.</summary>
    private static readonly string[] Tables = ["bill_periods", "bills", "bill_lines", "bill_parties", "transfers"];

    [Fact]
    public async Task However_a_billing_run_dies_each_interval_is_billed_once_and_a_rerun_creates_nothing()
    {
        using var folder = new RecordedFolder(buildings: 2, hours: 24);
        var keys = Directory.CreateTempSubdirectory("bill-kill-");
        try
        {
            await using var calm = await TestDatabase.CreateAsync();
            (await ReplayAsync(calm, keys, folder)).ShouldBe(0);

            await using var stormy = await TestDatabase.CreateAsync();
            await using var owner = new NpgsqlConnection(stormy.Owner);
            await owner.OpenAsync();
            var gate = new Gate(owner);
            await gate.LayAsync([.. Tables.Select(table => ($"market.{table}", "AFTER INSERT", table == "transfers" ? "NEW.kind = 6" : ""))]);

            // Only its own role may end a backend.
            await using var own = new NpgsqlConnection(stormy.Application);
            await own.OpenAsync();
            var (kills, drops) = (0, 0);
            var random = new Random(int.Parse(Seed, CultureInfo.InvariantCulture));
            foreach (var table in Tables.OrderBy(_ => random.Next()).ToList())
            {
                await gate.CloseAsync(table);
                await using var run = MortalPortal.Start(stormy, keys, null, "replay", folder.Path, "--seed", Seed);
                await Eventually.HoldsAsync(async () => await gate.WaitingAsync() is not null || run.HasExited, $"a run waits at {table}", TimeSpan.FromSeconds(90));
                var backend = (await gate.WaitingAsync()).ShouldNotBeNull(run.Words);
                if (random.Next(2) == 0)
                {
                    await run.KillAsync();
                    kills++;
                }
                else
                {
                    await Books.ExecuteAsync(own, string.Create(CultureInfo.InvariantCulture, $"SELECT pg_terminate_backend({backend})"));
                    (await run.EndAsync()).ShouldNotBe(0);
                    drops++;
                }

                await gate.OpenAsync();
                await Eventually.HoldsAsync(async () => await gate.WaitingAsync() is null, "nobody waits");
                (await Books.CountAsync(owner, "SELECT count(*) FROM market.bills")).ShouldBe(0, $"nothing of a run that died at {table} is kept");
            }

            await using var one = MortalPortal.Start(stormy, keys, null, "replay", folder.Path, "--seed", Seed);
            await using var other = MortalPortal.Start(stormy, keys, null, "replay", folder.Path, "--seed", Seed);
            (await one.EndAsync()).ShouldBe(0, one.Words);
            (await other.EndAsync()).ShouldBe(0, other.Words);

            var documents = await Books.DocumentsAsync(owner);
            await using var calmly = new NpgsqlConnection(calm.Owner);
            await calmly.OpenAsync();
            documents.ShouldBe(await Books.DocumentsAsync(calmly));
            await RequireSoundAsync(owner);
            (await ReplayAsync(stormy, keys, folder)).ShouldBe(0);
            (await Books.DocumentsAsync(owner)).ShouldBe(documents);

            var summary = string.Create(
                CultureInfo.InvariantCulture,
                $"billing runs killed {kills}, connections dropped {drops} (at rows of {string.Join(", ", Tables)}; seed {Seed}), started twice, run again: {documents.Split('\n').Length} documents, intervals billed twice 0, lost 0, numbers twice 0");
            output.WriteLine(summary);
            TestNotes.Add(summary);
        }
        finally
        {
            keys.Delete(recursive: true);
        }
    }

    private static async Task<int> ReplayAsync(TestDatabase database, DirectoryInfo keys, RecordedFolder folder)
    {
        await using var run = MortalPortal.Start(database, keys, null, "replay", folder.Path, "--seed", Seed);
        return await run.EndAsync();
    }

    /// <summary>Each settled interval is on one live document, numbers are unique, what is owed is what documents say, and nothing is left unbilled.</summary>
    private static async Task RequireSoundAsync(NpgsqlConnection connection)
    {
        (await Books.CountAsync(connection, "SELECT count(*) - count(DISTINCT number) FROM market.bills")).ShouldBe(0);
        (await Books.CountAsync(connection,
            """
            SELECT count(*) FROM (
                SELECT member_id, carrier, direction, plant_code, sum(metered) AS wh, sum(traded_amount + imbalance_amount + network_fee + wish_premium) AS amount
                FROM market.positions GROUP BY 1, 2, 3, 4) p
            FULL JOIN (
                SELECT b.member_id, l.carrier, (l.trace -> 'inputs' ->> 'side')::int AS direction, coalesce(l.plant_code, '') AS plant_code,
                       sum(CASE WHEN l.kind IN (3, 11) THEN 0 ELSE l.quantity END * CASE b.kind WHEN 2 THEN -1 ELSE 1 END) AS wh,
                       sum(l.amount * CASE b.kind WHEN 2 THEN -1 ELSE 1 END) AS amount
                FROM market.bills b JOIN market.bill_lines l ON l.loop_id = b.loop_id AND l.bill_id = b.id
                WHERE l.kind IN (1, 2, 3, 5, 6, 7, 8, 11) GROUP BY 1, 2, 3, 4) d USING (member_id, carrier, direction, plant_code)
            WHERE p.wh IS DISTINCT FROM d.wh OR p.amount IS DISTINCT FROM d.amount
            """)).ShouldBe(0, "each interval is billed once, net of credits");
        await Books.RequireBalancedAsync(connection);
    }
}
