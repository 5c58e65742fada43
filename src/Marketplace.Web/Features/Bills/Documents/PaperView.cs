using Marketplace.Billing;

namespace Marketplace.Web.Features.Bills.Documents;

/// <summary>Everything that stands on a bill's paper.</summary>
/// <param name="Bill">The bill.</param>
/// <param name="Invoice">Its parties and payment; none while nobody has said who writes the loop's bills.</param>
/// <param name="Language">The recipient's, as ISO 639-1; none where nothing is known of the recipient.</param>
/// <param name="LoopName">The loop.</param>
/// <param name="CheckAddress">The page on which anybody checks the paper's proof.</param>
/// <param name="TariffAddress">The page that shows the loop's tariff in all its versions.</param>
public sealed record PaperView(BillView Bill, Invoice? Invoice, string? Language, string LoopName, string CheckAddress, string TariffAddress)
{
    /// <summary>The same member's document before, to say what changed; none for a credit note, which takes back and does not follow on.</summary>
    public BillView? Earlier { get; init; }

    /// <summary>What banking apps read; none where nothing is to be paid by transfer.</summary>
    public string? PaymentCodeText => Invoice is { IsSelfBilled: false, IsCreditNote: false, Mandate: "", Seller.Account: { } account } invoice
        ? PaymentCode.Text(
            invoice.Seller.AccountHolder.Length > 0 ? invoice.Seller.AccountHolder : invoice.Seller.Name,
            account, invoice.Seller.Bic, invoice.Currency, invoice.TotalCents, invoice.PaymentReference)
        : null;
}
