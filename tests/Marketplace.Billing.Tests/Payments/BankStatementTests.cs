using System.Text;
using Shouldly;
using Xunit;

namespace Marketplace.Billing.Tests.Payments;

public sealed class BankStatementTests
{
    private const string Balances = """
        <Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>
        <Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{0}</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>
        """;

    internal static byte[] File(string entries, string version = "08", string closing = "", string id = "S-1", string account = "DE89370400440532013000") => Encoding.UTF8.GetBytes($"""
        <?xml version="1.0" encoding="UTF-8"?>
        <Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt><GrpHdr><MsgId>M</MsgId></GrpHdr>
        <Stmt><Id>{id}</Id><Acct><Id><IBAN>{account}</IBAN></Id><Ccy>EUR</Ccy></Acct>
        {(closing.Length > 0 ? Balances.Replace("{0}", closing, StringComparison.Ordinal) : "")}
        {entries}
        </Stmt></BkToCstmrStmt></Document>
        """);

    private static List<BankMovement> Read(string entries, string version = "08", string closing = "") =>
        [.. BankStatementXml.Read(new MemoryStream(File(entries, version, closing))).Select(part => part.Movement).OfType<BankMovement>()];

    private static string Entry(string amount, string details, string more = "", string status = "<Sts><Cd>BOOK</Cd></Sts>", string side = "CRDT") =>
        $"""<Ntry><NtryRef>7</NtryRef><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>{more}{status}<BookgDt><Dt>2026-03-06</Dt></BookgDt><NtryDtls>{details}</NtryDtls></Ntry>""";

    [Fact]
    public void Versions_that_put_things_elsewhere_are_read_alike()
    {
        var old = Read(Entry("12.34", "<TxDtls><Refs><EndToEndId>E1</EndToEndId></Refs><RltdPties><Dbtr><Nm>Ann</Nm></Dbtr><DbtrAcct><Id><IBAN>AT611904300234573201</IBAN></Id></DbtrAcct></RltdPties><RmtInf><Ustrd>two</Ustrd><Ustrd>lines</Ustrd></RmtInf></TxDtls>", status: "<Sts>BOOK</Sts>"), "02");
        var recent = Read(Entry("12.34", "<TxDtls><Refs><EndToEndId>E1</EndToEndId></Refs><Amt Ccy=\"EUR\">12.34</Amt><CdtDbtInd>CRDT</CdtDbtInd><RltdPties><Dbtr><Pty><Nm>Ann</Nm></Pty></Dbtr><DbtrAcct><Id><IBAN>AT61 1904 3002 3457 3201</IBAN></Id></DbtrAcct></RltdPties><RmtInf><Ustrd>two</Ustrd><Ustrd>lines</Ustrd></RmtInf></TxDtls>"));

        recent[0].Line.ShouldBeGreaterThan(0);
        old.ShouldHaveSingleItem().ToString().ShouldBe(recent.ShouldHaveSingleItem().ToString());
        (old[0].Cents, old[0].PartyName, old[0].PartyAccount, old[0].Text, old[0].EndToEndId).ShouldBe((1_234, "Ann", "AT611904300234573201", "two\nlines", "E1"));
        old[0].BookedOn.ShouldBe(new DateOnly(2026, 3, 6));
    }

    [Fact]
    public void A_batch_becomes_its_payments_and_one_that_does_not_add_up_stays_whole()
    {
        const string Parts = "<Btch><PmtInfId>FILE1</PmtInfId></Btch><TxDtls><Refs><EndToEndId>A</EndToEndId></Refs><AmtDtls><TxAmt><Amt Ccy=\"EUR\">4.00</Amt></TxAmt></AmtDtls></TxDtls><TxDtls><Refs><EndToEndId>B</EndToEndId></Refs><AmtDtls><TxAmt><Amt Ccy=\"EUR\">6.00</Amt></TxAmt></AmtDtls></TxDtls>";
        Read(Entry("10.00", Parts)).Select(part => (part.Key, part.Cents, part.EndToEndId, part.BatchId)).ShouldBe([("1.1/7", 400, "A", "FILE1"), ("1.2/7", 600, "B", "FILE1")]);
        var whole = Read(Entry("11.00", Parts)).ShouldHaveSingleItem();
        (whole.Cents, whole.EndToEndId, whole.BatchId).ShouldBe((1_100, "", "FILE1"), "the name of one of its payments is not its own");
    }

