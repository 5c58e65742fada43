using Marketplace.Quantities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>How urgent a flag is. Stored as numbers: never renumber.</summary>
public enum FlagSeverity : short
{
    /// <summary>Worth a look; the values may well be right.</summary>
    Note = 1,

    /// <summary>The values can hardly be right, or are not there.</summary>
    Doubtful = 2,

    /// <summary>The values cannot be right, or must not be.</summary>
    Severe = 3,
}

/// <summary>What became of a flag. Stored as numbers: never renumber.</summary>
public enum FlagResolutionKind : short
{
    /// <summary>An operator looked at it: the values stand.</summary>
    Accepted = 1,

    /// <summary>An operator had the hours estimated.</summary>
    Estimated = 2,

    /// <summary>Later readings took its ground away.</summary>
    NoLongerFound = 3,
}

/// <summary>What a check had to say about a meter. Never changed: it annotates readings, which stay as they are.</summary>
public sealed class ReadingFlag
{
    public int LoopId { get; set; }

    public long Id { get; set; }

    /// <summary>0 for what concerns the loop as a whole.</summary>
    public int MeterId { get; set; }

    /// <summary>The first hour concerned.</summary>
    public DateTimeOffset Hour { get; set; }

    /// <summary>The end of the last.</summary>
    public DateTimeOffset UntilHour { get; set; }

    public required string CheckName { get; set; }

    /// <summary>Counts up where the same was found again after it had gone.</summary>
    public short Occurrence { get; set; }

    public FlagSeverity Severity { get; set; }

    /// <summary>What was found, with its figures.</summary>
    public required string Words { get; set; }

    /// <summary>The code of the meter it was compared with, if it was.</summary>
    public string? OtherMeter { get; set; }

    public DateTimeOffset FoundAt { get; set; }
}

/// <summary>A flag that waits for somebody: the work list beside the evidence. Its row goes when the flag is resolved.</summary>
public sealed class OpenFlag
{
    public int LoopId { get; set; }

    public long FlagId { get; set; }

    public int MeterId { get; set; }

    /// <summary>Null for the loop as a whole.</summary>
    public Carrier? Carrier { get; set; }

    public FlagSeverity Severity { get; set; }

    public required string CheckName { get; set; }

    public DateTimeOffset Hour { get; set; }
}

/// <summary>How a flag ended. Never changed.</summary>
public sealed class FlagResolution
{
    public int LoopId { get; set; }

    public long FlagId { get; set; }

    public FlagResolutionKind Kind { get; set; }

    public required string Reason { get; set; }

    /// <summary>Null where the checks themselves withdrew it.</summary>
    public Guid? ResolvedBy { get; set; }

    public DateTimeOffset At { get; set; }
}

/// <summary>Hours of a meter that came, or came anew, since the checks last looked. Derived: losing it costs checks, no evidence.</summary>
public sealed class UnjudgedReadings
{
    public int LoopId { get; set; }

    public int MeterId { get; set; }

    public DateTimeOffset FromHour { get; set; }

    public DateTimeOffset UntilHour { get; set; }

    /// <summary>Counts up with each delivery, so that what comes while the checks run is not forgotten.</summary>
    public long Stamp { get; set; }
}

/// <summary>How far the daily part of the checks has come in a loop.</summary>
public sealed class JudgedDay
{
    public int LoopId { get; set; }

    /// <summary>Up to the start of this local day every meter in service was looked at.</summary>
    public DateOnly Until { get; set; }
}

/// <summary>The parameters of a class of meters, from a version on. Never changed: the last version holds.</summary>
public sealed class MeterClassTerms
{
    public int LoopId { get; set; }

    public required string ClassName { get; set; }

    public int Version { get; set; }

    public decimal SpikeOverThirdPeak { get; set; }

    public decimal HampelDeviations { get; set; }

    public int StuckHours { get; set; }

    public int LongZeroHours { get; set; }

    public decimal HistoryFactor { get; set; }

    public decimal JumpFactor { get; set; }

    public decimal RegisterTolerance { get; set; }

    public decimal MostLoss { get; set; }

    public decimal HeatTolerance { get; set; }

    public decimal LeastDifference { get; set; }

    public required string Reason { get; set; }

    public Guid? SetBy { get; set; }

    public DateTimeOffset SetAt { get; set; }
}

