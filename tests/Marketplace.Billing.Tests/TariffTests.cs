using Marketplace.Quantities;
using Shouldly;
using Xunit;
using static Marketplace.Billing.Tests.Examples;

namespace Marketplace.Billing.Tests;

public sealed class TariffTests
{
    [Fact]
    public void EachLevy_IsALineOfItsOwn_OnWhatConsumersTakeForThemselves()
    {
        var tariff = Tariff() with { Levies = [new Levy("Electricity tax", Carrier.Electricity, new Price(20_500)), new Levy("Concession", Carrier.Electricity, new Price(1_660))] };
        var documents = Invoicing.Documents(Inputs(
        [
            Sum(1, Carrier.Electricity, EnergySide.Taken, traded: 100_000, metered: 101_000, tradedMicro: 1_000_000, above: 1_000),
            Sum(1, Carrier.Heat, EnergySide.Taken, traded: 5_000, metered: 5_000, tradedMicro: 100_000),
            Sum(1, Carrier.Electricity, EnergySide.Taken, "hp", traded: 9_000, metered: 9_000, tradedMicro: 90_000),
        ], tariffs: [tariff]));

        documents[0].Lines.Where(line => line.Kind == BillLineKind.Levy).Select(line => (line.Name, line.Carrier, line.Quantity, line.Exact.Micro)).ShouldBe(
            [("Electricity tax", Carrier.Electricity, 101_000, 2_070_500), ("Concession", Carrier.Electricity, 101_000, 167_660)]);
        documents[1].Lines.ShouldNotContain(line => line.Kind == BillLineKind.Levy);
        Postings.Of(documents, []).Where(posting => posting.Kind == PostingKind.Levy).ShouldHaveSingleItem().Amount.Micro.ShouldBe(2_070_500 + 167_660);
    }

    [Fact]
    public void ARateOfTax_ThatChangesWithinATariff_SplitsItsLines_AndEachCarrierHasItsOwn()
    {
        var heat = new Dictionary<Carrier, VatRate> { [Carrier.Heat] = VatRate.Standard(700) };
        var bill = Invoicing.Documents(Inputs(
            [
                Sum(1, Carrier.Heat, EnergySide.Taken, traded: 1, metered: 1, tradedMicro: 1_000_000),
                Sum(1, Carrier.Heat, EnergySide.Taken, traded: 1, metered: 1, tradedMicro: 2_000_000) with { Part = 1 },
                Sum(1, Carrier.Electricity, EnergySide.Taken, traded: 1, metered: 1, tradedMicro: 4_000_000) with { Part = 1 },
            ],
            [new SuppliedDays(1, 1, 10), new SuppliedDays(1, 1, 21, Part: 1)],
            tariffs: [Tariff(), Tariff() with { Part = 1, VatOfCarriers = heat, VatOfRest = VatRate.Of(VatCategory.Zero, 0) }])).Single();

        bill.Lines.Select(line => (line.Kind, line.Carrier, line.Trace.Part, line.Cents, line.Vat.Code, line.Vat.BasisPoints)).ShouldBe(
        [
            (BillLineKind.Energy, Carrier.Heat, 0, 100, "S", 1900),
            (BillLineKind.Energy, Carrier.Heat, 1, 200, "S", 700),
            (BillLineKind.Energy, Carrier.Electricity, 1, 400, "Z", 0),
            (BillLineKind.StandingCharge, null, 0, 250, "S", 1900),
            (BillLineKind.StandingCharge, null, 1, 525, "Z", 0),
        ]);
        bill.Vat.Select(group => (group.Rate.BasisPoints, group.NetCents, group.TaxCents)).ShouldBe([(700, 200, 14), (1900, 350, 67), (0, 925, 0)]);
    }

    [Fact]
    public void AFee_IsThatOfTheZone_AndUnknownWhereSomebodyMoved()
    {
        var tariff = Tariff() with { ZoneFees = new Dictionary<(string, Carrier), Price> { [("east", Carrier.Heat)] = new(20_000) } };

        tariff.FeeOf(Carrier.Heat, "east").ShouldBe(new Price(20_000));
        tariff.FeeOf(Carrier.Heat, "west").ShouldBe(new Price(12_000));
        tariff.FeeOf(Carrier.Heat, null).ShouldBeNull();
        tariff.FeeOf(Carrier.Cold, null).ShouldBe(new Price(9_000));
    }

    [Theory]
    [InlineData(10_000, SharingKey.Equal, new[] { 3_334L, 3_333, 3_333 })]
    [InlineData(-10_000, SharingKey.Equal, new[] { -3_334L, -3_333, -3_333 })]
    [InlineData(10_000, SharingKey.Consumption, new[] { 0L, 2_500, 7_500 })]
    public void ASharedAmount_IsDividedToTheCent(long cents, SharingKey key, long[] parts)
    {
        IReadOnlyDictionary<Carrier, Energy> Took(long wattHours) => new Dictionary<Carrier, Energy> { [Carrier.Heat] = new(wattHours) };

        var charges = new SharedAmount(1, "Common pumps", Money.FromCents(cents), key, Carrier.Heat).Split([(3, Took(3_000)), (1, Took(0)), (2, Took(1_000))]);

        charges.Select(charge => charge.Member).ShouldBe([1, 2, 3]);
        charges.Select(charge => charge.Amount.Cents).ShouldBe(parts);
        charges.Sum(charge => charge.Amount.Cents).ShouldBe(cents);
    }

    [Fact]
    public void HoursOutsideAPromise_AreGivenBack_WithoutTax()
    {
        TemperatureCompensation.Of(1, Carrier.Heat, 0, 700, Money.FromCents(50)).ShouldBeNull();
        var charge = TemperatureCompensation.Of(1, Carrier.Heat, 6, 700, Money.FromCents(50)).ShouldNotBeNull();

        var bill = Invoicing.Documents(Inputs([Sum(1, Carrier.Heat, EnergySide.Taken, traded: 1, metered: 1, tradedMicro: 10_000_000)]) with { Stated = [charge] }).Single();

        var line = bill.Lines[^1];
        (line.Kind, line.Quantity, line.Unit, line.Cents, line.Vat).ShouldBe((BillLineKind.TemperatureCompensation, 6, "hours", -300, VatRate.Exempt));
        line.Trace.Explanation.ShouldContain("6 of 700");
        bill.TotalCents.ShouldBe(1000 + 190 - 300);
    }

    [Fact]
    public void AClause_BringsItsOwnWords_UnitAndTax()
    {
        var inputs = Inputs([Sum(1, Carrier.Heat, EnergySide.Taken, traded: 1, metered: 1, tradedMicro: 10_000_000)]) with
        {
            Stated =
            [
                new StatedCharge(1, BillLineKind.ContractClause, "Peak smoothing", Money.FromCents(-1_250), "2.5 kW below the peak × 5.00 a kW")
                {
                    Carrier = Carrier.Heat, Quantity = 2_500, Unit = "W", Category = VatCategory.Standard, Inputs = [new("rateMicroPerKw", 5_000_000)],
                },
            ],
        };

        var line = Invoicing.Documents(inputs).Single().Lines[^1];

        (line.Name, line.Unit, line.Vat.BasisPoints, line.Trace["rateMicroPerKw"], line.Trace["exactMicro"]).ShouldBe(("Peak smoothing", "W", 1900, 5_000_000, -12_500_000));
        Should.Throw<ArgumentException>(() => Invoicing.Documents(inputs with { Stated = [inputs.Stated[0] with { Kind = BillLineKind.Energy }] }));
    }
}
