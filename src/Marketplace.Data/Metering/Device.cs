using Marketplace.Metering;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>Where a device stands in its life. Stored as numbers: never renumber.</summary>
public enum DeviceState : short
{
    /// <summary>Known, with or without a key, but at no meter yet.</summary>
    Registered = 1,
    InService = 2,

    /// <summary>What it sends is refused until an operator has looked at it.</summary>
    Blocked = 3,

    /// <summary>Taken out for good.</summary>
    Retired = 4,
}

/// <summary>A physical meter: it has keys and registers, and stands at a metering point for a time.</summary>
public sealed class Device
{
    public int LoopId { get; set; }

    /// <summary>Counted within the loop, from 1.</summary>
    public int Id { get; set; }

    /// <summary>The name it signs with, as on its plate.</summary>
    public required string Code { get; set; }

    /// <summary>Maker and model; empty where unknown.</summary>
    public required string Model { get; set; }

    public DeviceState State { get; set; }

    public DateTimeOffset RegisteredAt { get; set; }

    /// <summary>The last day on which its calibration is valid.</summary>
    public DateOnly? CalibratedUntil { get; set; }

    public DateTimeOffset? LastSeenAt { get; set; }

    public DateTimeOffset? LastRefusedAt { get; set; }

    /// <summary>Why, in words for the operator.</summary>
    public string? LastRefusal { get; set; }
}

/// <summary>That a register of a device counts for a metering point, from an hour until before another.</summary>
public sealed class DeviceRegister
{
    public int LoopId { get; set; }

    public int DeviceId { get; set; }

    public Register Register { get; set; }

    public DateTimeOffset FromHour { get; set; }

    public DateTimeOffset? UntilHour { get; set; }

    public int MeterId { get; set; }
}

/// <summary>A public key of a device. It ends when it is revoked, or some time after another has taken its place.</summary>
public sealed class DeviceKey
{
    public int LoopId { get; set; }

    public int DeviceId { get; set; }

    /// <summary>Counted from 1 for each device.</summary>
    public int Number { get; set; }

    /// <summary>The uncompressed point of P-256, 65 bytes.</summary>
    public required byte[] Point { get; set; }

    public DateTimeOffset AddedAt { get; set; }

    public DateTimeOffset? EndsAt { get; set; }

    public DateTimeOffset? RevokedAt { get; set; }
}

/// <summary>What was done with a device. Stored as numbers: never renumber.</summary>
public enum DeviceActKind : short
{
    Registered = 1,
    Commissioned = 2,
    KeyAdded = 3,
    KeyRotated = 4,
    KeyRevoked = 5,
    Blocked = 6,
    Unblocked = 7,
    Calibrated = 8,
    Exchanged = 9,
    Retired = 10,
}

/// <summary>An act on a device, on the ledger. Never changed.</summary>
public sealed class DeviceAct
{
    public int LoopId { get; set; }

    public int DeviceId { get; set; }

    /// <summary>Counted from 1 for each device.</summary>
    public int Number { get; set; }

    public DeviceActKind Kind { get; set; }

    public DateTimeOffset At { get; set; }

    public Guid? DoneBy { get; set; }

    /// <summary>In words, without personal data.</summary>
    public required string Words { get; set; }

    public required byte[] Canonical { get; set; }

    public long BatchId { get; set; }

    public int BatchPosition { get; set; }
}

/// <summary>A signed batch that was taken in: its number is used up. Never changed.</summary>
public sealed class DeviceBatch
{
    public int LoopId { get; set; }

    public int DeviceId { get; set; }

    public long Sequence { get; set; }

    /// <summary>SHA-256 of the canonical bytes.</summary>
    public required byte[] Hash { get; set; }

    public required byte[] Signature { get; set; }

    public int KeyNumber { get; set; }

    public int Readings { get; set; }

    public int Refused { get; set; }

    public DateTimeOffset ReceivedAt { get; set; }

    public long BatchId { get; set; }

    public int BatchPosition { get; set; }
}

