using System.Globalization;
using Marketplace.Data;
using Marketplace.Metering.Checks;
using Marketplace.Metering.Checks.Delivery;
using Marketplace.Metering.Checks.Value;
using Marketplace.Quantities;
using Marketplace.Web.Features.Alarms.Temperatures;
using Marketplace.Web.Features.Devices;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Operations;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Marketplace.Web.Features.Alarms;

/// <summary>Something that is wrong now.</summary>
/// <param name="Key">Names the cause for as long as it stands.</param>
/// <param name="Subject">The code of the meter or device, or the step that fails.</param>
/// <param name="Since">By the market clock.</param>
/// <param name="Words">What was found beyond that, without personal data.</param>
internal sealed record Cause(
    AlarmKind Kind, AlarmSeverity Severity, string Key, string Subject, DateTimeOffset Since, string Words,
    int? MeterId = null, int? MemberId = null, int? DeviceId = null);

/// <summary>Finds what is wrong in a loop now: each kind by one statement over all of the loop's meters or devices.</summary>
internal sealed class StandingCauses(Work work, MarketTime marketTime, BrokenPromises promises, TimeProvider time)
{
    /// <summary>A step that fails once is tried again within seconds; only then does it need a person.</summary>
    private const int AttemptsBeforeAlarm = 2;

    /// <summary>How far back a reading beyond capacity is an alarm and not history.</summary>
    private const int AbnormalHours = 24;

    /// <summary>How far back a doubt that nobody has decided on is an alarm. Older ones wait in the list of exceptions.</summary>
    private const int DoubtfulDays = 7;

    /// <summary>Checks whose findings have an alarm of their own: nothing came, and more than the connection carries.</summary>
    private static readonly string[] s_told = [IntervalChecks.Missing.Name, ClockChecks.Silent.Name, LimitChecks.Capacity.Name];

    /// <summary>As many of one kind as a person could look at; the rest come up as these are cured.</summary>
    private const int MostOfKind = 2000;

    private const string OfMeter = "SELECT m.id, m.code, m.member_id";

    public async Task<List<Cause>> FindAsync(int loopId, AlarmRules rules, CancellationToken cancellationToken)
    {
        var now = await marketTime.NowAsync(loopId, cancellationToken);
        var causes = new List<Cause>();
        var progress = await MarketDay.ProgressAsync(work.Db, loopId, cancellationToken);
        if (progress.Settled is { } settled)
        {
            var end = settled + MarketHour.Length;
            await AddSilentAsync(causes, loopId, end.AddHours(-rules.SilentHours), cancellationToken);
            await AddAbnormalAsync(causes, loopId, end.AddHours(-AbnormalHours), end, cancellationToken);
            await AddDoubtfulAsync(causes, loopId, end.AddDays(-DoubtfulDays), cancellationToken);
        }

        await AddDevicesAsync(causes, loopId, now, cancellationToken);
        await AddIncidentsAsync(causes, loopId, cancellationToken);
        await AddFailuresAsync(causes, loopId, cancellationToken);
        causes.AddRange(await promises.FindAsync(loopId, now, rules.PromiseHours, cancellationToken));
        return causes;
    }

