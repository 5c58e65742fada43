using System.Globalization;
using System.Text.RegularExpressions;
using Marketplace.Quantities;

namespace Marketplace.Contracts;

/// <summary>Something that is wrong with a template or with what was filled in.</summary>
/// <param name="Where">The place: <c>parameter price</c>, <c>clause fee</c>, <c>text de</c>; for what was filled in the parameter's code.</param>
/// <param name="Rule">The rule's name, by which pages find its words in other languages.</param>
/// <param name="Words">The rule in words.</param>
/// <param name="Detail">What the words leave a place for.</param>
public sealed record Finding(string Where, string Rule, string Words, string Detail = "")
{
    /// <inheritdoc/>
    public override string ToString() => $"{Where}: {string.Format(CultureInfo.InvariantCulture, Words, Detail)}";
}

/// <summary>Says what keeps a template from being published, and what keeps values from being offered.</summary>
public static partial class TemplateCheck
{
    /// <summary>All that is wrong with a template; nothing where it may be published.</summary>
    /// <param name="template">The template.</param>
    /// <param name="quantities">What can be measured, by name.</param>
    /// <param name="indices">The indices that are known.</param>
    /// <param name="languages">The languages in which a template has to be worded.</param>
    public static IReadOnlyList<Finding> Of(
        Template template, IReadOnlyDictionary<string, QuantityForm> quantities, IReadOnlyCollection<string> indices, IReadOnlyCollection<string> languages)
    {
        ArgumentNullException.ThrowIfNull(template);
        ArgumentNullException.ThrowIfNull(quantities);
        ArgumentNullException.ThrowIfNull(indices);
        ArgumentNullException.ThrowIfNull(languages);
        var findings = new List<Finding>();
        findings.AddRange(OfHead(template));
        findings.AddRange(template.Parameters.SelectMany(parameter => OfParameter(template, parameter)));
        findings.AddRange(template.Clauses.SelectMany(clause => ClauseCheck.Of(template, clause, quantities, indices)));
        findings.AddRange(ConditionCheck.Of(template));
        findings.AddRange(languages.SelectMany(language => OfText(template, language)));
        return findings;
    }

    /// <summary>All that is wrong with what a contract fills in; the place is the parameter's code.</summary>
    /// <param name="template">A template without findings.</param>
    /// <param name="values">What was filled in.</param>
    /// <param name="quantities">What can be measured, by name.</param>
    public static IReadOnlyList<Finding> OfValues(Template template, TermValues values, IReadOnlyDictionary<string, QuantityForm> quantities)
    {
        ArgumentNullException.ThrowIfNull(template);
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(quantities);
        var findings = new List<Finding>();
        foreach (var parameter in template.Parameters)
        {
            var text = values.Texts.GetValueOrDefault(parameter.Code, "");
            findings.AddRange(parameter.Type switch
            {
                _ when text.Length == 0 => [new Finding(parameter.Code, "value-missing", "This has to be filled in.")],
                ParameterType.Carrier when !Carriers.TryParse(text, out _) => [new Finding(parameter.Code, "value-carrier", "Choose heat, cold or electricity.")],
                ParameterType.Number when !values.TryNumber(parameter.Code, out _) => [new Finding(parameter.Code, "value-number", "This is no whole number of the unit.")],
                ParameterType.Number when values.Number(Term.From(parameter.Code)) < parameter.Least =>
                    [new Finding(parameter.Code, "value-least", "At least {0}.", Text(parameter.Least!.Value))],
                ParameterType.Number when values.Number(Term.From(parameter.Code)) > parameter.Most =>
                    [new Finding(parameter.Code, "value-most", "At most {0}.", Text(parameter.Most!.Value))],
                _ => Array.Empty<Finding>(),
            });
        }

        foreach (var text in values.Texts.Keys.Where(code => template.Find(code) is null))
        {
            findings.Add(new Finding(text, "value-unknown", "The template has no such parameter."));
        }

        if (findings.Count == 0)
        {
            findings.AddRange(template.Clauses.SelectMany(clause => ClauseCheck.Contradictions(clause, values).Select(finding => finding with { Where = FieldOf(clause, finding) })));
        }

        return findings;
    }

