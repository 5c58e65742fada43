using FluentValidation;
using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Devices;

/// <summary>Puts a device into service at a metering point from an hour on. A device of two carriers is commissioned at both points.</summary>
public sealed record CommissionDevice(int LoopId, string Code, string MeterCode, DateTimeOffset FromHour) : IRequest<Unit>, IOperatorAct
{
    string IOperatorAct.Subject => $"device {Code} at meter {MeterCode} from {Instants.Iso(FromHour)}";
}

/// <summary>Puts another device in the place of one, which is retired: every register counts for the same metering points from that hour on.</summary>
/// <param name="LastCounter">What the old device's counter showed at the end, if it was read.</param>
/// <param name="FirstCounter">What the new device's counter showed at the start.</param>
public sealed record ExchangeDevice(int LoopId, string Code, string NewCode, DateTimeOffset AtHour, Energy? LastCounter, Energy? FirstCounter) : IRequest<Unit>, IOperatorAct
{
    string IOperatorAct.Subject => $"device {Code} for {NewCode} at {Instants.Iso(AtHour)}";
}

/// <summary>Takes a device out for good from an hour on. What it sends later is refused.</summary>
public sealed record RetireDevice(int LoopId, string Code, DateTimeOffset AtHour, string Reason) : IRequest<Unit>, IOperatorAct
{
    string IOperatorAct.Subject => $"device {Code} at {Instants.Iso(AtHour)}";
}

/// <summary>Stops a device from feeding the market until it has been looked at, or lets it go on.</summary>
public sealed record BlockDevice(int LoopId, string Code, bool IsBlocked, string Reason) : IRequest<Unit>, IOperatorAct
{
    string IOperatorAct.Act => IsBlocked ? nameof(BlockDevice) : "UnblockDevice";

    string IOperatorAct.Subject => $"device {Code}";
}

/// <summary>Notes until when a device's calibration is valid.</summary>
public sealed record CalibrateDevice(int LoopId, string Code, DateOnly Until) : IRequest<Unit>, IOperatorAct
{
    string IOperatorAct.Subject => $"device {Code} until {DeviceKeysHandler.Day(Until)}";
}

public sealed class CommissionDeviceValidator : AbstractValidator<CommissionDevice>
{
    public CommissionDeviceValidator() => RuleFor(request => request.FromHour).Must(MarketHour.IsStart).WithMessage("Choose the start of an hour.");
}

public sealed class ExchangeDeviceValidator : AbstractValidator<ExchangeDevice>
{
    public ExchangeDeviceValidator()
    {
        RuleFor(request => request.AtHour).Must(MarketHour.IsStart).WithMessage("Choose the start of an hour.");
        RuleFor(request => request.NewCode).NotEqual(request => request.Code).WithMessage("Name another device.");
    }
}

public sealed class RetireDeviceValidator : AbstractValidator<RetireDevice>
{
    public RetireDeviceValidator()
    {
        RuleFor(request => request.AtHour).Must(MarketHour.IsStart).WithMessage("Choose the start of an hour.");
        RuleFor(request => request.Reason).NotEmpty().WithMessage("Say why.").MaximumLength(200).WithMessage("Use at most 200 characters.");
    }
}

public sealed class BlockDeviceValidator : AbstractValidator<BlockDevice>
{
    public BlockDeviceValidator() =>
        RuleFor(request => request.Reason).NotEmpty().WithMessage("Say why.").MaximumLength(200).WithMessage("Use at most 200 characters.");
}