/// <summary>A value of a register that is not the energy of an hour: a counter, a volume, a temperature. Partitioned by month, never changed.</summary>
public sealed class RegisterValue
{
    public int LoopId { get; set; }

    public int DeviceId { get; set; }

    public Register Register { get; set; }

    public DateTimeOffset At { get; set; }

    public int Seconds { get; set; }

    public long Value { get; set; }

    public long Sequence { get; set; }

    public DateTimeOffset ReceivedAt { get; set; }
}

internal sealed class DeviceTable : IEntityTypeConfiguration<Device>
{
    public void Configure(EntityTypeBuilder<Device> builder)
    {
        builder.ToTable("Devices").HasKey(device => new { device.LoopId, device.Id });
        builder.Property(device => device.Id).ValueGeneratedNever();
        builder.Property(device => device.Code).HasMaxLength(SignedBatch.LongestName);
        builder.Property(device => device.Model).HasMaxLength(100);
        builder.Property(device => device.LastRefusal).HasMaxLength(300);
        builder.HasIndex(device => new { device.LoopId, device.Code }).IsUnique();
        builder.HasOne<Loop>().WithMany().HasForeignKey(device => device.LoopId);
    }
}

internal sealed class DeviceRegisterTable : IEntityTypeConfiguration<DeviceRegister>
{
    public void Configure(EntityTypeBuilder<DeviceRegister> builder)
    {
        builder.ToTable("DeviceRegisters", table => table.HasCheckConstraint("device_registers_span", "until_hour IS NULL OR until_hour > from_hour"))
            .HasKey(register => new { register.LoopId, register.DeviceId, register.Register, register.FromHour });
        // One device at a time counts the energy of a metering point.
        builder.HasIndex(register => new { register.LoopId, register.MeterId }).IsUnique().HasFilter("until_hour IS NULL AND register <= 4");
        builder.HasOne<Device>().WithMany().HasForeignKey(register => new { register.LoopId, register.DeviceId });
        builder.HasOne<Meter>().WithMany().HasForeignKey(register => new { register.LoopId, register.MeterId });
    }
}

internal sealed class DeviceKeyTable : IEntityTypeConfiguration<DeviceKey>
{
    public void Configure(EntityTypeBuilder<DeviceKey> builder)
    {
        builder.ToTable("DeviceKeys").HasKey(key => new { key.LoopId, key.DeviceId, key.Number });
        builder.Property(key => key.Number).ValueGeneratedNever();
        // A key once given to a device is never given again, to it or to another.
        builder.HasIndex(key => new { key.LoopId, key.Point }).IsUnique();
        builder.HasOne<Device>().WithMany().HasForeignKey(key => new { key.LoopId, key.DeviceId });
    }
}

internal sealed class DeviceActTable : IEntityTypeConfiguration<DeviceAct>
{
    public void Configure(EntityTypeBuilder<DeviceAct> builder)
    {
        builder.ToTable("DeviceActs").HasKey(act => new { act.LoopId, act.DeviceId, act.Number });
        builder.Property(act => act.Number).ValueGeneratedNever();
        builder.Property(act => act.Words).HasMaxLength(500);
        builder.HasOne<Device>().WithMany().HasForeignKey(act => new { act.LoopId, act.DeviceId });
    }
}

internal sealed class DeviceBatchTable : IEntityTypeConfiguration<DeviceBatch>
{
    public void Configure(EntityTypeBuilder<DeviceBatch> builder)
    {
        builder.ToTable("DeviceBatches").HasKey(batch => new { batch.LoopId, batch.DeviceId, batch.Sequence });
        builder.Property(batch => batch.Sequence).ValueGeneratedNever();
    }
}

internal sealed class RegisterValueTable : IEntityTypeConfiguration<RegisterValue>
{
    public void Configure(EntityTypeBuilder<RegisterValue> builder) =>
        builder.ToTable("RegisterValues", table => table.ExcludeFromMigrations())
            .HasKey(value => new { value.LoopId, value.DeviceId, value.Register, value.At });
}
