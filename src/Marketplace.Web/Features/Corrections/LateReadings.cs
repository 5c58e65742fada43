using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Npgsql;

namespace Marketplace.Web.Features.Corrections;

/// <summary>An hour of which readings came after it was settled.</summary>
/// <param name="Meters">The codes of their meters.</param>
public sealed record LateHour(DateTimeOffset Hour, IReadOnlyList<string> Meters);

/// <summary>Readings that came after their hour was settled, within one change: noted by hour and meter, settled by the hour.</summary>
internal sealed class LateReadings(Work work, TimeProvider time)
{
    /// <summary>Within so long after its end an hour is settled anew by itself, unless the operator has set something else: longer than a
    /// meter is read by hand after a fault, shorter than a bill is final.</summary>
    public static readonly TimeSpan FirstWindow = TimeSpan.FromDays(14);

    private const short Waiting = 1, Queued = 2, Done = 3, Left = 4;

    public async Task<TimeSpan> WindowAsync(int loopId, CancellationToken cancellationToken)
    {
        await using var command = await CommandAsync("SELECT hours FROM market.late_rules WHERE loop_id = $1", cancellationToken, Of(loopId));
        return await command.ExecuteScalarAsync(cancellationToken) is int hours ? TimeSpan.FromHours(hours) : FirstWindow;
    }

