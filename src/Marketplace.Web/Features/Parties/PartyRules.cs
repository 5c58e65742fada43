using FluentValidation;
using Marketplace.Billing;
using Marketplace.Data;

namespace Marketplace.Web.Features.Parties;

/// <summary>What name, address, identifiers and account of a party of a bill must be like.</summary>
internal static class PartyRules
{
    /// <summary>Greece and Northern Ireland, which VAT identifiers name by letters of their own.</summary>
    private static readonly HashSet<string> s_vatPrefixes = ["EL", "XI"];

    public static IValidator<PartyDetails> Of(bool isIssuer)
    {
        var rules = new InlineValidator<PartyDetails>();
        rules.RuleFor(party => party.Name).NotEmpty().WithMessage("Give the full name, as it stands on letters.").MaximumLength(100).WithMessage("Use at most 100 characters.");
        rules.RuleFor(party => party.Street).NotEmpty().WithMessage("Give street and number.").MaximumLength(100).WithMessage("Use at most 100 characters.");
        rules.RuleFor(party => party.PostCode).NotEmpty().WithMessage("Give the post code.").MaximumLength(16).WithMessage("Use at most 16 characters.");
        rules.RuleFor(party => party.City).NotEmpty().WithMessage("Give the place.").MaximumLength(60).WithMessage("Use at most 60 characters.");
        rules.RuleFor(party => party.Country).Must(IsoCodes.IsCountry).WithMessage("Give the country by its two letters, such as DE.");
        // EN 16931 BR-CO-09: the identifier begins with its country's letters; Greece writes EL.
        rules.RuleFor(party => party.VatId).Must(id => id.Length < 2 || !id[..2].All(char.IsAsciiLetterUpper) || IsoCodes.IsCountry(id[..2]) || s_vatPrefixes.Contains(id[..2])).WithMessage(
            "The first two letters of a VAT identifier name a country; there is none of these.");
        rules.RuleFor(party => party.VatId).Matches("^$|^[A-Z]{2}[A-Z0-9+*.]{2,13}$").WithMessage("A VAT identifier begins with two letters for the country, such as DE136695976.");
        rules.RuleFor(party => party.TaxNumber).MaximumLength(30).WithMessage("Use at most 30 characters.");
        rules.RuleFor(party => party.RegisterNumber).MaximumLength(60).WithMessage("Use at most 60 characters.");
        rules.RuleFor(party => party.Email).Matches("^$|^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$").WithMessage("Give a whole e-mail address, such as billing@example.org.").MaximumLength(254).WithMessage("Use at most 254 characters.");
        rules.RuleFor(party => party.Phone).Matches("^$|^[0-9+()/ .-]{3,40}$").WithMessage("Give a telephone number, digits and + only.");
        rules.RuleFor(party => party.Iban).Custom((text, context) =>
        {
            if (text.Length > 0 && !Iban.TryParse(text, out _, out var problem))
            {
                context.AddFailure(nameof(PartyDetails.Iban), problem);
            }
        });
        rules.RuleFor(party => party.Bic).Matches("^$|^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$").WithMessage("A BIC has 8 or 11 letters and digits, such as COBADEFFXXX.");
        rules.RuleFor(party => party.AccountHolder).MaximumLength(70).WithMessage("Use at most 70 characters.");
        if (isIssuer)
        {
            rules.RuleFor(party => party.VatId).NotEmpty().When(party => party.TaxNumber.Length == 0).WithMessage("Bills with value added tax name the VAT identifier or the tax number of who writes them.");
            rules.RuleFor(party => party.Email).NotEmpty().When(party => party.Phone.Length == 0).WithMessage("Say how members reach you about bills: by e-mail or telephone.");
            rules.RuleFor(party => party.Iban).NotEmpty().WithMessage("Members need the account they pay to.");
            rules.RuleFor(party => party.CreditorId).Matches("^$|^[A-Z]{2}[0-9]{2}[A-Z0-9]{3}[A-Z0-9]{1,28}$").WithMessage("A creditor identifier looks like DE98ZZZ09999999999.");
        }
        else
        {
            rules.RuleFor(party => party.Mandate).Matches("^[A-Za-z0-9+?/:().,' -]{0,35}$").WithMessage("A mandate's reference has at most 35 letters, digits and simple signs.");
            rules.RuleFor(party => party.MandateSignedOn).NotNull().When(party => party.Mandate.Length > 0).WithMessage("Say when the mandate was signed.");
            rules.RuleFor(party => party.Iban).NotEmpty().When(party => party.Mandate.Length > 0).WithMessage("A direct debit needs the account it is taken from.");
        }

        return rules;
    }

    /// <summary>The details as they are kept: no spaces around, codes in capitals and without spaces within.</summary>
    public static PartyDetails Tidied(PartyDetails party) => party with
    {
        Name = party.Name.Trim(), Street = party.Street.Trim(), PostCode = party.PostCode.Trim(), City = party.City.Trim(),
        Country = Code(party.Country), VatId = Code(party.VatId), TaxNumber = party.TaxNumber.Trim(), RegisterNumber = party.RegisterNumber.Trim(),
        Email = party.Email.Trim(), Phone = party.Phone.Trim(), Iban = Code(party.Iban), Bic = Code(party.Bic), AccountHolder = party.AccountHolder.Trim(),
        CreditorId = Code(party.CreditorId), Mandate = party.Mandate.Trim(),
    };

    private static string Code(string text) => string.Concat(text.Where(c => !char.IsWhiteSpace(c))).ToUpperInvariant();
}
