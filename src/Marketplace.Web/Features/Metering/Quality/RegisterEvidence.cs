using Marketplace.Metering;
using Marketplace.Metering.Checks;
using Marketplace.Metering.Checks.Across;
using Marketplace.Metering.Checks.Value;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using Npgsql;

namespace Marketplace.Web.Features.Metering.Quality;

/// <summary>What the other registers of a meter's devices say: counters, volumes, temperatures.</summary>
internal sealed class RegistersOfMeter
{
    private readonly Dictionary<int, List<RegisterReading>> _counters = [];
    private readonly Dictionary<DateTimeOffset, (long? Litres, int? Flow, int? Return)> _flows = [];

    /// <summary>The counter's readings by time, device after device.</summary>
    public IEnumerable<RegisterReading> Counters => _counters.Values.SelectMany(readings => readings).OrderBy(reading => reading.At);

    public void Add(int deviceId, Register register, DateTimeOffset at, int seconds, long value)
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
            findings.AddRange(HeatChecks.Judge(series.Meter, _flows.OrderBy(hour => hour.Key).Select(hour => new HeatMeterHour(
                hour.Key, series.IndexOf(hour.Key) is var at && at >= 0 && at < series.Count ? series[at] : null, hour.Value.Litres, hour.Value.Flow, hour.Value.Return)), parameters));
        }

        return findings;
    }
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
            SELECT d.meter_id, d.device_id, v.register, v.at, v.seconds, v.value
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

            registers.Add(reader.GetInt32(1), (Register)reader.GetInt16(2), reader.GetFieldValue<DateTimeOffset>(3), reader.GetInt32(4), reader.GetInt64(5));
        }

        return found;
    }
}
