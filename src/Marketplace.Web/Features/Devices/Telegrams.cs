using System.Globalization;
using System.Security.Cryptography;
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
public sealed record SentTelegram(string? Device, DateTimeOffset? At, byte[] Bytes);

/// <summary>Takes in what heat meters say on the wire: counters and temperatures of the moment. It carries no signature, so it is taken only
/// from devices that have no key.</summary>
public sealed record ReceiveTelegrams(int LoopId, IReadOnlyList<SentTelegram> Telegrams, int? OnlyDevice = null) : IRequest<IReadOnlyList<TelegramOutcome>>, IGuarded, IChange
{
    public bool Permits(Actor actor) => actor.MayDeliver(LoopId);
}

/// <summary>What became of a telegram.</summary>
/// <param name="Stored">Values that were not known before.</param>
public sealed record TelegramOutcome(string? Device, string? Rule, string? Reason, int Stored, int Unchanged);

internal sealed class ReceiveTelegramsHandler(Work work, DeviceBook book, ReadingStore store, Sequencer sequencer, MarketTime marketTime, ClockJudgement clocks, TimeProvider time)
    : IRequestHandler<ReceiveTelegrams, IReadOnlyList<TelegramOutcome>>
{
    public async Task<IReadOnlyList<TelegramOutcome>> Handle(ReceiveTelegrams request, CancellationToken cancellationToken)
    {
        var market = await marketTime.NowAsync(request.LoopId, cancellationToken);
        var slug = await work.Db.Loops.Where(loop => loop.Id == request.LoopId).Select(loop => loop.Slug).SingleAsync(cancellationToken);
        await book.HoldAsync(request.LoopId, cancellationToken);
        var outcomes = new List<TelegramOutcome>(request.Telegrams.Count);
        foreach (var sent in request.Telegrams)
        {
            outcomes.Add(await TakeAsync(request, sent, slug, market, cancellationToken));
        }

        if (outcomes.Exists(outcome => outcome.Rule is null))
        {
            work.AfterCommit(token => sequencer.IntegrateAsync(request.LoopId, token));
        }

        return outcomes;
    }

    private async Task<TelegramOutcome> TakeAsync(ReceiveTelegrams request, SentTelegram sent, string slug, DateTimeOffset market, CancellationToken cancellationToken)
    {
        MBusTelegram telegram;
        try
        {
            telegram = MBusTelegram.Decode(sent.Bytes);
        }
        catch (MBusException malformed)
        {
            return Refused(sent.Device, "malformed", $"The telegram cannot be read: {malformed.Message}.");
        }

        var code = sent.Device ?? telegram.Header.Id;
        var (db, loopId, now) = (work.Db, request.LoopId, time.GetUtcNow());
        var device = await db.Devices.AsNoTracking().SingleOrDefaultAsync(device => device.LoopId == loopId && device.Code == code, cancellationToken);
        if (code is null || device is null)
        {
            return Refused(code, "unknown-device", $"This loop has no device '{code}'.");
        }

        var at = new DateTimeOffset((sent.At ?? market).UtcTicks / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond, TimeSpan.Zero);
        if (FaultOf(device, request.OnlyDevice, telegram) is { } fault)
        {
            return Refused(code, fault.Rule, fault.Reason);
        }

        if (at > market)
        {
            return Refused(code, ReadingRule.Future.Name, $"The market clock shows {Instants.Iso(market)}.");
        }

        if (await db.DeviceKeys.AnyAsync(key => key.LoopId == loopId && key.DeviceId == device.Id && (key.EndsAt == null || key.EndsAt > now), cancellationToken))
        {
            return Refused(code, "unsigned", $"The device '{code}' signs its readings; a telegram without a signature is not taken.");
        }

        var registers = await db.DeviceRegisters.Where(register => register.LoopId == loopId && register.DeviceId == device.Id && register.FromHour <= at && (register.UntilHour == null || register.UntilHour > at))
            .Select(register => register.Register).ToListAsync(cancellationToken);
        var values = ValuesOf(telegram, registers);
        if (values.Count == 0)
        {
            return Refused(code, "no-values", "The telegram has no counter and no temperature of the moment for a register in service.");
        }

        if (MainRegisters.Of(telegram).MeterTime is { } shown)
        {
            await clocks.JudgeAsync(loopId, device.Id, device.Code, at, shown, cancellationToken);
        }

        var stored = await StoreAsync(loopId, device.Id, at, values, now, cancellationToken);
        if (stored > 0)
        {
            var hash = Convert.ToHexStringLower(SHA256.HashData(sent.Bytes));
            var key = string.Create(CultureInfo.InvariantCulture, $"telegram/{device.Code}/{Instants.Iso(at)}/{hash[..16]}");
            var canonical = CanonicalRecord.Of("telegram", 1).Add("loop", slug).Add("device", device.Code).Add("at", at).Add("sha256", hash).ToBytes();
            await LedgerDoor.AppendAsync(
                await work.ConnectionAsync(cancellationToken), work.Transaction, loopId, key,
                [new LedgerRecord(RecordKind.Reading, 1, key, canonical, 0, DateOnly.FromDateTime(at.UtcDateTime))], cancellationToken);
        }

        await db.Devices.Where(row => row.LoopId == loopId && row.Id == device.Id).ExecuteUpdateAsync(rows => rows.SetProperty(row => row.LastSeenAt, now), cancellationToken);
        return new TelegramOutcome(code, null, null, stored, values.Count - stored);
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

    /// <summary>The counters and the temperatures of the moment, for registers that are in service.</summary>
    private static Dictionary<Register, long> ValuesOf(MBusTelegram telegram, List<Register> inService)
    {
        var (now, main) = (MainRegisters.Of(telegram), CounterOf(telegram.Header.Medium, inService));
        var values = new (Register Register, long? Value)[]
        {
            (main, now.Energy?.WattHours),
            (OtherDirection(main), now.EnergyBack?.WattHours),
            (Register.FlowTemperature, now.FlowMilliCelsius),
            (Register.ReturnTemperature, now.ReturnMilliCelsius),
        };
        return values.Where(row => row.Value is not null && inService.Contains(row.Register)).ToDictionary(row => row.Register, row => row.Value!.Value);
    }

    private static Register OtherDirection(Register counter) => counter switch
    {
        Register.HeatTotal => Register.ColdTotal,
        Register.ElectricityTotal => Register.ElectricityExportTotal,
        _ => default,
    };

    private static Register CounterOf(string? medium, List<Register> inService) =>
        medium?.Contains("cool", StringComparison.OrdinalIgnoreCase) == true && inService.Contains(Register.ColdTotal)
            ? Register.ColdTotal
            : inService.FirstOrDefault(register => register.IsTotal());

    private async Task<int> StoreAsync(
        int loopId, int deviceId, DateTimeOffset at, Dictionary<Register, long> values, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await store.EnsureMonthsAsync("market.ensure_register_values_month", [at], cancellationToken);
        await using var command = await store.CommandAsync(
            """
            INSERT INTO market.register_values (loop_id, device_id, register, at, seconds, value, sequence, received_at)
            SELECT $1, $2, register, $3, 0, value, 0, $4 FROM unnest($5, $6) AS sent (register, value) ON CONFLICT DO NOTHING
            """,
            cancellationToken,
            ReadingStore.Parameter(loopId), ReadingStore.Parameter(deviceId), ReadingStore.Parameter(at), ReadingStore.Parameter(now),
            ReadingStore.Parameter(values.Keys.Select(register => (short)register).ToArray()), ReadingStore.Parameter(values.Values.ToArray()));
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static TelegramOutcome Refused(string? device, string rule, string reason) => new(device, rule, reason, 0, 0);
}
