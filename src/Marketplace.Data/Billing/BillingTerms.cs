using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>What the law wants on a loop's bills, and how they are released. Never changed: a later version takes over.</summary>
public sealed class BillingTerms
{
    public const int UsualLateDataDays = 60;

    public int LoopId { get; set; }

    public int Version { get; set; }

    /// <summary>Organisations of consumers, with their addresses.</summary>
    public string ConsumerBodies { get; set; } = "";

    /// <summary>Agencies that advise on saving energy, with their addresses.</summary>
    public string EnergyAgencies { get; set; } = "";

    /// <summary>How to complain to the supplier.</summary>
    public string Complaints { get; set; } = "";

    /// <summary>Who settles a dispute that stays.</summary>
    public string Disputes { get; set; } = "";

    /// <summary>What a normal user takes in a year, in kWh; null where the mean of members alike is used alone.</summary>
    public int? NormalHeat { get; set; }

    public int? NormalCold { get; set; }

    public int? NormalElectricity { get; set; }

    /// <summary>For so many days after a period's end a correction revises its bill; later it stands on the next bill.</summary>
    public int LateDataDays { get; set; } = UsualLateDataDays;

    /// <summary>Whether a finished period waits for the operator; else it is issued at once.</summary>
    public bool ReleaseByHand { get; set; }

    public Guid? SetBy { get; set; }

    public DateTimeOffset SetAt { get; set; }
}

internal sealed class BillingTermsTable : IEntityTypeConfiguration<BillingTerms>
{
    public void Configure(EntityTypeBuilder<BillingTerms> builder)
    {
        builder.ToTable("BillingTerms").HasKey(terms => new { terms.LoopId, terms.Version });
        builder.Property(terms => terms.Version).ValueGeneratedNever();
        builder.HasOne<Loop>().WithMany().HasForeignKey(terms => terms.LoopId);
    }
}
