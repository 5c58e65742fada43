using FluentValidation;
using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Devices;

/// <summary>Makes a device known, with its public key if it has one.</summary>
/// <param name="Code">The name it signs with.</param>
/// <param name="Key">PEM, JWK, or a point in hex or base64; empty for a device that signs nothing.</param>
public sealed record RegisterDevice(int LoopId, string Code, string Model, string? Key, DateOnly? CalibratedUntil) : IRequest<int>, IOperatorAct
{
    string IOperatorAct.Subject => $"device {Code}";
}

public sealed class RegisterDeviceValidator : AbstractValidator<RegisterDevice>
{
    public RegisterDeviceValidator()
    {
        RuleFor(request => request.Code).Must(SignedBatch.IsName).WithMessage("A device's name has 1 to 64 letters, digits, hyphens, dots or underscores.");
        RuleFor(request => request.Model).MaximumLength(100).WithMessage("Use at most 100 characters.");
    }
}

/// <summary>Gives a device a key. One it has already goes on working for a day, so that what is on its way still arrives.</summary>
public sealed record AddDeviceKey(int LoopId, string Code, string Key) : IRequest<int>, IOperatorAct
{
    string IOperatorAct.Subject => $"device {Code}";
}

/// <summary>Ends a key at once: nothing signed with it is taken any more.</summary>
public sealed record RevokeDeviceKey(int LoopId, string Code, int Number, string Reason) : IRequest<Unit>, IOperatorAct
{
    string IOperatorAct.Subject => FormattableString.Invariant($"device {Code}, key {Number}");
}

public sealed class RevokeDeviceKeyValidator : AbstractValidator<RevokeDeviceKey>
{
    public RevokeDeviceKeyValidator() =>
        RuleFor(request => request.Reason).NotEmpty().WithMessage("Say why.").MaximumLength(200).WithMessage("Use at most 200 characters.");
}

internal sealed class DeviceKeysHandler(Work work, DeviceBook book, TimeProvider time)
    : IRequestHandler<RegisterDevice, int>, IRequestHandler<AddDeviceKey, int>, IRequestHandler<RevokeDeviceKey, Unit>
{
    public async Task<int> Handle(RegisterDevice request, CancellationToken cancellationToken)
    {
        var (db, loopId, code) = (work.Db, request.LoopId, request.Code);
        var key = string.IsNullOrWhiteSpace(request.Key) ? null : Read(request.Key);
        await book.LockAsync(loopId, cancellationToken);
        if (await db.Devices.AnyAsync(device => device.LoopId == loopId && device.Code == code, cancellationToken))
        {
            throw new RefusedException(nameof(request.Code), "There is a device of this name already. A retired device's name is not used again.");
        }

        var device = new Device
        {
            LoopId = loopId,
            Id = 1 + (await db.Devices.Where(device => device.LoopId == loopId).MaxAsync(device => (int?)device.Id, cancellationToken) ?? 0),
            Code = code,
            Model = request.Model.Trim(),
            State = DeviceState.Registered,
            RegisteredAt = time.GetUtcNow(),
            CalibratedUntil = request.CalibratedUntil,
        };
        db.Devices.Add(device);
        (string, string)[] details = [("model", device.Model), .. request.CalibratedUntil is { } until ? [("calibratedUntil", Day(until))] : Array.Empty<(string, string)>()];
        await book.WriteAsync(device, DeviceActKind.Registered, device.Model.Length == 0 ? code : $"{code}, {device.Model}", cancellationToken, details);
        if (key is not null)
        {
            await AddAsync(device, key, cancellationToken);
        }

        return device.Id;
    }

    public async Task<int> Handle(AddDeviceKey request, CancellationToken cancellationToken)
    {
        var key = Read(request.Key);
        return await AddAsync(await book.TakeUpAsync(request.LoopId, request.Code, cancellationToken), key, cancellationToken);
    }

    public async Task<Unit> Handle(RevokeDeviceKey request, CancellationToken cancellationToken)
    {
        var device = await book.TakeUpAsync(request.LoopId, request.Code, cancellationToken);
        var key = await work.Db.DeviceKeys.SingleOrDefaultAsync(
            key => key.LoopId == device.LoopId && key.DeviceId == device.Id && key.Number == request.Number, cancellationToken)
            ?? throw new RefusedException(nameof(request.Number), "The device has no such key.");
        if (key.RevokedAt is null)
        {
            var now = time.GetUtcNow();
            (key.RevokedAt, key.EndsAt) = (now, key.EndsAt < now ? key.EndsAt : now);
            await book.WriteAsync(
                device, DeviceActKind.KeyRevoked, FormattableString.Invariant($"Key {key.Number}: {request.Reason.Trim()}"), cancellationToken,
                ("key", FormattableString.Invariant($"{key.Number}")), ("point", Convert.ToHexStringLower(key.Point)), ("reason", request.Reason.Trim()));
        }

        return Unit.Value;
    }

    private async Task<int> AddAsync(Device device, DevicePublicKey key, CancellationToken cancellationToken)
    {
        var (db, now, point) = (work.Db, time.GetUtcNow(), key.Point);
        if (await db.DeviceKeys.AnyAsync(known => known.LoopId == device.LoopId && known.Point == point, cancellationToken))
        {
            throw new RefusedException("Key", "This key was given to a device before. Each device makes keys of its own, and none is used again.");
        }

        var before = await db.DeviceKeys.Where(known => known.LoopId == device.LoopId && known.DeviceId == device.Id).ToListAsync(cancellationToken);
        var works = before.Where(known => known.EndsAt is null || known.EndsAt > now).ToList();
        foreach (var old in works)
        {
            old.EndsAt = old.EndsAt < now + DeviceBook.Handover ? old.EndsAt : now + DeviceBook.Handover;
        }

        var number = before.Count + 1;
        db.DeviceKeys.Add(new DeviceKey { LoopId = device.LoopId, DeviceId = device.Id, Number = number, Point = point, AddedAt = now });
        await book.WriteAsync(
            device, works.Count > 0 ? DeviceActKind.KeyRotated : DeviceActKind.KeyAdded, FormattableString.Invariant($"Key {number}, {key.Fingerprint[..16]}…"), cancellationToken,
            ("key", FormattableString.Invariant($"{number}")), ("point", Convert.ToHexStringLower(point)));
        return number;
    }

    private static DevicePublicKey Read(string text)
    {
        try
        {
            return DevicePublicKey.Parse(text);
        }
        catch (FormatException malformed)
        {
            throw new RefusedException("Key", malformed.Message);
        }
    }

    internal static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
}
