using Marketplace.Contracts;
using Marketplace.Contracts.Reputations;

namespace Marketplace.Web.Features.Contracts.Templates;

/// <summary>A condition on a reputation in the form. The share is typed as a share (1 is the whole), or <c>@</c> and a parameter.</summary>
public sealed class ConditionForm
{
    public string? Code { get; set; }

    public string? Party { get; set; }

    public string? Measure { get; set; }

    public string? Carrier { get; set; }

    public bool Takes { get; set; }

    public string? Least { get; set; }

    public static ConditionForm Of(ReputationCondition condition)
    {
        ArgumentNullException.ThrowIfNull(condition);
        return new ConditionForm
        {
            Code = condition.Code, Party = condition.Party, Measure = condition.Measure.ToString(), Carrier = condition.Carrier, Takes = condition.Takes,
            Least = condition.Least.Parameter is null ? ContractNumbers.Typed(Unit.Millionths, condition.Least.Number) : condition.Least.ToString(),
        };
    }

    public ReputationCondition Read(List<Finding> wrong)
    {
        ArgumentNullException.ThrowIfNull(wrong);
        var least = default(Term);
        if (Least?.TrimStart().StartsWith('@') == true && Term.TryParse(Least, out var parameter))
        {
            least = parameter;
        }
        else if (ContractNumbers.Read(Unit.Millionths, Least) is { } number)
        {
            least = Term.Of(number);
        }
        else
        {
            wrong.Add(TemplateForm.NotRead($"condition {Code}", Least));
        }

        return new ReputationCondition
        {
            Code = Code!.Trim(), Party = Party ?? "", Measure = Enum.TryParse<PromiseMeasure>(Measure, out var measure) ? measure : default, Carrier = Carrier?.Trim() ?? "", Takes = Takes, Least = least,
        };
    }
}
