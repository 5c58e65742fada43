using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Shouldly;
using Xunit;

namespace Marketplace.Billing.Tests;

public sealed class UblDocumentTests
{
    private static readonly InvoiceParty s_loop = new()
    {
        Name = "Lindenhof Energie eG", Key = "lindenhof", Street = "Ring 1", PostCode = "00001", City = "Lindenhof", Country = "DE", TaxNumber = "00/000/00001",
        RegisterNumber = "GnR 1", Email = "bills@lindenhof.example", Phone = "+49 30 1", Account = Iban.Parse("DE89 3704 0044 0532 0130 00"),
    };

    private static readonly InvoiceParty s_member = new() { Name = "Kim & <Söhne>", Key = "m-02", Country = "DE", Account = Iban.Parse("FR1420041010050500013M02606") };

    [Theory]
    [InlineData(InvoiceKind.Invoice)]
    [InlineData(InvoiceKind.CreditNote)]
    [InlineData(InvoiceKind.SelfBilled)]
    [InlineData(InvoiceKind.SelfBilledCreditNote)]
    public void Every_kind_of_document_keeps_the_standards_rules(InvoiceKind kind)
    {
        var selfBilled = kind is InvoiceKind.SelfBilled or InvoiceKind.SelfBilledCreditNote;
        var invoice = Of(kind, selfBilled
            ? [Line(1, -12_345_678, -98_765, VatRate.Exempt), Line(2, 4_000, 31, VatRate.Exempt)]
            : [Line(1, 1_234_567, 45_678, VatRate.Standard(1900)), Line(2, 31, 1_085, VatRate.Standard(1900), "days"), Line(3, 12_000, -250, VatRate.Exempt), Line(4, 5_000, 100, VatRate.Standard(700))]);

        UblRules.Broken(UblDocument.Write(invoice)).ShouldBeEmpty();
    }

    [Fact]
    public void A_seller_with_a_VAT_identifier_is_exempt_and_one_without_is_outside_the_tax()
    {
        var lines = new[] { Line(1, 5_000, 123, VatRate.Exempt) };
        Text(Of(InvoiceKind.SelfBilled, lines)).ShouldContain("<cbc:ID>O</cbc:ID>");
        var registered = Of(InvoiceKind.SelfBilled, lines) with { Seller = s_member with { VatId = "DE136695976" } };
        Text(registered).ShouldContain("<cbc:ID>E</cbc:ID>");
        UblRules.Broken(UblDocument.Write(registered)).ShouldBeEmpty();
    }

    [Fact]
    public void A_rate_of_zero_is_zero_rated_and_not_standard()
    {
        var invoice = Of(InvoiceKind.Invoice, [Line(1, 5_000, 123, VatRate.Standard(0))]);
        Text(invoice).ShouldContain("<cbc:ID>Z</cbc:ID>");
        UblRules.Broken(UblDocument.Write(invoice)).ShouldBeEmpty();
    }

    [Fact]
    public void A_customer_who_owes_the_tax_is_named_with_the_identifier()
    {
        var invoice = Of(InvoiceKind.Invoice, [Line(1, 5_000, 123, VatRate.Of("AE", 0))]) with { Buyer = s_member with { VatId = "FR12345678901" } };
        Text(invoice).ShouldContain("<cbc:ID>AE</cbc:ID>");
        UblRules.Broken(UblDocument.Write(invoice)).ShouldBeEmpty();
    }

    [Fact]
    public void What_the_identifiers_lack_is_known_before_a_file_breaks_the_rules_for_it()
    {
        VatRate[] rates = [VatRate.Standard(1900), VatRate.Exempt, VatRate.Of("Z", 0), VatRate.Of("AE", 0), VatRate.Of("O", 0)];
        foreach (var (one, other) in rates.SelectMany(one => rates.Select(other => (one, other))))
        {
            foreach (var (seller, buyer) in new[] { (false, false), (false, true), (true, false), (true, true) })
            {
                var invoice = Of(InvoiceKind.Invoice, [Line(1, 5_000, 123, one), Line(2, 1_000, 45, other)]) with
                {
                    Seller = s_loop with { TaxNumber = seller ? "1/2/3" : "" }, Buyer = s_member with { RegisterNumber = buyer ? "HRB 1" : "" },
                };
                var missing = TaxIdentifiers.Missing([one, other], seller, buyer);
                var broken = UblRules.Broken(UblDocument.Write(invoice)).Where(rule => rule.EndsWith("-02", StringComparison.Ordinal)).ToList();
                (missing.Count > 0).ShouldBe(broken.Count > 0, $"{one.Code} and {other.Code}, seller {seller}, buyer {buyer}: {string.Join(", ", broken)}");
                missing.Contains(TaxIdentifierGap.Buyer).ShouldBe(!buyer && (one.Code == "AE" || other.Code == "AE"));
            }
        }
    }

