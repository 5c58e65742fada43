using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>By which way a message goes. Stored as numbers: never renumber.</summary>
public enum DispatchWay : short
{
    Mail = 1,
    Webhook = 2,
}

/// <summary>Stored as numbers: never renumber.</summary>
public enum DispatchState : short
{
    Waiting = 1,
    Sent = 2,

    /// <summary>Tried often enough.</summary>
    GivenUp = 3,

    /// <summary>There is nobody or nothing to send it to any more.</summary>
    Dropped = 4,
}

/// <summary>An address of another program that is told of a loop's alarms.</summary>
public sealed class Webhook
{
    public int LoopId { get; set; }

    /// <summary>Counted within the loop, from 1.</summary>
    public int Id { get; set; }

    public required string Url { get; set; }

    /// <summary>The shared secret, encrypted by the installation's keys.</summary>
    public required string Secret { get; set; }

    /// <summary>Alarms less urgent than this are not told.</summary>
    public AlarmSeverity LeastSeverity { get; set; } = AlarmSeverity.Low;

    public DateTimeOffset AddedAt { get; set; }

    /// <summary>Nothing is sent to it any more.</summary>
    public DateTimeOffset? RemovedAt { get; set; }
}

/// <summary>One message to one recipient: made in the same transaction as what it tells of, sent afterwards, once for each key.</summary>
public sealed class Dispatch
{
    public int LoopId { get; set; }

    public long Id { get; set; }

    public DispatchWay Way { get; set; }

    /// <summary>What is told, and to whom: one message ever for each.</summary>
    public required string Key { get; set; }

    /// <summary>The person it goes to by mail; the address is looked up when it is sent.</summary>
    public Guid? AccountId { get; set; }

    public int? WebhookId { get; set; }

    /// <summary>The alarms it tells of.</summary>
    public long[] AlarmIds { get; set; } = [];

    public AlarmAct? Act { get; set; }

    public long? AnnouncementId { get; set; }

    /// <summary>What a webhook gets, as it is signed; null for mail, whose text is written when it is sent.</summary>
    public string? Body { get; set; }

    public DispatchState State { get; set; } = DispatchState.Waiting;

    public int Attempts { get; set; }

    public DateTimeOffset QueuedAt { get; set; }

    /// <summary>Not before this.</summary>
    public DateTimeOffset NextAt { get; set; }

    public DateTimeOffset? SentAt { get; set; }

    /// <summary>What came of the last try, without addresses of persons.</summary>
    public string? Outcome { get; set; }
}

internal sealed class WebhookTable : IEntityTypeConfiguration<Webhook>
{
    public void Configure(EntityTypeBuilder<Webhook> builder)
    {
        builder.ToTable("Webhooks").HasKey(webhook => new { webhook.LoopId, webhook.Id });
        builder.Property(webhook => webhook.Id).ValueGeneratedNever();
        builder.Property(webhook => webhook.Url).HasMaxLength(500);
        builder.HasIndex(webhook => new { webhook.LoopId, webhook.Url }).IsUnique().HasFilter("removed_at IS NULL");
        builder.HasOne<Loop>().WithMany().HasForeignKey(webhook => webhook.LoopId);
    }
}

internal sealed class DispatchTable : IEntityTypeConfiguration<Dispatch>
{
    public void Configure(EntityTypeBuilder<Dispatch> builder)
    {
        builder.ToTable("Dispatches").HasKey(dispatch => new { dispatch.LoopId, dispatch.Id });
        builder.Property(dispatch => dispatch.Id).UseIdentityAlwaysColumn();
        builder.Property(dispatch => dispatch.Key).HasMaxLength(160);
        builder.Property(dispatch => dispatch.Outcome).HasMaxLength(300);
        builder.HasIndex(dispatch => new { dispatch.LoopId, dispatch.Key }).IsUnique();
        builder.HasIndex(dispatch => dispatch.NextAt).HasFilter("state = 1").HasDatabaseName("ix_dispatches_waiting");
        builder.HasOne<Loop>().WithMany().HasForeignKey(dispatch => dispatch.LoopId);
    }
}
