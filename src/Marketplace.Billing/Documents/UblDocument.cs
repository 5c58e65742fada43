using System.Globalization;
using System.Text;
using System.Xml;

namespace Marketplace.Billing;

/// <summary>Writes an invoice as UBL 2.1 under EN 16931 (semantic model: EN 16931-1; binding: CEN/TS 16931-3-2). The document is
/// complete for the model's own rules; a country's further rules are not claimed.</summary>
public static class UblDocument
{
    private const string Customization = "urn:cen.eu:en16931:2017";
    private const string InvoiceNamespace = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2";
    private const string CreditNoteNamespace = "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2";
    private const string Aggregate = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2";
    private const string Basic = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2";

    /// <summary>The file's bytes: UTF-8, the same for the same invoice.</summary>
    /// <exception cref="ArgumentException">There is no line, or a line's amount is inconsistent with it.</exception>
    public static byte[] Write(Invoice invoice)
    {
        ArgumentNullException.ThrowIfNull(invoice);
        if (invoice.Lines.Count == 0)
        {
            throw new ArgumentException("An invoice has at least one line (BR-16)", nameof(invoice));
        }

        using var stream = new MemoryStream();
        using (var xml = XmlWriter.Create(stream, new XmlWriterSettings { Encoding = new UTF8Encoding(false), Indent = true, NewLineChars = "\n" }))
        {
            new Writer(xml, invoice).Document();
        }

        return stream.ToArray();
    }

    private static string CategoryOf(VatRate rate, Invoice invoice) => rate switch
    {
        { Category: VatCategory.Standard, BasisPoints: 0 } or { Category: VatCategory.Zero } => "Z",
        { Category: VatCategory.Standard } => "S",
        { Category: VatCategory.ReverseCharge } => "AE",
        _ => IsOutsideTax(invoice) ? "O" : "E",
    };

    private static bool IsOutsideTax(Invoice invoice) =>
        TaxIdentifiers.IsOutsideTax(invoice.Lines.Select(line => line.Vat), invoice.Seller.VatId.Length > 0 || invoice.Seller.TaxNumber.Length > 0);

    private sealed class Writer(XmlWriter xml, Invoice invoice)
    {
        private readonly string _line = invoice.IsCreditNote ? "CreditNoteLine" : "InvoiceLine";
        private readonly bool _outside = IsOutsideTax(invoice);

        public void Document()
        {
            xml.WriteStartDocument();
            xml.WriteStartElement(invoice.IsCreditNote ? "CreditNote" : "Invoice", invoice.IsCreditNote ? CreditNoteNamespace : InvoiceNamespace);
            xml.WriteAttributeString("xmlns", "cac", null, Aggregate);
            xml.WriteAttributeString("xmlns", "cbc", null, Basic);
            Text("CustomizationID", Customization);
            Text("ID", invoice.Number);
            Text("IssueDate", Day(invoice.IssuedOn));
            if (!invoice.IsCreditNote)
            {
                Text("DueDate", Day(invoice.DueOn));
            }

            Text(invoice.IsCreditNote ? "CreditNoteTypeCode" : "InvoiceTypeCode", ((int)invoice.Kind).ToString(CultureInfo.InvariantCulture));
            Optional("Note", invoice.Note);
            Text("DocumentCurrencyCode", invoice.Currency);
            Text("BuyerReference", invoice.Buyer.Key);
            Within("InvoicePeriod", () =>
            {
                Text("StartDate", Day(invoice.From));
                Text("EndDate", Day(invoice.Until));
            });
            if (invoice.Preceding is { } preceding)
            {
                Within("BillingReference", () => Within("InvoiceDocumentReference", () =>
                {
                    Text("ID", preceding.Number);
                    Text("IssueDate", Day(preceding.IssuedOn));
                }));
            }

            Within("AccountingSupplierParty", () => Party(invoice.Seller, seller: true));
            Within("AccountingCustomerParty", () => Party(invoice.Buyer, seller: false));
            PaymentMeans();
            if (invoice.PaymentTerms.Length > 0)
            {
                Within("PaymentTerms", () => Text("Note", invoice.PaymentTerms));
            }

            Totals();
            foreach (var line in invoice.Lines)
            {
                Line(line);
            }

            xml.WriteEndElement();
            xml.WriteEndDocument();
        }

