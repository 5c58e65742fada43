using Marketplace.Metering;
using Marketplace.Metering.Checks;
using Marketplace.Metering.Checks.Across;
using Marketplace.Metering.Checks.Delivery;
using Marketplace.Metering.Checks.Value;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Npgsql;

namespace Marketplace.Web.Features.Metering.Quality;

/// <summary>What the other registers of a meter's devices say: counters, volumes, temperatures.</summary>
internal sealed class RegistersOfMeter
{
    /// <summary>A register that came this often belongs to the meter.</summary>
    private const int FewestHours = 6;

    private const string EnergyName = "energy";

    private readonly Dictionary<int, List<RegisterReading>> _counters = [];
    private readonly Dictionary<DateTimeOffset, (long? Litres, int? Flow, int? Return)> _flows = [];

    private DateTimeOffset _companionsUntil = DateTimeOffset.MinValue;

    /// <summary>The counter's readings by time, device after device.</summary>
    public IEnumerable<RegisterReading> Counters => _counters.Values.SelectMany(readings => readings).OrderBy(reading => reading.At);

    /// <param name="until">Until when the register counts for the meter.</param>
    public void Add(int deviceId, Register register, DateTimeOffset at, int seconds, long value, DateTimeOffset until)
    {
        if (register.IsTotal())
        {
            if (!_counters.TryGetValue(deviceId, out var readings))
            {
                _counters.Add(deviceId, readings = []);
            }

            readings.Add(new RegisterReading(at, new Energy(value)));
        }
        else if (seconds == MarketHour.Length.TotalSeconds && MarketHour.IsStart(at))
        {
            _companionsUntil = until > _companionsUntil ? until : _companionsUntil;
            var hour = _flows.GetValueOrDefault(at);
            _flows[at] = register switch
            {
                Register.Volume => hour with { Litres = value },
                Register.FlowTemperature => hour with { Flow = checked((int)value) },
                Register.ReturnTemperature => hour with { Return = checked((int)value) },
                _ => hour,
            };
        }
    }

    /// <summary>The last reading at or before an hour and the first at or after another, of one device and on the hour.</summary>
    public (RegisterReading Before, RegisterReading After)? Around(DateTimeOffset from, DateTimeOffset until)
    {
        foreach (var readings in _counters.Values)
        {
            var before = readings.LastOrDefault(reading => reading.At <= from && MarketHour.IsStart(reading.At));
            var after = readings.Find(reading => reading.At >= until && MarketHour.IsStart(reading.At));
            if (before.At != default && after.At != default)
            {
                return (before, after);
            }
        }

        return null;
    }

    public IEnumerable<Finding> Judge(MeterSeries series, MeterClass parameters)
    {
        var findings = new List<Finding>();
        foreach (var readings in _counters.Values)
        {
            findings.AddRange(RegisterChecks.Judge(series.Meter, readings, parameters));
            var onTheHour = readings.Where(reading => MarketHour.IsStart(reading.At)).ToList();
            for (var i = 1; i < onTheHour.Count; i++)
            {
                if (BalanceChecks.JudgeRegister(series, onTheHour[i - 1], onTheHour[i], parameters) is { } finding)
                {
                    findings.Add(finding);
                }
            }
        }

        if (parameters.Carrier != Carrier.Electricity)
        {
            findings.AddRange(HeatChecks.Judge(series.Meter, HoursOf(series), parameters));
        }

        return findings;
    }

    /// <summary>Whether the unit of the energy fits flow and temperatures.</summary>
    public Finding? JudgeUnit(MeterSeries series, MeterClass parameters) =>
        parameters.Carrier == Carrier.Electricity ? null : UnitCheck.FindFromFlow(series.Meter, HoursOf(series), parameters);

