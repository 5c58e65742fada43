using Marketplace.Quantities;
using Shouldly;
using Xunit;
using static Marketplace.Billing.Tests.Examples;

namespace Marketplace.Billing.Tests;

public sealed class LawTests
{
    private static readonly BillDocument Bill = Invoicing.Documents(Inputs(
        [Sum(1, Carrier.Heat, EnergySide.Taken, traded: 100_000, metered: 100_000, tradedMicro: 1_000_000) with { EstimatedHours = 2 }, Sum(1, Carrier.Electricity, EnergySide.Taken, traded: 1, metered: 1, tradedMicro: 10_000)])).Single();

    [Theory]
    [InlineData(Carrier.Heat, 15_000, 3_000)]
    [InlineData(Carrier.Heat, 15_001, 0)]
    [InlineData(Carrier.Heat, -5_500, 23_500)]
    [InlineData(Carrier.Cold, 24_000, 3_000)]
    [InlineData(Carrier.Cold, 23_999, 0)]
    [InlineData(Carrier.Electricity, -5_000, 0)]
    public void ADay_CountsByItsMean(Carrier carrier, long mean, long counts) => DegreeDays.Of(carrier, mean).ShouldBe(counts);

    [Fact]
    public void OtherWeather_IsScaledByDegreeDays()
    {
        DegreeDays.Corrected(120_000, degreeDaysThen: 400_000, degreeDaysNow: 300_000).ShouldBe(90_000);
        DegreeDays.Corrected(120_000, degreeDaysThen: 0, degreeDaysNow: 300_000).ShouldBeNull();
    }

    [Fact]
    public void ACompleteBill_MissesNothing() => Completeness.Missing(Bill, Complete()).ShouldBeEmpty();

    [Fact]
    public void EachItem_IsMissedByItself()
    {
        var heat = Complete().Carriers[0];
        LawFacts With(CarrierFacts changed) => Complete() with { Carriers = [changed] };
        var cases = new Dictionary<LawItem, LawFacts>
        {
            [LawItem.FuelMix] = With(heat with { Sources = [new SourceShare("pv", 999_999, 0)] }),
            [LawItem.LastYear] = With(heat with { LastYearDegreeDays = null }),
            [LawItem.ConsumerBodies] = Complete() with { ConsumerBodies = " " },
            [LawItem.EnergyAgencies] = Complete() with { EnergyAgencies = "" },
            [LawItem.Complaints] = Complete() with { Complaints = "" },
            [LawItem.Disputes] = Complete() with { Disputes = "" },
            [LawItem.NormalUser] = With(heat with { NormalWh = null }),
            [LawItem.Estimates] = With(heat with { Estimates = [] }),
        };
        foreach (var (item, facts) in cases)
        {
            Completeness.Missing(Bill, facts).ShouldBe([item]);
        }

        Completeness.Missing(Bill, With(heat with { Sources = [] })).ShouldBe([LawItem.FuelMix, LawItem.Emissions]);
        Completeness.Missing(Bill, Complete() with { Carriers = [] }).ShouldContain(LawItem.Consumption);
        Completeness.Missing(Bill, null).ShouldBe(Completeness.All);
    }

    [Fact]
    public void AFirstYear_SaysWhyThereIsNoComparison() =>
        Completeness.Missing(Bill, Complete() with { Carriers = [Complete().Carriers[0] with { LastYearWh = null, NoLastYear = NoLastYear.NotSupplied }] }).ShouldBeEmpty();

    [Fact]
    public void Statements_AndBillsForElectricityAlone_AreNotConcerned()
    {
        var documents = Invoicing.Documents(Inputs(
            [Sum(1, Carrier.Electricity, EnergySide.Taken, traded: 1, metered: 1, tradedMicro: 10_000), Sum(2, Carrier.Heat, EnergySide.Given, "hp", traded: -1, metered: -1, tradedMicro: -10_000)]));

        documents.Count.ShouldBe(2);
        documents.ShouldAllBe(document => Completeness.Missing(document, null).Count == 0);
    }

    [Fact]
    public void Emissions_AreTheMixOfTheSources()
    {
        var heat = Complete().Carriers[0];

        heat.MilligramsPerKWh.ShouldBe(75_000);
        heat.Grams.ShouldBe(7_500);
    }

    private static LawFacts Complete() => new()
    {
        ConsumerBodies = "Advice", EnergyAgencies = "Agency", Complaints = "Write", Disputes = "Body",
        Carriers =
        [
            new CarrierFacts
            {
                Carrier = Carrier.Heat, UsedWh = 100_000, LastYearWh = 120_000, LastYearCorrectedWh = 90_000, DegreeDays = 300_000, LastYearDegreeDays = 400_000,
                Sources = [new SourceShare("heat_pump", 750_000, 100_000), new SourceShare("waste_heat", 250_000, 0)], NormalWh = 95_000, NormalBasis = NormalBasis.MembersAlike,
                NormalMembers = 12, Estimates = [new EstimateCount("LikeDays", 2)],
            },
        ],
    };
}