        private void Party(InvoiceParty party, bool seller) => Within("Party", () =>
        {
            if (party.Email.Length > 0)
            {
                xml.WriteStartElement("EndpointID", Basic);
                xml.WriteAttributeString("schemeID", "EM");
                xml.WriteString(Clean(party.Email));
                xml.WriteEndElement();
            }

            Within("PartyIdentification", () => Text("ID", party.Key));
            if (seller && invoice.Mandate.Length > 0 && invoice.CreditorId.Length > 0)
            {
                Within("PartyIdentification", () =>
                {
                    xml.WriteStartElement("ID", Basic);
                    xml.WriteAttributeString("schemeID", "SEPA");
                    xml.WriteString(invoice.CreditorId);
                    xml.WriteEndElement();
                });
            }

            Within("PostalAddress", () =>
            {
                Optional("StreetName", party.Street);
                Optional("CityName", party.City);
                Optional("PostalZone", party.PostCode);
                Within("Country", () => Text("IdentificationCode", party.Country));
            });
            // What is outside the tax names no identifier for it, on either side (BR-O-02).
            if (party.VatId.Length > 0 && !_outside)
            {
                TaxScheme(party.VatId, "VAT");
            }

            if (seller && party.TaxNumber.Length > 0 && !_outside)
            {
                TaxScheme(party.TaxNumber, "FC");
            }

            Within("PartyLegalEntity", () =>
            {
                Text("RegistrationName", party.Name);
                Optional("CompanyID", party.RegisterNumber);
            });
            if (party.Email.Length > 0 || party.Phone.Length > 0)
            {
                Within("Contact", () =>
                {
                    Text("Name", party.Name);
                    Optional("Telephone", party.Phone);
                    Optional("ElectronicMail", party.Email);
                });
            }
        });

        private void TaxScheme(string id, string scheme) => Within("PartyTaxScheme", () =>
        {
            Text("CompanyID", id);
            Within("TaxScheme", () => Text("ID", scheme));
        });

        private void PaymentMeans()
        {
            // Who is owed is paid: on a bill that comes out below zero that is the buyer, whose account the file has no place for.
            var account = invoice.TotalCents >= 0 && !invoice.IsCreditNote ? invoice.Seller.Account : null;
            var debit = invoice.Mandate.Length > 0 && invoice.TotalCents > 0 && !invoice.IsCreditNote;
            Within("PaymentMeans", () =>
            {
                Text("PaymentMeansCode", debit ? "59" : account is null ? "1" : "58");
                if (invoice.IsCreditNote)
                {
                    Text("PaymentDueDate", Day(invoice.DueOn));
                }

                Text("PaymentID", invoice.PaymentReference);
                if (!debit && account is not null)
                {
                    Within("PayeeFinancialAccount", () =>
                    {
                        Text("ID", account.Value);
                        Text("Name", invoice.Seller.AccountHolder.Length > 0 ? invoice.Seller.AccountHolder : invoice.Seller.Name);
                        if (invoice.Seller.Bic.Length > 0)
                        {
                            Within("FinancialInstitutionBranch", () => Text("ID", invoice.Seller.Bic));
                        }
                    });
                }

                if (debit)
                {
                    Within("PaymentMandate", () =>
                    {
                        Text("ID", invoice.Mandate);
                        if (invoice.DebitedAccount is { } debited)
                        {
                            Within("PayerFinancialAccount", () => Text("ID", debited.Value));
                        }
                    });
                }
            });
        }

