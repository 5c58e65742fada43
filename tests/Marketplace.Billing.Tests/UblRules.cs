using System.Globalization;
using System.Xml;
using System.Xml.XPath;

namespace Marketplace.Billing.Tests;

/// <summary>Rules of EN 16931-1 (and their UBL binding) that a bill of ours could break, read from the standard and put apart from the
/// writer: the model's BR and BR-CO rules, the categories S, Z, E and O, decimals, code lists in use, and the order of elements.</summary>
internal static class UblRules
{
    private const string Total = "/*/cac:LegalMonetaryTotal";
    private const string Seller = "/*/cac:AccountingSupplierParty/cac:Party";
    private const string Buyer = "/*/cac:AccountingCustomerParty/cac:Party";
    private const string Lines = "/*/*[self::cac:InvoiceLine or self::cac:CreditNoteLine]";
    private const string Groups = "/*/cac:TaxTotal/cac:TaxSubtotal";
    private const string SellerTax = Seller + "/cac:PartyTaxScheme";

    private static readonly (string Id, string Test)[] s_rules =
    [
        ("BR-01", "/*/cbc:CustomizationID = 'urn:cen.eu:en16931:2017'"),
        ("BR-02", "string-length(/*/cbc:ID) > 0"),
        ("BR-03", "string-length(/*/cbc:IssueDate) = 10"),
        ("BR-04", "count(/*/cbc:InvoiceTypeCode | /*/cbc:CreditNoteTypeCode) = 1"),
        ("BR-05", "string-length(/*/cbc:DocumentCurrencyCode) = 3"),
        ("BR-06", $"string-length({Seller}/cac:PartyLegalEntity/cbc:RegistrationName) > 0"),
        ("BR-07", $"string-length({Buyer}/cac:PartyLegalEntity/cbc:RegistrationName) > 0"),
        ("BR-08", $"count({Seller}/cac:PostalAddress) = 1"),
        ("BR-09", $"string-length({Seller}/cac:PostalAddress/cac:Country/cbc:IdentificationCode) = 2"),
        ("BR-10", $"count({Buyer}/cac:PostalAddress) = 1"),
        ("BR-11", $"string-length({Buyer}/cac:PostalAddress/cac:Country/cbc:IdentificationCode) = 2"),
        ("BR-12", $"count({Total}/cbc:LineExtensionAmount) = 1"),
        ("BR-13", $"count({Total}/cbc:TaxExclusiveAmount) = 1"),
        ("BR-14", $"count({Total}/cbc:TaxInclusiveAmount) = 1"),
        ("BR-15", $"count({Total}/cbc:PayableAmount) = 1"),
        ("BR-16", $"count({Lines}) >= 1"),
        ("BR-21", $"not({Lines}[not(string(cbc:ID))])"),
        ("BR-22", $"not({Lines}[not(cbc:InvoicedQuantity) and not(cbc:CreditedQuantity)])"),
        ("BR-23", $"not({Lines}/*[(self::cbc:InvoicedQuantity or self::cbc:CreditedQuantity) and not(@unitCode)])"),
        ("BR-24", $"not({Lines}[not(cbc:LineExtensionAmount)])"),
        ("BR-25", $"not({Lines}[not(string(cac:Item/cbc:Name))])"),
        ("BR-26", $"not({Lines}[not(cac:Price/cbc:PriceAmount)])"),
        ("BR-27", $"not({Lines}[cac:Price/cbc:PriceAmount < 0])"),
        ("BR-29", "not(/*/cac:InvoicePeriod) or translate(/*/cac:InvoicePeriod/cbc:EndDate, '-', '') >= translate(/*/cac:InvoicePeriod/cbc:StartDate, '-', '')"),
        ("BR-45", $"not({Groups}[not(cbc:TaxableAmount)])"),
        ("BR-46", $"not({Groups}[not(cbc:TaxAmount)])"),
        ("BR-47", $"not({Groups}[not(string(cac:TaxCategory/cbc:ID))])"),
        ("BR-48", $"not({Groups}[cac:TaxCategory/cbc:ID != 'O' and not(cac:TaxCategory/cbc:Percent)])"),
        ("BR-49", "not(/*/cac:PaymentMeans[not(cbc:PaymentMeansCode)])"),
        ("BR-50", "not(/*/cac:PaymentMeans/cac:PayeeFinancialAccount[not(string(cbc:ID))])"),
        ("BR-53", "count(/*/cac:TaxTotal) = 1"),
        ("BR-55", "not(/*/cac:BillingReference[not(string(cac:InvoiceDocumentReference/cbc:ID))])"),
        ("BR-61", "not(/*/cac:PaymentMeans[(cbc:PaymentMeansCode = '30' or cbc:PaymentMeansCode = '58') and not(cac:PayeeFinancialAccount/cbc:ID)])"),
        ("BR-62", $"not({Seller}/cbc:EndpointID[not(@schemeID)])"),
        ("BR-63", $"not({Buyer}/cbc:EndpointID[not(@schemeID)])"),
        ("BR-CO-04", $"not({Lines}[count(cac:Item/cac:ClassifiedTaxCategory/cbc:ID) != 1])"),
        ("BR-CO-09", "not(/*/*/cac:Party/cac:PartyTaxScheme[cac:TaxScheme/cbc:ID = 'VAT' and translate(substring(cbc:CompanyID, 1, 2), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', '') != ''])"),
        ("BR-CO-18", $"count({Groups}) >= 1"),
        ("BR-CO-25", $"not({Total}/cbc:PayableAmount > 0) or /*/cbc:DueDate or /*/cac:PaymentMeans/cbc:PaymentDueDate or /*/cac:PaymentTerms/cbc:Note"),
        ("BR-CO-26", $"{Seller}/cac:PartyIdentification/cbc:ID or {Seller}/cac:PartyLegalEntity/cbc:CompanyID or {SellerTax}[cac:TaxScheme/cbc:ID = 'VAT']"),
        ("BR-S-02", $"not({Lines}[cac:Item/cac:ClassifiedTaxCategory/cbc:ID = 'S']) or {SellerTax}"),
        ("BR-S-05", $"not({Lines}/cac:Item/cac:ClassifiedTaxCategory[cbc:ID = 'S' and not(cbc:Percent > 0)])"),
        ("BR-S-10", $"not({Groups}/cac:TaxCategory[cbc:ID = 'S' and (cbc:TaxExemptionReason or cbc:TaxExemptionReasonCode)])"),
        ("BR-Z-02", $"not({Lines}[cac:Item/cac:ClassifiedTaxCategory/cbc:ID = 'Z']) or {SellerTax}"),
        ("BR-Z-05", $"not({Lines}/cac:Item/cac:ClassifiedTaxCategory[cbc:ID = 'Z' and cbc:Percent != 0])"),
        ("BR-Z-10", $"not({Groups}/cac:TaxCategory[cbc:ID = 'Z' and (cbc:TaxExemptionReason or cbc:TaxExemptionReasonCode)])"),
        ("BR-E-01", $"count({Groups}/cac:TaxCategory[cbc:ID = 'E']) <= 1 and (not({Lines}[cac:Item/cac:ClassifiedTaxCategory/cbc:ID = 'E']) or {Groups}/cac:TaxCategory/cbc:ID = 'E')"),
        ("BR-E-02", $"not({Lines}[cac:Item/cac:ClassifiedTaxCategory/cbc:ID = 'E']) or {SellerTax}"),
        ("BR-E-05", $"not({Lines}/cac:Item/cac:ClassifiedTaxCategory[cbc:ID = 'E' and not(cbc:Percent = 0)])"),
        ("BR-E-09", $"not({Groups}[cac:TaxCategory/cbc:ID = 'E' and cbc:TaxAmount != 0])"),
        ("BR-E-10", $"not({Groups}/cac:TaxCategory[cbc:ID = 'E' and not(string(cbc:TaxExemptionReason))])"),
        ("BR-AE-02", $"not({Lines}[cac:Item/cac:ClassifiedTaxCategory/cbc:ID = 'AE']) or ({SellerTax} and ({Buyer}/cac:PartyTaxScheme or {Buyer}/cac:PartyLegalEntity/cbc:CompanyID))"),
        ("BR-AE-05", $"not({Lines}/cac:Item/cac:ClassifiedTaxCategory[cbc:ID = 'AE' and not(cbc:Percent = 0)])"),
        ("BR-AE-10", $"not({Groups}/cac:TaxCategory[cbc:ID = 'AE' and not(string(cbc:TaxExemptionReason))])"),
        ("BR-O-01", $"not({Lines}[cac:Item/cac:ClassifiedTaxCategory/cbc:ID = 'O']) or count({Groups}/cac:TaxCategory[cbc:ID = 'O']) = 1"),
        ("BR-O-02", $"not({Lines}[cac:Item/cac:ClassifiedTaxCategory/cbc:ID = 'O']) or not(/*/*/cac:Party/cac:PartyTaxScheme[cac:TaxScheme/cbc:ID = 'VAT'])"),
        ("BR-O-05", "not(//*[(self::cac:ClassifiedTaxCategory or self::cac:TaxCategory) and cbc:ID = 'O' and cbc:Percent])"),
        ("BR-O-09", $"not({Groups}[cac:TaxCategory/cbc:ID = 'O' and cbc:TaxAmount != 0])"),
        ("BR-O-10", $"not({Groups}/cac:TaxCategory[cbc:ID = 'O' and not(string(cbc:TaxExemptionReason))])"),
        ("BR-O-11", $"not({Groups}/cac:TaxCategory[cbc:ID = 'O']) or count({Groups}) = 1"),
        ("BR-O-12", $"not({Groups}/cac:TaxCategory[cbc:ID = 'O']) or not({Lines}[cac:Item/cac:ClassifiedTaxCategory/cbc:ID != 'O'])"),
        ("BR-CL-01", "not(/*/cbc:InvoiceTypeCode) or /*/cbc:InvoiceTypeCode = '380' or /*/cbc:InvoiceTypeCode = '389'"),
        ("BR-CL-01-CN", "not(/*/cbc:CreditNoteTypeCode) or /*/cbc:CreditNoteTypeCode = '381' or /*/cbc:CreditNoteTypeCode = '261'"),
        ("BR-CL-03", "not(//@currencyID[. != /*/cbc:DocumentCurrencyCode])"),
        ("BR-CL-16", "not(/*/cac:PaymentMeans/cbc:PaymentMeansCode[not(. = '1' or . = '58' or . = '59')])"),
        ("BR-CL-17", "not(//cac:TaxCategory/cbc:ID[not(. = 'S' or . = 'Z' or . = 'E' or . = 'O' or . = 'AE')])"),
        ("BR-CL-18", "not(//cac:ClassifiedTaxCategory/cbc:ID[not(. = 'S' or . = 'Z' or . = 'E' or . = 'O' or . = 'AE')])"),
        ("BR-CL-23", "not(//@unitCode[not(. = 'KWH' or . = 'DAY' or . = 'HUR' or . = 'P1' or . = 'C62' or . = 'WTT')])"),
        ("UBL-SR-no-empty", "not(//*[not(*) and not(normalize-space())])"),
    ];

