using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Metering;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;
using VirtualMeter = Marketplace.Data.VirtualMeter;

namespace Marketplace.Web.Features.Devices;

/// <summary>The loop's devices, its virtual meters and the tests that members have asked for.</summary>
public sealed record ShowDevices(int LoopId) : IRequest<DeviceList>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId) || actor.Audits(LoopId);
}

/// <param name="Today">By the market clock.</param>
/// <param name="Meters">Codes of all meters, with their carriers.</param>
public sealed record DeviceList(
    IReadOnlyList<DeviceRow> Devices, IReadOnlyList<VirtualMeterRow> VirtualMeters, IReadOnlyList<MeterTestRow> OpenTests,
    IReadOnlyList<MeterName> Meters, DateTimeOffset Now, DateOnly Today);

public sealed record MeterName(int Id, string Code, Quantities.Carrier Carrier);

/// <param name="Calibration">How its calibration stands today.</param>
/// <param name="Keys">Keys that work.</param>
public sealed record DeviceRow(Device Device, IReadOnlyList<string> Meters, int Keys, Calibration Calibration);

/// <summary>How a calibration stands on a day.</summary>
public enum Calibration
{
    Unknown = 1,
    Valid = 2,

    /// <summary>It ends within <see cref="Calibrations.WarningDays"/> days.</summary>
    EndsSoon = 3,
    Over = 4,
}

public static class Calibrations
{
    /// <summary>A quarter ahead: time enough to order an exchange.</summary>
    public const int WarningDays = 90;

    public static Calibration On(DateOnly? until, DateOnly today) => until switch
    {
        null => Calibration.Unknown,
        { } last when last < today => Calibration.Over,
        { } last when last.DayNumber - today.DayNumber < WarningDays => Calibration.EndsSoon,
        _ => Calibration.Valid,
    };
}

/// <param name="Parts">Meter codes with what each is multiplied by, in millionths.</param>
public sealed record VirtualMeterRow(VirtualMeter Meter, int Version, IReadOnlyList<(string Code, long FactorMillionths)> Parts);

public sealed record MeterTestRow(MeterTest Test, string MeterCode);

/// <summary>One device with its keys, registers, acts and last batches.</summary>
public sealed record ShowDevice(int LoopId, string Code) : IRequest<DeviceSheet>, IGuarded
{
    public bool Permits(Actor actor) => actor.Operates(LoopId) || actor.Audits(LoopId);
}

/// <param name="Spares">Devices that are registered and not in service yet: one of them may take this one's place.</param>
public sealed record DeviceSheet(
    Device Device, Calibration Calibration, IReadOnlyList<DeviceKey> Keys, IReadOnlyList<(DeviceRegister Register, string MeterCode)> Registers,
    IReadOnlyList<DeviceAct> Acts, IReadOnlyList<DeviceBatch> Batches, IReadOnlyList<string> Spares, IReadOnlyList<MeterName> Meters, DateTimeOffset Now, DateTimeOffset RealNow);

