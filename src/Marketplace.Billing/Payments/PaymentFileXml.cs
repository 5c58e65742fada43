using System.Globalization;
using System.Text;
using System.Xml;

namespace Marketplace.Billing;

/// <summary>Writes files of payments in euro as banks read them: credit transfers as ISO 20022 <c>pain.001.001.09</c>, direct debits (CORE) as
/// <c>pain.008.001.08</c>, by the rules of the European Payments Council: structured addresses, its characters, shared charges.</summary>
public static class PaymentFileXml
{
    private const string Transfers = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09";
    private const string Debits = "urn:iso:std:iso:20022:tech:xsd:pain.008.001.08";
    private const int NameLength = 70;

    /// <summary>A file of credit transfers, in UTF-8.</summary>
    /// <exception cref="ArgumentException">The file would not be taken: no payments, an amount or an identification out of bounds.</exception>
    public static byte[] CreditTransfers(PaymentFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        file.RequireSound(isDirectDebit: false);
        return Write(Transfers, "CstmrCdtTrfInitn", xml =>
        {
            Header(xml, file);
            xml.WriteStartElement("PmtInf");
            Batch(xml, file, "TRF");
            Nested(xml, "PmtTpInf", () => Nested(xml, "SvcLvl", () => xml.WriteElementString("Cd", "SEPA")));
            Nested(xml, "ReqdExctnDt", () => xml.WriteElementString("Dt", Date(file.ExecuteOn)));
            Party(xml, "Dbtr", file.Own);
            xml.WriteElementString("ChrgBr", "SLEV");
            foreach (var payment in file.Payments)
            {
                xml.WriteStartElement("CdtTrfTxInf");
                Nested(xml, "PmtId", () => xml.WriteElementString("EndToEndId", payment.EndToEndId));
                Nested(xml, "Amt", () => Amount(xml, payment.Cents));
                if (payment.Other.Bic.Length > 0)
                {
                    Agent(xml, "Cdtr", payment.Other.Bic);
                }

                NameAndAddress(xml, "Cdtr", payment.Other);
                Account(xml, "Cdtr", payment.Other);
                About(xml, payment.About);
                xml.WriteEndElement();
            }

            xml.WriteEndElement();
        });
    }

    /// <summary>A file of direct debits, in UTF-8.</summary>
    /// <exception cref="ArgumentException">The file would not be taken: no payments, no mandate, an amount or an identification out of bounds.</exception>
    public static byte[] DirectDebits(PaymentFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        file.RequireSound(isDirectDebit: true);
        return Write(Debits, "CstmrDrctDbtInitn", xml =>
        {
            Header(xml, file);
            xml.WriteStartElement("PmtInf");
            Batch(xml, file, "DD");
            Nested(xml, "PmtTpInf", () =>
            {
                Nested(xml, "SvcLvl", () => xml.WriteElementString("Cd", "SEPA"));
                Nested(xml, "LclInstrm", () => xml.WriteElementString("Cd", "CORE"));
                xml.WriteElementString("SeqTp", "RCUR");
            });
            xml.WriteElementString("ReqdColltnDt", Date(file.ExecuteOn));
            Party(xml, "Cdtr", file.Own);
            xml.WriteElementString("ChrgBr", "SLEV");
            Nested(xml, "CdtrSchmeId", () => Nested(xml, "Id", () => Nested(xml, "PrvtId", () => Nested(xml, "Othr", () =>
            {
                xml.WriteElementString("Id", file.CreditorId);
                Nested(xml, "SchmeNm", () => xml.WriteElementString("Prtry", "SEPA"));
            }))));
            foreach (var payment in file.Payments)
            {
                xml.WriteStartElement("DrctDbtTxInf");
                Nested(xml, "PmtId", () => xml.WriteElementString("EndToEndId", payment.EndToEndId));
                Amount(xml, payment.Cents);
                Nested(xml, "DrctDbtTx", () => Nested(xml, "MndtRltdInf", () =>
                {
                    xml.WriteElementString("MndtId", payment.Mandate);
                    xml.WriteElementString("DtOfSgntr", Date(payment.SignedOn!.Value));
                }));
                Agent(xml, "Dbtr", payment.Other.Bic);
                NameAndAddress(xml, "Dbtr", payment.Other);
                Account(xml, "Dbtr", payment.Other);
                About(xml, payment.About);
                xml.WriteEndElement();
            }

            xml.WriteEndElement();
        });
    }

    private static byte[] Write(string space, string message, Action<XmlWriter> content)
    {
        using var stream = new MemoryStream();
        using (var xml = XmlWriter.Create(stream, new XmlWriterSettings { Encoding = new UTF8Encoding(false), Indent = true, NewLineChars = "\n" }))
        {
            xml.WriteStartDocument();
            xml.WriteStartElement("Document", space);
            xml.WriteStartElement(message);
            content(xml);
            xml.WriteEndDocument();
        }

        return stream.ToArray();
    }

