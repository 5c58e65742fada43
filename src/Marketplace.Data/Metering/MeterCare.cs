using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>How a test of a meter ended. Stored as numbers: never renumber.</summary>
public enum MeterTestOutcome : short
{
    /// <summary>Within its permitted error.</summary>
    Passed = 1,
    Failed = 2,

    /// <summary>Called off before it was made.</summary>
    CalledOff = 3,
}

/// <summary>A member's request to have the meter tested, and what came of it.</summary>
public sealed class MeterTest
{
    public int LoopId { get; set; }

    public long Id { get; set; }

    public int MeterId { get; set; }

    public required string Reason { get; set; }

    public Guid? RequestedBy { get; set; }

    public DateTimeOffset RequestedAt { get; set; }

    public MeterTestOutcome? Outcome { get; set; }

    /// <summary>The error found, in millionths of the true value; positive if the meter counts too much.</summary>
    public int? ErrorPpm { get; set; }

    public string? Findings { get; set; }

    public DateTimeOffset? DecidedAt { get; set; }
}

/// <summary>A meter that exists as a sum of others only. Each definition is a version; the latest counts.</summary>
public sealed class VirtualMeter
{
    public int LoopId { get; set; }

    /// <summary>Counted within the loop, from 1.</summary>
    public int Id { get; set; }

    public required string Code { get; set; }

    public Quantities.Carrier Carrier { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
}

/// <summary>A part of a version of a virtual meter: a meter and what its energy is multiplied by.</summary>
public sealed class VirtualMeterPart
{
    public int LoopId { get; set; }

    public int VirtualMeterId { get; set; }

    public int Version { get; set; }

    public int MeterId { get; set; }

    /// <summary>Millionths; negative to subtract.</summary>
    public long FactorMillionths { get; set; }

    public DateTimeOffset FromHour { get; set; }
}

/// <summary>A counter read by a person, with a photo. The photo lies beside the ledger; its hash is in the record. Nothing but the photo is ever taken away.</summary>
public sealed class ManualReading
{
    public int LoopId { get; set; }

    public long Id { get; set; }

    /// <summary>Made by the form, so that a form sent twice is one reading.</summary>
    public Guid SubmissionId { get; set; }

    public int MeterId { get; set; }

    /// <summary>When the counter was read.</summary>
    public DateTimeOffset At { get; set; }

    /// <summary>What the counter showed.</summary>
    public Quantities.Energy Counter { get; set; }

    public Guid? TakenBy { get; set; }

    public DateTimeOffset TakenAt { get; set; }

    public byte[]? PhotoSha256 { get; set; }

    public required byte[] Canonical { get; set; }

    public long BatchId { get; set; }

    public int BatchPosition { get; set; }
}

/// <summary>The photo of a manual reading, without what a camera notes of place and person.</summary>
public sealed class ReadingPhoto
{
    public int LoopId { get; set; }

    public long ReadingId { get; set; }

    public required string ContentType { get; set; }

    public required byte[] Content { get; set; }
}

internal sealed class MeterTestTable : IEntityTypeConfiguration<MeterTest>
{
    public void Configure(EntityTypeBuilder<MeterTest> builder)
    {
        builder.ToTable("MeterTests").HasKey(test => new { test.LoopId, test.Id });
        builder.Property(test => test.Id).UseIdentityAlwaysColumn();
        builder.Property(test => test.Reason).HasMaxLength(500);
        builder.Property(test => test.Findings).HasMaxLength(1000);
        // A meter is tested once at a time.
        builder.HasIndex(test => new { test.LoopId, test.MeterId }).IsUnique().HasFilter("outcome IS NULL").HasDatabaseName("IX_MeterTests_Open");
        builder.HasOne<Meter>().WithMany().HasForeignKey(test => new { test.LoopId, test.MeterId });
    }
}

internal sealed class VirtualMeterTable : IEntityTypeConfiguration<VirtualMeter>
{
    public void Configure(EntityTypeBuilder<VirtualMeter> builder)
    {
        builder.ToTable("VirtualMeters").HasKey(meter => new { meter.LoopId, meter.Id });
        builder.Property(meter => meter.Id).ValueGeneratedNever();
        builder.Property(meter => meter.Code).HasMaxLength(64);
        builder.HasIndex(meter => new { meter.LoopId, meter.Code }).IsUnique();
    }
}

internal sealed class VirtualMeterPartTable : IEntityTypeConfiguration<VirtualMeterPart>
{
    public void Configure(EntityTypeBuilder<VirtualMeterPart> builder)
    {
        builder.ToTable("VirtualMeterParts").HasKey(part => new { part.LoopId, part.VirtualMeterId, part.Version, part.MeterId });
        builder.HasOne<VirtualMeter>().WithMany().HasForeignKey(part => new { part.LoopId, part.VirtualMeterId });
        builder.HasOne<Meter>().WithMany().HasForeignKey(part => new { part.LoopId, part.MeterId });
    }
}

internal sealed class ManualReadingTable : IEntityTypeConfiguration<ManualReading>
{
    public void Configure(EntityTypeBuilder<ManualReading> builder)
    {
        builder.ToTable("ManualReadings").HasKey(reading => new { reading.LoopId, reading.Id });
        builder.Property(reading => reading.Id).UseIdentityAlwaysColumn();
        builder.HasIndex(reading => new { reading.LoopId, reading.SubmissionId }).IsUnique();
        builder.HasIndex(reading => new { reading.LoopId, reading.MeterId, reading.At });
        builder.HasOne<Meter>().WithMany().HasForeignKey(reading => new { reading.LoopId, reading.MeterId });
    }
}

internal sealed class ReadingPhotoTable : IEntityTypeConfiguration<ReadingPhoto>
{
    public void Configure(EntityTypeBuilder<ReadingPhoto> builder)
    {
        builder.ToTable("ReadingPhotos").HasKey(photo => new { photo.LoopId, photo.ReadingId });
        builder.Property(photo => photo.ContentType).HasMaxLength(40);
        builder.HasOne<ManualReading>().WithMany().HasForeignKey(photo => new { photo.LoopId, photo.ReadingId });
    }
}
