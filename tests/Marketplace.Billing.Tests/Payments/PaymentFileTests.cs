using System.Text;
using System.Xml.Linq;
using Shouldly;
using Xunit;

namespace Marketplace.Billing.Tests.Payments;

public sealed class PaymentFileTests
{
    private static readonly PaymentParty s_loop = new("Lindenhof Energie eG", "Ring 1", "10115", "Berlin", "DE", Iban.Parse("DE89370400440532013000"), "");
    private static readonly PaymentParty s_jose = new("José Müller-Łoś & Söhne <GmbH>", "Straße 5", "75001", "Paris", "FR", Iban.Parse("FR1420041010050500013M02606"), "PSSTFRPPPAR");
    private static readonly PaymentParty s_ann = new("Ann", "", "", "", "", Iban.Parse("AT611904300234573201"), "");

    private static PaymentFile File(params Payment[] payments) => new(
        "LINDENHOFT000001", new DateTimeOffset(2026, 3, 5, 9, 0, 0, TimeSpan.FromHours(1)), new DateOnly(2026, 3, 9), s_loop, "DE98ZZZ09999999999", payments);

    private static string Names(XElement element) => string.Join(' ', element.Elements().Select(child => child.Name.LocalName));

    private static XElement One(XElement root, string name) => root.Descendants().First(element => element.Name.LocalName == name);

    [Fact]
    public void A_credit_transfer_file_adds_up_and_has_addresses_in_their_parts()
    {
        var root = XDocument.Parse(Encoding.UTF8.GetString(PaymentFileXml.CreditTransfers(File(new Payment("RF1", 12_345, s_jose, "ALPHA-2026-000001"), new Payment("RF2", 1, s_ann, "ALPHA-2026-000002"))))).Root!;

        root.Name.NamespaceName.ShouldBe("urn:iso:std:iso:20022:tech:xsd:pain.001.001.09");
        Names(One(root, "GrpHdr")).ShouldBe("MsgId CreDtTm NbOfTxs CtrlSum InitgPty");
        One(root, "CreDtTm").Value.ShouldBe("2026-03-05T08:00:00Z");
        Names(One(root, "PmtInf")).ShouldBe("PmtInfId PmtMtd BtchBookg NbOfTxs CtrlSum PmtTpInf ReqdExctnDt Dbtr DbtrAcct DbtrAgt ChrgBr CdtTrfTxInf CdtTrfTxInf");
        root.Descendants().Where(element => element.Name.LocalName == "CtrlSum").Select(element => element.Value).ShouldBe(["123.46", "123.46"]);
        One(root, "ReqdExctnDt").Value.ShouldBe("2026-03-09");
        var first = One(root, "CdtTrfTxInf");
        Names(first).ShouldBe("PmtId Amt CdtrAgt Cdtr CdtrAcct RmtInf");
        One(first, "EndToEndId").Value.ShouldBe("RF1");
        One(first, "InstdAmt").Attribute("Ccy")!.Value.ShouldBe("EUR");
        One(first, "Nm").Value.ShouldBe("Jose Muller-Los + Sohne .GmbH.");
        Names(One(first, "PstlAdr")).ShouldBe("StrtNm PstCd TwnNm Ctry");
        One(first, "StrtNm").Value.ShouldBe("Strasse 5");
        var second = root.Descendants().Last(element => element.Name.LocalName == "CdtTrfTxInf");
        second.Descendants().ShouldNotContain(element => element.Name.LocalName == "PstlAdr");
        second.Descendants().ShouldNotContain(element => element.Name.LocalName == "CdtrAgt");
    }

    [Fact]
    public void A_direct_debit_names_mandate_and_creditor()
    {
        var root = XDocument.Parse(Encoding.UTF8.GetString(PaymentFileXml.DirectDebits(File(new Payment("RF1", 5_000, s_ann, "ALPHA-2026-000001", "M-7", new DateOnly(2025, 12, 1)))))).Root!;

        root.Name.NamespaceName.ShouldBe("urn:iso:std:iso:20022:tech:xsd:pain.008.001.08");
        Names(One(root, "PmtInf")).ShouldBe("PmtInfId PmtMtd BtchBookg NbOfTxs CtrlSum PmtTpInf ReqdColltnDt Cdtr CdtrAcct CdtrAgt ChrgBr CdtrSchmeId DrctDbtTxInf");
        Names(One(root, "PmtTpInf")).ShouldBe("SvcLvl LclInstrm SeqTp");
        Names(One(root, "DrctDbtTxInf")).ShouldBe("PmtId InstdAmt DrctDbtTx DbtrAgt Dbtr DbtrAcct RmtInf");
        One(root, "MndtId").Value.ShouldBe("M-7");
        One(root, "DtOfSgntr").Value.ShouldBe("2025-12-01");
        One(root, "CdtrSchmeId").Value.ShouldBe("DE98ZZZ09999999999SEPA");
        One(One(root, "DbtrAgt"), "Id").Value.ShouldBe("NOTPROVIDED");
    }

    [Fact]
    public void A_file_that_no_bank_takes_is_not_written()
    {
        Should.Throw<ArgumentException>(() => PaymentFileXml.CreditTransfers(File()));
        Should.Throw<ArgumentException>(() => PaymentFileXml.CreditTransfers(File(new Payment("A", 0, s_ann, ""))));
        Should.Throw<ArgumentException>(() => PaymentFileXml.CreditTransfers(File(new Payment("A", 1, s_ann, ""), new Payment("A", 1, s_ann, ""))));
        Should.Throw<ArgumentException>(() => PaymentFileXml.DirectDebits(File(new Payment("A", 1, s_ann, ""))));
    }
}
