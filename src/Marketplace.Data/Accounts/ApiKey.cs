using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>A person's key to the HTTP interface. Only the hash of what the person holds is kept.</summary>
public sealed class ApiKey
{
    public Guid Id { get; set; }

    public Guid AccountId { get; set; }

    public required string Name { get; set; }

    /// <summary>SHA-256 of the key. It is 32 random bytes, so that no slower hash is needed.</summary>
    public required byte[] Hash { get; set; }

    /// <summary>The first characters, by which its owner recognises it.</summary>
    public required string Beginning { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>To the minute.</summary>
    public DateTimeOffset? LastUsedAt { get; set; }

    public DateTimeOffset? RevokedAt { get; set; }
}

/// <summary>A loop that a key opens. A loop without a row stays closed to it.</summary>
public sealed class ApiKeyScope
{
    public Guid KeyId { get; set; }

    public int LoopId { get; set; }

    /// <summary>Whether it may place and withdraw as well as read.</summary>
    public bool MayTrade { get; set; }

    /// <summary>Whether it may deliver readings. Only keys of operators and technicians may.</summary>
    public bool MayMeter { get; set; }

    /// <summary>The one device whose batches it delivers; null for any.</summary>
    public int? DeviceId { get; set; }
}

/// <summary>What happened to a key. Stored as numbers: never renumber.</summary>
public enum ApiKeyEventKind : short
{
    Created = 1,
    Revoked = 2,
}

/// <summary>What was done with a key, for its owner and for audits. Never changed.</summary>
public sealed class ApiKeyEvent
{
    public long Id { get; set; }

    public Guid AccountId { get; set; }

    public Guid KeyId { get; set; }

    public DateTimeOffset At { get; set; }

    public ApiKeyEventKind Kind { get; set; }
}

internal sealed class ApiKeyTable : IEntityTypeConfiguration<ApiKey>
{
    public void Configure(EntityTypeBuilder<ApiKey> builder)
    {
        builder.ToTable("ApiKeys").HasKey(key => key.Id);
        builder.Property(key => key.Id).ValueGeneratedNever();
        builder.Property(key => key.Name).HasMaxLength(60);
        builder.Property(key => key.Beginning).HasMaxLength(12);
        builder.HasIndex(key => key.Hash).IsUnique();
        builder.HasIndex(key => key.AccountId);
        builder.HasOne<Account>().WithMany().HasForeignKey(key => key.AccountId);
    }
}

internal sealed class ApiKeyScopeTable : IEntityTypeConfiguration<ApiKeyScope>
{
    public void Configure(EntityTypeBuilder<ApiKeyScope> builder)
    {
        builder.ToTable("ApiKeyScopes").HasKey(scope => new { scope.KeyId, scope.LoopId });
        builder.HasOne<ApiKey>().WithMany().HasForeignKey(scope => scope.KeyId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne<Loop>().WithMany().HasForeignKey(scope => scope.LoopId);
    }
}

internal sealed class ApiKeyEventTable : IEntityTypeConfiguration<ApiKeyEvent>
{
    public void Configure(EntityTypeBuilder<ApiKeyEvent> builder)
    {
        builder.ToTable("ApiKeyEvents").HasKey(entry => entry.Id);
        builder.Property(entry => entry.Id).UseIdentityAlwaysColumn();
        builder.HasIndex(entry => new { entry.AccountId, entry.At });
    }
}