    /// <summary>Meters without a measurement since an hour. An estimate is none.</summary>
    private async Task AddSilentAsync(List<Cause> causes, int loopId, DateTimeOffset since, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"""
            WITH silent AS MATERIALIZED (
                {OfMeter}, m.loop_id, m.in_service_from FROM market.meters AS m
                WHERE m.loop_id = $1 AND m.in_service_from <= $2 AND (m.in_service_until IS NULL OR m.in_service_until > $2)
                    AND NOT EXISTS (
                        SELECT FROM market.readings AS r
                        WHERE r.loop_id = m.loop_id AND r.meter_id = m.id AND r.hour >= $2 AND r.quality <> {(short)ReadingQuality.Estimated})
                ORDER BY m.id LIMIT {MostOfKind})
            SELECT silent.id, silent.code, silent.member_id, coalesce(last.hour + interval '1 hour', silent.in_service_from), last.hour IS NULL
            FROM silent LEFT JOIN LATERAL (
                SELECT r.hour FROM market.readings AS r
                WHERE r.loop_id = silent.loop_id AND r.meter_id = silent.id AND r.quality <> {(short)ReadingQuality.Estimated}
                ORDER BY r.hour DESC LIMIT 1) AS last ON true
            """);
        Add(command, loopId);
        Add(command, since);
        await ReadAsync(command, reader => causes.Add(new Cause(
            AlarmKind.SilentMeter, AlarmSeverity.High, Key("silent", reader.GetInt32(0)), reader.GetString(1), reader.GetFieldValue<DateTimeOffset>(3),
            reader.GetBoolean(4) ? "It has never sent a measurement." : "", reader.GetInt32(0), reader.GetInt32(2))), cancellationToken);
    }

    /// <summary>Hours whose value in force is more than the connection can carry.</summary>
    private async Task AddAbnormalAsync(List<Cause> causes, int loopId, DateTimeOffset from, DateTimeOffset until, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"""
            SELECT m.id, m.code, m.member_id, min(r.hour), count(*), max(r.energy), m.capacity_watts
            FROM market.meters AS m JOIN market.readings AS r ON r.loop_id = m.loop_id AND r.meter_id = m.id
            WHERE m.loop_id = $1 AND m.capacity_watts IS NOT NULL AND r.hour >= $2 AND r.hour < $3 AND r.energy > m.capacity_watts
                AND r.quality <> {(short)ReadingQuality.Estimated}
                AND NOT EXISTS (
                    SELECT FROM market.readings AS later
                    WHERE later.loop_id = r.loop_id AND later.meter_id = r.meter_id AND later.hour = r.hour AND later.revision > r.revision)
            GROUP BY m.id, m.code, m.member_id, m.capacity_watts ORDER BY m.id LIMIT {MostOfKind}
            """);
        Add(command, loopId);
        Add(command, from);
        Add(command, until);
        await ReadAsync(command, reader => causes.Add(new Cause(
            AlarmKind.AbnormalReading, AlarmSeverity.High, Key("abnormal", reader.GetInt32(0)), reader.GetString(1), reader.GetFieldValue<DateTimeOffset>(3),
            string.Create(CultureInfo.InvariantCulture, $"{reader.GetInt64(4)} h above what the connection carries: up to {reader.GetInt64(5) / 1000m:0.###} kWh in an hour at {reader.GetInt64(6) / 1000m:0.###} kW."),
            reader.GetInt32(0), reader.GetInt32(2))), cancellationToken);
    }

    /// <summary>What checks doubt: one cause for each meter and check, for as long as nobody has accepted or estimated the hours and later readings
    /// have not cleared them. What cannot be, as energy below zero, is more urgent than what is only unlikely, as a spike.</summary>
    private async Task AddDoubtfulAsync(List<Cause> causes, int loopId, DateTimeOffset from, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"""
            SELECT m.id, m.code, m.member_id, o.check_name, min(f.hour), count(*), max(o.severity), (array_agg(f.words ORDER BY f.hour DESC))[1]
            FROM market.open_flags AS o
            JOIN market.reading_flags AS f ON f.loop_id = o.loop_id AND f.id = o.flag_id
            JOIN market.meters AS m ON m.loop_id = o.loop_id AND m.id = o.meter_id
            WHERE o.loop_id = $1 AND o.severity >= {(short)FlagSeverity.Doubtful} AND f.until_hour > $2 AND o.check_name <> ALL ($3)
            GROUP BY m.id, m.code, m.member_id, o.check_name ORDER BY max(o.severity) DESC, m.id, o.check_name LIMIT {MostOfKind}
            """);
        Add(command, loopId);
        Add(command, from);
        Add(command, s_told);
        await ReadAsync(command, reader => causes.Add(new Cause(
            AlarmKind.DoubtfulReading, reader.GetInt16(6) >= (short)FlagSeverity.Severe ? AlarmSeverity.High : AlarmSeverity.Low,
            Key("doubt/" + reader.GetString(3), reader.GetInt32(0)), reader.GetString(1), reader.GetFieldValue<DateTimeOffset>(4),
            Short(reader.GetInt64(5) == 1
                ? WordsOf(reader.GetString(3), reader.GetString(7))
                : string.Create(CultureInfo.InvariantCulture, $"{reader.GetInt64(5)} findings like this one, the latest: {WordsOf(reader.GetString(3), reader.GetString(7))}")),
            reader.GetInt32(0), reader.GetInt32(2))), cancellationToken);
    }

    // What the check asks for, then what was found: the name of a check says nothing to who has to go.
    private static string WordsOf(string checkName, string found) =>
        SeriesValidation.All.FirstOrDefault(check => check.Name == checkName) is { } check ? $"{found} Expected: {check.Explanation}" : found;

    private async Task AddDevicesAsync(List<Cause> causes, int loopId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var db = work.Db;
        var calendar = (await db.Loops.AsNoTracking().SingleAsync(loop => loop.Id == loopId, cancellationToken)).Calendar;
        var today = calendar.DayOf(now);
        var warned = today.AddDays(Calibrations.WarningDays);
        var day = time.GetUtcNow().AddDays(-1);
        var devices = await (
            from device in db.Devices.AsNoTracking()
            where device.LoopId == loopId && device.State != DeviceState.Retired
                && (device.State == DeviceState.Blocked || device.CalibratedUntil < warned
                    || (device.LastRefusedAt > day && (device.LastSeenAt == null || device.LastRefusedAt > device.LastSeenAt)))
            orderby device.Id
            select new
            {
                Device = device,
                MeterId = db.DeviceRegisters.Where(register => register.LoopId == loopId && register.DeviceId == device.Id && register.UntilHour == null)
                    .OrderBy(register => register.Register).Select(register => (int?)register.MeterId).FirstOrDefault(),
                BlockedAt = db.DeviceActs.Where(act => act.LoopId == loopId && act.DeviceId == device.Id && act.Kind == DeviceActKind.Blocked).Max(act => (DateTimeOffset?)act.At),
                Why = db.DeviceActs.Where(act => act.LoopId == loopId && act.DeviceId == device.Id && act.Kind == DeviceActKind.Blocked)
                    .OrderByDescending(act => act.Number).Select(act => act.Words).FirstOrDefault(),
            }).Take(MostOfKind).ToListAsync(cancellationToken);
        var clock = await db.Clocks.AsNoTracking().SingleAsync(clock => clock.LoopId == loopId, cancellationToken);
        foreach (var found in devices)
        {
            var device = found.Device;
            if (device.State == DeviceState.Blocked)
            {
                causes.Add(new Cause(
                    AlarmKind.BlockedDevice, AlarmSeverity.Urgent, Key("blocked", device.Id), device.Code, clock.MarketTime(found.BlockedAt ?? device.RegisteredAt), Short(found.Why ?? ""),
                    found.MeterId, DeviceId: device.Id));
            }
            else if (device.LastRefusedAt is { } refused && refused > day && !(device.LastSeenAt >= refused))
            {
                causes.Add(new Cause(
                    AlarmKind.RefusedDevice, AlarmSeverity.High, Key("refused", device.Id), device.Code, clock.MarketTime(refused), Short(device.LastRefusal ?? ""),
                    found.MeterId, DeviceId: device.Id));
            }

            if (device.CalibratedUntil is { } until && until < warned)
            {
                var over = until < today;
                causes.Add(new Cause(
                    AlarmKind.CalibrationDue, over ? AlarmSeverity.High : AlarmSeverity.Low, Key(over ? "calibration-over" : "calibration", device.Id), device.Code,
                    now, string.Create(CultureInfo.InvariantCulture, $"Valid until {until:yyyy-MM-dd}."), found.MeterId, DeviceId: device.Id));
            }
        }
    }

    private async Task AddIncidentsAsync(List<Cause> causes, int loopId, CancellationToken cancellationToken)
    {
        var clock = await work.Db.Clocks.AsNoTracking().SingleAsync(clock => clock.LoopId == loopId, cancellationToken);
        foreach (var incident in await LogIncidents.StandingAsync(await work.ConnectionAsync(cancellationToken), loopId, cancellationToken))
        {
            causes.Add(new Cause(
                AlarmKind.LedgerIncident, incident.Topic == IncidentTopic.Quorum ? AlarmSeverity.High : AlarmSeverity.Urgent, Key("ledger/" + incident.Topic, incident.Id),
                incident.Topic, clock.MarketTime(incident.At), Short(incident.Words)));
        }
    }

    private async Task AddFailuresAsync(List<Cause> causes, int loopId, CancellationToken cancellationToken)
    {
        var hours = await work.Db.HourFailures.AsNoTracking()
            .Where(failure => failure.LoopId == loopId && failure.Attempts >= AttemptsBeforeAlarm)
            .OrderBy(failure => failure.Hour).Take(MostOfKind).ToListAsync(cancellationToken);
        causes.AddRange(hours.Select(failure => new Cause(
            AlarmKind.FailedHour, AlarmSeverity.Urgent, $"hour/{failure.Step}/{Instants.Iso(failure.Hour)}", failure.Step.ToString(), failure.Hour, Short(failure.Reason))));
        var periods = await work.Db.ChargingFailures.AsNoTracking()
            .Where(failure => failure.LoopId == loopId && failure.Attempts >= AttemptsBeforeAlarm)
            .OrderBy(failure => failure.Period).Take(MostOfKind).ToListAsync(cancellationToken);
        causes.AddRange(periods.Select(failure => new Cause(
            AlarmKind.FailedChargingPeriod, AlarmSeverity.High, $"charging/{failure.GroupId.ToString(CultureInfo.InvariantCulture)}/{failure.Step}/{Instants.Iso(failure.Period)}",
            failure.Step.ToString(), failure.Period, Short(failure.Reason))));
    }

    private async Task ReadAsync(NpgsqlCommand command, Action<NpgsqlDataReader> row, CancellationToken cancellationToken)
    {
        command.Connection = await work.ConnectionAsync(cancellationToken);
        command.Transaction = work.Transaction;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            row(reader);
        }
    }

    private static void Add<T>(NpgsqlCommand command, T value) => command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });

    private static string Key(string kind, long id) => string.Create(CultureInfo.InvariantCulture, $"{kind}/{id}");

    private static string Short(string words) => words.Length <= 500 ? words : words[..499] + "…";
}
