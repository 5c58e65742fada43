using Marketplace.Quantities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>What the loop offers owners who let the market schedule their stores. The latest version counts; a choice keeps what it was made with.</summary>
public sealed class StoreTerms
{
    public const int DefaultOwnerShareMillionths = 800_000;
    public const int WholeMillionths = 1_000_000;

    public int LoopId { get; set; }

    public int Version { get; set; }

    /// <summary>The owner's part of what the store earns, and pays.</summary>
    public int OwnerShareMillionths { get; set; } = DefaultOwnerShareMillionths;

    public DateTimeOffset SetAt { get; set; }
}

/// <summary>Who decides when a store charges, from an hour on. Of the versions valid for an hour the latest counts; a store without any follows its own rule.</summary>
public sealed class StoreChoice
{
    public int LoopId { get; set; }

    public required string PlantCode { get; set; }

    public int Version { get; set; }

    /// <summary>The first delivery hour it holds for.</summary>
    public DateTimeOffset ValidFrom { get; set; }

    /// <summary>Whether the market schedules the store; else it follows its own rule and its owner's offers.</summary>
    public bool ByMarket { get; set; }

    /// <summary>The owner's part while the market schedules it.</summary>
    public int OwnerShareMillionths { get; set; }

    public DateTimeOffset ChosenAt { get; set; }
}

/// <summary>What the market planned for a store in an hour, made when the first gate of the hour's day closed.</summary>
public sealed class StorePlan
{
    public int LoopId { get; set; }

    public required string PlantCode { get; set; }

    public DateTimeOffset Hour { get; set; }

    public int OwnerShareMillionths { get; set; }

    /// <summary>What one more kWh held at the hour's end is worth.</summary>
    public Price Worth { get; set; }

    public Energy Charge { get; set; }

    public Energy Discharge { get; set; }

    /// <summary>At the end of the hour.</summary>
    public Energy Held { get; set; }
}

/// <summary>How an hour of a store was shared while the market scheduled it.</summary>
public sealed class StoreShare
{
    public int LoopId { get; set; }

    public required string PlantCode { get; set; }

    public DateTimeOffset Hour { get; set; }

    /// <summary>The owner.</summary>
    public int MemberId { get; set; }

    public int OwnerShareMillionths { get; set; }

    /// <summary>What the store earned in the hour; below zero what it paid.</summary>
    public Money Result { get; set; }

    /// <summary>The loop's part of it, owed by the owner; below zero the loop pays.</summary>
    public Money Amount { get; set; }
}

internal sealed class StoreTermsTable : IEntityTypeConfiguration<StoreTerms>
{
    public void Configure(EntityTypeBuilder<StoreTerms> builder) =>
        builder.ToTable("StoreTerms", table => table.HasCheckConstraint("store_terms_share", "owner_share_millionths BETWEEN 0 AND 1000000"))
            .HasKey(terms => new { terms.LoopId, terms.Version });
}

internal sealed class StoreChoiceTable : IEntityTypeConfiguration<StoreChoice>
{
    public void Configure(EntityTypeBuilder<StoreChoice> builder)
    {
        builder.ToTable("StoreChoices").HasKey(choice => new { choice.LoopId, choice.PlantCode, choice.Version });
        builder.HasOne<PlantRecord>().WithMany().HasForeignKey(choice => new { choice.LoopId, choice.PlantCode });
    }
}

internal sealed class StorePlanTable : IEntityTypeConfiguration<StorePlan>
{
    public void Configure(EntityTypeBuilder<StorePlan> builder) =>
        builder.ToTable("StorePlans").HasKey(plan => new { plan.LoopId, plan.PlantCode, plan.Hour });
}

internal sealed class StoreShareTable : IEntityTypeConfiguration<StoreShare>
{
    public void Configure(EntityTypeBuilder<StoreShare> builder)
    {
        builder.ToTable("StoreShares").HasKey(share => new { share.LoopId, share.PlantCode, share.Hour });
        builder.HasIndex(share => new { share.LoopId, share.Hour });
    }
}
