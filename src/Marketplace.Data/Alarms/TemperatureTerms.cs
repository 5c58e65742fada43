using Marketplace.Metering;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>The temperatures promised at a substation from an hour on, in thousandths of a degree Celsius. Never changed: a later version takes over.</summary>
public sealed class TemperatureTerms
{
    public int LoopId { get; set; }

    public int MeterId { get; set; }

    /// <summary>Counted from 1 for each meter; of two that hold, the later counts.</summary>
    public int Version { get; set; }

    public DateTimeOffset ValidFrom { get; set; }

    public int? SupplyAtLeast { get; set; }

    public int? SupplyAtMost { get; set; }

    public int? ReturnAtLeast { get; set; }

    public int? ReturnAtMost { get; set; }

    public int Tolerance { get; set; } = 500;

    public long LeastLitres { get; set; } = 20;

    public DateTimeOffset SetAt { get; set; }

    public Guid? SetBy { get; set; }

    /// <summary>Whether anything is promised: terms without any limit end a promise.</summary>
    public bool PromisesAnything => SupplyAtLeast is not null || SupplyAtMost is not null || ReturnAtLeast is not null || ReturnAtMost is not null;

    public TemperaturePromise ToPromise() => new(SupplyAtLeast, SupplyAtMost, ReturnAtLeast, ReturnAtMost, Tolerance, LeastLitres);
}

internal sealed class TemperatureTermsTable : IEntityTypeConfiguration<TemperatureTerms>
{
    public void Configure(EntityTypeBuilder<TemperatureTerms> builder)
    {
        builder.ToTable("TemperatureTerms").HasKey(terms => new { terms.LoopId, terms.MeterId, terms.Version });
        builder.Property(terms => terms.Version).ValueGeneratedNever();
        builder.Ignore(terms => terms.PromisesAnything);
        builder.HasOne<Meter>().WithMany().HasForeignKey(terms => new { terms.LoopId, terms.MeterId });
    }
}
