using Marketplace.Ledger;
using Npgsql;
using NpgsqlTypes;

namespace Marketplace.Data;

/// <summary>The stored index of a settled hour over its meters.</summary>
public sealed record StoredMeterIndex(byte[] Canonical, MeterIndex Index, long BatchId, int BatchPosition);

/// <summary>The table of the hours' meter indexes. It is added to, never changed.</summary>
public static class MeterIndexTable
{
    public static async Task InsertAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, int loopId, DateTimeOffset hour, StoredMeterIndex index, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "INSERT INTO market.meter_indexes (loop_id, hour, canonical, places, batch_id, batch_position) VALUES ($1, $2, $3, $4, $5, $6)", connection, transaction);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = hour.ToUniversalTime() });
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = index.Canonical, NpgsqlDbType = NpgsqlDbType.Bytea });
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = index.Index.ToBytes(), NpgsqlDbType = NpgsqlDbType.Bytea });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = index.BatchId });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = index.BatchPosition });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The index of an hour, or null where it was not settled yet, or settled before indexes were made.</summary>
    public static async Task<StoredMeterIndex?> FindAsync(NpgsqlConnection connection, int loopId, DateTimeOffset hour, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "SELECT canonical, places, batch_id, batch_position FROM market.meter_indexes WHERE loop_id = $1 AND hour = $2", connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = hour.ToUniversalTime() });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new StoredMeterIndex(
                reader.GetFieldValue<byte[]>(0), MeterIndex.Parse(reader.GetFieldValue<byte[]>(1)), reader.GetInt64(2), reader.GetInt32(3))
            : null;
    }
}
