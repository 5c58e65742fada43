using Marketplace.Quantities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>What a named correction of a published hour moved for a member.</summary>
public sealed class CorrectedMember
{
    public int LoopId { get; set; }

    /// <summary>The hour that is corrected.</summary>
    public DateTimeOffset Hour { get; set; }

    /// <summary>Which correction.</summary>
    public long Reference { get; set; }

    public int MemberId { get; set; }

    public Carrier Carrier { get; set; }

    /// <summary>Above zero the member owes it.</summary>
    public Money Amount { get; set; }

    /// <summary>The hour under which the journal has it: the corrected one or, if that was billed before, the first hour after what is billed,
    /// so that the next bill takes it up.</summary>
    public DateTimeOffset PostedHour { get; set; }
}

internal sealed class CorrectedMemberTable : IEntityTypeConfiguration<CorrectedMember>
{
    public void Configure(EntityTypeBuilder<CorrectedMember> builder)
    {
        builder.ToTable("CorrectedMembers").HasKey(member => new { member.LoopId, member.Hour, member.Reference, member.MemberId });
        builder.HasIndex(member => new { member.LoopId, member.PostedHour });
    }
}
