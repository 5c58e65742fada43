using Marketplace.Data;
using Marketplace.Metering.Checks;
using Marketplace.Metering.Checks.Across;
using Marketplace.Metering.Checks.Delivery;
using Marketplace.Metering.Checks.Value;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Npgsql;

namespace Marketplace.Web.Features.Metering.Quality;

/// <summary>A flag to be raised.</summary>
internal sealed record NewFlag(int MeterId, Interval During, Check Check, string Words, string? OtherMeter = null);

/// <summary>A flag that stands, with how it ended if it has.</summary>
internal sealed record StoredFlag(long Id, int MeterId, Interval During, string CheckName, FlagResolutionKind? Resolution, string? OtherMeter)
{
    public bool IsOpen => Resolution is null;
}

/// <summary>The flags of a loop within the transaction of one change, whole sets at once.</summary>
internal sealed class FlagBook(Work work, TimeProvider time)
{
    private const int LongestWords = 500;

    // What only asks for a look does not keep an hour from being used; what cannot be comes first on the operator's list.
    private static readonly Dictionary<string, FlagSeverity> Severities = SeriesValidation.All.ToDictionary(check => check.Name, check => check switch
    {
        _ when check == RunChecks.LongZeros || check == LevelChecks.Jump || check == SharedPlantCheck.Check || check == UnitCheck.Check
            || check == ClockChecks.ChangeDay || check == RegisterChecks.Rollover || check == DeviceChecks.MissingSibling => FlagSeverity.Note,
        _ when check == LimitChecks.Negative || check == LimitChecks.Capacity || check == LimitChecks.Contract || check == LevelChecks.UnitJump
            || check == RegisterChecks.Decrease || check == BalanceChecks.RegisterDifference || check == HeatChecks.Sign || check == HeatChecks.WithoutFlow
            || check == DeviceChecks.Exchange => FlagSeverity.Severe,
        _ => FlagSeverity.Doubtful,
    });

    public static FlagSeverity SeverityOf(string checkName) => Severities.GetValueOrDefault(checkName, FlagSeverity.Note);

