using Marketplace.Contracts.Reputations;
using Marketplace.Quantities;
using Shouldly;
using Xunit;

namespace Marketplace.Contracts.Tests;

/// <summary>Conditions on reputations: exact, never met by what is not known, and part of a template only where there are any.</summary>
public sealed class ReputationConditionTests
{
    private static readonly ReputationCondition Delivered = new() { Code = "delivered", Party = "contractor", Carrier = "@carrier", Least = Term.Of(950_000) };

    private static readonly ReputationCondition Contracts = Delivered with { Measure = PromiseMeasure.Contracts, Carrier = "" };

    [Theory]
    [InlineData(950_000, 95_000, true)]
    [InlineData(950_001, 95_000, false)]
    [InlineData(950_000, 94_999, false)]
    [InlineData(0, 0, true)]
    public void The_share_is_compared_exactly(long least, long deliveredWh, bool met)
    {
        var standing = Delivered.Of(least, new DeliveryRecord(24, 20, 100_000, deliveredWh, 24, 0));
        (standing.IsMet, standing.Part, standing.Whole).ShouldBe((met, deliveredWh, 100_000));
    }

    [Fact]
    public void Each_measure_has_its_own_part_and_whole()
    {
        var record = new DeliveryRecord(40, 30, 4_000, 3_900, 39, 0);
        (Delivered with { Measure = PromiseMeasure.Kept }).Of(1, record).Share.ShouldBe(7_500);
        (Delivered with { Measure = PromiseMeasure.Available }).Of(1, record).Share.ShouldBe(9_750);
        Contracts.Of(1, new PromiseRecord(3, 2, Money.FromCents(50))).Share.ShouldBe(6_666, "never rounded up");
    }

    [Fact]
    public void What_is_not_known_meets_nothing_but_what_asks_for_nothing()
    {
        Delivered.Of(1, (DeliveryRecord?)null).IsMet.ShouldBeFalse();
        Delivered.Of(0, (DeliveryRecord?)null).IsMet.ShouldBeTrue();
        Delivered.Of(1, new DeliveryRecord(23, 23, 100, 100, 23, 0)).IsMet.ShouldBeFalse("23 hours are too few");
        Contracts.Of(1, new PromiseRecord(2, 2, Money.Zero)).IsMet.ShouldBeFalse("two promises are too few");
        Contracts.Of(1_000_000, new PromiseRecord(2, 2, Money.Zero) + new PromiseRecord(1, 1, Money.Zero)).IsMet.ShouldBeTrue();
    }

    public static TheoryData<string, ReputationCondition[]> Wrong() => new()
    {
        { "condition-twice", [Delivered, Delivered] },
        { "condition-code", [Delivered with { Code = "Kept!" }] },
        { "condition-party", [Delivered with { Party = "neighbour" }] },
        { "condition-measure", [Delivered with { Measure = default }] },
        { "condition-side", [Contracts with { Takes = true }] },
        { "condition-carrier", [Delivered with { Carrier = "" }] },
        { "condition-carrier", [Contracts with { Carrier = "steam" }] },
        { "condition-least", [Delivered with { Least = Term.Of(1_000_001) }] },
        { "condition-least", [Delivered with { Least = Term.From("fee") }] },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_wrong_condition_keeps_a_template_from_being_published(string rule, ReputationCondition[] conditions) =>
        Samples.Check(Samples.EnergyPerformance() with { Conditions = conditions }).Select(finding => finding.Rule).ShouldContain(rule);

    [Fact]
    public void A_whole_condition_has_no_findings_and_is_read_back_as_written()
    {
        var template = Samples.EnergyPerformance() with { Conditions = [Delivered, Contracts with { Code = "contracts" }] };
        Samples.Check(template).ShouldBeEmpty();
        TemplateJson.Read(TemplateJson.Write(template)).Conditions.ShouldBe(template.Conditions);
    }
}
