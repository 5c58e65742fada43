using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>What an alarm is about. Stored as numbers: never renumber.</summary>
public enum AlarmKind : short
{
    /// <summary>A meter has measured nothing for some hours.</summary>
    SilentMeter = 1,

    /// <summary>A reading is beyond what its connection can carry.</summary>
    AbnormalReading = 2,

    /// <summary>A device is blocked from feeding the market.</summary>
    BlockedDevice = 3,

    /// <summary>What a device sent was refused, and nothing good has come since.</summary>
    RefusedDevice = 4,

    /// <summary>The supply at entry was outside what was promised.</summary>
    SupplyPromise = 5,

    /// <summary>The return from the consumer was outside what was agreed.</summary>
    ReturnPromise = 6,
    CalibrationDue = 7,
    LedgerIncident = 8,
    FailedHour = 9,
    FailedChargingPeriod = 10,

    /// <summary>A check doubts what a meter measured, and nobody has decided on it yet.</summary>
    DoubtfulReading = 11,
}

/// <summary>How soon somebody has to look. Stored as numbers, the most urgent first: never renumber.</summary>
public enum AlarmSeverity : short
{
    Urgent = 1,
    High = 2,
    Low = 3,
}

/// <summary>Something that needs a person, from when it was noticed until it is resolved. One cause has one alarm.</summary>
public sealed class Alarm
{
    public int LoopId { get; set; }

    public long Id { get; set; }

    public AlarmKind Kind { get; set; }

    public AlarmSeverity Severity { get; set; }

    /// <summary>What causes it, for programs: a cause that stands has one alarm.</summary>
    public required string Cause { get; set; }

    /// <summary>Whether the cause was still there at the last look. One that a person has resolved is not raised again while it stands.</summary>
    public bool Stands { get; set; } = true;

    /// <summary>The code of the meter or device, or the step that fails.</summary>
    public required string Subject { get; set; }

    public int? MeterId { get; set; }

    /// <summary>The member concerned, who sees it too.</summary>
    public int? MemberId { get; set; }

    public int? DeviceId { get; set; }

    /// <summary>What was found, in words without personal data.</summary>
    public required string Words { get; set; }

    /// <summary>Since when it is so, by the market clock.</summary>
    public DateTimeOffset Since { get; set; }

    /// <summary>When it was noticed.</summary>
    public DateTimeOffset OpenedAt { get; set; }

    /// <summary>Who has taken it.</summary>
    public Guid? Owner { get; set; }

    public DateTimeOffset? TakenAt { get; set; }

    public DateTimeOffset? AcknowledgedAt { get; set; }

    /// <summary>When it goes further up if nobody has acknowledged it by then.</summary>
    public DateTimeOffset EscalatesAt { get; set; }

    public DateTimeOffset? EscalatedAt { get; set; }

    public DateTimeOffset? ResolvedAt { get; set; }

    /// <summary>Who resolved it; null where its cause ended by itself.</summary>
    public Guid? ResolvedBy { get; set; }
}

/// <summary>What was done with an alarm. Stored as numbers: never renumber.</summary>
public enum AlarmAct : short
{
    Opened = 1,
    Taken = 2,
    Acknowledged = 3,
    Noted = 4,
    Escalated = 5,

    /// <summary>By a person, with a note.</summary>
    Resolved = 6,

    /// <summary>The cause has ended by itself.</summary>
    Ended = 7,
}

/// <summary>One entry in an alarm's history. Never changed.</summary>
public sealed class AlarmEvent
{
    public int LoopId { get; set; }

    public long AlarmId { get; set; }

    public long Id { get; set; }

    public AlarmAct Act { get; set; }

    public DateTimeOffset At { get; set; }

    /// <summary>Null where the system did it.</summary>
    public Guid? By { get; set; }

    public string? Note { get; set; }
}

/// <summary>From when on alarms are raised and how long they may wait in a loop. A loop without a row has what a new one has.</summary>
public sealed class AlarmRules
{
    public int LoopId { get; set; }

    /// <summary>Settled hours without a measurement after which a meter counts as silent.</summary>
    public int SilentHours { get; set; } = 3;

    /// <summary>Minutes until an alarm that nobody has acknowledged goes further up.</summary>
    public int UrgentMinutes { get; set; } = 30;

    public int HighMinutes { get; set; } = 4 * 60;

    public int LowMinutes { get; set; } = 3 * 24 * 60;

    /// <summary>Hours in a row outside the promised temperature before it is an alarm; each hour counts for the contract.</summary>
    public int PromiseHours { get; set; } = 2;

    public int MinutesOf(AlarmSeverity severity) => severity switch
    {
        AlarmSeverity.Urgent => UrgentMinutes,
        AlarmSeverity.High => HighMinutes,
        AlarmSeverity.Low => LowMinutes,
        _ => throw new ArgumentOutOfRangeException(nameof(severity), severity, "Not a severity"),
    };
}

internal sealed class AlarmTable : IEntityTypeConfiguration<Alarm>
{
    public void Configure(EntityTypeBuilder<Alarm> builder)
    {
        builder.ToTable("Alarms").HasKey(alarm => new { alarm.LoopId, alarm.Id });
        builder.Property(alarm => alarm.Id).UseIdentityAlwaysColumn();
        builder.Property(alarm => alarm.Cause).HasMaxLength(120);
        builder.Property(alarm => alarm.Subject).HasMaxLength(80);
        builder.Property(alarm => alarm.Words).HasMaxLength(600);
        builder.HasIndex(alarm => new { alarm.LoopId, alarm.Cause }).IsUnique().HasFilter("stands").HasDatabaseName("ix_alarms_standing");
        builder.HasIndex(alarm => new { alarm.LoopId, alarm.Severity, alarm.Id }).HasFilter("resolved_at IS NULL").HasDatabaseName("ix_alarms_open");
        builder.HasIndex(alarm => new { alarm.LoopId, alarm.MemberId });
        builder.HasIndex(alarm => new { alarm.LoopId, alarm.MeterId });
        builder.HasOne<Loop>().WithMany().HasForeignKey(alarm => alarm.LoopId);
    }
}

internal sealed class AlarmEventTable : IEntityTypeConfiguration<AlarmEvent>
{
    public void Configure(EntityTypeBuilder<AlarmEvent> builder)
    {
        builder.ToTable("AlarmEvents").HasKey(happened => new { happened.LoopId, happened.AlarmId, happened.Id });
        builder.Property(happened => happened.Id).UseIdentityAlwaysColumn().ValueGeneratedOnAdd();
        builder.Property(happened => happened.Note).HasMaxLength(1000);
        builder.HasOne<Alarm>().WithMany().HasForeignKey(happened => new { happened.LoopId, happened.AlarmId });
    }
}

internal sealed class AlarmRulesTable : IEntityTypeConfiguration<AlarmRules>
{
    public void Configure(EntityTypeBuilder<AlarmRules> builder)
    {
        builder.ToTable("AlarmRules").HasKey(rules => rules.LoopId);
        builder.Property(rules => rules.LoopId).ValueGeneratedNever();
        builder.HasOne<Loop>().WithMany().HasForeignKey(rules => rules.LoopId);
    }
}
