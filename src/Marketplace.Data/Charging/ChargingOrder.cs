using Marketplace.Quantities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>What a member asks for in one period. Said again before the gate, the last word counts; nothing is zero.</summary>
public sealed class ChargingDemand
{
    public int LoopId { get; set; }

    public int GroupId { get; set; }

    public DateTimeOffset Period { get; set; }

    public int MemberId { get; set; }

    public long Watts { get; set; }

    public DateTimeOffset StatedAt { get; set; }
}

/// <summary>What a member asks for at a half hour of each working day, unless it says otherwise for a period. A later one takes the
/// place of an earlier from the periods on whose gate was still open.</summary>
public sealed class ChargingHabit
{
    public int LoopId { get; set; }

    public int GroupId { get; set; }

    public int MemberId { get; set; }

    /// <summary>The half hour of the day on the loop's clock, from midnight: 0 to 47.</summary>
    public short Slot { get; set; }

    /// <summary>The first period it holds for.</summary>
    public DateTimeOffset ValidFrom { get; set; }

    /// <summary>Zero ends it.</summary>
    public long Watts { get; set; }
}

/// <summary>A bid for quota or an offer of it in one period, with the deposit that was held for it.</summary>
public sealed class ChargingOrder
{
    public int LoopId { get; set; }

    public long Id { get; set; }

    /// <summary>Made by the form, so that a form sent twice places one order.</summary>
    public Guid SubmissionId { get; set; }

    public int GroupId { get; set; }

    public DateTimeOffset Period { get; set; }

    public int MemberId { get; set; }

    public OrderSide Side { get; set; }

    public Energy Energy { get; set; }

    public Price Limit { get; set; }

    public Money Deposit { get; set; }

    public DateTimeOffset PlacedAt { get; set; }

    public DateTimeOffset? WithdrawnAt { get; set; }
}

internal sealed class ChargingDemandTable : IEntityTypeConfiguration<ChargingDemand>
{
    public void Configure(EntityTypeBuilder<ChargingDemand> builder)
    {
        builder.ToTable("ChargingDemands", table => table.HasCheckConstraint("charging_demands_watts", "watts >= 0"))
            .HasKey(demand => new { demand.LoopId, demand.GroupId, demand.Period, demand.MemberId });
        builder.HasOne<ChargingGroup>().WithMany().HasForeignKey(demand => new { demand.LoopId, demand.GroupId });
    }
}

internal sealed class ChargingHabitTable : IEntityTypeConfiguration<ChargingHabit>
{
    public void Configure(EntityTypeBuilder<ChargingHabit> builder)
    {
        builder.ToTable("ChargingHabits", table => table.HasCheckConstraint("charging_habits_watts", "watts >= 0 AND slot BETWEEN 0 AND 47"))
            .HasKey(habit => new { habit.LoopId, habit.GroupId, habit.Slot, habit.MemberId, habit.ValidFrom });
        builder.HasOne<ChargingGroup>().WithMany().HasForeignKey(habit => new { habit.LoopId, habit.GroupId });
    }
}

internal sealed class ChargingOrderTable : IEntityTypeConfiguration<ChargingOrder>
{
    public void Configure(EntityTypeBuilder<ChargingOrder> builder)
    {
        builder.ToTable("ChargingOrders", table => table.HasCheckConstraint("charging_orders_positive", "energy > 0 AND \"limit\" >= 0 AND deposit >= 0"))
            .HasKey(order => new { order.LoopId, order.Id });
        builder.Property(order => order.Id).UseIdentityAlwaysColumn();
        builder.HasIndex(order => new { order.LoopId, order.SubmissionId }).IsUnique();
        builder.HasIndex(order => new { order.LoopId, order.GroupId, order.Period });
        builder.HasOne<ChargingGroup>().WithMany().HasForeignKey(order => new { order.LoopId, order.GroupId });
    }
}