/// <summary>Which method an estimate called for and which was applied, by the numbers of the metering core. Never changed.</summary>
public sealed class ReadingEstimate
{
    public int LoopId { get; set; }

    public int MeterId { get; set; }

    public DateTimeOffset Hour { get; set; }

    public short Revision { get; set; }

    public short Requested { get; set; }

    public short Applied { get; set; }
}

internal sealed class ReadingFlagTable : IEntityTypeConfiguration<ReadingFlag>
{
    public void Configure(EntityTypeBuilder<ReadingFlag> builder)
    {
        builder.ToTable("ReadingFlags").HasKey(flag => new { flag.LoopId, flag.Id });
        builder.Property(flag => flag.Id).UseIdentityAlwaysColumn();
        builder.Property(flag => flag.CheckName).HasMaxLength(40);
        builder.Property(flag => flag.Words).HasMaxLength(500);
        builder.Property(flag => flag.OtherMeter).HasMaxLength(64);
        builder.HasIndex(flag => new { flag.LoopId, flag.MeterId, flag.Hour, flag.CheckName, flag.Occurrence }).IsUnique();
        builder.HasOne<Loop>().WithMany().HasForeignKey(flag => flag.LoopId);
    }
}

internal sealed class OpenFlagTable : IEntityTypeConfiguration<OpenFlag>
{
    public void Configure(EntityTypeBuilder<OpenFlag> builder)
    {
        builder.ToTable("OpenFlags").HasKey(flag => new { flag.LoopId, flag.FlagId });
        builder.Property(flag => flag.FlagId).ValueGeneratedNever();
        builder.Property(flag => flag.CheckName).HasMaxLength(40);
        // In the order in which the work list is read, with and without a check chosen.
        builder.HasIndex(flag => new { flag.LoopId, flag.Severity, flag.Hour, flag.FlagId }).IsDescending(false, true, true, true);
        builder.HasIndex(flag => new { flag.LoopId, flag.CheckName, flag.Severity, flag.Hour, flag.FlagId }).IsDescending(false, false, true, true, true);
        builder.HasIndex(flag => new { flag.LoopId, flag.MeterId });
    }
}

internal sealed class FlagResolutionTable : IEntityTypeConfiguration<FlagResolution>
{
    public void Configure(EntityTypeBuilder<FlagResolution> builder)
    {
        builder.ToTable("FlagResolutions").HasKey(resolution => new { resolution.LoopId, resolution.FlagId });
        builder.Property(resolution => resolution.FlagId).ValueGeneratedNever();
        builder.Property(resolution => resolution.Reason).HasMaxLength(500);
        builder.HasOne<ReadingFlag>().WithOne().HasForeignKey<FlagResolution>(resolution => new { resolution.LoopId, resolution.FlagId });
    }
}

internal sealed class UnjudgedReadingsTable : IEntityTypeConfiguration<UnjudgedReadings>
{
    public void Configure(EntityTypeBuilder<UnjudgedReadings> builder) =>
        builder.ToTable("UnjudgedReadings").HasKey(row => new { row.LoopId, row.MeterId });
}

internal sealed class JudgedDayTable : IEntityTypeConfiguration<JudgedDay>
{
    public void Configure(EntityTypeBuilder<JudgedDay> builder)
    {
        builder.ToTable("JudgedDays").HasKey(day => day.LoopId);
        builder.Property(day => day.LoopId).ValueGeneratedNever();
        builder.HasOne<Loop>().WithOne().HasForeignKey<JudgedDay>(day => day.LoopId);
    }
}

internal sealed class MeterClassTermsTable : IEntityTypeConfiguration<MeterClassTerms>
{
    public void Configure(EntityTypeBuilder<MeterClassTerms> builder)
    {
        builder.ToTable("MeterClassTerms").HasKey(terms => new { terms.LoopId, terms.ClassName, terms.Version });
        builder.Property(terms => terms.ClassName).HasMaxLength(20);
        builder.Property(terms => terms.Reason).HasMaxLength(500);
        builder.HasOne<Loop>().WithMany().HasForeignKey(terms => terms.LoopId);
    }
}

internal sealed class ReadingEstimateTable : IEntityTypeConfiguration<ReadingEstimate>
{
    public void Configure(EntityTypeBuilder<ReadingEstimate> builder) =>
        builder.ToTable("ReadingEstimates").HasKey(estimate => new { estimate.LoopId, estimate.MeterId, estimate.Hour, estimate.Revision });
}
