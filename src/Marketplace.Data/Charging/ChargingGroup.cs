using Marketplace.Market;
using Marketplace.Quantities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>The charging points behind one transformer, which share what it has left for charging.</summary>
public sealed class ChargingGroup
{
    public int LoopId { get; set; }

    /// <summary>Counted within the loop, from 1.</summary>
    public int Id { get; set; }

    public required string Name { get; set; }

    /// <summary>The first hour whose two periods are shared out: one whose gates were all still open when the group was made.</summary>
    public DateTimeOffset FirstHour { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
}

/// <summary>How a group's power is shared from a period on. Of the versions valid for a period the latest counts.</summary>
public sealed class ChargingTerms
{
    public int LoopId { get; set; }

    public int GroupId { get; set; }

    public int Version { get; set; }

    /// <summary>The first period they hold for: one whose margin was not yet fixed.</summary>
    public DateTimeOffset ValidFrom { get; set; }

    public QuotaPricing Pricing { get; set; }

    /// <summary>What a kWh above the allowance costs.</summary>
    public Price PenaltyRate { get; set; }

    /// <summary>The transformer's margin in watts for each half hour of a day on the loop's clock, from midnight: 48 values.</summary>
    public required long[] MarginWatts { get; set; }

    public Guid? SetBy { get; set; }

    public DateTimeOffset SetAt { get; set; }
}

/// <summary>A margin for one period only, in place of the schedule's.</summary>
public sealed class ChargingOverride
{
    public int LoopId { get; set; }

    public int GroupId { get; set; }

    public DateTimeOffset Period { get; set; }

    public long MarginWatts { get; set; }

    public DateTimeOffset SetAt { get; set; }
}

/// <summary>That a member charges at a group, and the meter that measures it.</summary>
public sealed class ChargingPoint
{
    public int LoopId { get; set; }

    public int GroupId { get; set; }

    public int MemberId { get; set; }

    /// <summary>An electricity meter of the member that takes energy.</summary>
    public int MeterId { get; set; }

    /// <summary>The first hour it is held to its allowance.</summary>
    public DateTimeOffset FromHour { get; set; }

    /// <summary>The first hour it is not any more; none while it stands.</summary>
    public DateTimeOffset? UntilHour { get; set; }
}

internal sealed class ChargingGroupTable : IEntityTypeConfiguration<ChargingGroup>
{
    public void Configure(EntityTypeBuilder<ChargingGroup> builder)
    {
        builder.ToTable("ChargingGroups").HasKey(group => new { group.LoopId, group.Id });
        builder.Property(group => group.Id).ValueGeneratedNever();
        builder.Property(group => group.Name).HasMaxLength(100);
        builder.HasIndex(group => new { group.LoopId, group.Name }).IsUnique();
        builder.HasOne<Loop>().WithMany().HasForeignKey(group => group.LoopId);
    }
}

internal sealed class ChargingTermsTable : IEntityTypeConfiguration<ChargingTerms>
{
    public void Configure(EntityTypeBuilder<ChargingTerms> builder)
    {
        builder.ToTable("ChargingTerms", table => table.HasCheckConstraint("charging_terms_half_hours", "cardinality(margin_watts) = 48"))
            .HasKey(terms => new { terms.LoopId, terms.GroupId, terms.Version });
        builder.HasOne<ChargingGroup>().WithMany().HasForeignKey(terms => new { terms.LoopId, terms.GroupId });
    }
}

internal sealed class ChargingOverrideTable : IEntityTypeConfiguration<ChargingOverride>
{
    public void Configure(EntityTypeBuilder<ChargingOverride> builder)
    {
        builder.ToTable("ChargingOverrides", table => table.HasCheckConstraint("charging_overrides_margin", "margin_watts >= 0"))
            .HasKey(margin => new { margin.LoopId, margin.GroupId, margin.Period });
        builder.HasOne<ChargingGroup>().WithMany().HasForeignKey(margin => new { margin.LoopId, margin.GroupId });
    }
}

internal sealed class ChargingPointTable : IEntityTypeConfiguration<ChargingPoint>
{
    public void Configure(EntityTypeBuilder<ChargingPoint> builder)
    {
        // Who leaves and comes back has a further row.
        builder.ToTable("ChargingPoints").HasKey(point => new { point.LoopId, point.GroupId, point.MemberId, point.FromHour });
        builder.HasIndex(point => new { point.LoopId, point.GroupId, point.MemberId }).IsUnique().HasFilter("until_hour IS NULL");
        builder.HasIndex(point => new { point.LoopId, point.MeterId }).IsUnique().HasFilter("until_hour IS NULL");
        builder.HasOne<ChargingGroup>().WithMany().HasForeignKey(point => new { point.LoopId, point.GroupId });
        builder.HasOne<Member>().WithMany().HasForeignKey(point => new { point.LoopId, point.MemberId });
        builder.HasOne<Meter>().WithMany().HasForeignKey(point => new { point.LoopId, point.MeterId });
    }
}
