using System.Globalization;
using Marketplace.Data;
using Marketplace.Ledger;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Devices;

/// <summary>The devices of a loop within the transaction of one change, and the one way in which what is done with them is written down.</summary>
internal sealed class DeviceBook(Work work, CurrentActor current, TimeProvider time)
{
    /// <summary>How long a key goes on working when another takes its place, so that what is on its way still arrives.</summary>
    public static readonly TimeSpan Handover = TimeSpan.FromHours(24);

    /// <summary>Lets one change at a time touch the devices of a loop; what is being taken in from them is finished first.</summary>
    public Task LockAsync(int loopId, CancellationToken cancellationToken) =>
        work.Db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({KeyOf(loopId)}, 0))", cancellationToken);

    /// <summary>Keeps devices as they are until the transaction ends; many may do so at once.</summary>
    public Task HoldAsync(int loopId, CancellationToken cancellationToken) =>
        work.Db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock_shared(hashtextextended({KeyOf(loopId)}, 0))", cancellationToken);

    /// <summary>A device of this name, for a change.</summary>
    /// <exception cref="RefusedException">There is none, or it is retired.</exception>
    public async Task<Device> TakeUpAsync(int loopId, string code, CancellationToken cancellationToken)
    {
        await LockAsync(loopId, cancellationToken);
        var device = await work.Db.Devices.SingleOrDefaultAsync(device => device.LoopId == loopId && device.Code == code, cancellationToken)
            ?? throw new RefusedException("Code", $"This loop has no device '{code}'.");
        return device.State == DeviceState.Retired ? throw new RefusedException("Code", $"The device '{code}' is retired.") : device;
    }

    /// <summary>Writes an act down and commits it to the ledger.</summary>
    /// <param name="words">What was done, in words without personal data.</param>
    /// <param name="details">Further lines of the record.</param>
    public async Task WriteAsync(Device device, DeviceActKind kind, string words, CancellationToken cancellationToken, params (string Name, string Value)[] details)
    {
        var db = work.Db;
        await db.SaveChangesAsync(cancellationToken);
        var slug = await db.Loops.Where(loop => loop.Id == device.LoopId).Select(loop => loop.Slug).SingleAsync(cancellationToken);
        var number = 1 + (await db.DeviceActs.Where(act => act.LoopId == device.LoopId && act.DeviceId == device.Id).MaxAsync(act => (int?)act.Number, cancellationToken) ?? 0);
        var now = time.GetUtcNow();
        var canonical = DeviceRecord.Canonical(slug, device.Code, number, kind, now, details);
        var record = DeviceRecord.ForLedger(device.Id, number, canonical, now);
        var appended = await LedgerDoor.AppendAsync(
            await work.ConnectionAsync(cancellationToken), work.Transaction, device.LoopId, record.RecordKey, [record], cancellationToken);
        db.DeviceActs.Add(new DeviceAct
        {
            LoopId = device.LoopId, DeviceId = device.Id, Number = number, Kind = kind, At = now, DoneBy = current.Actor.AccountId, Words = words,
            Canonical = canonical, BatchId = appended.BatchId, BatchPosition = appended.Positions[0],
        });
        await db.SaveChangesAsync(cancellationToken);
    }

    private static string KeyOf(int loopId) => string.Create(CultureInfo.InvariantCulture, $"devices/{loopId}");
}

/// <summary>What the ledger holds of an act on a device.</summary>
public static class DeviceRecord
{
    public const byte Version = 1;

    /// <summary>What batch keys of these records begin with.</summary>
    public const string Prefix = "device/";

    public static string Key(int deviceId, int number) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{deviceId}/{number}");

    public static byte[] Canonical(string loop, string code, int number, DeviceActKind kind, DateTimeOffset at, IEnumerable<(string Name, string Value)> details)
    {
        var record = CanonicalRecord.Of("device", Version)
            .Add("loop", loop)
            .Add("device", code)
            .Add("number", number)
            .Add("act", NameOf(kind))
            .Add("at", at);
        foreach (var (name, value) in details)
        {
            record.Add(name, string.Concat(value.Select(c => char.IsControl(c) ? ' ' : c)));
        }

        return record.ToBytes();
    }

    public static LedgerRecord ForLedger(int deviceId, int number, byte[] canonical, DateTimeOffset at) =>
        new(RecordKind.DeviceKey, Version, Key(deviceId, number), canonical, 0, DateOnly.FromDateTime(at.UtcDateTime));

    /// <summary>The record of a signed batch: which device sent it under which number, and the hash that it signed.</summary>
    public static LedgerRecord Batch(string loop, string code, int keyNumber, long sequence, byte[] hash, int readings, DateTimeOffset at) => new(
        RecordKind.Reading,
        Version,
        string.Create(CultureInfo.InvariantCulture, $"signed/{code}/{sequence}"),
        CanonicalRecord.Of("signedBatch", Version)
            .Add("loop", loop)
            .Add("device", code)
            .Add("key", keyNumber)
            .Add("sequence", sequence)
            .Add("sha256", Convert.ToHexStringLower(hash))
            .Add("readings", readings)
            .ToBytes(),
        0,
        DateOnly.FromDateTime(at.UtcDateTime));

    private static string NameOf(DeviceActKind kind) => kind switch
    {
        DeviceActKind.Registered => "registered",
        DeviceActKind.Commissioned => "commissioned",
        DeviceActKind.KeyAdded => "keyAdded",
        DeviceActKind.KeyRotated => "keyRotated",
        DeviceActKind.KeyRevoked => "keyRevoked",
        DeviceActKind.Blocked => "blocked",
        DeviceActKind.Unblocked => "unblocked",
        DeviceActKind.Calibrated => "calibrated",
        DeviceActKind.Exchanged => "exchanged",
        DeviceActKind.Retired => "retired",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not an act"),
    };
}
