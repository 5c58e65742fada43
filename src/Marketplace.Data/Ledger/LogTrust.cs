using Npgsql;

namespace Marketplace.Data;

/// <summary>What the operator asks of witnesses: a tlog-policy without its log line.</summary>
public sealed record WitnessRule(int Number, string Text, DateTimeOffset SetAt);

/// <summary>A key the log signs or signed with; number 0 is the one it started under.</summary>
/// <param name="OldSignsUntil">Until when the key before it signs too.</param>
public sealed record LogKeyRow(int Number, string Vkey, DateTimeOffset Since, DateTimeOffset OldSignsUntil, string Reason);

/// <summary>A policy that was in force from its first publication on.</summary>
public sealed record PolicyRow(int Number, string Text, DateTimeOffset PublishedAt);

/// <summary>How a witness answered last.</summary>
/// <param name="Problem">Why there was no cosignature, or null.</param>
public sealed record WitnessCall(string WitnessKey, DateTimeOffset AskedAt, string? Problem, long? CosignedSize, DateTimeOffset? CosignedAt);

/// <summary>Whose word counts for a log: its keys, what is asked of witnesses, and the policies published so far.</summary>
/// <param name="InForce">The policy that the published checkpoint meets; null before the first publication.</param>
public sealed record LogTrust(WitnessRule? Rule, IReadOnlyList<LogKeyRow> Keys, IReadOnlyList<PolicyRow> Policies, PolicyRow? InForce)
{
    /// <summary>The number of the key that signs now.</summary>
    public int KeyNumber => Keys.Count == 0 ? 0 : Keys[^1].Number;

    /// <summary>What is asked of witnesses, and which keys sign.</summary>
    public static async Task<LogTrust> ReadAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, int loopId, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection, transaction);
        foreach (var sql in (string[])
        [
            "SELECT rule_no, text, set_at FROM ledger.witness_rules WHERE loop_id = $1 ORDER BY rule_no DESC LIMIT 1",
            """
            SELECT 0, vkey, started_at, started_at, '' FROM ledger.logs WHERE loop_id = $1
            UNION ALL SELECT key_no, vkey, changed_at, old_signs_until, reason FROM ledger.key_changes WHERE loop_id = $1
            ORDER BY 1
            """,
            "SELECT policy_no, text, published_at FROM ledger.policies WHERE loop_id = $1 ORDER BY policy_no",
            "SELECT policy_no FROM ledger.publications WHERE loop_id = $1 ORDER BY size DESC, publication_id DESC LIMIT 1",
        ])
        {
            var command = new NpgsqlBatchCommand(sql);
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
            batch.BatchCommands.Add(command);
        }

        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var rule = await reader.ReadAsync(cancellationToken) ? new WitnessRule(reader.GetInt32(0), reader.GetString(1), reader.GetFieldValue<DateTimeOffset>(2)) : null;
        await reader.NextResultAsync(cancellationToken);
        var keys = new List<LogKeyRow>();
        while (await reader.ReadAsync(cancellationToken))
        {
            keys.Add(new LogKeyRow(
                reader.GetInt32(0), reader.GetString(1), reader.GetFieldValue<DateTimeOffset>(2), reader.GetFieldValue<DateTimeOffset>(3), reader.GetString(4)));
        }

        await reader.NextResultAsync(cancellationToken);
        var policies = new List<PolicyRow>();
        while (await reader.ReadAsync(cancellationToken))
        {
            policies.Add(new PolicyRow(reader.GetInt32(0), reader.GetString(1), reader.GetFieldValue<DateTimeOffset>(2)));
        }

        await reader.NextResultAsync(cancellationToken);
        var inForce = await reader.ReadAsync(cancellationToken) ? reader.GetInt32(0) : 0;
        return new LogTrust(rule, keys, policies, policies.Find(p => p.Number == inForce));
    }

    /// <summary>Puts down what the operator asks of witnesses from now on.</summary>
    public static async Task SetRuleAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, int loopId, string text, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = LogTables.Command(
            connection,
            "INSERT INTO ledger.witness_rules (loop_id, rule_no, text, set_at) SELECT $1, coalesce(max(rule_no), 0) + 1, $2, $3 FROM ledger.witness_rules WHERE loop_id = $1",
            loopId);
        command.Transaction = transaction;
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = text });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Puts down that the log signs with another key from now on.</summary>
    public static async Task ChangeKeyAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, int loopId, LogKeyRow key, CancellationToken cancellationToken)
    {
        await using var command = LogTables.Command(
            connection,
            "INSERT INTO ledger.key_changes (loop_id, key_no, vkey, changed_at, old_signs_until, reason) VALUES ($1, $2, $3, $4, $5, $6)",
            loopId);
        command.Transaction = transaction;
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = key.Number });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key.Vkey });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = key.Since });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = key.OldSignsUntil });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key.Reason });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Remembers how witnesses answered.</summary>
    public static async Task RememberCallsAsync(NpgsqlConnection connection, int loopId, IReadOnlyList<WitnessCall> calls, CancellationToken cancellationToken)
    {
        await using var command = LogTables.Command(
            connection,
            """
            INSERT INTO ledger.witness_calls AS c (loop_id, witness_key, asked_at, problem, cosigned_size, cosigned_at)
            SELECT $1, * FROM unnest($2, $3, $4, $5, $6)
            ON CONFLICT (loop_id, witness_key) DO UPDATE SET
                asked_at = excluded.asked_at, problem = excluded.problem,
                cosigned_size = coalesce(excluded.cosigned_size, c.cosigned_size), cosigned_at = coalesce(excluded.cosigned_at, c.cosigned_at)
            """,
            loopId);
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. calls.Select(c => c.WitnessKey)] });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset[]> { TypedValue = [.. calls.Select(c => c.AskedAt)] });
        command.Parameters.Add(new NpgsqlParameter<string?[]> { TypedValue = [.. calls.Select(c => c.Problem)] });
        command.Parameters.Add(new NpgsqlParameter<long?[]> { TypedValue = [.. calls.Select(c => c.CosignedSize)] });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset?[]> { TypedValue = [.. calls.Select(c => c.CosignedAt)] });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>How each witness answered last.</summary>
    public static async Task<IReadOnlyList<WitnessCall>> CallsAsync(NpgsqlConnection connection, int loopId, CancellationToken cancellationToken)
    {
        await using var command = LogTables.Command(
            connection, "SELECT witness_key, asked_at, problem, cosigned_size, cosigned_at FROM ledger.witness_calls WHERE loop_id = $1", loopId);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var calls = new List<WitnessCall>();
        while (await reader.ReadAsync(cancellationToken))
        {
            calls.Add(new WitnessCall(
                reader.GetString(0),
                reader.GetFieldValue<DateTimeOffset>(1),
                await reader.IsDBNullAsync(2, cancellationToken) ? null : reader.GetString(2),
                await reader.IsDBNullAsync(3, cancellationToken) ? null : reader.GetInt64(3),
                await reader.IsDBNullAsync(4, cancellationToken) ? null : reader.GetFieldValue<DateTimeOffset>(4)));
        }

        return calls;
    }
}
