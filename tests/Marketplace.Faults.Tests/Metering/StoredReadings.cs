using System.Buffers.Binary;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Quantities;
using Marketplace.Testing;
using Marketplace.Web.Features.Metering;
using Npgsql;
using Shouldly;

namespace Marketplace.Faults.Tests.Metering;

/// <summary>What a loop holds after all that was done to it, held against what was sent and against its log, entry by entry.</summary>
/// <param name="Lost">Readings that were sent and are not there, or not in the log.</param>
/// <param name="Twice">Values, or entries of the log, beyond one for each reading sent.</param>
internal sealed record StoredReadings(int Sent, int Lost, int Twice)
{
    /// <param name="expected">Watt-hours by meter and hour.</param>
    public static async Task<StoredReadings> LookAsync(TestDatabase database, string slug, IReadOnlyDictionary<(string Meter, DateTimeOffset Hour), long> expected)
    {
        await using var source = NpgsqlDataSource.Create(database.Superuser);
        var loopId = await source.ScalarAsync<int>("SELECT id FROM market.loops WHERE slug = $1", slug);
        (await source.ScalarAsync<long>("SELECT count(*) FROM ledger.pending WHERE loop_id = $1", loopId)).ShouldBe(0, "everything is in the tree");
        (await source.ScalarAsync<bool>(
            "SELECT (SELECT max(size) FROM ledger.checkpoints WHERE loop_id = $1) = (SELECT sum(entry_count) FROM ledger.batches WHERE loop_id = $1)", loopId))
            .ShouldBeTrue("the last checkpoint covers every batch once");

        var entries = await EntriesAsync(source, loopId);
        var secrets = await SecretsAsync(source, loopId);
        var (found, twice, strangers) = (new HashSet<(string, DateTimeOffset)>(), 0, 0);
        await using var command = source.CreateCommand(
            """
            SELECT m.code, m.member_id, r.hour, r.revision, r.energy, r.quality, p.first_index + r.batch_position
            FROM market.readings r JOIN market.meters m ON m.loop_id = r.loop_id AND m.id = r.meter_id
            LEFT JOIN ledger.placements p ON p.loop_id = r.loop_id AND p.batch_id = r.batch_id
            WHERE r.loop_id = $1 ORDER BY m.code, r.hour, r.revision
            """);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            var reading = new ReadingRevision(
                reader.GetString(0), reader.GetInt32(1), reader.GetFieldValue<DateTimeOffset>(2), reader.GetInt16(3), new Energy(reader.GetInt64(4)), (ReadingQuality)reader.GetInt16(5));
            if (reading.Revision > 0)
            {
                twice++;
                continue;
            }

            var record = ReadingRecord.ForLedger(slug, reading, null);
            var salt = Commitment.Salt(secrets[(reading.MemberId, RecordSecrets.MonthOf(record.Month))], record.Kind, record.Version, record.RecordKey);
            var isSent = expected.GetValueOrDefault((reading.MeterCode, reading.Hour), -1) == reading.Energy.WattHours;
            var isCommitted = !await reader.IsDBNullAsync(6) && Commitment.Of(record.Kind, record.Version, salt, record.Canonical).AsSpan().SequenceEqual(entries[(int)reader.GetInt64(6)]);
            if (isSent && isCommitted)
            {
                found.Add((reading.MeterCode, reading.Hour)).ShouldBeTrue();
            }
            else
            {
                strangers++;
            }
        }

        strangers.ShouldBe(0, "every stored reading was sent, and its commitment stands at its place in the log");
        // A signed batch is a record of its kind too, beside those of its readings.
        var committed = entries.Count(entry => entry[0] == (byte)RecordKind.Reading) - (int)await source.ScalarAsync<long>("SELECT count(*) FROM market.device_batches WHERE loop_id = $1", loopId);
        return new StoredReadings(expected.Count, expected.Count - found.Count, twice + Math.Max(0, committed - found.Count));
    }

    private static async Task<List<byte[]>> EntriesAsync(NpgsqlDataSource source, int loopId)
    {
        var bundles = new List<byte[]>();
        await using (var command = source.CreateCommand(
            "SELECT bytes FROM (SELECT bytes, index FROM ledger.tiles WHERE loop_id = $1 AND level = $2 UNION ALL SELECT bundle, 9223372036854775807 FROM ledger.edges WHERE loop_id = $1) AS b ORDER BY index"))
        {
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
            command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)TileId.Entries });
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                bundles.Add(reader.GetFieldValue<byte[]>(0));
            }
        }

        var entries = new List<byte[]>();
        foreach (var bundle in bundles)
        {
            for (var at = 0; at < bundle.Length;)
            {
                var length = BinaryPrimitives.ReadUInt16BigEndian(bundle.AsSpan(at));
                entries.Add(bundle[(at + 2)..(at + 2 + length)]);
                at += 2 + length;
            }
        }

        return entries;
    }

    private static async Task<Dictionary<(int MemberId, DateOnly Month), byte[]>> SecretsAsync(NpgsqlDataSource source, int loopId)
    {
        await using var command = source.CreateCommand("SELECT member_id, month, secret FROM market.record_secrets WHERE loop_id = $1");
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        var secrets = new Dictionary<(int, DateOnly), byte[]>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            secrets.Add((reader.GetInt32(0), reader.GetFieldValue<DateOnly>(1)), reader.GetFieldValue<byte[]>(2));
        }

        return secrets;
    }
}

internal static class Scalars
{
    public static async Task<T> ScalarAsync<T>(this NpgsqlDataSource source, string sql, params object[] parameters)
    {
        await using var command = source.CreateCommand(sql);
        foreach (var value in parameters)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        return (T)(await command.ExecuteScalarAsync())!;
    }
}
