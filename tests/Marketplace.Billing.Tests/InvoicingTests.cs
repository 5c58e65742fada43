using Marketplace.Quantities;
using Shouldly;
using Xunit;
using static Marketplace.Billing.Tests.Examples;

namespace Marketplace.Billing.Tests;

public sealed class InvoicingTests
{
    [Fact]
    public void ChargesBesideTheHours_StandOnTheMembersFirstDocument()
    {
        var inputs = Inputs([Sum(7, Carrier.Heat, EnergySide.Taken, traded: 1_000, metered: 1_000, tradedMicro: 100_000, imbalanceMicro: 0, feeMicro: 0, above: 0, below: 0)], []);
        var documents = Invoicing.Documents(inputs with
        {
            Charges =
            [
                new ChargeSum(7, BillLineKind.Correction, Carrier.Heat, "", 2, Energy.Zero, Money.FromMicro(-3_404_999)),
                new ChargeSum(7, BillLineKind.ChargingPenalty, Carrier.Electricity, "", 1, Energy.FromWh(500), Money.FromMicro(20_000)),
                new ChargeSum(7, BillLineKind.StoreShare, Carrier.Heat, "tank", 24, Energy.Zero, Money.FromMicro(5_000)),
                new ChargeSum(8, BillLineKind.ChargingTrade, Carrier.Electricity, "", 1, Energy.FromWh(-6_800), Money.FromMicro(-146_000_000)),
            ],
        });

        documents.Select(document => (document.Member, document.Role)).ShouldBe([(7, DocumentRole.Consumer), (7, DocumentRole.Storage), (8, DocumentRole.Consumer)]);
        documents[0].Lines.Skip(1).Select(line => (line.Kind, line.Quantity, line.Cents, line.Vat.Category)).ShouldBe(
        [
            (BillLineKind.Correction, 2, -340, VatCategory.Standard),
            (BillLineKind.ChargingPenalty, 500, 2, VatCategory.Exempt),
        ]);
        documents[1].Lines.ShouldHaveSingleItem().Vat.Category.ShouldBe(VatCategory.Exempt);
        documents[2].Lines.ShouldHaveSingleItem().Quantity.ShouldBe(-6_800);
        Should.Throw<ArgumentException>(() => Invoicing.Documents(inputs with { Charges = [new ChargeSum(7, BillLineKind.Energy, Carrier.Heat, "", 1, Energy.Zero, Money.Zero)] }));
    }

    [Fact]
    public void AConsumersBill_ByHand()
    {
        // Heat: 412.345 kWh bought for 37.123450 €, used 10 kWh more in some hours and 3 kWh less in others: 1.204999 €.
        // Fee: 419.345 kWh × 1.2 ct = 5.032140 €. Standing: 31 days × 0.25 € = 7.75 €. VAT 19 %.
        var bill = Invoicing.Documents(Inputs(
            [Sum(7, Carrier.Heat, EnergySide.Taken, traded: 412_345, metered: 419_345, tradedMicro: 37_123_450, imbalanceMicro: 1_204_999, feeMicro: 5_032_140, above: 10_000, below: -3_000)],
            [new SuppliedDays(7, 1, 31)])).ShouldHaveSingleItem();

        bill.Role.ShouldBe(DocumentRole.Consumer);
        bill.Lines.Select(line => (line.Kind, line.Quantity, line.Cents)).ShouldBe(
        [
            (BillLineKind.Energy, 412_345, 3712),
            (BillLineKind.Imbalance, 7_000, 120),
            (BillLineKind.NetworkFee, 419_345, 503),
            (BillLineKind.StandingCharge, 31, 775),
        ]);
        bill.NetCents.ShouldBe(5110);
        bill.VatCents.ShouldBe(971); // 51.10 € × 0.19 = 9.709 €
        bill.TotalCents.ShouldBe(6081);
        bill.Exact.ShouldBe(new Money(37_123_450 + 1_204_999 + 5_032_140 + 7_750_000));
        bill.RoundingDifference.ShouldBe(Money.FromCents(5110) - bill.Exact);
        bill.Lines[1].Trace["aboveWh"].ShouldBe(10_000);
        bill.Lines[2].Trace["rateMicroPerKWh"].ShouldBe(12_000);
    }

    [Fact]
    public void HalfACent_RoundsAwayFromZero_InBothDirections()
    {
        var documents = Invoicing.Documents(Inputs(
        [
            Sum(1, Carrier.Heat, EnergySide.Taken, traded: 1, metered: 1, tradedMicro: 15_000),
            Sum(1, Carrier.Heat, EnergySide.Given, traded: -1, metered: -1, tradedMicro: -15_000),
        ]));

        documents.Select(document => (document.Role, document.NetCents)).ShouldBe([(DocumentRole.Consumer, 2L), (DocumentRole.Producer, -2L)]);
    }