    /// <summary>One at a time judges a loop; who comes second has nothing to do.</summary>
    public async Task<bool> TryLockAsync(int loopId, CancellationToken cancellationToken)
    {
        await using var command = await CommandAsync("SELECT pg_try_advisory_xact_lock(hashtextextended('judging/' || $1::text, 0))", cancellationToken);
        Add(command, loopId);
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    /// <summary>As <see cref="TryLockAsync"/>, but waits.</summary>
    public async Task LockAsync(int loopId, CancellationToken cancellationToken)
    {
        await using var command = await CommandAsync("SELECT pg_advisory_xact_lock(hashtextextended('judging/' || $1::text, 0))", cancellationToken);
        Add(command, loopId);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The flags of these meters that touch a time, ended or not.</summary>
    public async Task<List<StoredFlag>> ReadAsync(int loopId, int[] meterIds, Interval during, CancellationToken cancellationToken)
    {
        await using var command = await CommandAsync(
            """
            SELECT f.id, f.meter_id, f.hour, f.until_hour, f.check_name, x.kind, f.other_meter FROM market.reading_flags f
            LEFT JOIN market.flag_resolutions x ON x.loop_id = f.loop_id AND x.flag_id = f.id
            WHERE f.loop_id = $1 AND f.meter_id = ANY ($2) AND f.hour < $4 AND f.until_hour > $3
            ORDER BY f.meter_id, f.hour
            """,
            cancellationToken);
        Add(command, loopId);
        Add(command, meterIds);
        Add(command, during.Start);
        Add(command, during.End);
        var flags = new List<StoredFlag>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            flags.Add(new StoredFlag(
                reader.GetInt64(0), reader.GetInt32(1), new Interval(reader.GetFieldValue<DateTimeOffset>(2), reader.GetFieldValue<DateTimeOffset>(3)), reader.GetString(4),
                await reader.IsDBNullAsync(5, cancellationToken) ? null : (FlagResolutionKind)reader.GetInt16(5),
                await reader.IsDBNullAsync(6, cancellationToken) ? null : reader.GetString(6)));
        }

        return flags;
    }

    /// <summary>Raises flags and puts them on the work list.</summary>
    public async Task AddAsync(int loopId, IReadOnlyCollection<NewFlag> found, CancellationToken cancellationToken)
    {
        var flags = found.DistinctBy(flag => (flag.MeterId, flag.During.Start, flag.Check.Name)).ToArray();
        if (flags.Length == 0)
        {
            return;
        }

        await using var command = await CommandAsync(
            """
            WITH added AS (
                INSERT INTO market.reading_flags (loop_id, meter_id, hour, until_hour, check_name, occurrence, severity, words, other_meter, found_at)
                SELECT $1, n.meter_id, n.hour, n.until_hour, n.check_name,
                       (SELECT count(*) FROM market.reading_flags f
                        WHERE f.loop_id = $1 AND f.meter_id = n.meter_id AND f.hour = n.hour AND f.check_name = n.check_name)::smallint,
                       n.severity, n.words, n.other_meter, $9
                FROM unnest($2, $3, $4, $5, $6, $7, $8) AS n(meter_id, hour, until_hour, check_name, severity, words, other_meter)
                RETURNING id, meter_id, severity, check_name, hour)
            INSERT INTO market.open_flags (loop_id, flag_id, meter_id, carrier, severity, check_name, hour)
            SELECT $1, a.id, a.meter_id, m.carrier, a.severity, a.check_name, a.hour
            FROM added a LEFT JOIN market.meters m ON m.loop_id = $1 AND m.id = a.meter_id
            """,
            cancellationToken);
        Add(command, loopId);
        Add(command, flags.Select(flag => flag.MeterId).ToArray());
        Add(command, flags.Select(flag => flag.During.Start).ToArray());
        Add(command, flags.Select(flag => flag.During.End).ToArray());
        Add(command, flags.Select(flag => flag.Check.Name).ToArray());
        Add(command, flags.Select(flag => (short)SeverityOf(flag.Check.Name)).ToArray());
        Add(command, flags.Select(flag => flag.Words.Length > LongestWords ? flag.Words[..LongestWords] : flag.Words).ToArray());
        Add(command, flags.Select(flag => flag.OtherMeter).ToArray());
        Add(command, time.GetUtcNow());
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Ends flags and takes them off the work list. Those that have ended meanwhile are left as they are.</summary>
    /// <returns>How many were ended.</returns>
    public async Task<int> ResolveAsync(
        int loopId, long[] flagIds, FlagResolutionKind kind, string reason, Guid? resolvedBy, CancellationToken cancellationToken)
    {
        if (flagIds.Length == 0)
        {
            return 0;
        }

        await using var command = await CommandAsync(
            """
            WITH closed AS (DELETE FROM market.open_flags WHERE loop_id = $1 AND flag_id = ANY ($2) RETURNING flag_id)
            INSERT INTO market.flag_resolutions (loop_id, flag_id, kind, reason, resolved_by, at)
            SELECT $1, flag_id, $3, $4, $5, $6 FROM closed
            """,
            cancellationToken);
        Add(command, loopId);
        Add(command, flagIds);
        Add(command, (short)kind);
        Add(command, reason);
        command.Parameters.Add(new NpgsqlParameter { Value = resolvedBy is { } by ? by : DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Uuid });
        Add(command, time.GetUtcNow());
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>What of a finding no flag says already.</summary>
    public static IEnumerable<Interval> Uncovered(Interval finding, IReadOnlyCollection<Interval> covered)
    {
        var from = finding.Start;
        foreach (var known in covered.Where(known => known.Start < finding.End && known.End > finding.Start).OrderBy(known => known.Start))
        {
            if (known.Start > from)
            {
                yield return new Interval(from, known.Start);
            }

            from = known.End > from ? known.End : from;
        }

        if (from < finding.End)
        {
            yield return new Interval(from, finding.End);
        }
    }

    private async Task<NpgsqlCommand> CommandAsync(string sql, CancellationToken cancellationToken) =>
        new(sql, await work.ConnectionAsync(cancellationToken));

    private static void Add<T>(NpgsqlCommand command, T value) => command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
}
