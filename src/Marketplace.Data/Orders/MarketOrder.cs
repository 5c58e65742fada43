using Marketplace.Quantities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>Stored as numbers: never renumber.</summary>
public enum OrderSide : short
{
    Buy = 1,
    Sell = 2,
}

/// <summary>A member's own order for one hour. It is never changed: changing it withdraws it and places another.</summary>
public sealed class MarketOrder
{
    public int LoopId { get; set; }

    public long Id { get; set; }

    /// <summary>Made by the form, so that a form sent twice places one order.</summary>
    public Guid SubmissionId { get; set; }

    public int MemberId { get; set; }

    public DateTimeOffset Hour { get; set; }

    public Carrier Carrier { get; set; }

    public OrderSide Side { get; set; }

    /// <summary>The plant an offer is made for: it takes the place of what the plant would offer by itself.</summary>
    public string? PlantCode { get; set; }

    public Energy Quantity { get; set; }

    public Price Limit { get; set; }

    public Guid? PlacedBy { get; set; }

    public DateTimeOffset PlacedAt { get; set; }

    public DateTimeOffset? WithdrawnAt { get; set; }
}

/// <summary>An order placed for every hour until it is ended. Without one, a member is supplied at the loop's default terms.</summary>
public sealed class StandingOrder
{
    public int LoopId { get; set; }

    public long Id { get; set; }

    public int MemberId { get; set; }

    public Carrier Carrier { get; set; }

    public OrderSide Side { get; set; }

    /// <summary>The plant that delivers, for offers; empty for purchases.</summary>
    public string PlantCode { get; set; } = "";

    /// <summary>The template whose quantities and limits it follows by the hour of the day; null for the same terms in each hour.</summary>
    public long? TemplateId { get; set; }

    /// <summary>A fixed quantity for each hour; null follows the forecast, or the template.</summary>
    public Energy? Quantity { get; set; }

    /// <summary>The limit in each hour; with a template, the template's own counts.</summary>
    public Price Limit { get; set; }

    public Guid? PlacedBy { get; set; }

    public DateTimeOffset PlacedAt { get; set; }

    public DateTimeOffset? EndedAt { get; set; }
}

internal sealed class MarketOrderTable : IEntityTypeConfiguration<MarketOrder>
{
    public void Configure(EntityTypeBuilder<MarketOrder> builder)
    {
        builder.ToTable("Orders").HasKey(order => new { order.LoopId, order.Id });
        builder.Property(order => order.Id).UseIdentityAlwaysColumn();
        builder.HasIndex(order => new { order.LoopId, order.SubmissionId }).IsUnique();
        builder.HasIndex(order => new { order.LoopId, order.Hour });
        builder.HasIndex(order => new { order.LoopId, order.MemberId, order.Hour });
        builder.HasOne<Member>().WithMany().HasForeignKey(order => new { order.LoopId, order.MemberId });
    }
}

internal sealed class StandingOrderTable : IEntityTypeConfiguration<StandingOrder>
{
    public void Configure(EntityTypeBuilder<StandingOrder> builder)
    {
        builder.ToTable("StandingOrders").HasKey(order => new { order.LoopId, order.Id });
        builder.Property(order => order.Id).UseIdentityAlwaysColumn();
        builder.HasIndex(order => new { order.LoopId, order.MemberId, order.Carrier, order.Side, order.PlantCode })
            .IsUnique().HasFilter("ended_at IS NULL");
        builder.HasIndex(order => new { order.LoopId, order.TemplateId });
        builder.HasOne<OrderTemplate>().WithMany().HasForeignKey(order => new { order.LoopId, order.TemplateId }).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<Member>().WithMany().HasForeignKey(order => new { order.LoopId, order.MemberId });
    }
}