        private void Totals()
        {
            Within("TaxTotal", () =>
            {
                Amount("TaxAmount", invoice.VatCents);
                // What is exempt and what is outside the scope can share a code, and a code stands once (BR-E-01).
                foreach (var groups in invoice.Vat.GroupBy(group => (Code: CategoryOf(group.Rate, invoice), group.Rate.BasisPoints)))
                {
                    Within("TaxSubtotal", () =>
                    {
                        Amount("TaxableAmount", groups.Sum(group => group.NetCents));
                        Amount("TaxAmount", groups.Sum(group => group.TaxCents));
                        Within("TaxCategory", () => Category(groups.First().Rate, withReason: true));
                    });
                }
            });
            Within("LegalMonetaryTotal", () =>
            {
                Amount("LineExtensionAmount", invoice.NetCents);
                Amount("TaxExclusiveAmount", invoice.NetCents);
                Amount("TaxInclusiveAmount", invoice.TotalCents);
                Amount("PayableAmount", invoice.TotalCents);
            });
        }

        private void Line(InvoiceLine line) => Within(_line, () =>
        {
            var (quantity, unit) = Quantity(line);
            Text("ID", line.Number.ToString(CultureInfo.InvariantCulture));
            xml.WriteStartElement(invoice.IsCreditNote ? "CreditedQuantity" : "InvoicedQuantity", Basic);
            xml.WriteAttributeString("unitCode", unit);
            xml.WriteString(Number(quantity));
            xml.WriteEndElement();
            Amount("LineExtensionAmount", line.NetCents);
            Within("Item", () =>
            {
                Optional("Description", line.Description);
                Text("Name", line.Name);
                Within("ClassifiedTaxCategory", () => Category(line.Vat, withReason: false));
            });
            // A price is never below zero (BR-27): the quantity carries the sign. It is the average, with enough places to give the amount back.
            Within("Price", () =>
            {
                xml.WriteStartElement("PriceAmount", Basic);
                xml.WriteAttributeString("currencyID", invoice.Currency);
                xml.WriteString(Number(decimal.Round(line.NetCents / 100m / quantity, 10, MidpointRounding.AwayFromZero)));
                xml.WriteEndElement();
            });
        });

        private void Category(VatRate rate, bool withReason)
        {
            var code = CategoryOf(rate, invoice);
            Text("ID", code);
            if (code != "O")
            {
                Text("Percent", Number(rate.BasisPoints / 100m));
            }

            if (withReason && code is ("E" or "O" or "AE"))
            {
                Text("TaxExemptionReason", code == "AE" ? "Reverse charge" : invoice.ExemptionReason);
            }

            Within("TaxScheme", () => Text("ID", "VAT"));
        }

        private static (decimal Quantity, string Unit) Quantity(InvoiceLine line)
        {
            var (quantity, unit) = line.Unit switch
            {
                "Wh" => (line.Quantity / 1000m, "KWH"),
                "days" => (line.Quantity, "DAY"),
                "hours" => (line.Quantity, "HUR"),
                "millionths" => (line.Quantity / 10_000m, "P1"),
                "W" => (line.Quantity, "WTT"),
                _ => (line.Quantity, "C62"),
            };
            return quantity == 0m
                ? (line.NetCents < 0 ? -1m : 1m, "C62")
                : (line.NetCents < 0 ? -Math.Abs(quantity) : line.NetCents > 0 ? Math.Abs(quantity) : quantity, unit);
        }

        private void Within(string name, Action content)
        {
            xml.WriteStartElement(name, Aggregate);
            content();
            xml.WriteEndElement();
        }

        private void Text(string name, string value) => xml.WriteElementString(name, Basic, Clean(value));

        private void Optional(string name, string value)
        {
            if (value.Length > 0)
            {
                Text(name, value);
            }
        }

        private void Amount(string name, long cents)
        {
            xml.WriteStartElement(name, Basic);
            xml.WriteAttributeString("currencyID", invoice.Currency);
            xml.WriteString((cents / 100m).ToString("0.00", CultureInfo.InvariantCulture));
            xml.WriteEndElement();
        }

        private static string Number(decimal value) => value.ToString("0.##########", CultureInfo.InvariantCulture);

        private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

        // What XML cannot hold must not keep a bill from its reader.
        private static string Clean(string text) => string.Concat(text.EnumerateRunes()
            .Select(rune => rune.Value is 0x9 or 0xA or 0xD or >= 0x20 and not 0xFFFE and not 0xFFFF ? rune.ToString() : "\uFFFD"));
    }
}