    private static readonly string[] s_invoiceOrder =
    [
        "CustomizationID", "ID", "IssueDate", "DueDate", "InvoiceTypeCode", "Note", "DocumentCurrencyCode", "BuyerReference", "InvoicePeriod", "BillingReference",
        "AccountingSupplierParty", "AccountingCustomerParty", "PaymentMeans", "PaymentTerms", "TaxTotal", "LegalMonetaryTotal", "InvoiceLine",
    ];

    private static readonly string[] s_creditNoteOrder =
    [
        "CustomizationID", "ID", "IssueDate", "CreditNoteTypeCode", "Note", "DocumentCurrencyCode", "BuyerReference", "InvoicePeriod", "BillingReference",
        "AccountingSupplierParty", "AccountingCustomerParty", "PaymentMeans", "PaymentTerms", "TaxTotal", "LegalMonetaryTotal", "CreditNoteLine",
    ];

    private static readonly Dictionary<string, string[]> s_orders = new(StringComparer.Ordinal)
    {
        ["Party"] = ["EndpointID", "PartyIdentification", "PostalAddress", "PartyTaxScheme", "PartyLegalEntity", "Contact"],
        ["PostalAddress"] = ["StreetName", "CityName", "PostalZone", "Country"],
        ["Contact"] = ["Name", "Telephone", "ElectronicMail"],
        ["PaymentMeans"] = ["PaymentMeansCode", "PaymentDueDate", "PaymentID", "PayeeFinancialAccount", "PaymentMandate"],
        ["PayeeFinancialAccount"] = ["ID", "Name", "FinancialInstitutionBranch"],
        ["TaxSubtotal"] = ["TaxableAmount", "TaxAmount", "TaxCategory"],
        ["TaxCategory"] = ["ID", "Percent", "TaxExemptionReason", "TaxScheme"],
        ["LegalMonetaryTotal"] = ["LineExtensionAmount", "TaxExclusiveAmount", "TaxInclusiveAmount", "PayableAmount"],
        ["InvoiceLine"] = ["ID", "InvoicedQuantity", "LineExtensionAmount", "Item", "Price"],
        ["CreditNoteLine"] = ["ID", "CreditedQuantity", "LineExtensionAmount", "Item", "Price"],
        ["Item"] = ["Description", "Name", "ClassifiedTaxCategory"],
    };

