using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>A published version of a template. It never changes; the ledger holds its hash.</summary>
public sealed class ContractTemplate
{
    public int LoopId { get; set; }

    public required string Code { get; set; }

    public int Version { get; set; }

    /// <summary>The core's TemplateKind.</summary>
    public short Kind { get; set; }

    /// <summary>The template as canonical JSON.</summary>
    public required byte[] Body { get; set; }

    /// <summary>SHA-256 of the body.</summary>
    public required byte[] Hash { get; set; }

    public DateTimeOffset PublishedAt { get; set; }

    /// <summary>None where the loop began with it, or a vote decided it.</summary>
    public Guid? PublishedBy { get; set; }

    /// <summary>The record that the ledger commits to.</summary>
    public required byte[] Canonical { get; set; }

    public long BatchId { get; set; }

    public int BatchPosition { get; set; }
}

/// <summary>What an operator is working on. It may be wrong; until it is without findings nobody else sees it.</summary>
public sealed class ContractTemplateDraft
{
    public int LoopId { get; set; }

    public required string Code { get; set; }

    /// <summary>The template as JSON.</summary>
    public required byte[] Body { get; set; }

    public DateTimeOffset SavedAt { get; set; }

    public Guid? SavedBy { get; set; }
}

/// <summary>From then on no contract begins from the template, until a later version is published. Contracts that run go on.</summary>
public sealed class ContractTemplateRetirement
{
    public int LoopId { get; set; }

    public required string Code { get; set; }

    /// <summary>The last version then.</summary>
    public int Version { get; set; }

    public DateTimeOffset At { get; set; }

    public Guid? By { get; set; }
}

/// <summary>What an index is from a day on, as its publisher says.</summary>
public sealed class ContractIndexValue
{
    public int LoopId { get; set; }

    public required string Name { get; set; }

    public DateTimeOffset ValidFrom { get; set; }

    public long Millionths { get; set; }

    /// <summary>Where the number stands: publisher, table, date.</summary>
    public required string Source { get; set; }

    public DateTimeOffset SetAt { get; set; }

    public Guid? SetBy { get; set; }
}

// The tables are made by hand-written SQL, with their rules (Contracts.sql).
internal sealed class ContractTemplateTable : IEntityTypeConfiguration<ContractTemplate>
{
    public void Configure(EntityTypeBuilder<ContractTemplate> builder) =>
        builder.ToTable("ContractTemplates", table => table.ExcludeFromMigrations()).HasKey(template => new { template.LoopId, template.Code, template.Version });
}

internal sealed class ContractTemplateDraftTable : IEntityTypeConfiguration<ContractTemplateDraft>
{
    public void Configure(EntityTypeBuilder<ContractTemplateDraft> builder) =>
        builder.ToTable("ContractTemplateDrafts", table => table.ExcludeFromMigrations()).HasKey(draft => new { draft.LoopId, draft.Code });
}

internal sealed class ContractTemplateRetirementTable : IEntityTypeConfiguration<ContractTemplateRetirement>
{
    public void Configure(EntityTypeBuilder<ContractTemplateRetirement> builder) =>
        builder.ToTable("ContractTemplateRetirements", table => table.ExcludeFromMigrations()).HasKey(retired => new { retired.LoopId, retired.Code, retired.Version });
}

internal sealed class ContractIndexValueTable : IEntityTypeConfiguration<ContractIndexValue>
{
    public void Configure(EntityTypeBuilder<ContractIndexValue> builder) =>
        builder.ToTable("ContractIndexValues", table => table.ExcludeFromMigrations()).HasKey(value => new { value.LoopId, value.Name, value.ValidFrom });
}
