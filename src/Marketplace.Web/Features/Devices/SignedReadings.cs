using System.Globalization;
using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Devices;

/// <summary>Judges the readings of admitted batches one by one and stores the good ones: hours of energy with the other readings of their
/// meters, all other registers beside them.</summary>
internal sealed class SignedReadings(Work work, ReadingStore store, ReadingIntake intake, RegisterValues registerValues, TimeProvider time)
{
    /// <summary>No water of a loop, and no sensor in it, is outside this range.</summary>
    private const long LowestMilliCelsius = -50_000;

    private const long HighestMilliCelsius = 200_000;

    private sealed class Tally(AdmittedBatch admitted)
    {
        public AdmittedBatch Admitted { get; } = admitted;

        public int Stored { get; set; }

        public int Corrected { get; set; }

        public int Good { get; set; }

        public List<RefusedItem> Refused { get; } = [];

        public BatchOutcome Outcome() => new(
            Admitted.Batch.Device, Admitted.Batch.Sequence, BatchState.Stored, null, null, Stored, Corrected, Good - Stored, [.. Refused.OrderBy(item => item.Index)]);
    }

    public async Task StoreAsync(
        int loopId, string slug, DateTimeOffset market, List<AdmittedBatch> batches, BatchOutcome?[] outcomes, CancellationToken cancellationToken)
    {
        var placed = batches.SelectMany(batch => batch.Registers).Select(register => register.MeterId).Distinct().ToArray();
        var meters = await work.Db.Meters.AsNoTracking().Where(meter => meter.LoopId == loopId && placed.Contains(meter.Id)).ToDictionaryAsync(meter => meter.Code, cancellationToken);
        var codes = meters.Values.ToDictionary(meter => meter.Id, meter => meter.Code);
        var tallies = batches.ConvertAll(batch => new Tally(batch));
        var sent = batches.Sum(batch => batch.Batch.Readings.Count);
        var places = new List<(Tally Tally, int Index)>(sent);
        var delivered = new List<DeliveredReading>(sent);
        var values = new List<(Tally Tally, int Index, RegisterValue Value)>();
        var now = time.GetUtcNow();
        foreach (var tally in tallies)
        {
            var batch = tally.Admitted.Batch;
            for (var i = 0; i < batch.Readings.Count; i++)
            {
                var reading = batch.Readings[i];
                if (FaultOf(reading, market, out var register) is { } fault)
                {
                    tally.Refused.Add(new RefusedItem(i, fault.Rule, fault.Reason));
                }
                else if (PlaceOf(tally.Admitted.Registers, register, reading.Start) is not { } place)
                {
                    tally.Refused.Add(new RefusedItem(i, "register-not-in-service", $"The register {register.Name()} of this device counts for no meter at {Instants.Iso(reading.Start)}."));
                }
                else if (register.IsEnergy())
                {
                    places.Add((tally, i));
                    delivered.Add(new DeliveredReading(places.Count, codes[place.MeterId], reading.Start, reading.Value / 1000m));
                }
                else
                {
                    values.Add((tally, i, new RegisterValue
                    {
                        LoopId = loopId, DeviceId = tally.Admitted.Device.Id, Register = register, At = reading.Start.ToUniversalTime(), Seconds = reading.Seconds, Value = reading.Value,
                        Sequence = batch.Sequence, ReceivedAt = now,
                    }));
                }
            }
        }

        var judged = Validation.Judge(delivered, new ValidationContext(
            meters.ToDictionary(meter => meter.Key, meter => new MeterService(meter.Value.InServiceFrom, meter.Value.InServiceUntil)), market));
        foreach (var rejected in judged.Rejected)
        {
            var (tally, index) = places[rejected.Reading.Row - 1];
            tally.Refused.Add(new RefusedItem(index, rejected.Rule.Name, rejected.Reason));
        }

        var tallyOfHour = new Dictionary<(int, DateTimeOffset), Tally>(judged.Accepted.Count);
        foreach (var accepted in judged.Accepted)
        {
            var tally = places[accepted.Row - 1].Tally;
            tally.Good++;
            tallyOfHour.Add((meters[accepted.Meter].Id, accepted.Hour), tally);
        }

        var added = await intake.NewAsync(loopId, judged.Accepted, meters, cancellationToken);
        foreach (var reading in added)
        {
            var tally = tallyOfHour[(reading.MeterId, reading.Hour)];
            tally.Stored++;
            tally.Corrected += reading.Revision > 0 ? 1 : 0;
        }

        await StoreValuesAsync(loopId, values, cancellationToken);
        var first = batches[0];
        var appended = await store.AddAsync(
            loopId, slug, string.Create(CultureInfo.InvariantCulture, $"signed/{first.Device.Id}/{first.Batch.Sequence}"), added,
            batches.ConvertAll(one => DeviceRecord.Batch(slug, one.Device.Code, one.KeyNumber, one.Batch.Sequence, one.Batch.Hash, one.Batch.Readings.Count, now)),
            cancellationToken);
        await work.Db.BulkInsertAsync(
            [.. tallies.Select((tally, i) => new DeviceBatch
            {
                LoopId = loopId, DeviceId = tally.Admitted.Device.Id, Sequence = tally.Admitted.Batch.Sequence, Hash = tally.Admitted.Batch.Hash,
                Signature = tally.Admitted.Batch.Signature, KeyNumber = tally.Admitted.KeyNumber, Readings = tally.Admitted.Batch.Readings.Count,
                Refused = tally.Refused.Count, ReceivedAt = now, BatchId = appended.BatchId, BatchPosition = appended.Positions[added.Count + i],
            })],
            cancellationToken);
        foreach (var tally in tallies)
        {
            outcomes[tally.Admitted.Place] = tally.Outcome();
        }
    }