    /// <summary>Energy that came without the registers that came with it before. What belongs together is learnt from the hours themselves; an
    /// hour counts once its other registers have had time to come.</summary>
    /// <param name="settledBefore">Only hours before this.</param>
    public IEnumerable<Finding> JudgeSiblings(MeterSeries series, DateTimeOffset settledBefore)
    {
        var until = settledBefore < _companionsUntil ? settledBefore : _companionsUntil;
        var companions = _flows.SelectMany(hour => Companions(hour.Value).Select(name => (Name: name, Hour: hour.Key))).ToLookup(one => one.Name, one => one.Hour)
            .Where(register => register.Count() >= FewestHours).ToDictionary(register => register.Key, register => register.Min());
        if (companions.Count == 0)
        {
            yield break;
        }

        var from = companions.Values.Max();
        var intervals = Enumerable.Range(0, series.Count).Where(at => series[at] is not null && series.At(at) >= from && series.At(at) < until).SelectMany(at => new[] { EnergyName }
            .Concat(_flows.TryGetValue(series.At(at), out var came) ? Companions(came).Where(companions.ContainsKey) : [])
            .Select(name => new DeliveredInterval(series.Meter, name, series.At(at), series.At(at + 1))));
        Finding? run = null;
        foreach (var finding in DeviceChecks.JudgeSiblings(intervals, [EnergyName, .. companions.Keys]))
        {
            // An outage of a sensor is one finding, not one for each of its hours.
            if (run is not null && run.During.End == finding.During.Start && run.Words == finding.Words)
            {
                run = run with { During = new Interval(run.During.Start, finding.During.End) };
                continue;
            }

            if (run is not null)
            {
                yield return run;
            }

            run = finding;
        }

        if (run is not null)
        {
            yield return run;
        }
    }

    private static IEnumerable<string> Companions((long? Litres, int? Flow, int? Return) hour) =>
    [
        .. hour.Litres is null ? Array.Empty<string>() : [Register.Volume.Name()],
        .. hour.Flow is null ? Array.Empty<string>() : [Register.FlowTemperature.Name()],
        .. hour.Return is null ? Array.Empty<string>() : [Register.ReturnTemperature.Name()],
    ];

    private IEnumerable<HeatMeterHour> HoursOf(MeterSeries series) => _flows.OrderBy(hour => hour.Key).Select(hour => new HeatMeterHour(
        hour.Key, series.IndexOf(hour.Key) is var at && at >= 0 && at < series.Count ? series[at] : null, hour.Value.Litres, hour.Value.Flow, hour.Value.Return));
}

/// <summary>Loads what devices sent beside the energy of hours.</summary>
internal sealed class RegisterEvidence(Work work)
{
    public async Task<Dictionary<int, RegistersOfMeter>> ReadAsync(int loopId, IReadOnlyCollection<MeterSpan> spans, CancellationToken cancellationToken)
    {
        var found = new Dictionary<int, RegistersOfMeter>();
        if (spans.Count == 0)
        {
            return found;
        }

        await using var command = new NpgsqlCommand(
            """
            SELECT d.meter_id, d.device_id, v.register, v.at, v.seconds, v.value, coalesce(d.until_hour, 'infinity')
            FROM market.device_registers d
            JOIN market.register_values v ON v.loop_id = $1 AND v.device_id = d.device_id AND v.register = d.register
                AND v.at >= d.from_hour AND (d.until_hour IS NULL OR v.at <= d.until_hour)
            WHERE d.loop_id = $1 AND d.meter_id = ANY ($2) AND d.register > $3 AND v.at >= $4 AND v.at <= $5
            ORDER BY d.meter_id, d.device_id, v.at
            """,
            await work.ConnectionAsync(cancellationToken));
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = loopId });
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. spans.Select(span => span.MeterId)] });
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)Register.ElectricityExport });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = spans.Min(span => span.From) });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = spans.Max(span => span.Until) });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var meterId = reader.GetInt32(0);
            if (!found.TryGetValue(meterId, out var registers))
            {
                found.Add(meterId, registers = new RegistersOfMeter());
            }

            registers.Add(reader.GetInt32(1), (Register)reader.GetInt16(2), reader.GetFieldValue<DateTimeOffset>(3), reader.GetInt32(4), reader.GetInt64(5), reader.GetFieldValue<DateTimeOffset>(6));
        }

        return found;
    }
}
