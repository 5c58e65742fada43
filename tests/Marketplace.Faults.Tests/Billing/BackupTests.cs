using System.Diagnostics;
using System.Globalization;
using Marketplace.Faults.Tests.Ledger;
using Marketplace.Faults.Tests.Metering;
using Marketplace.Testing;
using Npgsql;
using Shouldly;
using Xunit;
using Xunit.Abstractions;

namespace Marketplace.Faults.Tests.Billing;

/// <summary>The operator's own commands for backup and restore, after bills, payments and ledger entries: nothing may differ in another database.</summary>
public sealed class BackupTests(ITestOutputHelper output)
{
    private const string Seed = "8";

    [Fact]
    public async Task After_backup_and_restore_the_trial_balance_the_document_hashes_and_the_ledger_head_are_equal()
    {
        var started = Stopwatch.GetTimestamp();
        using var folder = new RecordedFolder(buildings: 3, hours: 24);
        var keys = Directory.CreateTempSubdirectory("backup-");
        try
        {
            await using var first = await TestDatabase.CreateAsync();
            (await ReplayAsync(first, keys, folder)).ShouldBe(0);
            await PayAsync(first);
            var file = Path.Combine(keys.FullName, "market.backup");
            await RunAsync(first, "backup", file);

            await using var second = await TestDatabase.CreateEmptyAsync();
            await RunAsync(second, "restore", file);

            var (before, after) = (await StateAsync(first), await StateAsync(second));
            foreach (var (what, value) in before)
            {
                after.GetValueOrDefault(what).ShouldBe(value, what);
            }

            after.Count.ShouldBe(before.Count);
            before["trial balance"].ShouldNotBeEmpty();
            before["payments"].ShouldStartWith("1 ");

            // The restored market goes on: the same replay finds everything done, and every check of it holds.
            (await ReplayAsync(second, keys, folder)).ShouldBe(0);
            (await StateAsync(second))["documents"].ShouldBe(before["documents"]);
            (await StateAsync(second))["ledger head"].ShouldBe(before["ledger head"]);

            var summary = string.Create(CultureInfo.InvariantCulture,
                $"backup and restore after bills, payments and ledger entries: {before.Count - 4} tables, trial balance, {before["documents"].Split('\n').Length} document hashes and ledger head equal, {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s");
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

    /// <summary>A member pays a bill: a receipt and its transfer from cash to what is owed, as the book of payments writes them.</summary>
    private static async Task PayAsync(TestDatabase database)
    {
        await using var connection = new NpgsqlConnection(database.Application);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            """
            WITH bill AS (SELECT * FROM market.bills WHERE total_cents > 0 ORDER BY id LIMIT 1),
            cash AS (SELECT a.* FROM market.accounts a JOIN bill b ON b.loop_id = a.loop_id WHERE a.kind = 13),
            receipt AS (
                INSERT INTO market.money_receipts (loop_id, submission_id, member_id, kind, amount, at, bill_id)
                SELECT loop_id, gen_random_uuid(), member_id, 3, total_cents * 10000, period_end, id FROM bill RETURNING *)
            INSERT INTO market.transfers (loop_id, hour, kind, carrier, debit_account, credit_account, reference, amount)
            SELECT r.loop_id, r.at, 14, 0, c.id, a.id, r.id, r.amount
            FROM receipt r CROSS JOIN cash c JOIN market.accounts a ON a.loop_id = r.loop_id AND a.member_id = r.member_id AND a.kind = 2
            """, connection);
        (await command.ExecuteNonQueryAsync()).ShouldBe(1);
    }

    /// <summary><c>./run backup</c> and <c>./run restore</c> as an operator with a server of one's own calls them.</summary>
    private static async Task RunAsync(TestDatabase database, string verb, string file)
    {
        var start = new ProcessStartInfo("bash", [Repository.PathTo("run"), verb, file]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in database.Environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var words = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, words + await errors);
    }

    private static async Task<Dictionary<string, string>> StateAsync(TestDatabase database)
    {
        await using var connection = new NpgsqlConnection(database.Owner);
        await connection.OpenAsync();
        var state = new Dictionary<string, string>
        {
            ["trial balance"] = await TextAsync(connection,
                """
                WITH sides AS (
                    SELECT loop_id, debit_account AS account, amount AS debit, 0 AS credit FROM market.transfers
                    UNION ALL SELECT loop_id, credit_account, 0, amount FROM market.transfers)
                SELECT string_agg(line, E'\n' ORDER BY line) FROM (
                    SELECT a.loop_id || ' ' || a.kind || ' ' || a.member_id || ' ' || sum(debit) || ' ' || sum(credit) AS line
                    FROM sides s JOIN market.accounts a ON a.loop_id = s.loop_id AND a.id = s.account GROUP BY a.loop_id, a.kind, a.member_id) AS sums
                """),
            ["documents"] = await TextAsync(connection, "SELECT string_agg(number || ' ' || total_cents || ' ' || encode(sha256(canonical), 'hex'), E'\\n' ORDER BY id) FROM market.bills"),
            ["ledger head"] = await TextAsync(connection, "SELECT string_agg(loop_id || ' ' || size || ' ' || encode(root, 'hex'), E'\\n' ORDER BY loop_id, size) FROM ledger.checkpoints"),
            ["payments"] = await TextAsync(connection, "SELECT count(*) || ' ' || sum(amount) FROM market.money_receipts"),
        };
        var tables = (await TextAsync(connection,
            """
            SELECT string_agg(format('%I.%I', n.nspname, c.relname), ' ' ORDER BY 1) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname IN ('market', 'ledger') AND c.relkind IN ('r', 'p') AND NOT c.relispartition
            """)).Split(' ');
        foreach (var table in tables)
        {
            state[table] = await TextAsync(connection, $"SELECT count(*) || ' ' || coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '') FROM {table} AS t");
        }

        return state;
    }

    private static async Task<string> TextAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync() as string ?? "";
    }
}