    private static IEnumerable<Finding> OfHead(Template template)
    {
        if (!CodeName().IsMatch(template.Code))
        {
            yield return new Finding("code", "code", "The code is made of lower-case letters, digits and hyphens and begins with a letter.");
        }

        if (!Enum.IsDefined(template.Kind))
        {
            yield return new Finding("kind", "kind", "Choose what the template is for.");
        }

        if (!Enum.IsDefined(template.Period))
        {
            yield return new Finding("period", "period", "Choose how often the contract is evaluated.");
        }

        if (template.NoticeDays is < 0 or > 730 || template.RenewalMonths is < 0 or > 120 || template.LongestMonths is < 1 or > 600)
        {
            yield return new Finding("duration", "duration", "Notice is 0 to 730 days, a renewal 0 to 120 months, the longest time 1 to 600 months.");
        }

        if (template.Parties.Count < 2)
        {
            yield return new Finding("parties", "parties-two", "A contract has at least two parties.");
        }

        foreach (var role in Twice(template.Parties.Select(party => party.Role)).Concat(template.Parties.Select(party => party.Role).Where(role => !CodeName().IsMatch(role))))
        {
            yield return new Finding($"party {role}", "party-name", "A party's role has a code of its own, of lower-case letters, digits and hyphens.");
        }

        foreach (var code in Twice(template.Parameters.Select(parameter => parameter.Code)))
        {
            yield return new Finding($"parameter {code}", "parameter-twice", "There are two parameters of this code.");
        }

        foreach (var code in Twice(template.Clauses.Select(clause => clause.Code)))
        {
            yield return new Finding($"clause {code}", "clause-twice", "There are two clauses of this code.");
        }

        if (template.Clauses.Count == 0)
        {
            yield return new Finding("clauses", "clauses-none", "A template has at least one clause.");
        }

        foreach (var party in template.Parties.Where(party => !template.Clauses.Any(clause => clause.Payer == party.Role || clause.Payee == party.Role)))
        {
            yield return new Finding($"party {party.Role}", "party-idle", "No clause names this party as payer or payee.");
        }

        if (template.ExclusiveFor.Length > 0 && !HasRole(template, template.ExclusiveFor))
        {
            yield return new Finding("exclusive", "exclusive-party", "The party who may have only one such contract is none of the template's parties.");
        }

        if (template.ExclusiveOf.Length > 0
            && !template.ExclusiveOf.Split(' ').All(name => IsCarrier(template, name) || (name.StartsWith('@') && template.Find(name[1..]) is { Type: ParameterType.Plant })))
        {
            yield return new Finding("exclusive", "exclusive-of", "What the contract is the only one of is neither a carrier nor a parameter that holds one or a plant.");
        }
    }

