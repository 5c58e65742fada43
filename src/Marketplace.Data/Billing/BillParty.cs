using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>Who a party of a bill is: name, address, identifiers and account. Texts are empty where nothing is known.</summary>
public sealed record PartyDetails
{
    public string Name { get; init; } = "";

    public string Street { get; init; } = "";

    public string PostCode { get; init; } = "";

    public string City { get; init; } = "";

    /// <summary>ISO 3166-1, two letters.</summary>
    public string Country { get; init; } = "";

    public string VatId { get; init; } = "";

    public string TaxNumber { get; init; } = "";

    public string RegisterNumber { get; init; } = "";

    public string Email { get; init; } = "";

    public string Phone { get; init; } = "";

    /// <summary>Without spaces.</summary>
    public string Iban { get; init; } = "";

    public string Bic { get; init; } = "";

    public string AccountHolder { get; init; } = "";

    /// <summary>The language of letters and documents, as ISO 639-1.</summary>
    public string Language { get; init; } = "en";

    /// <summary>The loop's identifier as a creditor of direct debits.</summary>
    public string CreditorId { get; init; } = "";

    /// <summary>The reference of the direct debit mandate that the member gave, or empty.</summary>
    public string Mandate { get; init; } = "";

    public DateOnly? MandateSignedOn { get; init; }
}

/// <summary>The legal person that writes a loop's bills.</summary>
public sealed class BillIssuer
{
    public int LoopId { get; set; }

    public PartyDetails Details { get; set; } = new();

    public DateTimeOffset SetAt { get; set; }
}

/// <summary>To whom a member's bills are addressed.</summary>
public sealed class BillRecipient
{
    public int LoopId { get; set; }

    public int MemberId { get; set; }

    public PartyDetails Details { get; set; } = new();

    public DateTimeOffset SetAt { get; set; }
}

/// <summary>The two parties as they were when a document was issued: later changes do not reach it.</summary>
public sealed class BillParties
{
    public int LoopId { get; set; }

    public int BillId { get; set; }

    public PartyDetails Issuer { get; set; } = new();

    public PartyDetails Recipient { get; set; } = new();
}

internal static class PartyJson
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Web);

    /// <summary>Kept as one value: a party changes as a whole.</summary>
    public static PropertyBuilder<PartyDetails> AsJson(this PropertyBuilder<PartyDetails> property) => property
        .HasColumnType("jsonb")
        .HasConversion(details => JsonSerializer.Serialize(details, s_options), text => JsonSerializer.Deserialize<PartyDetails>(text, s_options)!);
}

internal sealed class BillIssuerTable : IEntityTypeConfiguration<BillIssuer>
{
    public void Configure(EntityTypeBuilder<BillIssuer> builder)
    {
        builder.ToTable("BillIssuers").HasKey(issuer => issuer.LoopId);
        builder.Property(issuer => issuer.LoopId).ValueGeneratedNever();
        builder.HasOne<Loop>().WithOne().HasForeignKey<BillIssuer>(issuer => issuer.LoopId);
        builder.Property(issuer => issuer.Details).AsJson();
    }
}

internal sealed class BillRecipientTable : IEntityTypeConfiguration<BillRecipient>
{
    public void Configure(EntityTypeBuilder<BillRecipient> builder)
    {
        builder.ToTable("BillRecipients").HasKey(recipient => new { recipient.LoopId, recipient.MemberId });
        builder.HasOne<Member>().WithOne().HasForeignKey<BillRecipient>(recipient => new { recipient.LoopId, recipient.MemberId });
        builder.Property(recipient => recipient.Details).AsJson();
    }
}

internal sealed class BillPartiesTable : IEntityTypeConfiguration<BillParties>
{
    public void Configure(EntityTypeBuilder<BillParties> builder)
    {
        builder.ToTable("BillParties").HasKey(parties => new { parties.LoopId, parties.BillId });
        builder.HasOne<Bill>().WithOne().HasForeignKey<BillParties>(parties => new { parties.LoopId, parties.BillId });
        builder.Property(parties => parties.Issuer).AsJson();
        builder.Property(parties => parties.Recipient).AsJson();
    }
}
