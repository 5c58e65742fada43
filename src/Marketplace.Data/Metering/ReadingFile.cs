using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>Which way a file of readings came. Stored as numbers: never renumber.</summary>
public enum ReadingFileSource : short
{
    Upload = 1,
    Folder = 2,
}

/// <summary>A file of readings and what became of it. One content is taken in once for each loop, whatever it is called.</summary>
public sealed class ReadingFile
{
    public int LoopId { get; set; }

    public long Id { get; set; }

    public required byte[] Sha256 { get; set; }

    public required string Name { get; set; }

    public ReadingFileSource Source { get; set; }

    /// <summary>Kept until it is gone through.</summary>
    public byte[]? Content { get; set; }

    public Guid? SentBy { get; set; }

    public DateTimeOffset SentAt { get; set; }

    public DateTimeOffset? DoneAt { get; set; }

    public int Rows { get; set; }

    public int RowsDone { get; set; }

    public int Stored { get; set; }

    public int Corrected { get; set; }

    public int Unchanged { get; set; }

    public int Refused { get; set; }

    /// <summary>Why nothing of it could be read, if so.</summary>
    public string? Failure { get; set; }
}

/// <summary>A row of a file that was not taken, with the reason. Line 0 holds the header.</summary>
public sealed class ReadingFileRefusal
{
    public int LoopId { get; set; }

    public long FileId { get; set; }

    public int Line { get; set; }

    public required string Row { get; set; }

    public required string Rule { get; set; }

    public required string Reason { get; set; }
}

/// <summary>Whether a loop's folder is watched for files of readings.</summary>
public sealed class WatchedFolder
{
    public int LoopId { get; set; }

    /// <summary>The name of a folder below the one that the installation keeps for this.</summary>
    public required string Folder { get; set; }

    public bool IsOn { get; set; }

    public DateTimeOffset? LookedAt { get; set; }

    public string? Problem { get; set; }
}

/// <summary>A call of the HTTP interface that brought readings, under the name its sender gave it, with the answer it got.</summary>
public sealed class ReadingCall
{
    public int LoopId { get; set; }

    public Guid CallId { get; set; }

    public required byte[] BodySha256 { get; set; }

    public required byte[] Answer { get; set; }

    public DateTimeOffset At { get; set; }
}

internal sealed class ReadingFileTable : IEntityTypeConfiguration<ReadingFile>
{
    public void Configure(EntityTypeBuilder<ReadingFile> builder)
    {
        builder.ToTable("ReadingFiles").HasKey(file => new { file.LoopId, file.Id });
        builder.Property(file => file.Id).UseIdentityAlwaysColumn();
        builder.Property(file => file.Name).HasMaxLength(200);
        builder.HasIndex(file => new { file.LoopId, file.Sha256 }).IsUnique();
        builder.HasOne<Loop>().WithMany().HasForeignKey(file => file.LoopId);
    }
}

internal sealed class ReadingFileRefusalTable : IEntityTypeConfiguration<ReadingFileRefusal>
{
    public void Configure(EntityTypeBuilder<ReadingFileRefusal> builder)
    {
        builder.ToTable("ReadingFileRefusals").HasKey(refusal => new { refusal.LoopId, refusal.FileId, refusal.Line });
        builder.Property(refusal => refusal.Line).ValueGeneratedNever();
        builder.HasOne<ReadingFile>().WithMany().HasForeignKey(refusal => new { refusal.LoopId, refusal.FileId });
    }
}

internal sealed class WatchedFolderTable : IEntityTypeConfiguration<WatchedFolder>
{
    public void Configure(EntityTypeBuilder<WatchedFolder> builder)
    {
        builder.ToTable("WatchedFolders").HasKey(folder => folder.LoopId);
        builder.Property(folder => folder.LoopId).ValueGeneratedNever();
        builder.Property(folder => folder.Folder).HasMaxLength(64);
        builder.Property(folder => folder.Problem).HasMaxLength(300);
        builder.HasIndex(folder => folder.Folder).IsUnique();
        builder.HasOne<Loop>().WithMany().HasForeignKey(folder => folder.LoopId);
    }
}

internal sealed class ReadingCallTable : IEntityTypeConfiguration<ReadingCall>
{
    public void Configure(EntityTypeBuilder<ReadingCall> builder)
    {
        builder.ToTable("ReadingCalls").HasKey(call => new { call.LoopId, call.CallId });
        builder.HasOne<Loop>().WithMany().HasForeignKey(call => call.LoopId);
    }
}
