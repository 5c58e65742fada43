using Marketplace.Quantities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

public enum MeterDirection : short
{
    Consumption = 1,
    Production = 2,
}

/// <summary>How a stored value came to be. Stored as numbers: never renumber.</summary>
public enum ReadingQuality : short
{
    Measured = 1,
    Estimated = 2,
    Corrected = 3,
}

public sealed class Meter
{
    public int LoopId { get; set; }

    /// <summary>Counted within the loop, from 1.</summary>
    public int Id { get; set; }

    public int MemberId { get; set; }

    public Carrier Carrier { get; set; }

    public MeterDirection Direction { get; set; }

    /// <summary>The name on the device and in records, without personal data.</summary>
    public required string Code { get; set; }

    /// <summary>The plant whose output it measures, if it measures one.</summary>
    public string? PlantCode { get; set; }

    /// <summary>What the connection behind it carries at most, in watts; null where nothing limits it.</summary>
    public long? CapacityWatts { get; set; }

    public DateTimeOffset InServiceFrom { get; set; }

    public DateTimeOffset? InServiceUntil { get; set; }
}

/// <summary>One hour of one meter. A later value never replaces an earlier one: it is a further revision.
/// The table is partitioned by month and append-only.</summary>
public sealed class Reading
{
    public int LoopId { get; set; }

    public int MeterId { get; set; }

    public DateTimeOffset Hour { get; set; }

    public short Revision { get; set; }

    public Energy Energy { get; set; }

    public ReadingQuality Quality { get; set; }

    /// <summary>How it was estimated or what its source said of it; null for a plain measurement.</summary>
    public string? Note { get; set; }

    public DateTimeOffset ReceivedAt { get; set; }

    /// <summary>The ledger batch that carries its commitment, and its position there.</summary>
    public long BatchId { get; set; }

    public int BatchPosition { get; set; }
}

/// <summary>What the world outside the loop is like in an hour.</summary>
public sealed class HourConditions
{
    public int LoopId { get; set; }

    public DateTimeOffset Hour { get; set; }

    public decimal AirTempC { get; set; }

    public decimal GhiWm2 { get; set; }

    public Price ImportPrice { get; set; }

    public int CarbonGramsPerKWh { get; set; }
}

internal sealed class MeterTable : IEntityTypeConfiguration<Meter>
{
    public void Configure(EntityTypeBuilder<Meter> builder)
    {
        builder.ToTable("Meters").HasKey(meter => new { meter.LoopId, meter.Id });
        builder.Property(meter => meter.Id).ValueGeneratedNever();
        builder.HasIndex(meter => new { meter.LoopId, meter.Code }).IsUnique();
        builder.HasIndex(meter => new { meter.LoopId, meter.MemberId });
        builder.HasOne<Member>().WithMany().HasForeignKey(meter => new { meter.LoopId, meter.MemberId });
    }
}

internal sealed class ReadingTable : IEntityTypeConfiguration<Reading>
{
    public void Configure(EntityTypeBuilder<Reading> builder) =>
        builder.ToTable("Readings", table => table.ExcludeFromMigrations())
            .HasKey(reading => new { reading.LoopId, reading.MeterId, reading.Hour, reading.Revision });
}

internal sealed class HourConditionsTable : IEntityTypeConfiguration<HourConditions>
{
    public void Configure(EntityTypeBuilder<HourConditions> builder)
    {
        builder.ToTable("Conditions").HasKey(conditions => new { conditions.LoopId, conditions.Hour });
        builder.Property(conditions => conditions.AirTempC).HasPrecision(6, 2);
        builder.Property(conditions => conditions.GhiWm2).HasPrecision(7, 1);
        builder.HasOne<Loop>().WithMany().HasForeignKey(conditions => conditions.LoopId);
    }
}
