using System.Globalization;
using Npgsql;
using Shouldly;

namespace Marketplace.Faults.Tests.Billing;

/// <summary>Questions to a database, and whether its books are right.</summary>
internal static class Books
{
    /// <summary>Debits are credits, nothing is unbilled, and what each member owes is what the documents say.</summary>
    public static async Task RequireBalancedAsync(NpgsqlConnection connection) => (await CountAsync(connection,
        """
        WITH sides AS (SELECT debit_account AS account, amount, kind FROM market.transfers UNION ALL SELECT credit_account, -amount, kind FROM market.transfers),
        balances AS (SELECT a.kind, a.member_id, sum(s.amount) AS balance FROM sides s JOIN market.accounts a ON a.id = s.account WHERE s.kind NOT IN (9, 10, 11, 12) GROUP BY 1, 2)
        SELECT (SELECT count(*) FROM balances WHERE kind = 1 AND balance <> 0)
            + (SELECT count(*) FROM (SELECT member_id, sum(total_cents * CASE kind WHEN 2 THEN -1 ELSE 1 END) AS cents FROM market.bills GROUP BY 1) b
               FULL JOIN (SELECT * FROM balances WHERE kind = 2) r USING (member_id) WHERE coalesce(b.cents, 0) * 10000 <> coalesce(r.balance, 0))
            + abs((SELECT sum(balance) FROM balances))
        """)).ShouldBe(0, "debits are credits, nothing is unbilled, receivables are what documents say");

    /// <summary>All documents with what they come to, as one text: equal texts, equal documents.</summary>
    public static async Task<string> DocumentsAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("SELECT string_agg(number || ' ' || total_cents || ' ' || md5(canonical), E'\\n' ORDER BY id) FROM market.bills", connection);
        return (string)(await command.ExecuteScalarAsync())!;
    }

    public static async Task<long> CountAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    public static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}

/// <summary>Has whoever writes a row of a named table wait while somebody holds the gate: the blow always falls at the same place.</summary>
internal sealed class Gate(NpgsqlConnection connection)
{
    private const long Number = 4711;

    /// <param name="triggers">Tables with their schemas, when to wait (<c>AFTER INSERT</c>) and for which rows; no condition for all.</param>
    public Task LayAsync(params (string Table, string When, string Condition)[] triggers) => Books.ExecuteAsync(connection,
        $$"""
        CREATE SCHEMA faults;
        CREATE TABLE faults.stops (name text);
        CREATE FUNCTION faults.wait() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN
            IF EXISTS (SELECT FROM faults.stops WHERE name = TG_ARGV[0]) THEN
                PERFORM pg_advisory_lock({{Number}});
                PERFORM pg_advisory_unlock({{Number}});
            END IF;
            RETURN NULL;
        END $$;
        GRANT USAGE ON SCHEMA faults TO public;
        {{string.Join('\n', triggers.Select(trigger => $"CREATE TRIGGER fault {trigger.When} ON {trigger.Table} FOR EACH ROW {(trigger.Condition.Length > 0 ? $"WHEN ({trigger.Condition}) " : "")}EXECUTE FUNCTION faults.wait('{trigger.Table[(trigger.Table.IndexOf('.', StringComparison.Ordinal) + 1)..]}');"))}}
        """);

    /// <summary>Closes it for a table.</summary>
    public Task CloseAsync(string table) => Books.ExecuteAsync(connection, $"INSERT INTO faults.stops VALUES ('{table}'); SELECT pg_advisory_lock({Number})");

    public Task OpenAsync() => Books.ExecuteAsync(connection, $"DELETE FROM faults.stops; SELECT pg_advisory_unlock({Number})");

    /// <summary>The backend that waits at the gate; null where none does.</summary>
    public async Task<int?> WaitingAsync()
    {
        await using var command = new NpgsqlCommand(
            $"SELECT l.pid FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE l.locktype = 'advisory' AND l.objid = {Number} AND NOT l.granted AND d.datname = current_database() LIMIT 1", connection);
        return await command.ExecuteScalarAsync() as int?;
    }
}
