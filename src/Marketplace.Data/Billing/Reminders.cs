using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>When a loop reminds of what is overdue, what that costs, and how long disputes and instalments may take. Never changed: a later version
/// takes over on its day. A loop without a version reminds nobody.</summary>
public sealed class ReminderTerms
{
    public const int UsualAnswerDays = 30, UsualGraceDays = 5;

    public int LoopId { get; set; }

    public int Version { get; set; }

    /// <summary>The loop's first day on which it holds.</summary>
    public DateOnly ValidFrom { get; set; }

    /// <summary>For each level, so many days after a document is due; rising. None: nobody is reminded.</summary>
    public int[] LevelDays { get; set; } = [];

    /// <summary>For each level what a reminder costs; 0 where it is free.</summary>
    public long[] LevelFeeCents { get; set; } = [];

    /// <summary>Less than this is not reminded of.</summary>
    public long LeastCents { get; set; }

    /// <summary>So many days the operator has for the answer to a dispute.</summary>
    public int AnswerDays { get; set; } = UsualAnswerDays;

    /// <summary>An instalment may come so many days late.</summary>
    public int GraceDays { get; set; } = UsualGraceDays;

    public Guid? SetBy { get; set; }

    public DateTimeOffset SetAt { get; set; }
}

/// <summary>That a member was reminded of a document: once at each level. Never changed.</summary>
public sealed class Reminder
{
    public int LoopId { get; set; }

    public long Id { get; set; }

    public int MemberId { get; set; }

    public int BillId { get; set; }

    /// <summary>From 1.</summary>
    public short Level { get; set; }

    public int TermsVersion { get; set; }

    /// <summary>What was overdue of the document and neither disputed nor being collected.</summary>
    public long Cents { get; set; }

    /// <summary>What it costs; owed from that day on.</summary>
    public long FeeCents { get; set; }

    /// <summary>The loop's day.</summary>
    public DateOnly MadeOn { get; set; }

    public DateTimeOffset MadeAt { get; set; }
}

/// <summary>A day on which a loop's arrears were looked through.</summary>
public sealed class ReminderDay
{
    public int LoopId { get; set; }

    public DateOnly Day { get; set; }

    public DateTimeOffset DoneAt { get; set; }
}

/// <summary>Stored as numbers: never renumber.</summary>
public enum InstalmentPlanState : short
{
    Running = 1,

    /// <summary>All of it was paid.</summary>
    Completed = 2,

    /// <summary>An instalment did not come in time.</summary>
    Broken = 3,

    /// <summary>The operator ended it.</summary>
    Ended = 4,
}

/// <summary>An agreement to pay open documents in instalments.</summary>
public sealed class InstalmentPlan
{
    public int LoopId { get; set; }

    /// <summary>Counted within the loop, from 1.</summary>
    public int Id { get; set; }

    public int MemberId { get; set; }

    /// <summary>Made by the form: a form sent twice agrees one plan.</summary>
    public Guid SubmissionId { get; set; }

    public InstalmentPlanState State { get; set; } = InstalmentPlanState.Running;

    public long TotalCents { get; set; }

    public int GraceDays { get; set; }

    /// <summary>The loop's day.</summary>
    public DateOnly AgreedOn { get; set; }

    public DateTimeOffset AgreedAt { get; set; }

    public Guid? AgreedBy { get; set; }

    /// <summary>The loop's day on which it was completed, broken or ended.</summary>
    public DateOnly? EndedOn { get; set; }
}

/// <summary>An instalment. Never changed.</summary>
public sealed class InstalmentPart
{
    public int LoopId { get; set; }

    public int PlanId { get; set; }

    /// <summary>From 1.</summary>
    public short Number { get; set; }

    public DateOnly DueOn { get; set; }

    public long Cents { get; set; }
}

/// <summary>A document that is paid by a plan.</summary>
public sealed class InstalmentDocument
{
    public int LoopId { get; set; }

    public int PlanId { get; set; }

    public int BillId { get; set; }

    /// <summary>What of it was open and not disputed when the plan was agreed.</summary>
    public long Cents { get; set; }

    /// <summary>Whether the plan runs: a document is in one running plan only.</summary>
    public bool Running { get; set; } = true;
}

