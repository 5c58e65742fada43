using System.Buffers.Binary;
using System.Security.Cryptography;
using Marketplace.Ledger;
using Npgsql;
using NpgsqlTypes;

namespace Marketplace.Data;

/// <summary>A record to be committed to a loop's ledger.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Version">The version of its canonical form.</param>
/// <param name="RecordKey">Its name, unique within the kind: it makes the salt its own.</param>
/// <param name="Canonical">Its canonical bytes (<see cref="CanonicalRecord"/>).</param>
/// <param name="MemberId">Whose secret salts it; 0 for the loop's own records.</param>
/// <param name="Month">The month of that secret; any day of it.</param>
public sealed record LedgerRecord(RecordKind Kind, byte Version, string RecordKey, byte[] Canonical, int MemberId, DateOnly Month);

/// <summary>Where records were put: the batch, and for each record, in the order handed in, its position there.</summary>
public sealed record AppendedBatch(long BatchId, IReadOnlyList<int> Positions);

/// <summary>The same batch key was used for other records, or a secret needed to tell is gone. The work must stop.</summary>
public sealed class LedgerConflictException(string message) : Exception(message);

/// <summary>
/// The one way into the ledger. It writes into the caller's transaction, so that a record and its commitment are kept or
/// lost together; the sequencer takes it from there. Handing the same batch in again changes nothing.
/// </summary>
public static class LedgerDoor
{
    // Few enough that what a part takes up is gone with the youngest objects: large arrays cost a collection of everything.
    private const int RecordsAPart = 256;

    /// <summary>Commits records under a key that names the deed, as in <c>readings/2019-12-03T00:00:00Z</c>.</summary>
    /// <exception cref="LedgerConflictException">The key was used for different records.</exception>
    public static async Task<AppendedBatch> AppendAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        int loopId,
        string batchKey,
        IReadOnlyList<LedgerRecord> records,
        CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfZero(records.Count);
        using var step = LedgerTrace.Start(LedgerTrace.Append, loopId)?.SetTag("records", records.Count);
        var secrets = await RecordSecrets.EnsureAsync(connection, transaction, loopId, records, cancellationToken);
        var (sorted, positions) = Sorted(Entries(records, secrets));
        return new AppendedBatch(await InsertAsync(connection, transaction, loopId, batchKey, sorted, cancellationToken), positions);
    }

    // On all processors, in parts large enough to be worth it.
    private static byte[] Entries(IReadOnlyList<LedgerRecord> records, Dictionary<(int MemberId, DateOnly Month), byte[]> secrets)
    {
        var entries = new byte[records.Count * Commitment.Length];
        void Commit(int part)
        {
            var first = part * RecordsAPart;
            var count = Math.Min(RecordsAPart, records.Count - first);
            var some = new RecordToCommit[count];
            for (var i = 0; i < count; i++)
            {
                var record = records[first + i];
                some[i] = new RecordToCommit(secrets[(record.MemberId, RecordSecrets.MonthOf(record.Month))], record.Kind, record.Version, record.RecordKey, record.Canonical);
            }

            Commitment.OfAll(some, entries.AsSpan(first * Commitment.Length, count * Commitment.Length));
        }

        var parts = (records.Count + RecordsAPart - 1) / RecordsAPart;
        if (parts == 1)
        {
            Commit(0);
        }
        else
        {
            Parallel.For(0, parts, Commit);
        }

        return entries;
    }

    // Sorted by commitment, so that a fixed position does not trace a meter from hour to hour; equal ones stay in order.
    private static (byte[] Sorted, int[] Positions) Sorted(byte[] entries)
    {
        var keys = new ulong[entries.Length / Commitment.Length];
        var order = new int[keys.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = BinaryPrimitives.ReadUInt64BigEndian(entries.AsSpan(i * Commitment.Length));
            order[i] = i;
        }

        ReadOnlySpan<byte> Entry(int i) => entries.AsSpan(i * Commitment.Length, Commitment.Length);
        Array.Sort(keys, order);
        for (int first = 0, last; first < keys.Length; first = last)
        {
            for (last = first + 1; last < keys.Length && keys[last] == keys[first]; last++)
            {
            }

            if (last - first > 1)
            {
                order.AsSpan(first, last - first).Sort((a, b) => Entry(a).SequenceCompareTo(Entry(b)) is var c && c != 0 ? c : a.CompareTo(b));
            }
        }

        var positions = new int[order.Length];
        var sorted = new byte[entries.Length];
        for (var position = 0; position < order.Length; position++)
        {
            positions[order[position]] = position;
            Entry(order[position]).CopyTo(sorted.AsSpan(position * Commitment.Length));
        }

        return (sorted, positions);
    }

    private static async Task<long> InsertAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, int loopId, string batchKey, byte[] sorted, CancellationToken cancellationToken)
    {
        var hash = SHA256.HashData(sorted);
        await using var insert = new NpgsqlCommand(
            """
            WITH batch AS (
                INSERT INTO ledger.batches (loop_id, batch_key, entry_count, entries_hash) VALUES ($1, $2, $3, $4)
                ON CONFLICT (loop_id, batch_key) DO NOTHING RETURNING batch_id),
            queued AS (
                INSERT INTO ledger.pending (loop_id, batch_id, entries) SELECT $1, batch_id, $5 FROM batch)
            SELECT batch_id FROM batch
            """,
            connection,
            transaction);
        insert.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = batchKey });
        insert.Parameters.Add(new NpgsqlParameter<int> { TypedValue = sorted.Length / Commitment.Length });
        insert.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = hash });
        insert.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = sorted, NpgsqlDbType = NpgsqlDbType.Bytea });
        if (await insert.ExecuteScalarAsync(cancellationToken) is long batchId)
        {
            return batchId;
        }

        await using var existing = new NpgsqlCommand("SELECT batch_id, entries_hash FROM ledger.batches WHERE loop_id = $1 AND batch_key = $2", connection, transaction);
        existing.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        existing.Parameters.Add(new NpgsqlParameter<string> { TypedValue = batchKey });
        await using var reader = await existing.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return reader.GetFieldValue<byte[]>(1).AsSpan().SequenceEqual(hash)
            ? reader.GetInt64(0)
            : throw new LedgerConflictException($"The ledger batch '{batchKey}' of loop {loopId} was handed in before with other content");
    }
}