    public async Task SetWindowAsync(int loopId, int hours, CancellationToken cancellationToken)
    {
        await using var command = await CommandAsync(
            "INSERT INTO market.late_rules (loop_id, hours) VALUES ($1, $2) ON CONFLICT (loop_id) DO UPDATE SET hours = excluded.hours", cancellationToken, Of(loopId), Of(hours));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Notes which of these meters' hours got a reading after their settlement. The ledger tells what came first. A reading noted before is
    /// not noted again; a further one of the same hour is.</summary>
    public async Task NoteAsync(int loopId, IReadOnlyCollection<(int MeterId, Interval During)> looked, CancellationToken cancellationToken)
    {
        // Most readings come before any of their hours is settled: then there is nothing to hold them against, and PostgreSQL, which cannot know that, reads none of them.
        var all = new Interval(looked.Min(one => one.During.Start), looked.Max(one => one.During.End));
        await using var settled = await CommandAsync(
            "SELECT EXISTS (SELECT FROM market.settlements WHERE loop_id = $1 AND hour >= $2 AND hour < $3)", cancellationToken, Of(loopId), Of(all.Start), Of(all.End));
        if (await settled.ExecuteScalarAsync(cancellationToken) is not true)
        {
            return;
        }

        await using var command = await CommandAsync(
            $"""
            INSERT INTO market.late_readings AS l (loop_id, hour, meter_id, state, batch_id, noted_at)
            SELECT $1, r.hour, r.meter_id, {Waiting}, max(r.batch_id), $5
            FROM unnest($2, $3, $4) AS s (meter_id, from_hour, until_hour)
            JOIN market.settlements AS x ON x.loop_id = $1 AND x.hour >= s.from_hour AND x.hour < s.until_hour
            JOIN market.readings AS r ON r.loop_id = $1 AND r.meter_id = s.meter_id AND r.hour = x.hour AND r.batch_id > x.batch_id
            WHERE r.hour >= $6 AND r.hour < $7
            GROUP BY r.hour, r.meter_id
            ON CONFLICT (loop_id, hour, meter_id) DO UPDATE SET state = {Waiting}, decided = false, batch_id = excluded.batch_id, noted_at = excluded.noted_at
            WHERE l.batch_id < excluded.batch_id
            """,
            cancellationToken,
            Of(loopId), Of(looked.Select(one => one.MeterId).ToArray()), Of(looked.Select(one => one.During.Start).ToArray()),
            Of(looked.Select(one => one.During.End).ToArray()), Of(time.GetUtcNow()), Of(all.Start), Of(all.End));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>An operator has decided about hours of meters: what waits there is settled, whenever it came.</summary>
    public Task DecideAsync(int loopId, IReadOnlyCollection<(int MeterId, Interval During)> hours, CancellationToken cancellationToken) => ExecuteAsync(
        $"""
        UPDATE market.late_readings AS l SET state = {Waiting}, decided = true
        FROM unnest($2, $3, $4) AS s (meter_id, from_hour, until_hour)
        WHERE l.loop_id = $1 AND l.meter_id = s.meter_id AND l.hour >= s.from_hour AND l.hour < s.until_hour AND l.state IN ({Waiting}, {Queued})
        """,
        cancellationToken,
        Of(loopId), Of(hours.Select(one => one.MeterId).ToArray()), Of(hours.Select(one => one.During.Start).ToArray()), Of(hours.Select(one => one.During.End).ToArray()));

    /// <summary>As <see cref="DecideAsync"/>, for hours as a whole; or leaves them as they were settled.</summary>
    /// <returns>How many hours there were.</returns>
    public async Task<int> DecideHoursAsync(int loopId, DateTimeOffset[] hours, bool isSettled, CancellationToken cancellationToken)
    {
        await using var command = await CommandAsync(
            $"""
            WITH decided AS (
                UPDATE market.late_readings SET state = {(isSettled ? Waiting : Left)}, decided = $3
                WHERE loop_id = $1 AND hour = ANY ($2) AND state = {Queued} RETURNING hour)
            SELECT count(DISTINCT hour)::int FROM decided
            """,
            cancellationToken, Of(loopId), Of(hours), Of(isSettled));
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Puts what came after the window in the operator's queue and gives the hours that are settled now, the oldest first.</summary>
    /// <param name="since">The oldest hour that is settled by itself.</param>
    public async Task<List<DateTimeOffset>> TakeAsync(int loopId, DateTimeOffset since, int most, CancellationToken cancellationToken)
    {
        await ExecuteAsync(
            $"UPDATE market.late_readings SET state = {Queued} WHERE loop_id = $1 AND state = {Waiting} AND NOT decided AND hour < $2", cancellationToken, Of(loopId), Of(since));
        return [.. (await ReadAsync(loopId, Waiting, most, cancellationToken)).Select(late => late.Hour)];
    }

    /// <summary>What waits for the operator, the oldest first.</summary>
    public Task<List<LateHour>> QueuedAsync(int loopId, int most, CancellationToken cancellationToken) => ReadAsync(loopId, Queued, most, cancellationToken);

    /// <summary>An hour is dealt with. What waits for the operator goes on waiting, unless it was settled along with the rest.</summary>
    public Task FinishAsync(int loopId, DateTimeOffset hour, CancellationToken cancellationToken) => ExecuteAsync(
        $"UPDATE market.late_readings SET state = {Done} WHERE loop_id = $1 AND hour = $2 AND state IN ({Waiting}, {Queued})", cancellationToken, Of(loopId), Of(hour));

    private async Task<List<LateHour>> ReadAsync(int loopId, short state, int most, CancellationToken cancellationToken)
    {
        await using var command = await CommandAsync(
            """
            SELECT l.hour, array_agg(m.code ORDER BY m.code) FROM market.late_readings AS l JOIN market.meters AS m ON m.loop_id = l.loop_id AND m.id = l.meter_id
            WHERE l.loop_id = $1 AND l.state = $2 GROUP BY l.hour ORDER BY l.hour LIMIT $3
            """,
            cancellationToken, Of(loopId), Of(state), Of(most));
        var hours = new List<LateHour>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            hours.Add(new LateHour(reader.GetFieldValue<DateTimeOffset>(0), reader.GetFieldValue<string[]>(1)));
        }

        return hours;
    }

    private async Task ExecuteAsync(string sql, CancellationToken cancellationToken, params NpgsqlParameter[] parameters)
    {
        await using var command = await CommandAsync(sql, cancellationToken, parameters);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task<NpgsqlCommand> CommandAsync(string sql, CancellationToken cancellationToken, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlCommand(sql, await work.ConnectionAsync(cancellationToken));
        command.Parameters.AddRange(parameters);
        return command;
    }

    private static NpgsqlParameter<T> Of<T>(T value) => new() { TypedValue = value };
}
