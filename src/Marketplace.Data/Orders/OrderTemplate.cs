using Marketplace.Quantities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>What a member buys or offers by the time of day, under a name: it is applied to days, or followed by a standing order.</summary>
public sealed class OrderTemplate
{
    public int LoopId { get; set; }

    public long Id { get; set; }

    public int MemberId { get; set; }

    public required string Name { get; set; }

    public Carrier Carrier { get; set; }

    public OrderSide Side { get; set; }

    /// <summary>The plant that delivers, for offers; empty for purchases.</summary>
    public required string PlantCode { get; set; }

    public DateTimeOffset ChangedAt { get; set; }
}

/// <summary>One hour of the day of a template. Hours without a row are left out.</summary>
public sealed class OrderTemplateHour
{
    public int LoopId { get; set; }

    public long TemplateId { get; set; }

    /// <summary>The hour on the loop's clocks, 0 to 23. A day on which the clock is set back has one of them twice.</summary>
    public short HourOfDay { get; set; }

    public Energy Quantity { get; set; }

    public Price Limit { get; set; }
}

/// <summary>A file of orders that a member sent. Its content is kept until it has been gone through, so that a restart loses nothing.</summary>
public sealed class OrderUpload
{
    public int LoopId { get; set; }

    public long Id { get; set; }

    public int MemberId { get; set; }

    /// <summary>Names the file: its orders' submission ids come from it, so that the same file places nothing twice.</summary>
    public required byte[] FileSha256 { get; set; }

    public required string FileName { get; set; }

    /// <summary>The file itself; null when it has been gone through.</summary>
    public byte[]? Content { get; set; }

    public Guid? SentBy { get; set; }

    public DateTimeOffset SentAt { get; set; }

    public DateTimeOffset? DoneAt { get; set; }

    /// <summary>Rows in the file; 0 until they are counted.</summary>
    public int Rows { get; set; }

    public int RowsDone { get; set; }

    public int Placed { get; set; }

    /// <summary>Rows whose orders an earlier upload of the same file had placed.</summary>
    public int AlreadyThere { get; set; }

    public int Refused { get; set; }

    /// <summary>Why the file as a whole was refused, in words for the member.</summary>
    public string? Failure { get; set; }
}

/// <summary>A row of an upload that was not placed, as it stood in the file. Line 0 holds the file's header.</summary>
public sealed class OrderUploadRefusal
{
    public int LoopId { get; set; }

    public long UploadId { get; set; }

    public int Line { get; set; }

    public required string Row { get; set; }

    /// <summary>The column it is about; empty for the row as a whole.</summary>
    public required string Field { get; set; }

    public required string Reason { get; set; }
}

internal sealed class OrderTemplateTable : IEntityTypeConfiguration<OrderTemplate>
{
    public void Configure(EntityTypeBuilder<OrderTemplate> builder)
    {
        builder.ToTable("OrderTemplates").HasKey(template => new { template.LoopId, template.Id });
        builder.Property(template => template.Id).UseIdentityAlwaysColumn();
        builder.Property(template => template.Name).HasMaxLength(60);
        builder.HasIndex(template => new { template.LoopId, template.MemberId, template.Name }).IsUnique();
        builder.HasOne<Member>().WithMany().HasForeignKey(template => new { template.LoopId, template.MemberId });
    }
}

internal sealed class OrderTemplateHourTable : IEntityTypeConfiguration<OrderTemplateHour>
{
    public void Configure(EntityTypeBuilder<OrderTemplateHour> builder)
    {
        builder.ToTable("OrderTemplateHours").HasKey(hour => new { hour.LoopId, hour.TemplateId, hour.HourOfDay });
        builder.HasOne<OrderTemplate>().WithMany().HasForeignKey(hour => new { hour.LoopId, hour.TemplateId }).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class OrderUploadTable : IEntityTypeConfiguration<OrderUpload>
{
    public void Configure(EntityTypeBuilder<OrderUpload> builder)
    {
        builder.ToTable("OrderUploads").HasKey(upload => new { upload.LoopId, upload.Id });
        builder.Property(upload => upload.Id).UseIdentityAlwaysColumn();
        builder.Property(upload => upload.FileName).HasMaxLength(200);
        builder.HasIndex(upload => new { upload.LoopId, upload.MemberId, upload.Id });
        builder.HasIndex(upload => upload.SentAt).HasFilter("done_at IS NULL");
        builder.HasOne<Member>().WithMany().HasForeignKey(upload => new { upload.LoopId, upload.MemberId });
    }
}

internal sealed class OrderUploadRefusalTable : IEntityTypeConfiguration<OrderUploadRefusal>
{
    public void Configure(EntityTypeBuilder<OrderUploadRefusal> builder)
    {
        builder.ToTable("OrderUploadRefusals").HasKey(refusal => new { refusal.LoopId, refusal.UploadId, refusal.Line });
        builder.HasOne<OrderUpload>().WithMany().HasForeignKey(refusal => new { refusal.LoopId, refusal.UploadId }).OnDelete(DeleteBehavior.Cascade);
    }
}
