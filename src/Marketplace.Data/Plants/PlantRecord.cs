using Marketplace.Quantities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>A plant that bids or converts in the loop's auctions.</summary>
public sealed class PlantRecord
{
    public int LoopId { get; set; }

    /// <summary>The name in books and records.</summary>
    public required string Code { get; set; }

    public required string Name { get; set; }

    public int OwnerId { get; set; }

    /// <summary>The technical data as the replica's Plant, in JSON.</summary>
    public required string Definition { get; set; }
}

/// <summary>An investor's share of a plant's revenue.</summary>
public sealed class PlantShare
{
    public int LoopId { get; set; }

    public required string PlantCode { get; set; }

    public int MemberId { get; set; }

    public int ShareMillionths { get; set; }

    /// <summary>What was paid for it.</summary>
    public Money Invested { get; set; }
}

/// <summary>What a store held at the end of an hour, and where the energy went during it.</summary>
public sealed class StoreLevel
{
    public int LoopId { get; set; }

    public required string PlantCode { get; set; }

    public DateTimeOffset Hour { get; set; }

    public Energy Charged { get; set; }

    public Energy Discharged { get; set; }

    public Energy Lost { get; set; }

    public Energy Level { get; set; }
}

internal sealed class PlantTable : IEntityTypeConfiguration<PlantRecord>
{
    public void Configure(EntityTypeBuilder<PlantRecord> builder)
    {
        builder.ToTable("Plants").HasKey(plant => new { plant.LoopId, plant.Code });
        builder.Property(plant => plant.Definition).HasColumnType("jsonb");
        builder.HasIndex(plant => new { plant.LoopId, plant.OwnerId });
        builder.HasOne<Member>().WithMany().HasForeignKey(plant => new { plant.LoopId, plant.OwnerId });
    }
}

internal sealed class PlantShareTable : IEntityTypeConfiguration<PlantShare>
{
    public void Configure(EntityTypeBuilder<PlantShare> builder)
    {
        builder.ToTable("PlantShares").HasKey(share => new { share.LoopId, share.PlantCode, share.MemberId });
        builder.HasOne<PlantRecord>().WithMany().HasForeignKey(share => new { share.LoopId, share.PlantCode });
        builder.HasOne<Member>().WithMany().HasForeignKey(share => new { share.LoopId, share.MemberId });
    }
}

internal sealed class StoreLevelTable : IEntityTypeConfiguration<StoreLevel>
{
    public void Configure(EntityTypeBuilder<StoreLevel> builder) =>
        builder.ToTable("StoreLevels").HasKey(level => new { level.LoopId, level.PlantCode, level.Hour });
}
