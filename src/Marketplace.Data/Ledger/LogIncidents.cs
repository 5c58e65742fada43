using Npgsql;

namespace Marketplace.Data;

/// <summary>What an alarm of a log is about. One topic has at most one alarm standing.</summary>
public static class IncidentTopic
{
    /// <summary>While it stands, nothing is signed. Only a person ends it.</summary>
    public const string Signing = "signing";

    /// <summary>Too few witnesses cosign. It ends by itself.</summary>
    public const string Quorum = "quorum";

    /// <summary>This installation's key is not the log's. It ends by itself.</summary>
    public const string Key = "key";
}

/// <summary>Why an alarm was raised; the operator's page knows the way out of each.</summary>
public static class IncidentCause
{
    /// <summary>A witness has seen more entries than we hold.</summary>
    public const string RolledBack = "rolled-back";

    /// <summary>A witness holds another tree, signed with our key.</summary>
    public const string Forked = "forked";

    /// <summary>A stored row of the log is not what was signed.</summary>
    public const string Changed = "changed";

    /// <summary>A record is not the one that was committed.</summary>
    public const string RecordChanged = "record-changed";

    /// <summary>The configured key is not the log's.</summary>
    public const string WrongKey = "wrong-key";

    /// <summary>The policy is not met.</summary>
    public const string NoQuorum = "no-quorum";

    /// <summary>The alarm has ended.</summary>
    public const string Ended = "ended";
}

/// <summary>An alarm raised or ended.</summary>
/// <param name="Evidence">A checkpoint that shows it, where there is one.</param>
public sealed record LogIncident(long Id, string Topic, bool IsRaised, string Cause, string Words, string? Evidence, DateTimeOffset At);

/// <summary>The alarms of a log. Rows are only added: what was wrong once stays on record.</summary>
public static class LogIncidents
{
    private const string Columns = "incident_id, topic, is_raised, cause, words, evidence, happened_at";

    /// <summary>The alarms that stand.</summary>
    public static Task<List<LogIncident>> StandingAsync(NpgsqlConnection connection, int loopId, CancellationToken cancellationToken) => ReadAsync(
        connection,
        $"SELECT {Columns} FROM (SELECT DISTINCT ON (topic) {Columns} FROM ledger.incidents WHERE loop_id = $1 ORDER BY topic, incident_id DESC) AS newest WHERE is_raised ORDER BY incident_id",
        loopId,
        cancellationToken);

    /// <summary>The newest alarms and their ends.</summary>
    public static Task<List<LogIncident>> NewestAsync(NpgsqlConnection connection, int loopId, CancellationToken cancellationToken) => ReadAsync(
        connection, $"SELECT {Columns} FROM ledger.incidents WHERE loop_id = $1 ORDER BY incident_id DESC LIMIT 50", loopId, cancellationToken);

    /// <summary>Raises an alarm, unless the same one stands already.</summary>
    /// <returns>Whether it is a new one.</returns>
    public static async Task<bool> RaiseAsync(
        NpgsqlConnection connection, int loopId, string topic, string cause, string words, string? evidence, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = LogTables.Command(
            connection,
            """
            INSERT INTO ledger.incidents (loop_id, topic, is_raised, cause, words, evidence, happened_at) SELECT $1, $2, true, $3, $4, $5, $6
            WHERE NOT EXISTS (
                SELECT FROM (SELECT is_raised, cause FROM ledger.incidents WHERE loop_id = $1 AND topic = $2 ORDER BY incident_id DESC LIMIT 1) AS last
                WHERE last.is_raised AND last.cause = $3)
            """,
            loopId);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = topic });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = cause });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = words });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = evidence });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <summary>Ends a standing alarm; where none stands, nothing happens.</summary>
    /// <returns>Whether one stood.</returns>
    public static async Task<bool> EndAsync(NpgsqlConnection connection, int loopId, string topic, string words, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = LogTables.Command(
            connection,
            """
            INSERT INTO ledger.incidents (loop_id, topic, is_raised, cause, words, happened_at) SELECT $1, $2, false, $3, $4, $5
            WHERE (SELECT is_raised FROM ledger.incidents WHERE loop_id = $1 AND topic = $2 ORDER BY incident_id DESC LIMIT 1)
            """,
            loopId);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = topic });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = IncidentCause.Ended });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = words });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    private static async Task<List<LogIncident>> ReadAsync(NpgsqlConnection connection, string sql, int loopId, CancellationToken cancellationToken)
    {
        await using var command = LogTables.Command(connection, sql, loopId);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var incidents = new List<LogIncident>();
        while (await reader.ReadAsync(cancellationToken))
        {
            incidents.Add(new LogIncident(
                reader.GetInt64(0), reader.GetString(1), reader.GetBoolean(2), reader.GetString(3), reader.GetString(4),
                await reader.IsDBNullAsync(5, cancellationToken) ? null : reader.GetString(5), reader.GetFieldValue<DateTimeOffset>(6)));
        }

        return incidents;
    }
}
