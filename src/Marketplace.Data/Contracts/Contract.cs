using Marketplace.Quantities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>What was done to a contract. Stored as numbers: never renumber.</summary>
public enum ContractActKind : short
{
    /// <summary>Terms that only their author sees.</summary>
    Drafted = 1,

    /// <summary>Terms laid before the others, signed by who offers them.</summary>
    Offered = 2,

    /// <summary>Other terms, signed by a party who had to answer.</summary>
    Countered = 3,

    /// <summary>Signed by a party. Once all have signed the same terms, the contract binds them.</summary>
    Accepted = 4,

    /// <summary>Refused by a party who had to answer.</summary>
    Declined = 5,

    /// <summary>Taken back by whose terms were open.</summary>
    Withdrawn = 6,

    /// <summary>New terms for a contract that runs, signed by who proposes them. Until all have signed, the former ones hold.</summary>
    Renegotiated = 7,

    /// <summary>Notice was given: the contract ends at the end of a period.</summary>
    Cancelled = 8,

    /// <summary>Goes on as agreed, as nobody gave notice.</summary>
    Renewed = 9,

    /// <summary>A party says that something of a result is wrong.</summary>
    Disputed = 10,

    /// <summary>The dispute is over.</summary>
    Resolved = 11,
}

/// <summary>A contract between members of a loop. Who takes part is fixed; all else is in its acts.</summary>
public sealed class Contract
{
    public int LoopId { get; set; }

    public long Id { get; set; }

    /// <summary>Made by the form, so that a form sent twice makes one contract.</summary>
    public Guid SubmissionId { get; set; }

    public required string TemplateCode { get; set; }

    /// <summary>The party who drafted it.</summary>
    public int MemberId { get; set; }

    public DateTimeOffset MadeAt { get; set; }
}

/// <summary>Who plays which role.</summary>
public sealed class ContractParty
{
    public int LoopId { get; set; }

    public long ContractId { get; set; }

    public required string Role { get; set; }

    public int MemberId { get; set; }
}

/// <summary>One act on a contract. Acts are added, never changed. Each repeats the terms of which it speaks.</summary>
public sealed class ContractAct
{
    public int LoopId { get; set; }

    public long ContractId { get; set; }

    /// <summary>Counted within the contract, from 1: of two acts at once only one gets the number.</summary>
    public int Number { get; set; }

    public ContractActKind Kind { get; set; }

    /// <summary>The party who acted; 0 where the contract went on by itself.</summary>
    public int MemberId { get; set; }

    public Guid? DoneBy { get; set; }

    public DateTimeOffset At { get; set; }

    /// <summary>The time of the act on the market clock.</summary>
    public DateTimeOffset MarketAt { get; set; }

    /// <summary>The version of the terms, counted within the contract.</summary>
    public int Version { get; set; }

    public int TemplateVersion { get; set; }

    /// <summary>What the parameters hold, as JSON with sorted names.</summary>
    public required string Values { get; set; }

    /// <summary>The first local day.</summary>
    public DateOnly StartsOn { get; set; }

    /// <summary>The first local day after the end; a notice moves it forward, a renewal back.</summary>
    public DateOnly EndsOn { get; set; }

    /// <summary>The signature, where the act needs one.</summary>
    public long? SignatureId { get; set; }

    /// <summary>The record that the ledger commits to.</summary>
    public required byte[] Canonical { get; set; }

    public long BatchId { get; set; }

    public int BatchPosition { get; set; }
}

/// <summary>What a party wrote to the others beside an act. It may name people, so it is in no record and can be erased.</summary>
public sealed class ContractNote
{
    public int LoopId { get; set; }

    public long ContractId { get; set; }

    public int Number { get; set; }

    public int MemberId { get; set; }

    public required string Text { get; set; }
}

/// <summary>When which version of a contract holds: what its acts come to, kept for the evaluation of many contracts at once.</summary>
public sealed class ContractRun
{
    public int LoopId { get; set; }

    public long ContractId { get; set; }

    public int Version { get; set; }

    public required string TemplateCode { get; set; }

    public int TemplateVersion { get; set; }

    /// <summary>The core's ContractPeriod.</summary>
    public short Period { get; set; }

    public required string Values { get; set; }

    public DateTimeOffset StartsAt { get; set; }

    public DateTimeOffset EndsAt { get; set; }

    /// <summary>When the contract itself began, before any renegotiation.</summary>
    public DateTimeOffset ContractStartsAt { get; set; }

    /// <summary>The end of the last period that is evaluated; where there is none, the start.</summary>
    public DateTimeOffset EvaluatedUntil { get; set; }