    [Fact]
    public void A_mandate_makes_it_a_direct_debit()
    {
        var invoice = Of(InvoiceKind.Invoice, [Line(1, 5_000, 123, VatRate.Standard(1900))]) with
        {
            Mandate = "M-7", CreditorId = "DE98ZZZ09999999999", DebitedAccount = s_member.Account,
        };
        var text = Text(invoice);
        text.ShouldContain("<cbc:PaymentMeansCode>59</cbc:PaymentMeansCode>");
        text.ShouldContain("FR1420041010050500013M02606");
        text.ShouldContain("schemeID=\"SEPA\"");
        UblRules.Broken(UblDocument.Write(invoice)).ShouldBeEmpty();
    }

    [Fact]
    public void What_XML_cannot_hold_does_not_keep_a_bill_from_its_reader()
    {
        var invoice = Of(InvoiceKind.Invoice, [Line(1, 5_000, 123, VatRate.Standard(1900))]) with { Buyer = s_member with { Name = "Kim\u0001 \uFFFE𝔎" } };
        Text(invoice).ShouldContain("Kim\uFFFD \uFFFD𝔎");
    }

    [Fact]
    public void Whatever_the_amounts_the_rules_hold_and_the_total_is_the_documents()
    {
        var line = from quantity in Gen.Choose(-2_000_000, 2_000_000)
                   from cents in Gen.Choose(-100_000, 100_000)
                   from rate in Gen.Elements(VatRate.Standard(1900), VatRate.Standard(700), VatRate.Standard(0), VatRate.Exempt, VatRate.Of("O", 0), VatRate.Of("Z", 0))
                   from unit in Gen.Elements("Wh", "days", "hours", "millionths")
                   select (quantity, cents, rate, unit);
        Prop.ForAll(line.NonEmptyListOf().ToArbitrary(), drawn =>
        {
            var invoice = Of(InvoiceKind.Invoice, [.. drawn.Select((one, i) => Line(i + 1, one.quantity, one.cents, one.rate, one.unit))]);
            return UblRules.Broken(UblDocument.Write(invoice)).Count == 0 && invoice.TotalCents == invoice.NetCents + invoice.VatCents;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void The_rules_see_what_is_wrong()
    {
        var good = Text(Of(InvoiceKind.Invoice, [Line(1, 5_000, 123, VatRate.Standard(1900))]));
        UblRules.Broken(Encoding.UTF8.GetBytes(good.Replace("<cbc:PayableAmount currencyID=\"EUR\">1.46", "<cbc:PayableAmount currencyID=\"EUR\">1.47", StringComparison.Ordinal))).ShouldContain("BR-CO-16");
        UblRules.Broken(Encoding.UTF8.GetBytes(good.Replace("unitCode=\"KWH\"", "unitCode=\"STUNDE\"", StringComparison.Ordinal))).ShouldContain("BR-CL-23");
        UblRules.Broken(Encoding.UTF8.GetBytes(good.Replace("<cbc:Percent>19</cbc:Percent>", "", StringComparison.Ordinal))).ShouldContain("BR-S-05");
    }

    private static string Text(Invoice invoice) => Encoding.UTF8.GetString(UblDocument.Write(invoice));

    private static InvoiceLine Line(int number, long quantity, long cents, VatRate vat, string unit = "Wh") =>
        new() { Number = number, Name = "Heat", Description = "Sum of hours", Quantity = quantity, Unit = unit, NetCents = cents, Vat = vat };

    private static Invoice Of(InvoiceKind kind, IReadOnlyList<InvoiceLine> lines)
    {
        var selfBilled = kind is InvoiceKind.SelfBilled or InvoiceKind.SelfBilledCreditNote;
        return new Invoice
        {
            Kind = kind, Number = "LINDENHOF-2026-000001", IssuedOn = new DateOnly(2026, 11, 1), DueOn = new DateOnly(2026, 11, 15), Currency = "EUR",
            From = new DateOnly(2026, 10, 1), Until = new DateOnly(2026, 10, 31), Seller = selfBilled ? s_member : s_loop, Buyer = selfBilled ? s_loop : s_member,
            Lines = lines, ExemptionReason = "Compensation, no supply", PaymentTerms = "Give the reference", PaymentReference = PaymentReference.Of("LINDENHOF-2026-000001"),
            Preceding = kind is InvoiceKind.CreditNote or InvoiceKind.SelfBilledCreditNote ? ("LINDENHOF-2026-000000", new DateOnly(2026, 10, 1)) : null,
        };
    }
}
