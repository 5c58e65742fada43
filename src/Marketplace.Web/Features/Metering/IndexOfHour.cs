using System.Security.Cryptography;
using System.Text;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Quantities;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Pipeline;
using MediatR;
using Npgsql;

namespace Marketplace.Web.Features.Metering;

/// <summary>Commits a settled hour to one reading of each meter, so that no other one can be shown for it later.</summary>
internal static class IndexOfHour
{
    /// <summary>Makes the hour's index over the readings now in force and hands its record in at the ledger's door, in the
    /// transaction that settles the hour. The loop's own secret of the month must exist: the settlement's record has seen to it.</summary>
    public static async Task CommitAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, int loopId, string slug, DateTimeOffset hour, CancellationToken cancellationToken)
    {
        var secrets = await RecordSecrets.OfMonthAsync(connection, loopId, MonthOf(hour), cancellationToken);
        var hourKey = KeyOf(secrets[0], hour);
        var index = new MeterIndex(await PlacesAsync(connection, loopId, slug, hour, hourKey, secrets, cancellationToken));
        var record = Record(MeterIndexRecord.Canonical(slug, hour, hourKey, index), hour);
        var appended = await LedgerDoor.AppendAsync(connection, transaction, loopId, record.RecordKey, [record], cancellationToken);
        await MeterIndexTable.InsertAsync(
            connection, transaction, loopId, hour, new StoredMeterIndex(record.Canonical, index, appended.BatchId, appended.Positions[0]), cancellationToken);
    }

    /// <summary>The key of an hour: all its pseudonyms are made with it, and none of any other hour.</summary>
    public static byte[] KeyOf(byte[] secret, DateTimeOffset hour) =>
        HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes($"meter index key/{Instants.Iso(hour)}"));

    public static LedgerRecord Record(byte[] canonical, DateTimeOffset hour) =>
        new(RecordKind.MeterIndex, MeterIndexRecord.Version, MeterIndexRecord.Key(hour), canonical, 0, MonthOf(hour));

    public static DateOnly MonthOf(DateTimeOffset hour) => DateOnly.FromDateTime(hour.UtcDateTime);

    private static async Task<List<MeterPlace>> PlacesAsync(
        NpgsqlConnection connection, int loopId, string slug, DateTimeOffset hour, byte[] hourKey, Dictionary<int, byte[]> secrets, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT m.code, m.member_id, r.revision, r.energy, r.quality
            FROM market.readings r JOIN market.meters m ON m.loop_id = r.loop_id AND m.id = r.meter_id
            WHERE r.loop_id = $1 AND r.hour = $2 ORDER BY r.meter_id, r.revision
            """,
            connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = hour.ToUniversalTime() });
        var readings = new List<ReadingRevision>();
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                readings.Add(new ReadingRevision(
                    reader.GetString(0), reader.GetInt32(1), hour, reader.GetInt16(2), new Energy(reader.GetInt64(3)), (ReadingQuality)reader.GetInt16(4)));
            }
        }

        // Whoever was erased meanwhile has no secret any more and cannot be told again; the entry on the ledger stays.
        return [.. readings.GroupBy(reading => reading.MeterCode)
            .Where(meter => secrets.ContainsKey(meter.First().MemberId))
            .Select(meter => new MeterPlace(
                MeterIndex.LabelOf(hourKey, meter.Key),
                new TreeHash(Convert.FromHexString(ReadingRecord.CommitmentOfLast(slug, meter, secrets[meter.First().MemberId])).AsSpan(2))))];
    }
}

/// <summary>The proof that an hour was settled with the reading of a meter that its holder has, and with no other.</summary>
public sealed record ProveMeterOfHour(int LoopId, string MeterCode, DateTimeOffset Hour) : IRequest<MeterProofAnswer?>, IGuarded
{
    public bool Permits(Actor actor) => actor.BelongsTo(LoopId);
}

/// <summary>The proof file, or why there is none.</summary>
public sealed record MeterProofAnswer(ProofState State, string? File);

internal sealed class ProveMeterOfHourHandler(Work work, CurrentActor current, ProofReader proofs) : IRequestHandler<ProveMeterOfHour, MeterProofAnswer?>
{
    public async Task<MeterProofAnswer?> Handle(ProveMeterOfHour request, CancellationToken cancellationToken)
    {
        var (loopId, hour) = (request.LoopId, request.Hour);
        if (await VisibleMeter.FindAsync(work.Db, current.Actor, loopId, request.MeterCode, cancellationToken) is not { } meter)
        {
            return null;
        }

        var connection = await work.ConnectionAsync(cancellationToken);
        if (await MeterIndexTable.FindAsync(connection, loopId, hour, cancellationToken) is not { } stored
            || await RecordSecrets.FindAsync(connection, loopId, 0, IndexOfHour.MonthOf(hour), cancellationToken) is not { } secret)
        {
            return null;
        }

        var hourKey = IndexOfHour.KeyOf(secret, hour);
        var label = MeterIndex.LabelOf(hourKey, meter.Code);
        if (stored.Index.Find(label) is null)
        {
            return null;
        }

        var proof = await proofs.ReadAsync(
            loopId, new CommittedRecord(stored.BatchId, stored.BatchPosition, IndexOfHour.Record(stored.Canonical, hour)), cancellationToken);
        return new MeterProofAnswer(proof.State, proof.File is { } file
            ? new MeterProof(meter.Code, hourKey, stored.Index.Prove(label), TlogProof.Parse(Encoding.UTF8.GetBytes(file))).ToString()
            : null);
    }
}
