using Marketplace.Quantities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>A part of a loop inside which nothing limits a trade. A loop with one zone, or without any written down, is as if there were no zones.</summary>
public sealed class Zone
{
    public int LoopId { get; set; }

    /// <summary>Counted within the loop, from 1: the order in which prices are fixed. Whoever is placed nowhere is in the first.</summary>
    public int Number { get; set; }

    /// <summary>The name in books and records: lower-case letters, digits and hyphens.</summary>
    public required string Code { get; set; }

    public required string Name { get; set; }

    /// <summary>The first delivery hour that knows it.</summary>
    public DateTimeOffset ValidFrom { get; set; }

    public Guid? SetBy { get; set; }

    public DateTimeOffset SetAt { get; set; }
}

/// <summary>A pipe or line from one zone to another, from an hour on. Of the versions valid for an hour the latest counts; zones and carrier
/// are those of the first.</summary>
public sealed class ZoneLine
{
    public int LoopId { get; set; }

    public required string Code { get; set; }

    public int Version { get; set; }

    /// <summary>The zone that energy leaves.</summary>
    public required string FromZone { get; set; }

    /// <summary>The zone where it arrives.</summary>
    public required string ToZone { get; set; }

    public Carrier Carrier { get; set; }

    /// <summary>Most that may enter; zero where it is out of service.</summary>
    public long CapacityWatts { get; set; }

    /// <summary>The part of what enters that does not arrive.</summary>
    public int LossMillionths { get; set; }

    /// <summary>Fee for each kWh that enters.</summary>
    public Price Fee { get; set; }

    /// <summary>The first delivery hour it holds for.</summary>
    public DateTimeOffset ValidFrom { get; set; }

    /// <summary>Why it was set; members read it.</summary>
    public required string Reason { get; set; }

    public Guid? SetBy { get; set; }

    public DateTimeOffset SetAt { get; set; }

    /// <summary>Most that may enter in a market hour.</summary>
    public Energy Capacity => Energy.FromWh(CapacityWatts);
}

/// <summary>In which zone the meters of a member, or a plant with its meters, stand from an hour on. Of those valid for an hour the latest counts.</summary>
public sealed class ZonePlacement
{
    public int LoopId { get; set; }

    /// <summary>The member whose own meters these are; 0 for a plant.</summary>
    public int MemberId { get; set; }

    /// <summary>The plant; empty for a member's own meters.</summary>
    public required string PlantCode { get; set; }

    public int Version { get; set; }

    public required string Zone { get; set; }

    public DateTimeOffset ValidFrom { get; set; }

    public Guid? SetBy { get; set; }

    public DateTimeOffset SetAt { get; set; }
}

internal sealed class ZoneTable : IEntityTypeConfiguration<Zone>
{
    public void Configure(EntityTypeBuilder<Zone> builder)
    {
        builder.ToTable("Zones").HasKey(zone => new { zone.LoopId, zone.Number });
        builder.Property(zone => zone.Number).ValueGeneratedNever();
        builder.Property(zone => zone.Code).HasMaxLength(20);
        builder.Property(zone => zone.Name).HasMaxLength(100);
        builder.HasIndex(zone => new { zone.LoopId, zone.Code }).IsUnique();
        builder.HasOne<Loop>().WithMany().HasForeignKey(zone => zone.LoopId);
    }
}

internal sealed class ZoneLineTable : IEntityTypeConfiguration<ZoneLine>
{
    public void Configure(EntityTypeBuilder<ZoneLine> builder)
    {
        builder.ToTable("ZoneLines", table => table.HasCheckConstraint(
                "zone_lines_within_bounds", "from_zone <> to_zone AND capacity_watts >= 0 AND loss_millionths BETWEEN 0 AND 999999"))
            .HasKey(line => new { line.LoopId, line.Code, line.Version });
        builder.Property(line => line.Code).HasMaxLength(40);
        builder.Property(line => line.FromZone).HasMaxLength(20);
        builder.Property(line => line.ToZone).HasMaxLength(20);
        builder.Property(line => line.Reason).HasMaxLength(500);
        builder.Ignore(line => line.Capacity);
        builder.HasOne<Loop>().WithMany().HasForeignKey(line => line.LoopId);
    }
}

internal sealed class ZonePlacementTable : IEntityTypeConfiguration<ZonePlacement>
{
    public void Configure(EntityTypeBuilder<ZonePlacement> builder)
    {
        builder.ToTable("ZonePlacements", table => table.HasCheckConstraint("zone_placements_one_thing", "(member_id = 0) <> (plant_code = '')"))
            .HasKey(placement => new { placement.LoopId, placement.MemberId, placement.PlantCode, placement.Version });
        builder.Property(placement => placement.Zone).HasMaxLength(20);
        builder.HasOne<Loop>().WithMany().HasForeignKey(placement => placement.LoopId);
    }
}
