using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Metering;
using Marketplace.Metering.MBus;
using Marketplace.Quantities;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Features.Metering.Quality;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Devices;

/// <summary>A telegram as a gateway passes it on.</summary>
/// <param name="Device">The device's name in the loop; null where its M-Bus identification number is its name.</param>
/// <param name="At">When it was read; null for now by the market clock.</param>
/// <param name="Fault">Why there are no bytes, where what was sent could not be read.</param>
public sealed record SentTelegram(string? Device, DateTimeOffset? At, byte[] Bytes, string? Fault = null);

/// <summary>Takes in what heat meters say on the wire: counters and temperatures of the moment. It carries no signature, so it is taken only
/// from devices that have no key.</summary>
public sealed record ReceiveTelegrams(int LoopId, IReadOnlyList<SentTelegram> Telegrams, int? OnlyDevice = null) : IRequest<IReadOnlyList<TelegramOutcome>>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.MayDeliver(LoopId);
}

/// <summary>A value of a telegram that was refused.</summary>
public sealed record RefusedValue(string Register, string Rule, string Reason);

/// <summary>What became of a telegram.</summary>
/// <param name="Rule">Why nothing of it was taken; null otherwise.</param>
/// <param name="Stored">Values that were not known before.</param>
/// <param name="Unchanged">Values that stood there already.</param>
/// <param name="Refused">Values that contradict what the same register said at the same time before.</param>
public sealed record TelegramOutcome(string? Device, string? Rule, string? Reason, int Stored, int Unchanged, IReadOnlyList<RefusedValue> Refused);