    [Fact]
    public void ATariffChange_SplitsLines_AndTaxesEachPartAtItsRate()
    {
        var bill = Invoicing.Documents(Inputs(
            [
                Sum(1, Carrier.Electricity, EnergySide.Taken, tariff: 2, traded: 20_000, metered: 20_000, tradedMicro: 6_000_000),
                Sum(1, Carrier.Electricity, EnergySide.Taken, tariff: 1, traded: 10_000, metered: 10_000, tradedMicro: 3_000_000),
            ],
            [new SuppliedDays(1, 1, 10), new SuppliedDays(1, 2, 21)],
            tariffs: [Tariff(1, vat: 1900), Tariff(2, vat: 700, standingMicroPerDay: 300_000)])).Single();

        bill.Lines.Select(line => (line.Kind, line.Trace.TariffVersion, line.Cents, line.Vat.BasisPoints)).ShouldBe(
        [
            (BillLineKind.Energy, 1, 300, 1900),
            (BillLineKind.Energy, 2, 600, 700),
            (BillLineKind.StandingCharge, 1, 250, 1900),
            (BillLineKind.StandingCharge, 2, 630, 700),
        ]);
        bill.Vat.Select(group => (group.Rate.BasisPoints, group.NetCents, group.TaxCents)).ShouldBe([(700, 1230, 86), (1900, 550, 105)]);
    }

    [Fact]
    public void VatIsTakenOnTheGroup_NotOnEachLine()
    {
        // Three lines of 0.03 €: 19 % of each is 0.0057 → 0.01, which would make 0.03; on the group it is 0.0171 → 0.02.
        var lines = Invoicing.Documents(Inputs([.. Carriers.All.Select(carrier => Sum(1, carrier, EnergySide.Taken, traded: 100, metered: 100, tradedMicro: 30_000))])).Single();

        lines.VatCents.ShouldBe(2);
    }

    [Fact]
    public void AHeatPumpAndASolarRoof_AreAProducersStatement_WithoutTax()
    {
        var statement = Invoicing.Documents(Inputs(
        [
            Sum(3, Carrier.Electricity, EnergySide.Taken, "hp-1", traded: 10_000, metered: 10_000, tradedMicro: 2_000_000, feeMicro: 300_000),
            Sum(3, Carrier.Heat, EnergySide.Given, "hp-1", traded: -35_000, metered: -35_000, tradedMicro: -2_800_000),
            Sum(3, Carrier.Cold, EnergySide.Given, "hp-1", traded: -25_000, metered: -25_000, tradedMicro: -500_000),
            Sum(3, Carrier.Electricity, EnergySide.Given, "", traded: -8_000, metered: -7_500, tradedMicro: -1_600_000, imbalanceMicro: 110_000, above: 500),
        ])).ShouldHaveSingleItem();

        statement.Role.ShouldBe(DocumentRole.Producer);
        statement.Lines.Select(line => (line.Plant, line.Kind, line.Carrier, line.Cents)).ShouldBe(
        [
            ("", BillLineKind.Sale, Carrier.Electricity, -160),
            ("", BillLineKind.Imbalance, Carrier.Electricity, 11),
            ("hp-1", BillLineKind.Sale, Carrier.Heat, -280),
            ("hp-1", BillLineKind.Sale, Carrier.Cold, -50),
            ("hp-1", BillLineKind.Input, Carrier.Electricity, 200),
            ("hp-1", BillLineKind.NetworkFee, Carrier.Electricity, 30),
        ]);
        statement.VatCents.ShouldBe(0);
        statement.Vat.ShouldHaveSingleItem().Rate.ShouldBe(VatRate.Exempt);
        statement.TotalCents.ShouldBe(-249);
    }

    [Fact]
    public void AStore_HasAStatementOfItsOwn()
    {
        var documents = Invoicing.Documents(Inputs(
            [
                Sum(4, Carrier.Heat, EnergySide.Taken, "tank", traded: 50_000, metered: 50_000, tradedMicro: 2_000_000, feeMicro: 600_000),
                Sum(4, Carrier.Heat, EnergySide.Given, "tank", traded: -45_000, metered: -45_000, tradedMicro: -3_600_000),
                Sum(4, Carrier.Electricity, EnergySide.Taken, traded: 1_000, metered: 1_000, tradedMicro: 300_000),
            ],
            stores: "tank"));

        documents.Select(document => document.Role).ShouldBe([DocumentRole.Consumer, DocumentRole.Storage]);
        documents[1].Lines.Select(line => (line.Kind, line.Cents)).ShouldBe([(BillLineKind.Charge, 200), (BillLineKind.NetworkFee, 60), (BillLineKind.Discharge, -360)]);
    }

    [Fact]
    public void AnInvestorsShare_StandsOnBothSides()
    {
        var share = new RevenueShare("pv", Owner: 3, Investor: 9, 300_000, new Money(10_000_000), Money.FromCents(300));
        var documents = Invoicing.Documents(Inputs(
            [Sum(3, Carrier.Electricity, EnergySide.Given, "pv", traded: -40_000, metered: -40_000, tradedMicro: -10_000_000)], shares: [share]));

        documents.Select(document => (document.Member, document.Role, document.TotalCents)).ShouldBe(
            [(3, DocumentRole.Producer, -700L), (9, DocumentRole.Investor, -300L)]);
    }

    [Fact]
    public void MembersWithoutALine_GetNoDocument() =>
        Invoicing.Documents(Inputs([Sum(1, Carrier.Heat, EnergySide.Taken)], [new SuppliedDays(1, 1, 0)])).ShouldBeEmpty();

    [Fact]
    public void AnUnknownTariff_IsAnError() =>
        Should.Throw<ArgumentException>(() => Invoicing.Documents(Inputs([Sum(1, Carrier.Heat, EnergySide.Taken, tariff: 9, traded: 1, tradedMicro: 1)])));
}