internal sealed class ReminderTermsTable : IEntityTypeConfiguration<ReminderTerms>
{
    public void Configure(EntityTypeBuilder<ReminderTerms> builder)
    {
        builder.ToTable("ReminderTerms", table => table.HasCheckConstraint("reminder_terms_levels", "cardinality(level_days) = cardinality(level_fee_cents)"))
            .HasKey(terms => new { terms.LoopId, terms.Version });
        builder.Property(terms => terms.Version).ValueGeneratedNever();
        builder.HasOne<Loop>().WithMany().HasForeignKey(terms => terms.LoopId);
    }
}

internal sealed class ReminderTable : IEntityTypeConfiguration<Reminder>
{
    public void Configure(EntityTypeBuilder<Reminder> builder)
    {
        builder.ToTable("Reminders", table => table.HasCheckConstraint("reminders_cents", "cents > 0 AND fee_cents >= 0 AND level > 0"))
            .HasKey(reminder => new { reminder.LoopId, reminder.Id });
        builder.Property(reminder => reminder.Id).UseIdentityAlwaysColumn();
        builder.HasIndex(reminder => new { reminder.LoopId, reminder.BillId, reminder.Level }).IsUnique().HasDatabaseName("ux_reminders_level");
        builder.HasIndex(reminder => new { reminder.LoopId, reminder.MemberId });
        builder.HasOne<Bill>().WithMany().HasForeignKey(reminder => new { reminder.LoopId, reminder.BillId });
        builder.HasOne<Member>().WithMany().HasForeignKey(reminder => new { reminder.LoopId, reminder.MemberId });
    }
}

internal sealed class ReminderDayTable : IEntityTypeConfiguration<ReminderDay>
{
    public void Configure(EntityTypeBuilder<ReminderDay> builder)
    {
        builder.ToTable("ReminderDays").HasKey(day => new { day.LoopId, day.Day });
        builder.HasOne<Loop>().WithMany().HasForeignKey(day => day.LoopId);
    }
}

internal sealed class InstalmentPlanTable : IEntityTypeConfiguration<InstalmentPlan>
{
    public void Configure(EntityTypeBuilder<InstalmentPlan> builder)
    {
        builder.ToTable("InstalmentPlans", table => table.HasCheckConstraint("instalment_plans_total", "total_cents > 0")).HasKey(plan => new { plan.LoopId, plan.Id });
        builder.Property(plan => plan.Id).ValueGeneratedNever();
        builder.HasIndex(plan => new { plan.LoopId, plan.SubmissionId }).IsUnique();
        builder.HasIndex(plan => new { plan.LoopId, plan.MemberId });
        builder.HasOne<Member>().WithMany().HasForeignKey(plan => new { plan.LoopId, plan.MemberId });
    }
}

internal sealed class InstalmentPartTable : IEntityTypeConfiguration<InstalmentPart>
{
    public void Configure(EntityTypeBuilder<InstalmentPart> builder)
    {
        builder.ToTable("InstalmentParts", table => table.HasCheckConstraint("instalment_parts_cents", "cents > 0")).HasKey(part => new { part.LoopId, part.PlanId, part.Number });
        builder.HasOne<InstalmentPlan>().WithMany().HasForeignKey(part => new { part.LoopId, part.PlanId });
    }
}

internal sealed class InstalmentDocumentTable : IEntityTypeConfiguration<InstalmentDocument>
{
    public void Configure(EntityTypeBuilder<InstalmentDocument> builder)
    {
        builder.ToTable("InstalmentDocuments", table => table.HasCheckConstraint("instalment_documents_cents", "cents > 0"))
            .HasKey(document => new { document.LoopId, document.PlanId, document.BillId });
        builder.HasIndex(document => new { document.LoopId, document.BillId }).IsUnique().HasFilter("running").HasDatabaseName("ux_instalment_documents_running");
        builder.HasOne<InstalmentPlan>().WithMany().HasForeignKey(document => new { document.LoopId, document.PlanId });
        builder.HasOne<Bill>().WithMany().HasForeignKey(document => new { document.LoopId, document.BillId });
    }
}
