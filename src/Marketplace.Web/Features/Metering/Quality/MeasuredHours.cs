using Marketplace.Data;
using Marketplace.Metering.Checks;
using Marketplace.Metering.Checks.Value;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Npgsql;

namespace Marketplace.Web.Features.Metering.Quality;

/// <summary>Hours of a meter to be looked at.</summary>
internal readonly record struct MeterSpan(int MeterId, DateTimeOffset From, DateTimeOffset Until)
{
    public int Hours => checked((int)((Until - From) / MarketHour.Length));
}

/// <summary>What meters measured, many at once. Estimates are no measurements: their hours are empty here.</summary>
internal sealed class MeasuredHours(Work work)
{
    /// <summary>The watt-hours of each span, one entry an hour.</summary>
    public async Task<Dictionary<int, long?[]>> ReadAsync(int loopId, IReadOnlyList<MeterSpan> spans, CancellationToken cancellationToken)
    {
        var found = spans.ToDictionary(span => span.MeterId, span => new long?[span.Hours]);
        if (spans.Count == 0)
        {
            return found;
        }

        // The outer bounds keep PostgreSQL to the months concerned. A year of a meter is one row, not thousands: they would cost more than to find them.
        await using var batch = new NpgsqlBatch(await work.ConnectionAsync(cancellationToken));
        var command = ByMeter.Add(
            batch,
            """
            SELECT s.meter_id, r.hours, r.energies
            FROM unnest($2, $3, $4) AS s(meter_id, from_hour, until_hour),
            LATERAL (SELECT array_agg(d.hour) AS hours, array_agg(d.energy) AS energies FROM (
                         SELECT DISTINCT ON (v.hour) v.hour, v.energy, v.quality FROM market.readings v
                         WHERE v.loop_id = $1 AND v.meter_id = s.meter_id AND v.hour >= s.from_hour AND v.hour < s.until_hour AND v.hour >= $5 AND v.hour < $6
                         ORDER BY v.hour DESC, v.revision DESC) d
                     WHERE d.quality <> $7) r
            WHERE r.hours IS NOT NULL
            """);
        Add(command, loopId);
        Add(command, spans.Select(span => span.MeterId).ToArray());
        Add(command, spans.Select(span => span.From).ToArray());
        Add(command, spans.Select(span => span.Until).ToArray());
        Add(command, spans.Min(span => span.From));
        Add(command, spans.Max(span => span.Until));
        Add(command, (short)ReadingQuality.Estimated);
        var from = spans.ToDictionary(span => span.MeterId, span => span.From.UtcDateTime);
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var meterId = reader.GetInt32(0);
            var (hours, energies, first, values) = (reader.GetFieldValue<DateTime[]>(1), reader.GetFieldValue<long[]>(2), from[meterId], found[meterId]);
            for (var i = 0; i < hours.Length; i++)
            {
                values[(int)((hours[i] - first).Ticks / TimeSpan.TicksPerHour)] = energies[i];
            }
        }

        return found;
    }

    /// <summary>As <see cref="ReadAsync"/>, without the hours that checks doubt and nobody has accepted.</summary>
    public async Task<Dictionary<int, long?[]>> ReadSoundAsync(int loopId, IReadOnlyList<MeterSpan> spans, CancellationToken cancellationToken)
    {
        var found = await ReadAsync(loopId, spans, cancellationToken);
        if (spans.Count == 0)
        {
            return found;
        }

        await using var command = new NpgsqlCommand(
            """
            SELECT f.meter_id, f.hour, f.until_hour FROM market.reading_flags f
            LEFT JOIN market.flag_resolutions x ON x.loop_id = f.loop_id AND x.flag_id = f.id
            WHERE f.loop_id = $1 AND f.meter_id = ANY ($2) AND f.hour < $4 AND f.until_hour > $3 AND f.severity >= $5 AND f.check_name <> $6
              AND (x.kind IS NULL OR x.kind = $7)
            """,
            await work.ConnectionAsync(cancellationToken));
        Add(command, loopId);
        Add(command, spans.Select(span => span.MeterId).ToArray());
        Add(command, spans.Min(span => span.From));
        Add(command, spans.Max(span => span.Until));
        Add(command, (short)FlagSeverity.Doubtful);
        Add(command, LimitChecks.Contract.Name);
        Add(command, (short)FlagResolutionKind.Estimated);
        var spanOf = spans.ToDictionary(span => span.MeterId);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var span = spanOf[reader.GetInt32(0)];
            var first = Math.Max(0, (int)((reader.GetFieldValue<DateTimeOffset>(1) - span.From) / MarketHour.Length));
            var end = Math.Min(span.Hours, (int)((reader.GetFieldValue<DateTimeOffset>(2) - span.From) / MarketHour.Length));
            if (end > first)
            {
                Array.Clear(found[span.MeterId], first, end - first);
            }
        }

        return found;
    }

    public static MeterSeries Series(string code, DateTimeOffset from, long?[] hours) =>
        new(code, from, hours.Select(wattHours => wattHours is { } known ? new Energy(known) : (Energy?)null));

    private static void Add<T>(NpgsqlBatchCommand command, T value) => command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });

    private static void Add<T>(NpgsqlCommand command, T value) => command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
}
