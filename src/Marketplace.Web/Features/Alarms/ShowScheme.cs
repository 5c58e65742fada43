using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Web.Features.Alarms.Temperatures;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Marketplace.Web.Features.Alarms;

/// <summary>The loop's substations, each with what its meters said last: power of the last measured hour, temperatures and flow where devices send
/// them, and the most urgent open alarm.</summary>
public sealed record ShowScheme(int LoopId) : IRequest<Scheme>, IGuarded
{
    public bool Permits(Actor actor) => actor.Tends(LoopId);
}

/// <param name="Now">By the market clock.</param>
/// <param name="Substations">Those that give first, then those that take.</param>
public sealed record Scheme(DateTimeOffset Now, IReadOnlyList<Substation> Substations);

/// <summary>Where a member is connected to the loop's pipes.</summary>
public sealed record Substation(int MemberId, string Name, bool Gives, IReadOnlyList<SubstationMeter> Meters)
{
    public AlarmSeverity? Worst => Meters.Min(meter => meter.Alarm);
}

/// <param name="LastHour">The last measured hour; null where nothing was ever measured.</param>
/// <param name="Power">The mean of that hour, in watts.</param>
/// <param name="Water">The last hour with temperatures or flow, of the last two days.</param>
/// <param name="KeepsPromise">Whether that hour kept what is promised; null where nothing is promised or nothing could be judged.</param>
public sealed record SubstationMeter(
    int Id, string Code, Carrier Carrier, MeterDirection Direction, DateTimeOffset? LastHour, long? Power, SubstationHour? Water, bool? KeepsPromise, AlarmSeverity? Alarm);

internal sealed class ShowSchemeHandler(Work work, MarketTime marketTime, SubstationTemperatures temperatures) : IRequestHandler<ShowScheme, Scheme>
{
    private static readonly TimeSpan s_reach = TimeSpan.FromHours(48);

    public async Task<Scheme> Handle(ShowScheme request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var now = await marketTime.NowAsync(loopId, cancellationToken);
        var end = MarketHour.Containing(now);
        var water = await temperatures.ReadAsync(loopId, null, new Interval(end - s_reach, end + MarketHour.Length), cancellationToken);
        var alarms = await db.Alarms.Where(alarm => alarm.LoopId == loopId && alarm.ResolvedAt == null && alarm.MeterId != null)
            .GroupBy(alarm => alarm.MeterId!.Value).ToDictionaryAsync(meter => meter.Key, meter => meter.Min(alarm => alarm.Severity), cancellationToken);
        var last = await LastAsync(loopId, cancellationToken);
        var meters = await db.Meters.AsNoTracking()
            .Where(meter => meter.LoopId == loopId && meter.Carrier != Carrier.Electricity && (meter.InServiceUntil == null || meter.InServiceUntil > now))
            .OrderBy(meter => meter.Id).ToListAsync(cancellationToken);
        var names = await db.Members.AsNoTracking().Where(member => member.LoopId == loopId).ToDictionaryAsync(member => member.Id, member => member.Name, cancellationToken);
        var substations = meters.GroupBy(meter => meter.MemberId).Select(member => new Substation(
            member.Key, names[member.Key], member.Any(meter => meter.Direction == MeterDirection.Production),
            [.. member.Select(meter => Of(meter, water.GetValueOrDefault(meter.Id), last, alarms.TryGetValue(meter.Id, out var severity) ? severity : null))]));
        return new Scheme(now, [.. substations.OrderByDescending(substation => substation.Gives).ThenBy(substation => substation.MemberId)]);
    }

    private static SubstationMeter Of(Meter meter, MeterTemperatures? water, Dictionary<int, (DateTimeOffset Hour, long Power)> last, AlarmSeverity? alarm)
    {
        var hour = water is { Hours: [.., var newest] } ? newest : null;
        bool? keeps = hour is not null && water?.TermsAt(hour.Hour) is { } terms && PromiseReport.Judge([hour], terms.ToPromise()) is { HoursJudged: 1 } report
            ? report.Broken.Count == 0
            : null;
        var known = last.TryGetValue(meter.Id, out var measured);
        return new SubstationMeter(meter.Id, meter.Code, meter.Carrier, meter.Direction, known ? measured.Hour : null, known ? measured.Power : null, hour, keeps, alarm);
    }

    /// <summary>The last measured hour of each meter: one step down the primary key for each. An hour's energy in Wh is its mean power in W.</summary>
    private async Task<Dictionary<int, (DateTimeOffset Hour, long Power)>> LastAsync(int loopId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"""
            SELECT m.id, last.hour, last.energy FROM market.meters AS m CROSS JOIN LATERAL (
                SELECT r.hour, r.energy FROM market.readings AS r
                WHERE r.loop_id = m.loop_id AND r.meter_id = m.id AND r.quality <> {(short)ReadingQuality.Estimated}
                ORDER BY r.hour DESC, r.revision DESC LIMIT 1) AS last
            WHERE m.loop_id = $1 AND m.carrier <> {(short)Carrier.Electricity}
            """,
            await work.ConnectionAsync(cancellationToken));
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        var last = new Dictionary<int, (DateTimeOffset, long)>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            last.Add(reader.GetInt32(0), (reader.GetFieldValue<DateTimeOffset>(1), reader.GetInt64(2)));
        }

        return last;
    }
}
