using System.Globalization;
using Shouldly;
using Xunit;

namespace Marketplace.Contracts.Tests;

/// <summary>What keeps a template from being published, and values from being offered.</summary>
public sealed class TemplateCheckTests
{
    [Fact]
    public void A_whole_template_has_no_findings() => Samples.Check(Samples.EnergyPerformance()).ShouldBeEmpty();

    public static TheoryData<string, Template> Wrong()
    {
        var whole = Samples.EnergyPerformance();
        Template Parameter(Func<Parameter, Parameter> change) => whole with { Parameters = [whole.Parameters[0], change(whole.Parameters[1]), .. whole.Parameters.Skip(2)] };
        Template Text(Func<TemplateText, TemplateText> change) => whole with { Texts = [change(whole.Texts[0])] };
        return new TheoryData<string, Template>
        {
            { "parties-two", whole with { Parties = [whole.Parties[0]] } },
            { "party-idle", whole with { Parties = [.. whole.Parties, new TemplateParty("guest", [])] } },
            { "clause-payer", Samples.WithClause(clause => clause with { Payer = "" }) },
            { "clause-payee", Samples.WithClause(clause => clause with { Payee = "nobody" }) },
            { "clause-same", Samples.WithClause(clause => clause with { Payee = clause.Payer }) },
            { "clause-of", Samples.WithClause(clause => clause with { Of = "" }) },
            { "clause-vat", Samples.WithClause(clause => clause with { Vat = null }) },
            { "clause-quantity", Samples.WithClause(clause => clause with { Quantity = "goodwill" }) },
            { "clause-carrier", Samples.WithClause(clause => clause with { Carrier = "steam" }) },
            { "clause-reference", Samples.WithClause(clause => clause with { Reference = null }) },
            { "clause-target", Samples.WithClause(clause => clause with { Target = null }) },
            { "clause-index", Samples.WithClause(clause => clause with { Index = new Indexation("weather", Term.Of(1)) }) },
            { "clause-plant", Samples.WithClause(clause => clause with { Quantity = "plant-revenue", Reference = null }) },
            { "index-base", Samples.WithClause(clause => clause with { Index = new Indexation("import-price", Term.Of(0)) }) },
            { "term-unknown", Samples.WithClause(clause => clause with { Rate = Term.From("price") }) },
            { "term-unit", Samples.WithClause(clause => clause with { Rate = Term.From("baseline") }) },
            { "floor-above-cap", Samples.WithClause(clause => clause with { Floor = Term.Of(2), Cap = Term.Of(1) }) },
            { "steps-not-rising", Samples.WithClause(clause => clause with { Steps = [new RateStep(Term.Of(5), Term.Of(1)), new RateStep(Term.Of(5), Term.Of(2))] }) },
            { "steps-both-ways", Samples.WithClause(clause => clause with { Direction = ClauseDirection.BothWays, Steps = [new RateStep(Term.Of(5), Term.Of(1))] }) },
            { "target-beyond", Samples.WithClause(clause => clause with { Direction = ClauseDirection.Below, Threshold = Term.From("guarantee") }) },
            { "parameter-unit", Parameter(parameter => parameter with { Unit = Unit.None }) },
            { "parameter-bounds", Parameter(parameter => parameter with { Most = null }) },
            { "parameter-bounds-order", Parameter(parameter => parameter with { Least = 3, Most = 2 }) },
            { "parameter-default", Parameter(parameter => parameter with { Default = "much" }) },
            { "parameter-default-bounds", Parameter(parameter => parameter with { Default = "-1" }) },
            { "text-missing", whole with { Texts = [] } },
            { "text-body", Text(text => text with { Body = [" "] }) },
            { "text-name", Text(text => text with { Clauses = new Dictionary<string, string>() }) },
            { "text-place", Text(text => text with { Body = ["It costs {price}."] }) },
            { "law-Disputes", whole with { WithCustomer = true } },
        };
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_is_wrong_is_found_and_said_in_words(string rule, Template template)
    {
        var finding = Samples.Check(template).FirstOrDefault(found => found.Rule == rule).ShouldNotBeNull();
        finding.Where.ShouldNotBeNullOrEmpty();
        string.Format(CultureInfo.InvariantCulture, finding.Words, finding.Detail).ShouldEndWith(".");
    }

    [Fact]
    public void Each_item_of_the_law_has_to_be_said()
    {
        var template = Samples.EnergyPerformance() with { WithCustomer = true };
        Samples.Check(template).Count(finding => finding.Rule.StartsWith("law-", StringComparison.Ordinal)).ShouldBe(8);
        var law = Enum.GetValues<LawItem>().ToDictionary(item => item, item => item.ToString());
        Samples.Check(template with { Texts = [template.Texts[0] with { Law = law }] }).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("fee", "", "value-missing")]
    [InlineData("fee", "-1", "value-least")]
    [InlineData("fee", "10000001", "value-most")]
    [InlineData("fee", "4.5", "value-number")]
    [InlineData("carrier", "steam", "value-carrier")]
    [InlineData("colour", "blue", "value-unknown")]
    public void A_wrong_value_is_named_at_its_field(string field, string value, string rule)
    {
        var template = Samples.EnergyPerformance();
        var values = new Dictionary<string, string>(TermValues.DefaultsOf(template).Texts) { [field] = value };
        var finding = TemplateCheck.OfValues(template, new TermValues(values), Samples.Quantities).ShouldHaveSingleItem();
        (finding.Where, finding.Rule).ShouldBe((field, rule));
    }

    [Fact]
    public void Values_that_contradict_each_other_are_found_though_each_is_within_its_bounds()
    {
        var template = Samples.WithClause(clause => clause with { Floor = Term.From("least"), Cap = Term.From("most") });
        template = template with
        {
            Parameters =
            [
                .. template.Parameters, new Parameter { Code = "least", Unit = Unit.Money, Least = 0, Most = 100, Default = "1" },
                new Parameter { Code = "most", Unit = Unit.Money, Least = 0, Most = 100, Default = "2" },
            ],
        };
        var values = new Dictionary<string, string>(TermValues.DefaultsOf(template).Texts) { ["least"] = "3" };
        TemplateCheck.OfValues(template, new TermValues(values), Samples.Quantities).ShouldHaveSingleItem().Where.ShouldBe("least");
    }
}