internal sealed class ShowDevicesHandler(Work work, MarketTime marketTime, TimeProvider time)
    : IRequestHandler<ShowDevices, DeviceList>, IRequestHandler<ShowDevice, DeviceSheet>
{
    private const int MostBatches = 10;
    private const int MostActs = 50;

    public async Task<DeviceList> Handle(ShowDevices request, CancellationToken cancellationToken)
    {
        var (db, loopId, real) = (work.Db, request.LoopId, time.GetUtcNow());
        var (now, today) = await TodayAsync(loopId, cancellationToken);
        var meters = await MetersAsync(loopId, cancellationToken);
        var codes = meters.ToDictionary(meter => meter.Id, meter => meter.Code);
        var devices = await db.Devices.AsNoTracking().Where(device => device.LoopId == loopId).OrderBy(device => device.State == DeviceState.Retired).ThenBy(device => device.Code).ToListAsync(cancellationToken);
        var places = (await db.DeviceRegisters.AsNoTracking().Where(register => register.LoopId == loopId && register.UntilHour == null && register.Register <= Register.ElectricityExport)
            .ToListAsync(cancellationToken)).ToLookup(register => register.DeviceId, register => codes[register.MeterId]);
        var keys = await db.DeviceKeys.Where(key => key.LoopId == loopId && (key.EndsAt == null || key.EndsAt > real))
            .GroupBy(key => key.DeviceId).Select(group => new { group.Key, Count = group.Count() }).ToDictionaryAsync(group => group.Key, group => group.Count, cancellationToken);
        var virtualMeters = await db.VirtualMeters.AsNoTracking().Where(meter => meter.LoopId == loopId).OrderBy(meter => meter.Code).ToListAsync(cancellationToken);
        var parts = (await db.VirtualMeterParts.AsNoTracking().Where(part => part.LoopId == loopId).ToListAsync(cancellationToken)).ToLookup(part => part.VirtualMeterId);
        var tests = await db.MeterTests.AsNoTracking().Where(test => test.LoopId == loopId && test.Outcome == null).OrderBy(test => test.RequestedAt).ToListAsync(cancellationToken);
        return new DeviceList(
            devices.ConvertAll(device => new DeviceRow(device, [.. places[device.Id].Order(StringComparer.Ordinal)], keys.GetValueOrDefault(device.Id), Calibrations.On(device.CalibratedUntil, today))),
            virtualMeters.ConvertAll(meter =>
            {
                var version = parts[meter.Id].Select(part => part.Version).DefaultIfEmpty().Max();
                return new VirtualMeterRow(meter, version, [.. parts[meter.Id].Where(part => part.Version == version).Select(part => (codes[part.MeterId], part.FactorMillionths))]);
            }),
            tests.ConvertAll(test => new MeterTestRow(test, codes[test.MeterId])),
            meters, now, today);
    }

    public async Task<DeviceSheet> Handle(ShowDevice request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var device = await db.Devices.AsNoTracking().SingleOrDefaultAsync(device => device.LoopId == loopId && device.Code == request.Code, cancellationToken)
            ?? throw new NotPermittedException(nameof(ShowDevice));
        var (now, today) = await TodayAsync(loopId, cancellationToken);
        var meters = await MetersAsync(loopId, cancellationToken);
        var codes = meters.ToDictionary(meter => meter.Id, meter => meter.Code);
        return new DeviceSheet(
            device,
            Calibrations.On(device.CalibratedUntil, today),
            await db.DeviceKeys.AsNoTracking().Where(key => key.LoopId == loopId && key.DeviceId == device.Id).OrderByDescending(key => key.Number).ToListAsync(cancellationToken),
            [.. (await db.DeviceRegisters.AsNoTracking().Where(register => register.LoopId == loopId && register.DeviceId == device.Id)
                .OrderBy(register => register.Register).ThenBy(register => register.FromHour).ToListAsync(cancellationToken)).Select(register => (register, codes[register.MeterId]))],
            await db.DeviceActs.AsNoTracking().Where(act => act.LoopId == loopId && act.DeviceId == device.Id).OrderByDescending(act => act.Number).Take(MostActs).ToListAsync(cancellationToken),
            await db.DeviceBatches.AsNoTracking().Where(batch => batch.LoopId == loopId && batch.DeviceId == device.Id).OrderByDescending(batch => batch.Sequence).Take(MostBatches).ToListAsync(cancellationToken),
            await db.Devices.Where(other => other.LoopId == loopId && other.State == DeviceState.Registered && other.Id != device.Id).OrderBy(other => other.Code).Select(other => other.Code).ToListAsync(cancellationToken),
            meters, now, time.GetUtcNow());
    }

    private async Task<(DateTimeOffset Now, DateOnly Today)> TodayAsync(int loopId, CancellationToken cancellationToken)
    {
        var now = await marketTime.NowAsync(loopId, cancellationToken);
        var zone = await work.Db.Loops.Where(loop => loop.Id == loopId).Select(loop => loop.TimeZone).SingleAsync(cancellationToken);
        return (now, new Quantities.LoopCalendar(TimeZoneInfo.FindSystemTimeZoneById(zone)).DayOf(now));
    }

    private Task<List<MeterName>> MetersAsync(int loopId, CancellationToken cancellationToken) =>
        work.Db.Meters.Where(meter => meter.LoopId == loopId).OrderBy(meter => meter.Code).Select(meter => new MeterName(meter.Id, meter.Code, meter.Carrier)).ToListAsync(cancellationToken);
}