    /// <summary>Of contracts with the same key only one may run at a time: what it is the only one of.</summary>
    public string? ExclusiveKey { get; set; }
}

/// <summary>What a clause came to in a period. Its key makes it happen once.</summary>
public sealed class ContractResult
{
    public int LoopId { get; set; }

    public long ContractId { get; set; }

    public int Version { get; set; }

    public required string Clause { get; set; }

    public DateTimeOffset PeriodStart { get; set; }

    public DateTimeOffset PeriodEnd { get; set; }

    public int PayerId { get; set; }

    public int PayeeId { get; set; }

    /// <summary>In whole cents, from payer to payee; below zero the other way.</summary>
    public Money Amount { get; set; }

    /// <summary>What was measured, in the quantity's unit.</summary>
    public long Quantity { get; set; }

    /// <summary>Formula and inputs, as JSON.</summary>
    public required string Explanation { get; set; }

    public DateTimeOffset EvaluatedAt { get; set; }

    /// <summary>The record that the ledger commits to.</summary>
    public required byte[] Canonical { get; set; }

    public long BatchId { get; set; }

    public int BatchPosition { get; set; }
}

/// <summary>A call to use less, or more, for some hours, under a contract about flexibility.</summary>
public sealed class FlexibilityCall
{
    public int LoopId { get; set; }

    public long Id { get; set; }

    public long ContractId { get; set; }

    /// <summary>Who is asked.</summary>
    public int MemberId { get; set; }

    public Carrier Carrier { get; set; }

    public DateTimeOffset StartsAt { get; set; }

    public DateTimeOffset EndsAt { get; set; }

    /// <summary>By how much load is to fall (above zero) or to rise (below zero).</summary>
    public long Watts { get; set; }

    public DateTimeOffset CalledAt { get; set; }

    public Guid? CalledBy { get; set; }
}

internal sealed class ContractTable : IEntityTypeConfiguration<Contract>
{
    public void Configure(EntityTypeBuilder<Contract> builder)
    {
        builder.ToTable("Contracts", table => table.ExcludeFromMigrations()).HasKey(contract => new { contract.LoopId, contract.Id });
        builder.Property(contract => contract.Id).UseIdentityAlwaysColumn();
    }
}

internal sealed class ContractPartyTable : IEntityTypeConfiguration<ContractParty>
{
    public void Configure(EntityTypeBuilder<ContractParty> builder) =>
        builder.ToTable("ContractParties", table => table.ExcludeFromMigrations()).HasKey(party => new { party.LoopId, party.ContractId, party.Role });
}

internal sealed class ContractActTable : IEntityTypeConfiguration<ContractAct>
{
    public void Configure(EntityTypeBuilder<ContractAct> builder)
    {
        builder.ToTable("ContractActs", table => table.ExcludeFromMigrations()).HasKey(act => new { act.LoopId, act.ContractId, act.Number });
        builder.Property(act => act.Values).HasColumnName("parameter_values");
    }
}

internal sealed class ContractNoteTable : IEntityTypeConfiguration<ContractNote>
{
    public void Configure(EntityTypeBuilder<ContractNote> builder) =>
        builder.ToTable("ContractNotes", table => table.ExcludeFromMigrations()).HasKey(note => new { note.LoopId, note.ContractId, note.Number });
}

internal sealed class ContractRunTable : IEntityTypeConfiguration<ContractRun>
{
    public void Configure(EntityTypeBuilder<ContractRun> builder)
    {
        builder.ToTable("ContractRuns", table => table.ExcludeFromMigrations()).HasKey(run => new { run.LoopId, run.ContractId, run.Version });
        builder.Property(run => run.Values).HasColumnName("parameter_values");
    }
}

internal sealed class ContractResultTable : IEntityTypeConfiguration<ContractResult>
{
    public void Configure(EntityTypeBuilder<ContractResult> builder) =>
        builder.ToTable("ContractResults", table => table.ExcludeFromMigrations())
            .HasKey(result => new { result.LoopId, result.ContractId, result.Version, result.Clause, result.PeriodStart });
}

internal sealed class FlexibilityCallTable : IEntityTypeConfiguration<FlexibilityCall>
{
    public void Configure(EntityTypeBuilder<FlexibilityCall> builder)
    {
        builder.ToTable("FlexibilityCalls", table => table.ExcludeFromMigrations()).HasKey(call => new { call.LoopId, call.Id });
        builder.Property(call => call.Id).UseIdentityAlwaysColumn();
    }
}
