using Marketplace.Market;
using Marketplace.Quantities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>A member's wish for a carrier from an hour on, and what it adds to the price of each kWh that meets it. It never changes who
/// trades: certificates are given out after clearing, and what is not met costs nothing.</summary>
public sealed class MemberPreference
{
    public int LoopId { get; set; }

    public int MemberId { get; set; }

    public Carrier Carrier { get; set; }

    public int Version { get; set; }

    public DateTimeOffset ValidFrom { get; set; }

    public Preference Wish { get; set; }

    public Price Premium { get; set; }

    public DateTimeOffset SetAt { get; set; }
}

/// <summary>What certificates a buyer was given in an hour for its wish.</summary>
public sealed class WishMet
{
    public int LoopId { get; set; }

    public DateTimeOffset Hour { get; set; }

    public int MemberId { get; set; }

    public Carrier Carrier { get; set; }

    public Preference Wish { get; set; }

    /// <summary>What it bought in the auction.</summary>
    public Energy Wanted { get; set; }

    /// <summary>What of it certificates cover.</summary>
    public Energy Met { get; set; }

    public Price Premium { get; set; }

    public Money Amount { get; set; }
}

internal sealed class MemberPreferenceTable : IEntityTypeConfiguration<MemberPreference>
{
    public void Configure(EntityTypeBuilder<MemberPreference> builder)
    {
        builder.ToTable("MemberPreferences").HasKey(wish => new { wish.LoopId, wish.MemberId, wish.Carrier, wish.Version });
        builder.HasOne<Member>().WithMany().HasForeignKey(wish => new { wish.LoopId, wish.MemberId });
    }
}

internal sealed class WishMetTable : IEntityTypeConfiguration<WishMet>
{
    public void Configure(EntityTypeBuilder<WishMet> builder)
    {
        builder.ToTable("WishesMet").HasKey(met => new { met.LoopId, met.Hour, met.MemberId, met.Carrier });
        builder.HasIndex(met => new { met.LoopId, met.MemberId, met.Hour });
    }
}
