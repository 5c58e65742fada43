using System.Globalization;
using Marketplace.Data;

namespace Marketplace.Web.Features.Parties;

/// <summary>A party as it is typed.</summary>
public sealed class PartyForm
{
    public string? Name { get; set; }

    public string? Street { get; set; }

    public string? PostCode { get; set; }

    public string? City { get; set; }

    public string? Country { get; set; }

    public string? VatId { get; set; }

    public string? TaxNumber { get; set; }

    public string? RegisterNumber { get; set; }

    public string? Email { get; set; }

    public string? Phone { get; set; }

    public string? Iban { get; set; }

    public string? Bic { get; set; }

    public string? AccountHolder { get; set; }

    public string? CreditorId { get; set; }

    public string? Mandate { get; set; }

    public string? MandateSignedOn { get; set; }

    public string? Language { get; set; }

    public static PartyForm Of(PartyDetails party) => new()
    {
        Name = party.Name, Street = party.Street, PostCode = party.PostCode, City = party.City, Country = party.Country, VatId = party.VatId,
        TaxNumber = party.TaxNumber, RegisterNumber = party.RegisterNumber, Email = party.Email, Phone = party.Phone,
        Iban = Billing.Iban.TryParse(party.Iban, out var iban, out _) ? iban!.Grouped : party.Iban, Bic = party.Bic, AccountHolder = party.AccountHolder,
        CreditorId = party.CreditorId, Mandate = party.Mandate, MandateSignedOn = party.MandateSignedOn?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        Language = party.Language,
    };

    public PartyDetails ToDetails() => new()
    {
        Name = Name ?? "", Street = Street ?? "", PostCode = PostCode ?? "", City = City ?? "", Country = Country ?? "", VatId = VatId ?? "",
        TaxNumber = TaxNumber ?? "", RegisterNumber = RegisterNumber ?? "", Email = Email ?? "", Phone = Phone ?? "", Iban = Iban ?? "", Bic = Bic ?? "",
        AccountHolder = AccountHolder ?? "", CreditorId = CreditorId ?? "", Mandate = Mandate ?? "",
        MandateSignedOn = DateOnly.TryParseExact(MandateSignedOn, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null,
        Language = Language is { Length: 2 } ? Language : "en",
    };
}
