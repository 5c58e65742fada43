using Marketplace.Quantities;
using Shouldly;
using Xunit;
using static Marketplace.Billing.Tests.Examples;

namespace Marketplace.Billing.Tests;

public sealed class BillRecordTests
{
    private static readonly BillHeader Header = new("demo", "DEMO-2026-000001", "m-07", new Interval(October, November), "EUR", November, new DateOnly(2026, 11, 15));

    [Fact]
    public void TheLayout_IsPinned()
    {
        var bill = Invoicing.Documents(Inputs(
            [
                Sum(7, Carrier.Heat, EnergySide.Taken, traded: 412_345, metered: 419_345, tradedMicro: 37_123_450, imbalanceMicro: 1_204_999, feeMicro: 5_032_140, above: 7_000),
            ],
            [new SuppliedDays(7, 1, 31)])).Single();

        BillRecord.Text(Header, bill).ShouldBe("""
            bill/v1
            loop demo
            number DEMO-2026-000001
            member m-07
            role consumer
            period 2026-10-01T00:00:00Z/2026-11-01T00:00:00Z
            currency EUR
            issued 2026-11-01T00:00:00Z
            due 2026-11-15
            line 1 energy heat tariff=1 quantity=412345 Wh exact=37123450 cents=3712 vat=S/1900 plant=
            line 2 imbalance heat tariff=1 quantity=7000 Wh exact=1204999 cents=120 vat=S/1900 plant=
            line 3 network-fee heat tariff=1 quantity=419345 Wh exact=5032140 cents=503 vat=S/1900 plant=
            line 4 standing-charge - tariff=1 quantity=31 days exact=7750000 cents=775 vat=S/1900 plant=
            vat S/1900 net=5110 tax=971
            net 5110
            tax 971
            total 6081

            """.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void AStatement_NamesPlantsAndShares()
    {
        var share = new RevenueShare("pv", Owner: 3, Investor: 9, 300_000, new Money(10_000_000), Money.FromCents(300));
        var documents = Invoicing.Documents(Inputs(
            [Sum(3, Carrier.Electricity, EnergySide.Given, "pv", traded: -40_000, metered: -40_000, tradedMicro: -10_000_000)], shares: [share]));

        BillRecord.Text(Header, documents[0]).ShouldContain(
            "\nline 1 sale electricity tariff=1 quantity=-40000 Wh exact=-10000000 cents=-1000 vat=E/0 plant=pv\n" +
            "line 2 share-paid - tariff=1 quantity=300000 millionths exact=3000000 cents=300 vat=E/0 plant=pv\n" +
            "vat E/0 net=-700 tax=0\n");
        BillRecord.Text(Header, documents[1]).ShouldContain(
            "\nline 1 share-received - tariff=1 quantity=300000 millionths exact=-3000000 cents=-300 vat=E/0 plant=pv\n");
    }

    [Fact]
    public void ANameWithALineBreak_CannotForgeALine()
    {
        var bill = Invoicing.Documents(Inputs([Sum(7, Carrier.Heat, EnergySide.Taken, traded: 1, tradedMicro: 1)])).Single();

        Should.Throw<ArgumentException>(() => BillRecord.Text(Header with { MemberKey = "m-07\ntotal 0" }, bill));
    }

    [Fact]
    public void StoredNumbers_AreNotRenumbered()
    {
        Enum.GetValues<BillLineKind>().Select(kind => $"{(int)kind} {kind.Name()}").ShouldBe(
            ["1 energy", "2 imbalance", "3 network-fee", "4 standing-charge", "5 sale", "6 input", "7 charge", "8 discharge", "9 share-received", "10 share-paid", "11 preference", "12 correction",
                "13 charging-trade", "14 charging-penalty", "15 store-share", "16 curtailment", "17 levy", "18 community-share", "19 temperature-compensation", "20 contract-clause"]);
        DocumentRoles.All.Select(role => $"{(int)role} {role.Name()}").ShouldBe(["2 consumer", "3 producer", "5 storage", "6 investor"]);
    }
}