    [Fact]
    public void A_return_says_why_and_pending_entries_are_left_out()
    {
        var back = Read(
            Entry("5.00", "<TxDtls><Refs><EndToEndId>E</EndToEndId></Refs><RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf></TxDtls>", "<RvslInd>true</RvslInd>", side: "DBIT")
            + Entry("9.00", "", status: "<Sts><Cd>PDNG</Cd></Sts>"));
        var one = back.ShouldHaveSingleItem();
        (one.Cents, one.IsReturn, one.ReturnReason).ShouldBe((-500, true, "AC04"));
    }

    [Fact]
    public void An_entry_has_the_banks_name_or_else_only_a_number()
    {
        var named = Read(Entry("1.00", "", "<AcctSvcrRef>B-17</AcctSvcrRef>")).ShouldHaveSingleItem();
        (named.Key, named.IsNamedByBank).ShouldBe(("1/B-17", true));
        var numbered = Read(Entry("1.00", "", "<AcctSvcrRef>NONREF</AcctSvcrRef>")).ShouldHaveSingleItem();
        (numbered.Key, numbered.IsNamedByBank).ShouldBe(("1/7", false));
    }

    [Fact]
    public void Texts_hold_no_control_characters_and_no_halves_of_characters()
    {
        var text = "a\u0085b\u007Fc" + new string('x', 994) + "\U0001F600";
        var one = Read(Entry("1.00", $"<TxDtls><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls>")).ShouldHaveSingleItem();
        one.Text.ShouldBe("a b c" + new string('x', 994));
    }

    [Fact]
    public void Several_references_in_one_payment_keep_their_amounts()
    {
        var one = Read(Entry("10.00", "<TxDtls><RmtInf><Strd><RfrdDocAmt><RmtdAmt Ccy=\"EUR\">4.00</RmtdAmt></RfrdDocAmt><CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf></Strd><Strd><CdtrRefInf><Ref>RF712348231</Ref></CdtrRefInf></Strd></RmtInf></TxDtls>")).ShouldHaveSingleItem();
        one.References.ShouldBe([new NamedReference("RF18539007547034", 400), new NamedReference("RF712348231", null)]);
    }

    [Theory]
    [InlineData("no-xml", 1, "Document")]
    [InlineData("<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.052.001.08\"/>", 1, "Document")]
    [InlineData("<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt/></Document>", 1, "BkToCstmrStmt")]
    public void A_file_that_is_no_statement_says_so(string text, int line, string element)
    {
        var wrong = Should.Throw<StatementFormatException>(() => BankStatementXml.Read(new MemoryStream(Encoding.UTF8.GetBytes(text))).ToList());
        (wrong.Line, wrong.Element).ShouldBe((line, element));
    }

    [Fact]
    public void A_wrong_entry_names_line_and_element()
    {
        Fault(Entry("1.001", "")).ShouldBe((5, "Amt"));
        Fault(Entry("1.00", "", side: "UP")).ShouldBe((5, "CdtDbtInd"));
        Fault(Entry("1.00", "").Replace("2026-03-06", "6 March", StringComparison.Ordinal)).ShouldBe((5, "BookgDt"));
        Fault(Entry("1.00", "").Replace("</Ntry>", "", StringComparison.Ordinal)).Element.ShouldNotBeEmpty();
        Should.Throw<StatementFormatException>(() => Read(Entry("1.00", ""), closing: "102.00")).Element.ShouldBe("Bal");
        Read(Entry("2.00", ""), closing: "102.00").Count.ShouldBe(1);

        static (int Line, string Element) Fault(string entries)
        {
            var wrong = Should.Throw<StatementFormatException>(() => Read(entries));
            return (wrong.Line, wrong.Element);
        }
    }

    [Fact]
    public void References_are_found_wherever_the_payer_wrote_them()
    {
        var reference = PaymentReference.Of("LINDENHOF-2026-000012");
        PaymentWords.References($"Invoice {PaymentReference.Grouped(reference)} thank you").ShouldBe([reference]);
        PaymentWords.References($"{reference.ToLowerInvariant()}, and RF00NOTONE").ShouldBe([reference]);
        PaymentWords.References("RF18 5390 0754 7034 RF712348231").ShouldBe(["RF18539007547034", "RF712348231"]);
        PaymentWords.Numbers("for LINDENHOF-2026-000012.").ShouldBe([reference]);
        PaymentWords.References("no reference").ShouldBeEmpty();
    }
}