internal sealed class DeviceLifeHandler(Work work, DeviceBook book, TimeProvider time)
    : IRequestHandler<CommissionDevice, Unit>, IRequestHandler<ExchangeDevice, Unit>, IRequestHandler<RetireDevice, Unit>,
        IRequestHandler<BlockDevice, Unit>, IRequestHandler<CalibrateDevice, Unit>
{
    public async Task<Unit> Handle(CommissionDevice request, CancellationToken cancellationToken)
    {
        var (db, loopId, from) = (work.Db, request.LoopId, request.FromHour);
        var device = await book.TakeUpAsync(loopId, request.Code, cancellationToken);
        var meter = await db.Meters.AsNoTracking().SingleOrDefaultAsync(meter => meter.LoopId == loopId && meter.Code == request.MeterCode, cancellationToken)
            ?? throw new RefusedException(nameof(request.MeterCode), $"This loop has no meter '{request.MeterCode}'.");
        var energy = EnergyOf(meter);
        var standing = await db.DeviceRegisters.Where(register => register.LoopId == loopId
            && (register.DeviceId == device.Id || register.MeterId == meter.Id) && (register.UntilHour == null || register.UntilHour > from)).ToListAsync(cancellationToken);
        if (standing.Find(register => register.MeterId == meter.Id && register.Register == energy) is { } other)
        {
            throw new RefusedException(nameof(request.MeterCode), other.DeviceId == device.Id
                ? "This device counts for this meter already."
                : "Another device counts for this meter then. Exchange it, or choose a later hour.");
        }

        if (standing.Exists(register => register.DeviceId == device.Id && register.Register == energy))
        {
            throw new RefusedException(nameof(request.MeterCode), "This register of the device counts for another meter then.");
        }

        foreach (var register in WithCompanions(energy).Where(register => !standing.Exists(one => one.DeviceId == device.Id && one.Register == register)))
        {
            db.DeviceRegisters.Add(new DeviceRegister { LoopId = loopId, DeviceId = device.Id, Register = register, MeterId = meter.Id, FromHour = from });
        }

        device.State = device.State == DeviceState.Registered ? DeviceState.InService : device.State;
        await book.WriteAsync(
            device, DeviceActKind.Commissioned, $"{energy.Name()} for {meter.Code} from {Instants.Iso(from)}", cancellationToken,
            ("meter", meter.Code), ("register", energy.Name()), ("from", Instants.Iso(from)));
        return Unit.Value;
    }

    public async Task<Unit> Handle(ExchangeDevice request, CancellationToken cancellationToken)
    {
        var (db, loopId, at) = (work.Db, request.LoopId, request.AtHour);
        var old = await book.TakeUpAsync(loopId, request.Code, cancellationToken);
        var fresh = await book.TakeUpAsync(loopId, request.NewCode, cancellationToken);
        if (fresh.State != DeviceState.Registered)
        {
            throw new RefusedException(nameof(request.NewCode), "The new device must be registered and not yet in service.");
        }

        var ended = await EndAsync(old, at, cancellationToken);
        if (ended.Count == 0)
        {
            throw new RefusedException(nameof(request.Code), "This device is at no meter.");
        }

        await db.SaveChangesAsync(cancellationToken);
        db.DeviceRegisters.AddRange(ended.Select(register => new DeviceRegister
        {
            LoopId = loopId, DeviceId = fresh.Id, Register = register.Register, MeterId = register.MeterId, FromHour = at,
        }));
        (old.State, fresh.State) = (DeviceState.Retired, DeviceState.InService);
        (string, string)[] counters =
        [
            .. Counter("lastCounterWh", request.LastCounter), .. Counter("firstCounterWh", request.FirstCounter),
        ];
        await book.WriteAsync(
            old, DeviceActKind.Exchanged, $"Replaced by {fresh.Code} at {Instants.Iso(at)}", cancellationToken,
            [("by", fresh.Code), ("at", Instants.Iso(at)), .. counters]);
        await book.WriteAsync(
            fresh, DeviceActKind.Commissioned, $"In place of {old.Code} from {Instants.Iso(at)}", cancellationToken,
            [("inPlaceOf", old.Code), ("from", Instants.Iso(at)), .. counters]);
        return Unit.Value;
    }

    public async Task<Unit> Handle(RetireDevice request, CancellationToken cancellationToken)
    {
        var device = await book.TakeUpAsync(request.LoopId, request.Code, cancellationToken);
        await EndAsync(device, request.AtHour, cancellationToken);
        device.State = DeviceState.Retired;
        await book.WriteAsync(
            device, DeviceActKind.Retired, $"{request.Reason.Trim()} ({Instants.Iso(request.AtHour)})", cancellationToken,
            ("at", Instants.Iso(request.AtHour)), ("reason", request.Reason.Trim()));
        return Unit.Value;
    }

    public async Task<Unit> Handle(BlockDevice request, CancellationToken cancellationToken)
    {
        var device = await book.TakeUpAsync(request.LoopId, request.Code, cancellationToken);
        if (request.IsBlocked == (device.State == DeviceState.Blocked))
        {
            return Unit.Value;
        }

        var isPlaced = await work.Db.DeviceRegisters.AnyAsync(register => register.LoopId == device.LoopId && register.DeviceId == device.Id, cancellationToken);
        device.State = request.IsBlocked ? DeviceState.Blocked : isPlaced ? DeviceState.InService : DeviceState.Registered;
        await book.WriteAsync(
            device, request.IsBlocked ? DeviceActKind.Blocked : DeviceActKind.Unblocked, request.Reason.Trim(), cancellationToken, ("reason", request.Reason.Trim()));
        return Unit.Value;
    }

    public async Task<Unit> Handle(CalibrateDevice request, CancellationToken cancellationToken)
    {
        var device = await book.TakeUpAsync(request.LoopId, request.Code, cancellationToken);
        device.CalibratedUntil = request.Until;
        await book.WriteAsync(
            device, DeviceActKind.Calibrated, DeviceKeysHandler.Day(request.Until), cancellationToken, ("calibratedUntil", DeviceKeysHandler.Day(request.Until)));
        return Unit.Value;
    }

    /// <summary>The register that counts what a meter of the market stands for.</summary>
    internal static Register EnergyOf(Meter meter) => meter.Carrier switch
    {
        Carrier.Heat => Register.Heat,
        Carrier.Cold => Register.Cold,
        Carrier.Electricity => meter.Direction == MeterDirection.Production ? Register.ElectricityExport : Register.Electricity,
        _ => throw new ArgumentOutOfRangeException(nameof(meter), meter.Carrier, "Not a carrier"),
    };

    private static IEnumerable<Register> WithCompanions(Register energy) =>
    [
        energy,
        energy + (Register.HeatTotal - Register.Heat),
        .. energy is Register.Heat or Register.Cold ? [Register.Volume, Register.FlowTemperature, Register.ReturnTemperature] : Array.Empty<Register>(),
    ];

    /// <summary>Ends every register of a device at an hour, and its keys; what never came into force leaves nothing behind.</summary>
    private async Task<List<DeviceRegister>> EndAsync(Device device, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var registers = await work.Db.DeviceRegisters.Where(register => register.LoopId == device.LoopId && register.DeviceId == device.Id && register.UntilHour == null)
            .ToListAsync(cancellationToken);
        foreach (var register in registers)
        {
            if (register.FromHour >= at)
            {
                work.Db.DeviceRegisters.Remove(register);
            }
            else
            {
                register.UntilHour = at;
            }
        }

        var now = time.GetUtcNow();
        foreach (var key in await work.Db.DeviceKeys.Where(key => key.LoopId == device.LoopId && key.DeviceId == device.Id && (key.EndsAt == null || key.EndsAt > now)).ToListAsync(cancellationToken))
        {
            key.EndsAt = now;
        }

        return registers;
    }

    private static IEnumerable<(string, string)> Counter(string name, Energy? value) =>
        value is { } energy ? [(name, FormattableString.Invariant($"{energy.WattHours}"))] : [];
}