    /// <summary>The rule a reading breaks whatever device it comes from.</summary>
    private static (string Rule, string Reason)? FaultOf(SignedReading reading, DateTimeOffset market, out Register register)
    {
        if (!Registers.TryParse(reading.Register, out register))
        {
            return ("unknown-register", $"There is no register '{reading.Register}'.");
        }

        if (reading.Unit != register.Unit())
        {
            return ("wrong-unit", $"The unit is '{reading.Unit}'; {register.Name()} comes in {register.Unit()}.");
        }

        if (register.IsEnergy())
        {
            // The rules of hourly readings judge the rest.
            return reading.Seconds == 3600 ? null : ("wrong-length", string.Create(CultureInfo.InvariantCulture, $"The interval has {reading.Seconds} seconds; energy comes by the hour, 3600."));
        }

        if (register.IsTotal() != (reading.Seconds == 0))
        {
            return ("wrong-length", register.IsTotal() ? "A counter is read at an instant: its interval has 0 seconds." : "A mean or a volume has an interval of 1 second or more.");
        }

        // A difference of two instants always fits; the end of an interval at the end of time would not.
        if (market - reading.Start < TimeSpan.FromSeconds(reading.Seconds))
        {
            return (ReadingRule.Future.Name, $"The interval is not over; the market clock shows {Instants.Iso(market)}.");
        }

        return register is Register.FlowTemperature or Register.ReturnTemperature
            ? reading.Value is >= LowestMilliCelsius and <= HighestMilliCelsius ? null : ("too-large", "No water is colder than -50 °C or hotter than 200 °C.")
            : reading.Value >= 0 ? null : (ReadingRule.Negative.Name, "A register counts in one direction: the value is zero or more.");
    }

    private static DeviceRegister? PlaceOf(IReadOnlyList<DeviceRegister> registers, Register register, DateTimeOffset at)
    {
        foreach (var one in registers)
        {
            if (one.Register == register && at >= one.FromHour && (one.UntilHour is null || at < one.UntilHour))
            {
                return one;
            }
        }

        return null;
    }

    private async Task StoreValuesAsync(int loopId, List<(Tally Tally, int Index, RegisterValue Value)> values, CancellationToken cancellationToken)
    {
        var before = await registerValues.AddAsync(loopId, values.ConvertAll(one => one.Value), cancellationToken);
        for (var i = 0; i < before.Length; i++)
        {
            var (tally, index, value) = values[i];
            if (before[i] is { } said && said != value.Value)
            {
                tally.Refused.Add(new RefusedItem(index, ReadingRule.Contradicted.Name, Contradiction(said)));
                continue;
            }

            tally.Good++;
            tally.Stored += before[i] is null ? 1 : 0;
        }
    }

    /// <summary>Why a second, different value of a register is not taken.</summary>
    public static string Contradiction(long said) => string.Create(CultureInfo.InvariantCulture, $"This register said {said} at this time before; what it said is kept.");
}
