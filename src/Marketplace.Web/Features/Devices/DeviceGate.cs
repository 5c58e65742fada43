using System.Collections.Concurrent;
using System.Security.Cryptography;
using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Devices;

/// <summary>A batch whose device and signature are good.</summary>
/// <param name="Place">Where it stands in the delivery.</param>
internal sealed record AdmittedBatch(int Place, SignedBatch Batch, Device Device, int KeyNumber, IReadOnlyList<DeviceRegister> Registers);

/// <summary>Lets a batch in, or says by which rule not: by its device first, by its signature then.</summary>
internal sealed class DeviceGate(Work work, OpenKeys open, TimeProvider time)
{
    public async Task<List<AdmittedBatch>> AdmitAsync(
        int loopId, IReadOnlyList<SignedBatch> batches, int? onlyDevice, BatchOutcome?[] outcomes, CancellationToken cancellationToken)
    {
        var codes = batches.Select(batch => batch.Device).Distinct().ToArray();
        var devices = await work.Db.Devices.AsNoTracking().Where(device => device.LoopId == loopId && codes.Contains(device.Code)).ToDictionaryAsync(device => device.Code, cancellationToken);
        var ids = devices.Values.Select(device => device.Id).ToArray();
        var keys = (await work.Db.DeviceKeys.AsNoTracking().Where(key => key.LoopId == loopId && ids.Contains(key.DeviceId)).ToListAsync(cancellationToken)).ToLookup(key => key.DeviceId);
        var registers = (await work.Db.DeviceRegisters.AsNoTracking().Where(register => register.LoopId == loopId && ids.Contains(register.DeviceId)).ToListAsync(cancellationToken))
            .ToLookup(register => register.DeviceId);
        var now = time.GetUtcNow();
        var numbers = new int[batches.Count];
        var check = (int place) =>
        {
            var batch = batches[place];
            var device = devices.GetValueOrDefault(batch.Device);
            var fault = FaultOf(device, batch.Device, onlyDevice);
            if (fault is null)
            {
                (numbers[place], fault) = Verify(keys[device!.Id], batch, now);
            }

            if (fault is { } broken)
            {
                outcomes[place] = BatchOutcome.RefusedFor(batch.Device, batch.Sequence, broken.Rule, broken.Reason);
            }
        };

        // A signature takes a tenth of a millisecond: many at once go over all processors.
        if (batches.Count < 8)
        {
            for (var i = 0; i < batches.Count; i++)
            {
                check(i);
            }
        }
        else
        {
            Parallel.For(0, batches.Count, check);
        }

        var perDevice = registers.ToDictionary(device => device.Key, device => (IReadOnlyList<DeviceRegister>)[.. device]);
        var admitted = new List<AdmittedBatch>(batches.Count);
        for (var i = 0; i < batches.Count; i++)
        {
            if (outcomes[i] is null)
            {
                var device = devices[batches[i].Device];
                admitted.Add(new AdmittedBatch(i, batches[i], device, numbers[i], perDevice.GetValueOrDefault(device.Id, [])));
            }
        }

        return admitted;
    }

    private static (string Rule, string Reason)? FaultOf(Device? device, string code, int? onlyDevice) => device switch
    {
        null => ("unknown-device", $"This loop has no device '{code}'."),
        _ when onlyDevice is { } only && device.Id != only => ("other-device", "This key delivers for one device only, and this is another."),
        { State: DeviceState.Registered } => ("not-in-service", $"The device '{code}' is registered but not in service at any meter."),
        { State: DeviceState.Blocked } => ("blocked", $"The device '{code}' is blocked until the operator has looked at it."),
        { State: DeviceState.Retired } => ("retired", $"The device '{code}' is retired."),
        _ => null,
    };

    private (int Number, (string Rule, string Reason)? Fault) Verify(IEnumerable<DeviceKey> keys, SignedBatch batch, DateTimeOffset now)
    {
        // The newest first: it is the one in use.
        var signedBy = keys.OrderByDescending(key => key.Number).FirstOrDefault(key => open.Verifies(key, batch.Hash, batch.Signature));
        return signedBy switch
        {
            null => (0, ("bad-signature", "The signature is not by a key of this device over this batch.")),
            { RevokedAt: not null } => (0, ("key-revoked", FormattableString.Invariant($"Key {signedBy.Number} of this device is revoked."))),
            { EndsAt: { } end } when end <= now => (0, ("key-ended", FormattableString.Invariant($"Key {signedBy.Number} of this device has ended; another took its place."))),
            _ => (signedBy.Number, null),
        };
    }
}

/// <summary>Keys of devices that are open: to open one takes longer than to verify a signature, and a device comes again each hour.</summary>
internal sealed class OpenKeys
{
    /// <summary>Some kilobytes each.</summary>
    private const int Most = 4_096;

    private readonly ConcurrentDictionary<(int LoopId, int DeviceId, int Number), OpenKey> _open = [];

    public bool Verifies(DeviceKey key, ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature)
    {
        var name = (key.LoopId, key.DeviceId, key.Number);

        // The point decides, not its name: a restored database may have given the name to another.
        if (!_open.TryGetValue(name, out var open) || !open.Point.AsSpan().SequenceEqual(key.Point))
        {
            if (_open.Count >= Most)
            {
                // What is in use elsewhere goes on working; it is freed when nobody holds it.
                _open.Clear();
            }

            _open[name] = open = new OpenKey(key.Point);
        }

        return open.Verifies(hash, signature);
    }

    private sealed class OpenKey(byte[] point)
    {
        private readonly ECDsa _key = DevicePublicKey.FromTrusted(point).Open();
        private readonly Lock _turn = new();

        public byte[] Point => point;

        public bool Verifies(ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature)
        {
            // One key is for one thread at a time.
            lock (_turn)
            {
                return DevicePublicKey.Verifies(_key, hash, signature);
            }
        }
    }
}
