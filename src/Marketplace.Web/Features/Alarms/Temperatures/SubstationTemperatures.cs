using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Marketplace.Web.Features.Alarms.Temperatures;

/// <summary>What was promised at a meter and what became of it.</summary>
public sealed record MeterTemperatures(IReadOnlyList<TemperatureTerms> Terms, IReadOnlyList<SubstationHour> Hours)
{
    /// <summary>The terms that hold in an hour; null where nothing is promised.</summary>
    public TemperatureTerms? TermsAt(DateTimeOffset hour) =>
        Terms.Where(terms => terms.ValidFrom <= hour).MaxBy(terms => terms.Version) is { PromisesAnything: true } terms ? terms : null;

    /// <summary>Judges each hour of an interval by the terms that hold in it. An hour of which nothing is known counts as not measured.</summary>
    public PromiseReport Judge(Interval interval)
    {
        var measured = Hours.ToDictionary(hour => hour.Hour);
        var reports = interval.Steps(MarketHour.Length)
            .GroupBy(TermsAt)
            .Where(hours => hours.Key is not null)
            .Select(hours => PromiseReport.Judge(hours.Select(hour => measured.GetValueOrDefault(hour) ?? new SubstationHour(hour, null, null, null)), hours.Key!.ToPromise()))
            .ToList();
        return new PromiseReport(
            reports.Sum(report => report.HoursJudged), reports.Sum(report => report.HoursWithoutFlow), reports.Sum(report => report.HoursNotMeasured),
            [.. reports.SelectMany(report => report.Broken).OrderBy(broken => broken.Hour).ThenBy(broken => broken.Side)]);
    }
}

/// <summary>Temperatures and flows as devices sent them, by the hour and the meter they counted for then.</summary>
internal sealed class SubstationTemperatures(Work work)
{
    /// <summary>Hours and terms of meters; all of the loop where none are named.</summary>
    public async Task<Dictionary<int, MeterTemperatures>> ReadAsync(int loopId, int[]? meterIds, Interval interval, CancellationToken cancellationToken)
    {
        var terms = await work.Db.TemperatureTerms.AsNoTracking()
            .Where(terms => terms.LoopId == loopId && terms.ValidFrom < interval.End && (meterIds == null || meterIds.Contains(terms.MeterId)))
            .ToListAsync(cancellationToken);
        var hours = await HoursAsync(loopId, meterIds, interval, cancellationToken);
        var termsOf = terms.ToLookup(terms => terms.MeterId);
        return termsOf.Select(meter => meter.Key).Union(hours.Keys)
            .ToDictionary(meter => meter, meter => new MeterTemperatures([.. termsOf[meter]], hours.GetValueOrDefault(meter) ?? []));
    }

    /// <summary>Means over the time of an hour that was measured; volumes add up.</summary>
    private async Task<Dictionary<int, List<SubstationHour>>> HoursAsync(int loopId, int[]? meterIds, Interval interval, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"""
            SELECT place.meter_id, date_bin('1 hour', v.at, 'epoch') AS hour,
                (round(sum(v.value::numeric * v.seconds) FILTER (WHERE v.register = {(short)Register.FlowTemperature})
                    / nullif(sum(v.seconds) FILTER (WHERE v.register = {(short)Register.FlowTemperature}), 0)))::integer,
                (round(sum(v.value::numeric * v.seconds) FILTER (WHERE v.register = {(short)Register.ReturnTemperature})
                    / nullif(sum(v.seconds) FILTER (WHERE v.register = {(short)Register.ReturnTemperature}), 0)))::integer,
                (sum(v.value) FILTER (WHERE v.register = {(short)Register.Volume}))::bigint
            FROM market.device_registers AS place
            JOIN market.register_values AS v ON v.loop_id = place.loop_id AND v.device_id = place.device_id AND v.register = place.register
                AND v.at >= place.from_hour AND (place.until_hour IS NULL OR v.at < place.until_hour)
            WHERE place.loop_id = $1 AND place.register IN ({(short)Register.Volume}, {(short)Register.FlowTemperature}, {(short)Register.ReturnTemperature})
                AND v.at >= $2 AND v.at < $3 AND v.seconds BETWEEN 1 AND 3600 AND ($4 OR place.meter_id = ANY($5))
            GROUP BY 1, 2 ORDER BY 1, 2
            """,
            await work.ConnectionAsync(cancellationToken));
        Add(loopId);
        Add(interval.Start.ToUniversalTime());
        Add(interval.End.ToUniversalTime());
        Add(meterIds is null);
        Add(meterIds ?? []);
        var hours = new Dictionary<int, List<SubstationHour>>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var meter = reader.GetInt32(0);
            if (!hours.TryGetValue(meter, out var own))
            {
                hours.Add(meter, own = []);
            }

            own.Add(new SubstationHour(
                reader.GetFieldValue<DateTimeOffset>(1),
                await reader.IsDBNullAsync(2, cancellationToken) ? null : reader.GetInt32(2),
                await reader.IsDBNullAsync(3, cancellationToken) ? null : reader.GetInt32(3),
                await reader.IsDBNullAsync(4, cancellationToken) ? null : reader.GetInt64(4)));
        }

        return hours;

        void Add<T>(T value) => command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
    }
}