internal sealed class ReceiveTelegramsHandler(
    Work work, DeviceBook book, ReadingStore store, RegisterValues registerValues, Sequencer sequencer, MarketTime marketTime, ClockJudgement clocks, TimeProvider time)
    : IRequestHandler<ReceiveTelegrams, IReadOnlyList<TelegramOutcome>>
{
    /// <summary>A telegram that was decoded, and whose device is its own.</summary>
    private sealed record Read(int Place, SentTelegram Sent, MBusTelegram Telegram, Device Device, DateTimeOffset At, Dictionary<Register, long> Values);

    /// <summary>The devices that telegrams name, as far as telegrams concern them.</summary>
    private sealed record Known(Dictionary<string, Device> Devices, HashSet<int> Signing, ILookup<int, DeviceRegister> Registers);

    public async Task<IReadOnlyList<TelegramOutcome>> Handle(ReceiveTelegrams request, CancellationToken cancellationToken)
    {
        var loopId = request.LoopId;
        var market = await marketTime.NowAsync(loopId, cancellationToken);
        var slug = await work.Db.Loops.Where(loop => loop.Id == loopId).Select(loop => loop.Slug).SingleAsync(cancellationToken);
        await book.HoldAsync(loopId, cancellationToken);
        var outcomes = new TelegramOutcome?[request.Telegrams.Count];
        var read = await ReadAsync(request, market, outcomes, cancellationToken);
        if (read.Count > 0)
        {
            await StoreAsync(loopId, slug, read, outcomes, cancellationToken);
            await JudgeClocksAsync(loopId, read, cancellationToken);
            work.AfterCommit(token => sequencer.IntegrateAsync(loopId, token));
        }

        return [.. outcomes.Select(outcome => outcome ?? throw new BrokenInvariantException("Every telegram has an outcome", "One has none"))];
    }

    private async Task<List<Read>> ReadAsync(ReceiveTelegrams request, DateTimeOffset market, TelegramOutcome?[] outcomes, CancellationToken cancellationToken)
    {
        var decoded = new List<(int Place, string? Code, MBusTelegram Telegram)>(outcomes.Length);
        for (var i = 0; i < outcomes.Length; i++)
        {
            var sent = request.Telegrams[i];
            try
            {
                var telegram = sent.Fault is null ? MBusTelegram.Decode(sent.Bytes) : throw new MBusException(sent.Fault);
                decoded.Add((i, sent.Device ?? telegram.Header.Id, telegram));
            }
            catch (MBusException malformed)
            {
                outcomes[i] = Refused(sent.Device, "malformed", $"The telegram cannot be read: {malformed.Message.TrimEnd('.')}.");
            }
        }

        var known = await KnownAsync(request.LoopId, [.. decoded.Select(one => one.Code).OfType<string>().Where(SignedBatch.IsName).Distinct()], cancellationToken);
        var read = new List<Read>(decoded.Count);
        foreach (var (place, code, telegram) in decoded)
        {
            if (code is null || !known.Devices.TryGetValue(code, out var device))
            {
                outcomes[place] = Refused(code, "unknown-device", $"This loop has no device '{code}'.");
                continue;
            }

            var sent = request.Telegrams[place];
            var at = new DateTimeOffset((sent.At ?? market).UtcTicks / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond, TimeSpan.Zero);
            var fault = FaultOf(device, request.OnlyDevice, telegram);
            fault ??= at > market ? (ReadingRule.Future.Name, $"The market clock shows {Instants.Iso(market)}.") : null;
            fault ??= known.Signing.Contains(device.Id) ? ("unsigned", $"The device '{code}' signs its readings; a telegram without a signature is not taken.") : null;
            var values = TelegramRegisters.ValuesOf(
                telegram, [.. known.Registers[device.Id].Where(register => register.FromHour <= at && (register.UntilHour is null || register.UntilHour > at)).Select(register => register.Register)]);
            fault ??= values.Count == 0 ? ("no-values", "The telegram has no counter and no temperature of the moment for a register in service.") : null;
            if (fault is { } broken)
            {
                outcomes[place] = Refused(code, broken.Rule, broken.Reason);
                continue;
            }

            read.Add(new Read(place, sent, telegram, device, at, values));
        }

        return read;
    }

    private async Task<Known> KnownAsync(int loopId, string[] codes, CancellationToken cancellationToken)
    {
        var (db, now) = (work.Db, time.GetUtcNow());
        var devices = await db.Devices.AsNoTracking().Where(device => device.LoopId == loopId && codes.Contains(device.Code)).ToDictionaryAsync(device => device.Code, cancellationToken);
        var ids = devices.Values.Select(device => device.Id).ToArray();
        var signing = await db.DeviceKeys.Where(key => key.LoopId == loopId && ids.Contains(key.DeviceId) && (key.EndsAt == null || key.EndsAt > now))
            .Select(key => key.DeviceId).ToListAsync(cancellationToken);
        var registers = await db.DeviceRegisters.AsNoTracking().Where(register => register.LoopId == loopId && ids.Contains(register.DeviceId)).ToListAsync(cancellationToken);
        return new Known(devices, [.. signing], registers.ToLookup(register => register.DeviceId));
    }

    /// <summary>Judges each device's clock by the latest telegram that shows it.</summary>
    private async Task JudgeClocksAsync(int loopId, List<Read> read, CancellationToken cancellationToken)
    {
        foreach (var device in read.GroupBy(one => one.Device.Id))
        {
            var latest = device.Where(one => MainRegisters.Of(one.Telegram).MeterTime is not null).MaxBy(one => one.At);
            if (latest is not null && MainRegisters.Of(latest.Telegram).MeterTime is { } shown)
            {
                await clocks.JudgeAsync(loopId, latest.Device.Id, latest.Device.Code, latest.At, shown, cancellationToken);
            }
        }
    }

    /// <summary>Stores the values of all telegrams in one go, and one record of each that brought something new.</summary>
    private async Task StoreAsync(int loopId, string slug, List<Read> read, TelegramOutcome?[] outcomes, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await store.LockAsync(loopId, cancellationToken);
        var before = await registerValues.AddAsync(
            loopId,
            [.. read.SelectMany(one => one.Values.Select(value => new RegisterValue { LoopId = loopId, DeviceId = one.Device.Id, Register = value.Key, At = one.At, Value = value.Value, ReceivedAt = now }))],
            cancellationToken);
        var (next, records) = (0, new List<LedgerRecord>());
        foreach (var one in read)
        {
            var (stored, unchanged, refused) = (0, 0, new List<RefusedValue>());
            foreach (var (register, value) in one.Values)
            {
                var said = before[next++];
                if (said is { } other && other != value)
                {
                    refused.Add(new RefusedValue(register.Name(), ReadingRule.Contradicted.Name, SignedReadings.Contradiction(other)));
                    continue;
                }

                (stored, unchanged) = said is null ? (stored + 1, unchanged) : (stored, unchanged + 1);
            }

            outcomes[one.Place] = stored + unchanged > 0
                ? new TelegramOutcome(one.Device.Code, null, null, stored, unchanged, refused)
                : new TelegramOutcome(one.Device.Code, ReadingRule.Contradicted.Name, "Its registers said something else at this time before; what they said is kept.", 0, 0, refused);
            if (stored > 0)
            {
                records.Add(RecordOf(slug, one));
            }
        }

        if (records.Count > 0)
        {
            var key = "telegrams/" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', records.Select(record => record.RecordKey)))).AsSpan(0, 16));
            await LedgerDoor.AppendAsync(await work.ConnectionAsync(cancellationToken), work.Transaction, loopId, key, records, cancellationToken);
        }

        var heard = read.Select(one => one.Device.Id).Distinct().ToArray();
        await work.Db.Devices.Where(row => row.LoopId == loopId && heard.Contains(row.Id)).ExecuteUpdateAsync(rows => rows.SetProperty(row => row.LastSeenAt, now), cancellationToken);
    }

    private static LedgerRecord RecordOf(string slug, Read one)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(one.Sent.Bytes));
        return new LedgerRecord(
            RecordKind.Reading, 1, string.Create(CultureInfo.InvariantCulture, $"telegram/{one.Device.Code}/{Instants.Iso(one.At)}/{hash[..16]}"),
            CanonicalRecord.Of("telegram", 1).Add("loop", slug).Add("device", one.Device.Code).Add("at", one.At).Add("sha256", hash).ToBytes(), 0, DateOnly.FromDateTime(one.At.UtcDateTime));
    }

    private static (string Rule, string Reason)? FaultOf(Device device, int? onlyDevice, MBusTelegram telegram) => device.State switch
    {
        _ when onlyDevice is { } only && only != device.Id => ("other-device", "This key delivers for one device only, and this is another."),
        DeviceState.Registered => ("not-in-service", $"The device '{device.Code}' is registered but not in service at any meter."),
        DeviceState.Blocked => ("blocked", $"The device '{device.Code}' is blocked until the operator has looked at it."),
        DeviceState.Retired => ("retired", $"The device '{device.Code}' is retired."),
        _ when telegram.Error is { } error => ("meter-error", $"The meter reports an error instead of data: {error.Words}."),
        _ => null,
    };

    private static TelegramOutcome Refused(string? device, string rule, string reason) => new(device, rule, reason, 0, 0, []);
}

