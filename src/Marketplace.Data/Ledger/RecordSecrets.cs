using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Marketplace.Data;

/// <summary>
/// The secrets behind the salts, one for each member and month. Random, except in a loop with a seed (a replay, the
/// demo), where they are derived so that two runs end at the same root. Whoever deletes a row makes the records of that
/// month unprovable for good.
/// </summary>
public static class RecordSecrets
{
    private const int Length = 32;

    /// <summary>The first day of the month.</summary>
    public static DateOnly MonthOf(DateOnly day) => new(day.Year, day.Month, 1);

    /// <summary>The secret of a member (0: the loop) and month, or null if it never was or has been destroyed.</summary>
    public static async Task<byte[]?> FindAsync(NpgsqlConnection connection, int loopId, int memberId, DateOnly month, CancellationToken cancellationToken)
    {
        var found = await ReadAsync(connection, null, loopId, [(memberId, MonthOf(month))], cancellationToken);
        return found.GetValueOrDefault((memberId, MonthOf(month)));
    }

    /// <summary>The secrets of all members (0: the loop) for a month, by member. An erased member has none.</summary>
    public static async Task<Dictionary<int, byte[]>> OfMonthAsync(NpgsqlConnection connection, int loopId, DateOnly month, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT member_id, secret FROM market.record_secrets WHERE loop_id = $1 AND month = $2", connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = MonthOf(month) });
        var found = new Dictionary<int, byte[]>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add(reader.GetInt32(0), reader.GetFieldValue<byte[]>(1));
        }

        return found;
    }

    /// <summary>Destroys all secrets of a member: the erasure of a person from the ledger.</summary>
    public static async Task<int> DestroyAsync(NpgsqlConnection connection, int loopId, int memberId, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(memberId, 1);
        await using var command = new NpgsqlCommand("DELETE FROM market.record_secrets WHERE loop_id = $1 AND member_id = $2", connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = memberId });
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    internal static async Task<Dictionary<(int MemberId, DateOnly Month), byte[]>> EnsureAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, int loopId, IEnumerable<LedgerRecord> records, CancellationToken cancellationToken)
    {
        using var step = LedgerTrace.Start(LedgerTrace.Salt, loopId);

        // In one order for all, so that two transactions that need the same new secrets do not wait for each other for ever.
        var wanted = records.Select(r => (r.MemberId, Month: MonthOf(r.Month))).Distinct().Order().ToList();
        var found = await ReadAsync(connection, transaction, loopId, wanted, cancellationToken);
        var missing = wanted.Where(w => !found.ContainsKey(w)).ToList();
        if (missing.Count == 0)
        {
            return found;
        }

        var seed = await SeedAsync(connection, transaction, loopId, cancellationToken);
        await using (var insert = new NpgsqlCommand(
            "INSERT INTO market.record_secrets (loop_id, member_id, month, secret) SELECT $1, * FROM unnest($2, $3, $4) ON CONFLICT DO NOTHING", connection, transaction))
        {
            insert.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
            insert.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. missing.Select(m => m.MemberId)] });
            insert.Parameters.Add(new NpgsqlParameter<DateOnly[]> { TypedValue = [.. missing.Select(m => m.Month)] });
            insert.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = [.. missing.Select(m => New(seed, m.MemberId, m.Month))] });
            await insert.ExecuteNonQueryAsync(cancellationToken);
        }

        // Read again: another transaction may have been first with a secret.
        return await ReadAsync(connection, transaction, loopId, wanted, cancellationToken);
    }

    private static byte[] New(byte[]? seed, int memberId, DateOnly month) => seed is null
        ? RandomNumberGenerator.GetBytes(Length)
        : HKDF.DeriveKey(HashAlgorithmName.SHA256, seed, Length, info: Encoding.UTF8.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"record secret/{memberId}/{month:yyyy-MM}")));

    private static async Task<byte[]?> SeedAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, int loopId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT seed FROM market.loops WHERE id = $1", connection, transaction);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        return await command.ExecuteScalarAsync(cancellationToken) as byte[];
    }

    private static async Task<Dictionary<(int MemberId, DateOnly Month), byte[]>> ReadAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, int loopId, List<(int MemberId, DateOnly Month)> wanted, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT member_id, month, secret FROM market.record_secrets
            WHERE loop_id = $1 AND (member_id, month) IN (SELECT * FROM unnest($2, $3))
            """,
            connection,
            transaction);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. wanted.Select(w => w.MemberId)] });
        command.Parameters.Add(new NpgsqlParameter<DateOnly[]> { TypedValue = [.. wanted.Select(w => w.Month)] });
        var found = new Dictionary<(int, DateOnly), byte[]>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add((reader.GetInt32(0), reader.GetFieldValue<DateOnly>(1)), reader.GetFieldValue<byte[]>(2));
        }

        return found;
    }
}
