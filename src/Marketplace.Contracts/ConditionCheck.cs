using Marketplace.Contracts.Reputations;

namespace Marketplace.Contracts;

/// <summary>Says what is wrong with the conditions that a template makes on reputations.</summary>
internal static class ConditionCheck
{
    /// <summary>All that is wrong with a template's conditions.</summary>
    public static IEnumerable<Finding> Of(Template template)
    {
        var conditions = template.Conditions ?? [];
        foreach (var code in TemplateCheck.Twice(conditions.Select(condition => condition.Code)))
        {
            yield return new Finding($"condition {code}", "condition-twice", "There are two conditions of this code.");
        }

        foreach (var finding in conditions.SelectMany(condition => Of(template, condition)))
        {
            yield return finding;
        }
    }

    private static IEnumerable<Finding> Of(Template template, ReputationCondition condition)
    {
        var where = $"condition {condition.Code}";
        if (!TemplateCheck.CodeName().IsMatch(condition.Code))
        {
            yield return new Finding(where, "condition-code", "A condition's code is made of lower-case letters, digits and hyphens and begins with a letter.");
        }

        if (!TemplateCheck.HasRole(template, condition.Party))
        {
            yield return new Finding(where, "condition-party", "The party whose reputation counts is missing or no party of the template.");
        }

        if (!Enum.IsDefined(condition.Measure))
        {
            yield return new Finding(where, "condition-measure", "Choose what of the reputation counts.");
        }

        if (condition is { Measure: PromiseMeasure.Contracts, Takes: true })
        {
            yield return new Finding(where, "condition-side", "Promises in contracts have no side: leave it open.");
        }

        if (condition is { Measure: PromiseMeasure.Contracts, Carrier: "" } ? false : !TemplateCheck.IsCarrier(template, condition.Carrier))
        {
            yield return new Finding(where, "condition-carrier", "A reputation is of a carrier: name one, or a parameter that holds one.");
        }

        var (least, most) = condition.Least.Parameter is not { } code ? (condition.Least.Number, condition.Least.Number)
            : template.Find(code) is { Type: ParameterType.Number, Unit: Unit.Millionths } parameter ? (parameter.Least ?? -1, parameter.Most ?? long.MaxValue)
            : (-1, -1);
        if (least < 0 || most > ReputationCondition.Whole)
        {
            yield return new Finding(where, "condition-least", "What is asked for is a share between 0 and 1, or a parameter that is one and has these bounds.");
        }
    }
}
