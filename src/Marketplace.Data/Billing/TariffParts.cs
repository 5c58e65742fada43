using Marketplace.Billing;
using Marketplace.Quantities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>A network fee that differs in one zone.</summary>
public sealed class TariffZoneFee
{
    public int LoopId { get; set; }

    public int Version { get; set; }

    public required string Zone { get; set; }

    public Carrier Carrier { get; set; }

    public Price Fee { get; set; }
}

/// <summary>A tax or levy on each kWh that consumers take; a line of its own on bills.</summary>
public sealed class TariffLevy
{
    public int LoopId { get; set; }

    public int Version { get; set; }

    /// <summary>Its place on bills, from 1.</summary>
    public short Number { get; set; }

    public required string Name { get; set; }

    public Carrier Carrier { get; set; }

    public Price Rate { get; set; }
}

/// <summary>A rate of value added tax from a moment on. Of those that hold for a carrier the latest set counts; where none does, the tariff's rate.</summary>
public sealed class TaxRate
{
    public int LoopId { get; set; }

    public int Number { get; set; }

    /// <summary>The carrier; 0 for what belongs to none and for carriers that have no rate of their own.</summary>
    public short Carrier { get; set; }

    public DateTimeOffset ValidFrom { get; set; }

    public VatCategory Category { get; set; }

    public int BasisPoints { get; set; }

    /// <summary>The law or decision; members read it.</summary>
    public required string Reason { get; set; }

    public Guid? SetBy { get; set; }

    public DateTimeOffset SetAt { get; set; }
}

/// <summary>What the community bears or hands back in the period that an hour lies in (<see cref="SharedAmount"/>).</summary>
public sealed class SharedAmountRow
{
    public int LoopId { get; set; }

    public int Number { get; set; }

    /// <summary>The billing period that contains this hour takes it up.</summary>
    public DateTimeOffset Hour { get; set; }

    public required string Name { get; set; }

    public long Cents { get; set; }

    public SharingKey Key { get; set; }

    /// <summary>0 where none applies.</summary>
    public short Carrier { get; set; }

    public Guid? SetBy { get; set; }

    public DateTimeOffset SetAt { get; set; }

    public SharedAmount ToAmount() => new(Number, Name, Money.FromCents(Cents), Key, Carrier == 0 ? null : (Carrier)Carrier);
}

internal sealed class TariffZoneFeeTable : IEntityTypeConfiguration<TariffZoneFee>
{
    public void Configure(EntityTypeBuilder<TariffZoneFee> builder)
    {
        builder.ToTable("TariffZoneFees").HasKey(fee => new { fee.LoopId, fee.Version, fee.Zone, fee.Carrier });
        builder.Property(fee => fee.Zone).HasMaxLength(20);
    }
}

internal sealed class TariffLevyTable : IEntityTypeConfiguration<TariffLevy>
{
    public void Configure(EntityTypeBuilder<TariffLevy> builder)
    {
        builder.ToTable("TariffLevies").HasKey(levy => new { levy.LoopId, levy.Version, levy.Number });
        builder.Property(levy => levy.Number).ValueGeneratedNever();
        builder.Property(levy => levy.Name).HasMaxLength(80);
    }
}

internal sealed class TaxRateTable : IEntityTypeConfiguration<TaxRate>
{
    public void Configure(EntityTypeBuilder<TaxRate> builder)
    {
        builder.ToTable("TaxRates", table => table.HasCheckConstraint(
                "tax_rates_within_bounds", "basis_points BETWEEN 0 AND 10000 AND (category = 1 OR basis_points = 0) AND category BETWEEN 1 AND 5"))
            .HasKey(rate => new { rate.LoopId, rate.Number });
        builder.Property(rate => rate.Number).ValueGeneratedNever();
        builder.Property(rate => rate.Reason).HasMaxLength(500);
        builder.HasOne<Loop>().WithMany().HasForeignKey(rate => rate.LoopId);
    }
}

internal sealed class SharedAmountTable : IEntityTypeConfiguration<SharedAmountRow>
{
    public void Configure(EntityTypeBuilder<SharedAmountRow> builder)
    {
        builder.ToTable("SharedAmounts", table => table.HasCheckConstraint("shared_amounts_not_zero", "cents <> 0")).HasKey(amount => new { amount.LoopId, amount.Number });
        builder.Property(amount => amount.Number).ValueGeneratedNever();
        builder.Property(amount => amount.Name).HasMaxLength(80);
        builder.HasIndex(amount => new { amount.LoopId, amount.Hour });
        builder.HasOne<Loop>().WithMany().HasForeignKey(amount => amount.LoopId);
    }
}
