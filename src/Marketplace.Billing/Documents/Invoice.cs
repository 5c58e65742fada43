using Marketplace.Quantities;

namespace Marketplace.Billing;

/// <summary>What kind of document an invoice is (UNTDID 1001).</summary>
public enum InvoiceKind
{
    /// <summary>A commercial invoice: the loop bills the member.</summary>
    Invoice = 380,

    /// <summary>A credit note: it takes an invoice back.</summary>
    CreditNote = 381,

    /// <summary>A self-billed invoice: the loop writes for the member who sells.</summary>
    SelfBilled = 389,

    /// <summary>A self-billed credit note.</summary>
    SelfBilledCreditNote = 261,
}

/// <summary>One line of an invoice. Quantities and amounts are those of the seller: what the buyer owes is positive.</summary>
public sealed record InvoiceLine
{
    /// <summary>The line's number on the document.</summary>
    public required int Number { get; init; }

    /// <summary>What was supplied, in words.</summary>
    public required string Name { get; init; }

    /// <summary>How the amount came about, in words; may be empty.</summary>
    public string Description { get; init; } = "";

    /// <summary>How much: Wh, W, days, hours, millionths of a plant's revenue, or pieces.</summary>
    public required long Quantity { get; init; }

    /// <summary>The quantity's unit, as <see cref="BillLineKinds.Unit"/> has it, or a contract clause's own.</summary>
    public required string Unit { get; init; }

    /// <summary>The line's amount in cents.</summary>
    public required long NetCents { get; init; }

    /// <summary>How it is taxed.</summary>
    public required VatRate Vat { get; init; }
}

/// <summary>A bill or statement as an invoice between two parties, from which <see cref="UblDocument"/> writes the file.</summary>
public sealed record Invoice
{
    /// <summary>What kind of document.</summary>
    public required InvoiceKind Kind { get; init; }

    /// <summary>Its number.</summary>
    public required string Number { get; init; }

    /// <summary>The day it was issued.</summary>
    public required DateOnly IssuedOn { get; init; }

    /// <summary>The day by which it is paid.</summary>
    public required DateOnly DueOn { get; init; }

    /// <summary>ISO 4217.</summary>
    public required string Currency { get; init; }

    /// <summary>The first day billed.</summary>
    public required DateOnly From { get; init; }

    /// <summary>The last day billed.</summary>
    public required DateOnly Until { get; init; }

    /// <summary>Who supplies.</summary>
    public required InvoiceParty Seller { get; init; }

    /// <summary>Who is supplied.</summary>
    public required InvoiceParty Buyer { get; init; }

    /// <summary>The lines.</summary>
    public required IReadOnlyList<InvoiceLine> Lines { get; init; }

    /// <summary>Why lines that are not taxed are not, in words.</summary>
    public required string ExemptionReason { get; init; }

    /// <summary>When and how to pay, in words; may be empty.</summary>
    public string PaymentTerms { get; init; } = "";

    /// <summary>What a payment is to quote.</summary>
    public required string PaymentReference { get; init; }

    /// <summary>The direct debit mandate by which the amount is taken, or empty for a transfer.</summary>
    public string Mandate { get; init; } = "";

    /// <summary>The loop's creditor identifier, where there is a mandate.</summary>
    public string CreditorId { get; init; } = "";

    /// <summary>The buyer's account from which a direct debit takes it.</summary>
    public Iban? DebitedAccount { get; init; }

    /// <summary>A note for the reader, or empty.</summary>
    public string Note { get; init; } = "";

    /// <summary>The document that this one takes back or replaces.</summary>
    public (string Number, DateOnly IssuedOn)? Preceding { get; init; }

    /// <summary>The tax, by category and rate.</summary>
    public IReadOnlyList<VatGroup> Vat =>
    [
        .. Lines.GroupBy(line => line.Vat).OrderBy(group => group.Key.Category).ThenBy(group => group.Key.BasisPoints)
            .Select(group => VatGroup.Of(group.Key, group.Sum(line => line.NetCents))),
    ];

    /// <summary>The sum of the lines.</summary>
    public long NetCents => Lines.Sum(line => line.NetCents);

    /// <summary>The sum of the tax.</summary>
    public long VatCents => Vat.Sum(group => group.TaxCents);

    /// <summary>What is to be paid.</summary>
    public long TotalCents => NetCents + VatCents;

    /// <summary>Whether the member is the seller and the loop writes for it.</summary>
    public bool IsSelfBilled => Kind is InvoiceKind.SelfBilled or InvoiceKind.SelfBilledCreditNote;

    /// <summary>Whether it takes another document back.</summary>
    public bool IsCreditNote => Kind is InvoiceKind.CreditNote or InvoiceKind.SelfBilledCreditNote;
}
