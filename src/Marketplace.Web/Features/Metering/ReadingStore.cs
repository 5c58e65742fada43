using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Npgsql;

namespace Marketplace.Web.Features.Metering;

/// <summary>A revision that stands in the table.</summary>
internal readonly record struct StoredRevision(short Revision, Energy Energy, ReadingQuality Quality);

/// <summary>A revision to be added.</summary>
/// <param name="Before">The revisions it follows, from the first to the last; empty for the first value of the hour.</param>
internal sealed record NewReading(
    int MeterId, string MeterCode, int MemberId, DateTimeOffset Hour, Energy Energy, ReadingQuality Quality, string? Note, IReadOnlyList<StoredRevision> Before)
{
    /// <summary>What stands before the first value of an hour.</summary>
    public static IReadOnlyList<StoredRevision> First { get; } = [];

    public short Revision => (short)Before.Count;

    public ReadingRevision ForRecord() => new(MeterCode, MemberId, Hour, Revision, Energy, Quality);

    public IEnumerable<ReadingRevision> BeforeForRecord() =>
        Before.Select(stored => new ReadingRevision(MeterCode, MemberId, Hour, stored.Revision, stored.Energy, stored.Quality));
}

/// <summary>The table of readings within the transaction of one change. All of it works on whole sets.</summary>
internal sealed class ReadingStore(Work work, TimeProvider time)
{
    // Each lock has a place in PostgreSQL's table of them, which all transactions share.
    private const int MostMetersLocked = 32;

    /// <summary>Lets one change at a time add readings to a loop, so that revisions are numbered without gaps.</summary>
    public Task LockAsync(int loopId, CancellationToken cancellationToken) =>
        ExecuteAsync("SELECT pg_advisory_xact_lock(hashtextextended('readings/' || $1::text, 0))", cancellationToken, Parameter(loopId));