    private static IEnumerable<Finding> OfParameter(Template template, Parameter parameter)
    {
        var where = $"parameter {parameter.Code}";
        if (!CodeName().IsMatch(parameter.Code))
        {
            yield return new Finding(where, "parameter-code", "A parameter's code is made of lower-case letters, digits and hyphens and begins with a letter.");
        }

        switch (parameter.Type)
        {
            case ParameterType.Number:
                if (parameter.Unit == Unit.None)
                {
                    yield return new Finding(where, "parameter-unit", "The unit is missing.");
                }

                if (parameter.Least is null || parameter.Most is null)
                {
                    yield return new Finding(where, "parameter-bounds", "A bound is missing: say the least and the most that may be filled in.");
                }
                else if (parameter.Least > parameter.Most)
                {
                    yield return new Finding(where, "parameter-bounds-order", "The least is above the most.");
                }

                if (!long.TryParse(parameter.Default, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
                {
                    yield return new Finding(where, "parameter-default", "The default is no whole number of the unit.");
                }
                else if (number < parameter.Least || number > parameter.Most)
                {
                    yield return new Finding(where, "parameter-default-bounds", "The default lies outside the bounds.");
                }

                break;
            case ParameterType.Carrier when !Carriers.TryParse(parameter.Default, out _):
                yield return new Finding(where, "parameter-carrier", "The default is no carrier.");
                break;
            case ParameterType.Plant when !HasRole(template, parameter.Default):
                yield return new Finding(where, "parameter-plant", "Say whose plant it is: the role of a party.");
                break;
            case ParameterType.Carrier or ParameterType.Plant:
                break;
            default:
                yield return new Finding(where, "parameter-type", "Choose what the parameter holds.");
                break;
        }
    }

    private static string FieldOf(Clause clause, Finding finding) => finding.Detail.Length > 0 ? finding.Detail : $"clause {clause.Code}";

    private static IEnumerable<Finding> OfText(Template template, string language)
    {
        var where = $"text {language}";
        if (template.Texts.Count(text => text.Language == language) != 1)
        {
            yield return new Finding(where, "text-missing", "The template needs one text in this language.");
            yield break;
        }

        var words = template.TextIn(language);
        if (string.IsNullOrWhiteSpace(words.Name) || string.IsNullOrWhiteSpace(words.Summary) || !words.Body.Any(line => line.Trim().Length > 0))
        {
            yield return new Finding(where, "text-body", "Name, summary or terms are missing.");
        }

        foreach (var (codes, named) in new[]
        {
            (template.Parties.Select(party => party.Role), words.Parties),
            (template.Parameters.Select(parameter => parameter.Code), words.Parameters),
            (template.Clauses.Select(clause => clause.Code), words.Clauses),
        })
        {
            foreach (var code in codes.Where(code => string.IsNullOrWhiteSpace(named.GetValueOrDefault(code))))
            {
                yield return new Finding(where, "text-name", "There is no name for '{0}'.", code);
            }
        }

        foreach (var place in words.Body.SelectMany(line => Place().Matches(line)).Select(match => match.Groups[1].Value).Distinct()
            .Where(place => template.Find(place) is null && !HasRole(template, place)))
        {
            yield return new Finding(where, "text-place", "The terms name '{0}', which is neither a parameter nor a party.", place);
        }

        if (template.WithCustomer)
        {
            foreach (var item in Enum.GetValues<LawItem>().Where(item => string.IsNullOrWhiteSpace(words.Law.GetValueOrDefault(item))))
            {
                yield return new Finding(where, "law-" + item, "The law (EU 2023/1791, Art. 21) wants said: {0}.", NameOf(item));
            }
        }
    }

    /// <summary>An item of the law in words.</summary>
    public static string NameOf(LawItem item) => item switch
    {
        LawItem.Supplier => "who supplies and how to reach them",
        LawItem.Services => "the services and their quality",
        LawItem.Maintenance => "the upkeep that is offered",
        LawItem.Tariffs => "where the tariffs in force are found",
        LawItem.Duration => "duration, renewal and end",
        LawItem.Compensation => "compensation for wrong or late bills",
        LawItem.Disputes => "how a dispute is brought",
        LawItem.Rights => "the rights of consumers",
        _ => throw new ArgumentOutOfRangeException(nameof(item), item, "Not an item of the law"),
    };

    internal static bool HasRole(Template template, string role) => role.Length > 0 && template.Parties.Any(party => party.Role == role);

    internal static bool IsCarrier(Template template, string name) =>
        name.StartsWith('@') ? template.Find(name[1..]) is { Type: ParameterType.Carrier } : Carriers.TryParse(name, out _);

    internal static IEnumerable<string> Twice(IEnumerable<string> codes) => codes.GroupBy(code => code).Where(same => same.Count() > 1).Select(same => same.Key);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex("^[a-z][a-z0-9-]{0,39}$")]
    internal static partial Regex CodeName();

    [GeneratedRegex(@"\{([^{}]*)\}")]
    internal static partial Regex Place();
}