    /// <summary>The rules that a file breaks, each with what it found.</summary>
    public static IReadOnlyList<string> Broken(byte[] file)
    {
        var document = new XmlDocument();
        document.LoadXml(System.Text.Encoding.UTF8.GetString(file).TrimStart('\uFEFF'));
        var names = new XmlNamespaceManager(document.NameTable);
        names.AddNamespace("cac", "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2");
        names.AddNamespace("cbc", "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2");
        var navigator = document.CreateNavigator()!;
        var broken = s_rules.Where(rule => !(bool)navigator.Evaluate($"boolean({rule.Test})", names)).Select(rule => rule.Id).ToList();

        decimal Sum(string path) => document.SelectNodes(path, names)!.Cast<XmlNode>().Sum(node => decimal.Parse(node.InnerText, NumberStyles.Float, CultureInfo.InvariantCulture));
        void Check(string id, bool holds)
        {
            if (!holds)
            {
                broken.Add(id);
            }
        }

        Check("BR-CO-10", Sum($"{Total}/cbc:LineExtensionAmount") == Sum($"{Lines}/cbc:LineExtensionAmount"));
        Check("BR-CO-13", Sum($"{Total}/cbc:TaxExclusiveAmount") == Sum($"{Total}/cbc:LineExtensionAmount"));
        Check("BR-CO-14", Sum("/*/cac:TaxTotal/cbc:TaxAmount") == Sum($"{Groups}/cbc:TaxAmount"));
        Check("BR-CO-15", Sum($"{Total}/cbc:TaxInclusiveAmount") == Sum($"{Total}/cbc:TaxExclusiveAmount") + Sum("/*/cac:TaxTotal/cbc:TaxAmount"));
        Check("BR-CO-16", Sum($"{Total}/cbc:PayableAmount") == Sum($"{Total}/cbc:TaxInclusiveAmount"));
        foreach (XmlNode group in document.SelectNodes(Groups, names)!)
        {
            string Text(string path) => group.SelectSingleNode(path, names)?.InnerText ?? "0";
            var (category, percent) = (Text("cac:TaxCategory/cbc:ID"), decimal.Parse(Text("cac:TaxCategory/cbc:Percent"), CultureInfo.InvariantCulture));
            var (taxable, tax) = (decimal.Parse(Text("cbc:TaxableAmount"), CultureInfo.InvariantCulture), decimal.Parse(Text("cbc:TaxAmount"), CultureInfo.InvariantCulture));
            Check("BR-CO-17", tax == decimal.Round(taxable * percent / 100m, 2, MidpointRounding.AwayFromZero));
            var own = document.SelectNodes(Lines, names)!.Cast<XmlNode>()
                .Where(line => line.SelectSingleNode("cac:Item/cac:ClassifiedTaxCategory/cbc:ID", names)!.InnerText == category
                    && decimal.Parse(line.SelectSingleNode("cac:Item/cac:ClassifiedTaxCategory/cbc:Percent", names)?.InnerText ?? "0", CultureInfo.InvariantCulture) == percent)
                .Sum(line => decimal.Parse(line.SelectSingleNode("cbc:LineExtensionAmount", names)!.InnerText, CultureInfo.InvariantCulture));
            Check($"BR-{category}-08", taxable == own);
        }

        foreach (XmlNode line in document.SelectNodes(Lines, names)!)
        {
            // Not the model's own rule, but the networks': quantity × price gives the line, to two cents.
            var quantity = decimal.Parse(line.SelectSingleNode("cbc:InvoicedQuantity | cbc:CreditedQuantity", names)!.InnerText, CultureInfo.InvariantCulture);
            var price = decimal.Parse(line.SelectSingleNode("cac:Price/cbc:PriceAmount", names)!.InnerText, CultureInfo.InvariantCulture);
            var net = decimal.Parse(line.SelectSingleNode("cbc:LineExtensionAmount", names)!.InnerText, CultureInfo.InvariantCulture);
            Check("PEPPOL-EN16931-R120", Math.Abs((quantity * price) - net) <= 0.02m);
        }

        foreach (XmlNode amount in document.SelectNodes("//*[@currencyID and local-name() != 'PriceAmount']", names)!)
        {
            Check("BR-DEC", amount.InnerText[(amount.InnerText.IndexOf('.', StringComparison.Ordinal) + 1)..].Length <= 2);
        }

        Order(document.DocumentElement!, document.DocumentElement!.LocalName == "Invoice" ? s_invoiceOrder : s_creditNoteOrder);
        foreach (var (name, order) in s_orders)
        {
            foreach (XmlElement element in document.SelectNodes($"//cac:{name}", names)!)
            {
                Order(element, order);
            }
        }

        return broken;

        void Order(XmlElement element, string[] order)
        {
            var places = element.ChildNodes.OfType<XmlElement>().Select(child => Array.IndexOf(order, child.LocalName)).ToList();
            Check($"order of {element.LocalName}: {string.Join(", ", element.ChildNodes.OfType<XmlElement>().Select(child => child.LocalName))}",
                places.All(place => place >= 0) && places.SequenceEqual(places.Order()));
        }
    }
}