    /// <summary>As <see cref="LockAsync"/>, for a delivery that adds to these meters only: others may add to other meters meanwhile.</summary>
    /// <param name="batchKey">Nobody else stores a delivery of this key meanwhile.</param>
    public async Task LockAsync(int loopId, string batchKey, IReadOnlyCollection<int> meterIds, CancellationToken cancellationToken)
    {
        if (meterIds.Count > MostMetersLocked)
        {
            await LockAsync(loopId, cancellationToken);
            return;
        }

        // In one order for all: nobody waits for somebody who waits for him.
        await using var batch = new NpgsqlBatch(await work.ConnectionAsync(cancellationToken), work.Transaction);
        void Add(string sql, NpgsqlParameter of)
        {
            var command = new NpgsqlBatchCommand(sql);
            command.Parameters.Add(Parameter(loopId));
            command.Parameters.Add(of);
            batch.BatchCommands.Add(command);
        }

        var whole = new NpgsqlBatchCommand("SELECT pg_advisory_xact_lock_shared(hashtextextended('readings/' || $1::text, 0))");
        whole.Parameters.Add(Parameter(loopId));
        batch.BatchCommands.Add(whole);
        Add("SELECT pg_advisory_xact_lock(hashtextextended('readings/' || $1::text || '/batch/' || $2, 0))", Parameter(batchKey));
        Add("SELECT pg_advisory_xact_lock(hashtextextended('readings/' || $1::text || '/meter/' || id::text, 0)) FROM unnest($2) AS id", Parameter(meterIds.Order().ToArray()));
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Whether a batch of this key has been stored before.</summary>
    public async Task<bool> IsKnownAsync(int loopId, string batchKey, CancellationToken cancellationToken)
    {
        await using var command = await CommandAsync(
            "SELECT EXISTS (SELECT FROM ledger.batches WHERE loop_id = $1 AND batch_key = $2)", cancellationToken, Parameter(loopId), Parameter(batchKey));
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    /// <summary>All revisions of the given meters at the given hours, from first to last.</summary>
    public async Task<Dictionary<(int MeterId, DateTimeOffset Hour), List<StoredRevision>>> RevisionsAsync(
        int loopId, int[] meterIds, DateTimeOffset[] hours, CancellationToken cancellationToken)
    {
        // The bounds keep PostgreSQL to the months concerned. Hours without a gap are one range for each meter; else each hour is looked up.
        var (first, last) = (hours.Min(), hours.Max());
        var isRange = last - first == MarketHour.Length * (hours.Length - 1);
        await using var batch = new NpgsqlBatch(await work.ConnectionAsync(cancellationToken), work.Transaction);
        var select = ByMeter.Add(
            batch,
            $"""
            SELECT m.id, r.hour, r.revision, r.energy, r.quality FROM unnest($2) AS m(id),
            LATERAL (SELECT v.hour, v.revision, v.energy, v.quality FROM market.readings v
                     WHERE v.loop_id = $1 AND v.meter_id = m.id AND v.hour BETWEEN $3 AND $4 {(isRange ? "" : "AND v.hour = ANY ($5)")}
                     ORDER BY v.hour, v.revision) r
            """);
        foreach (var parameter in (NpgsqlParameter[])[Parameter(loopId), Parameter(meterIds), Parameter(first), Parameter(last), .. isRange ? (NpgsqlParameter[])[] : [Parameter(hours)]])
        {
            select.Parameters.Add(parameter);
        }

        var found = new Dictionary<(int MeterId, DateTimeOffset Hour), List<StoredRevision>>();
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var key = (reader.GetInt32(0), reader.GetFieldValue<DateTimeOffset>(1));
            if (!found.TryGetValue(key, out var revisions))
            {
                found.Add(key, revisions = []);
            }

            revisions.Add(new StoredRevision(reader.GetInt16(2), new Energy(reader.GetInt64(3)), (ReadingQuality)reader.GetInt16(4)));
        }

        return found;
    }

    /// <summary>Commits each reading to the ledger and stores it, in this order and in the caller's transaction.</summary>
    /// <param name="further">Records of the same delivery that are no readings of hours.</param>
    /// <returns>The ledger batch; positions of the readings first, of the further records after them.</returns>
    public async Task<AppendedBatch> AddAsync(
        int loopId, string loopSlug, string batchKey, IReadOnlyList<NewReading> readings, IReadOnlyList<LedgerRecord> further, CancellationToken cancellationToken)
    {
        var connection = await work.ConnectionAsync(cancellationToken);
        var secrets = new Dictionary<(int, DateOnly), byte[]?>();
        var records = new LedgerRecord[readings.Count + further.Count];
        var hourTexts = new Dictionary<DateTimeOffset, string>();
        for (var i = 0; i < readings.Count; i++)
        {
            var reading = readings[i];
            if (reading.Revision > 0)
            {
                var secret = await SecretAsync(connection, loopId, reading, secrets, cancellationToken);
                records[i] = ReadingRecord.ForLedger(loopSlug, reading.ForRecord(), ReadingRecord.CommitmentOfLast(loopSlug, reading.BeforeForRecord(), secret));
                continue;
            }

            // Many meters have the same hours: the text of each is made once.
            if (!hourTexts.TryGetValue(reading.Hour, out var hourText))
            {
                hourTexts.Add(reading.Hour, hourText = Instants.Iso(reading.Hour));
            }

            records[i] = ReadingRecord.First(loopSlug, reading, hourText);
        }

        for (var i = 0; i < further.Count; i++)
        {
            records[readings.Count + i] = further[i];
        }

        var appended = await LedgerDoor.AppendAsync(connection, work.Transaction, loopId, batchKey, records, cancellationToken);
        if (readings.Count > 0)
        {
            await EnsureMonthsAsync("market.ensure_readings_month", readings.Select(reading => reading.Hour), cancellationToken);
            await ReadingCopy.WriteAsync(connection, loopId, readings, appended, time.GetUtcNow(), cancellationToken);
            await LeaveForChecksAsync(loopId, readings, cancellationToken);
        }

        return appended;
    }

    // The checks come later, on their own time: here it is only noted which hours of which meters they have not seen.
    private async Task LeaveForChecksAsync(int loopId, IReadOnlyList<NewReading> readings, CancellationToken cancellationToken)
    {
        var spans = new SortedDictionary<int, (DateTimeOffset First, DateTimeOffset Last)>();
        foreach (var reading in readings)
        {
            spans[reading.MeterId] = spans.TryGetValue(reading.MeterId, out var span)
                ? (reading.Hour < span.First ? reading.Hour : span.First, reading.Hour > span.Last ? reading.Hour : span.Last)
                : (reading.Hour, reading.Hour);
        }

        await ExecuteAsync(
            """
            INSERT INTO market.unjudged_readings AS u (loop_id, meter_id, from_hour, until_hour, stamp)
            SELECT $1, n.meter_id, n.first_hour, n.last_hour + interval '1 hour', 1 FROM unnest($2, $3, $4) AS n(meter_id, first_hour, last_hour)
            ON CONFLICT (loop_id, meter_id) DO UPDATE
            SET from_hour = least(u.from_hour, excluded.from_hour), until_hour = greatest(u.until_hour, excluded.until_hour), stamp = u.stamp + 1
            """,
            cancellationToken,
            Parameter(loopId),
            Parameter(spans.Keys.ToArray()),
            Parameter(spans.Values.Select(span => span.First).ToArray()),
            Parameter(spans.Values.Select(span => span.Last).ToArray()));
    }

    /// <summary>Makes the partitions of these instants, if they are not there yet.</summary>
    /// <param name="function">The database's function that does it for one month.</param>
    public Task EnsureMonthsAsync(string function, IEnumerable<DateTimeOffset> instants, CancellationToken cancellationToken)
    {
        var months = new SortedSet<DateTimeOffset>();
        var (from, until) = (DateTimeOffset.MaxValue, DateTimeOffset.MinValue);
        foreach (var instant in instants)
        {
            // Most have the month of the one before.
            if (instant < from || instant >= until)
            {
                from = MonthOf(instant);
                until = from.AddMonths(1);
                months.Add(from);
            }
        }

        return ExecuteAsync($"SELECT {function}(month) FROM unnest($1) AS month", cancellationToken, Parameter(months.ToArray()));
    }

    private static async Task<byte[]?> SecretAsync(
        NpgsqlConnection connection, int loopId, NewReading reading, Dictionary<(int, DateOnly), byte[]?> known, CancellationToken cancellationToken)
    {
        var month = RecordSecrets.MonthOf(DateOnly.FromDateTime(reading.Hour.UtcDateTime));
        if (!known.TryGetValue((reading.MemberId, month), out var secret))
        {
            secret = await RecordSecrets.FindAsync(connection, loopId, reading.MemberId, month, cancellationToken);
            known.Add((reading.MemberId, month), secret);
        }

        return secret;
    }

    private async Task ExecuteAsync(string sql, CancellationToken cancellationToken, params NpgsqlParameter[] parameters)
    {
        await using var command = await CommandAsync(sql, cancellationToken, parameters);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task<NpgsqlCommand> CommandAsync(string sql, CancellationToken cancellationToken, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlCommand(sql, await work.ConnectionAsync(cancellationToken), work.Transaction);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(parameter);
        }

        return command;
    }

    public static NpgsqlParameter Parameter<T>(T value) => new NpgsqlParameter<T> { TypedValue = value };

    private static DateTimeOffset MonthOf(DateTimeOffset hour) => new(hour.Year, hour.Month, 1, 0, 0, 0, TimeSpan.Zero);
}
