using Marketplace.Quantities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>What is announced. Stored as numbers: never renumber.</summary>
public enum AnnouncementKind : short
{
    /// <summary>Work that members may notice.</summary>
    Maintenance = 1,

    /// <summary>A time without supply.</summary>
    Outage = 2,
}

/// <summary>Work or an outage that is planned, for those whom it concerns.</summary>
public sealed class Announcement
{
    public int LoopId { get; set; }

    public long Id { get; set; }

    public AnnouncementKind Kind { get; set; }

    public required string Title { get; set; }

    public required string Text { get; set; }

    /// <summary>By the market clock.</summary>
    public DateTimeOffset From { get; set; }

    public DateTimeOffset Until { get; set; }

    /// <summary>Only members with a meter of this carrier; null for all.</summary>
    public Carrier? Carrier { get; set; }

    /// <summary>Only these members; null for all.</summary>
    public int[]? MemberIds { get; set; }

    public DateTimeOffset AnnouncedAt { get; set; }

    public Guid? AnnouncedBy { get; set; }

    public DateTimeOffset? WithdrawnAt { get; set; }
}

internal sealed class AnnouncementTable : IEntityTypeConfiguration<Announcement>
{
    public void Configure(EntityTypeBuilder<Announcement> builder)
    {
        builder.ToTable("Announcements", table => table.HasCheckConstraint("announcements_span", "until > \"from\""))
            .HasKey(announcement => new { announcement.LoopId, announcement.Id });
        builder.Property(announcement => announcement.Id).UseIdentityAlwaysColumn();
        builder.Property(announcement => announcement.Title).HasMaxLength(120);
        builder.Property(announcement => announcement.Text).HasMaxLength(2000);
        builder.HasIndex(announcement => new { announcement.LoopId, announcement.Until });
        builder.HasOne<Loop>().WithMany().HasForeignKey(announcement => announcement.LoopId);
    }
}