    private static void Header(XmlWriter xml, PaymentFile file) => Nested(xml, "GrpHdr", () =>
    {
        xml.WriteElementString("MsgId", file.MessageId);
        xml.WriteElementString("CreDtTm", file.MadeAt.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        Sums(xml, file);
        Nested(xml, "InitgPty", () => xml.WriteElementString("Nm", PaymentText.Of(file.Own.Name, NameLength)));
    });

    private static void Batch(XmlWriter xml, PaymentFile file, string method)
    {
        xml.WriteElementString("PmtInfId", file.MessageId);
        xml.WriteElementString("PmtMtd", method);
        xml.WriteElementString("BtchBookg", "true");
        Sums(xml, file);
    }

    private static void Sums(XmlWriter xml, PaymentFile file)
    {
        xml.WriteElementString("NbOfTxs", file.Payments.Count.ToString(CultureInfo.InvariantCulture));
        xml.WriteElementString("CtrlSum", Decimal(file.SumCents));
    }

    private static void Party(XmlWriter xml, string who, PaymentParty party)
    {
        NameAndAddress(xml, who, party);
        Account(xml, who, party);
        Agent(xml, who, party.Bic);
    }

    private static void NameAndAddress(XmlWriter xml, string who, PaymentParty party) => Nested(xml, who, () =>
    {
        xml.WriteElementString("Nm", PaymentText.Of(party.Name, NameLength));
        // An address in parts must at least name town and country; half of one is refused.
        if (party.Town.Length > 0 && party.Country.Length == 2)
        {
            Nested(xml, "PstlAdr", () =>
            {
                Optional(xml, "StrtNm", PaymentText.Of(party.Street, 70));
                Optional(xml, "PstCd", PaymentText.Of(party.PostCode, 16));
                xml.WriteElementString("TwnNm", PaymentText.Of(party.Town, 35));
                xml.WriteElementString("Ctry", party.Country);
            });
        }
    });

    private static void Account(XmlWriter xml, string who, PaymentParty party) =>
        Nested(xml, who + "Acct", () => Nested(xml, "Id", () => xml.WriteElementString("IBAN", party.Account.Value)));

    private static void Agent(XmlWriter xml, string who, string bic) => Nested(xml, who + "Agt", () => Nested(xml, "FinInstnId", () =>
    {
        if (bic.Length > 0)
        {
            xml.WriteElementString("BICFI", bic);
        }
        else
        {
            Nested(xml, "Othr", () => xml.WriteElementString("Id", "NOTPROVIDED"));
        }
    }));

    private static void Amount(XmlWriter xml, long cents)
    {
        xml.WriteStartElement("InstdAmt");
        xml.WriteAttributeString("Ccy", "EUR");
        xml.WriteString(Decimal(cents));
        xml.WriteEndElement();
    }

    private static void About(XmlWriter xml, string text) =>
        Nested(xml, "RmtInf", () => xml.WriteElementString("Ustrd", PaymentText.Of(text, 140)));

    private static void Nested(XmlWriter xml, string name, Action content)
    {
        xml.WriteStartElement(name);
        content();
        xml.WriteEndElement();
    }

    private static void Optional(XmlWriter xml, string name, string text)
    {
        if (text.Length > 0)
        {
            xml.WriteElementString(name, text);
        }
    }

    private static string Decimal(long cents) => string.Create(CultureInfo.InvariantCulture, $"{cents / 100}.{cents % 100:00}");

    private static string Date(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}

/// <summary>Text in the characters that every bank takes (EPC217-08): letters without marks, digits, and a few signs.</summary>
internal static class PaymentText
{
    private const string Signs = "/-?:().,'+ ";

    public static string Of(string text, int most)
    {
        var kept = new StringBuilder();
        foreach (var c in text.Trim().Normalize(NormalizationForm.FormD))
        {
            if (CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.NonSpacingMark)
            {
                continue;
            }

            kept.Append(c switch
            {
                'ß' => "ss",
                'æ' => "ae",
                'Æ' => "AE",
                'œ' => "oe",
                'Œ' => "OE",
                'ø' => "o",
                'Ø' => "O",
                'ł' => "l",
                'Ł' => "L",
                'đ' => "d",
                'Đ' => "D",
                '&' => "+",
                '–' or '—' => "-",
                '’' or '‘' => "'",
                _ => char.IsAsciiLetterOrDigit(c) || Signs.Contains(c, StringComparison.Ordinal) ? c.ToString() : ".",
            });
        }

        return kept.Length > most ? kept.ToString(0, most).TrimEnd() : kept.ToString();
    }
}