/// <summary>Which registers of a device a telegram speaks for.</summary>
internal static class TelegramRegisters
{
    /// <summary>The counters and the temperatures of the moment, for registers that are in service.</summary>
    public static Dictionary<Register, long> ValuesOf(MBusTelegram telegram, HashSet<Register> inService)
    {
        var now = MainRegisters.Of(telegram);
        var (main, back) = CountersOf(telegram.Header.Carrier, now.EnergyBack is not null, inService);
        var values = new (Register? Register, long? Value)[]
        {
            (main, now.Energy?.WattHours),
            (back, now.EnergyBack?.WattHours),
            (Register.FlowTemperature, now.FlowMilliCelsius),
            (Register.ReturnTemperature, now.ReturnMilliCelsius),
        };
        return values.Where(row => row is { Register: { } register, Value: not null } && inService.Contains(register)).ToDictionary(row => row.Register!.Value, row => row.Value!.Value);
    }

    /// <summary>What the energy register and that of the other direction count: by the medium that the meter names; of one that names none, by what it
    /// was put in for, if that is one thing only.</summary>
    private static (Register? Main, Register? Back) CountersOf(Carrier? medium, bool hasBack, HashSet<Register> inService)
    {
        var placed = inService.Where(register => register.IsTotal()).Select(register => register.CarrierOf()).Distinct().ToList();
        return (medium ?? (placed is [var only] ? only : null)) switch
        {
            Carrier.Heat => (Register.HeatTotal, Register.ColdTotal),
            Carrier.Cold => (Register.ColdTotal, null),

            // A meter of production alone has one counter, and that is what it gives.
            Carrier.Electricity when !hasBack && !inService.Contains(Register.ElectricityTotal) => (Register.ElectricityExportTotal, null),
            Carrier.Electricity => (Register.ElectricityTotal, Register.ElectricityExportTotal),
            _ => (null, null),
        };
    }
}
