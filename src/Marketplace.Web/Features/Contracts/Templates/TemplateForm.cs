using System.Globalization;
using Marketplace.Contracts;

namespace Marketplace.Web.Features.Contracts.Templates;

/// <summary>A template as it stands in the studio's form: everything as typed, in the units that people see.</summary>
public sealed class TemplateForm
{
    public string? Code { get; set; }

    public string? Kind { get; set; }

    public string? Period { get; set; }

    public bool WithCustomer { get; set; }

    public string? ExclusiveFor { get; set; }

    public string? ExclusiveOf { get; set; }

    public string? NoticeDays { get; set; }

    public string? RenewalMonths { get; set; }

    public string? LongestMonths { get; set; }

    public List<PartyForm> Parties { get; set; } = [];

    public List<ParameterForm> Parameters { get; set; } = [];

    public List<ClauseForm> Clauses { get; set; } = [];

    public List<ConditionForm> Conditions { get; set; } = [];

    public List<TextForm> Texts { get; set; } = [];

    public static TemplateForm Of(Template template, IReadOnlyDictionary<string, QuantityForm> quantities)
    {
        ArgumentNullException.ThrowIfNull(template);
        return new TemplateForm
        {
            Code = template.Code, Kind = template.Kind.ToString(), Period = template.Period.ToString(), WithCustomer = template.WithCustomer,
            ExclusiveFor = template.ExclusiveFor, ExclusiveOf = template.ExclusiveOf, NoticeDays = Text(template.NoticeDays), RenewalMonths = Text(template.RenewalMonths),
            LongestMonths = Text(template.LongestMonths),
            Parties = [.. template.Parties.Select(party => new PartyForm { Role = party.Role, Holders = string.Join(' ', party.Holders) })],
            Parameters = [.. template.Parameters.Select(ParameterForm.Of)],
            Clauses = [.. template.Clauses.Select(clause => ClauseForm.From(clause, quantities))],
            Conditions = [.. (template.Conditions ?? []).Select(ConditionForm.Of)],
            Texts = [.. ContractCatalogue.Languages.Select(language => TextForm.Of(template.Texts.FirstOrDefault(text => text.Language == language) ?? new TemplateText { Language = language }))],
        };
    }

    /// <summary>The template as typed; what cannot be read at all is named at its place.</summary>
    public Template Read(List<Finding> wrong, IReadOnlyDictionary<string, QuantityForm> quantities)
    {
        ArgumentNullException.ThrowIfNull(wrong);
        ArgumentNullException.ThrowIfNull(quantities);
        return new Template
        {
            Code = Code?.Trim() ?? "", Kind = Enum.TryParse<TemplateKind>(Kind, out var kind) ? kind : default, Period = Enum.TryParse<ContractPeriod>(Period, out var period) ? period : default,
            WithCustomer = WithCustomer, ExclusiveFor = ExclusiveFor?.Trim() ?? "", ExclusiveOf = ExclusiveOf?.Trim() ?? "",
            NoticeDays = Whole(NoticeDays, "duration", wrong), RenewalMonths = Whole(RenewalMonths, "duration", wrong), LongestMonths = Whole(LongestMonths, "duration", wrong),
            Parties = [.. Parties.Where(party => !string.IsNullOrWhiteSpace(party.Role))
                .Select(party => new TemplateParty(party.Role!.Trim(), (party.Holders ?? "").Split([' ', ','], StringSplitOptions.RemoveEmptyEntries)))],
            Parameters = [.. Parameters.Where(parameter => !string.IsNullOrWhiteSpace(parameter.Code)).Select(parameter => parameter.Read(wrong))],
            Clauses = [.. Clauses.Where(clause => !string.IsNullOrWhiteSpace(clause.Code)).Select(clause => clause.Read(wrong, quantities))],
            Conditions = Conditions.Exists(condition => !string.IsNullOrWhiteSpace(condition.Code))
                ? [.. Conditions.Where(condition => !string.IsNullOrWhiteSpace(condition.Code)).Select(condition => condition.Read(wrong))] : null,
            Texts = [.. Texts.Where(text => !string.IsNullOrWhiteSpace(text.Language)).Select(text => text.Read(wrong))],
        };
    }

    internal static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    internal static Finding NotRead(string where, string? typed) => new(where, "typed", "'{0}' cannot be read.", typed ?? "");

    private static int Whole(string? typed, string where, List<Finding> wrong)
    {
        if (!int.TryParse(typed, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            wrong.Add(NotRead(where, typed));
        }

        return number;
    }
}

/// <summary>A party in the form.</summary>
public sealed class PartyForm
{
    public string? Role { get; set; }

    /// <summary>Names of roles in the loop, separated by spaces.</summary>
    public string? Holders { get; set; }
}

/// <summary>A parameter in the form.</summary>
public sealed class ParameterForm
{
    public string? Code { get; set; }

    public string? Type { get; set; }

    public string? Unit { get; set; }

    public string? Least { get; set; }

    public string? Most { get; set; }

    public string? Default { get; set; }

    public static ParameterForm Of(Parameter parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        string? Number(long? value) => value is { } known ? ContractNumbers.Typed(parameter.Unit, known) : "";
        return new ParameterForm
        {
            Code = parameter.Code, Type = parameter.Type.ToString(), Unit = parameter.Unit.ToString(), Least = Number(parameter.Least), Most = Number(parameter.Most),
            Default = parameter.Type == ParameterType.Number && long.TryParse(parameter.Default, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var standard) ? Number(standard) : parameter.Default,
        };
    }

    public Parameter Read(List<Finding> wrong)
    {
        ArgumentNullException.ThrowIfNull(wrong);
        var unit = Enum.TryParse<Unit>(Unit, out var known) ? known : default;
        var type = Enum.TryParse<ParameterType>(Type, out var held) ? held : default;
        long? Number(string? typed)
        {
            if (string.IsNullOrWhiteSpace(typed))
            {
                return null;
            }

            var read = ContractNumbers.Read(unit, typed);
            if (read is null)
            {
                wrong.Add(TemplateForm.NotRead($"parameter {Code}", typed));
            }

            return read;
        }

        return new Parameter
        {
            Code = Code!.Trim(), Type = type, Unit = type == ParameterType.Number ? unit : default,
            Least = type == ParameterType.Number ? Number(Least) : null, Most = type == ParameterType.Number ? Number(Most) : null,
            Default = type == ParameterType.Number ? Number(Default) is { } number ? TemplateForm.Text(number) : "" : Default?.Trim() ?? "",
        };
    }
}

/// <summary>The words of a language in the form. Names are a line each: a code, a colon, the name.</summary>
public sealed class TextForm
{
    public string? Language { get; set; }

    public string? Name { get; set; }

    public string? Summary { get; set; }

    /// <summary>A paragraph a line.</summary>
    public string? Body { get; set; }

    public string? Parties { get; set; }

    public string? Parameters { get; set; }

    public string? Clauses { get; set; }

    public string? Law { get; set; }

    public static TextForm Of(TemplateText text)
    {
        ArgumentNullException.ThrowIfNull(text);
        static string Lines(IEnumerable<KeyValuePair<string, string>> names) => string.Join('\n', names.Select(name => $"{name.Key}: {name.Value}"));
        return new TextForm
        {
            Language = text.Language, Name = text.Name, Summary = text.Summary, Body = string.Join('\n', text.Body), Parties = Lines(text.Parties), Parameters = Lines(text.Parameters),
            Clauses = Lines(text.Clauses),
            Law = Lines(Enum.GetValues<LawItem>().Select(item => new KeyValuePair<string, string>(item.ToString(), text.Law.GetValueOrDefault(item, "")))),
        };
    }

    public TemplateText Read(List<Finding> wrong)
    {
        ArgumentNullException.ThrowIfNull(wrong);
        Dictionary<string, string> Names(string? typed)
        {
            var names = new Dictionary<string, string>();
            foreach (var line in (typed ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                var colon = line.IndexOf(':', StringComparison.Ordinal);
                if (colon <= 0 || !names.TryAdd(line[..colon].Trim(), line[(colon + 1)..].Trim()))
                {
                    wrong.Add(TemplateForm.NotRead($"text {Language}", line));
                }
            }

            return names;
        }

        var law = new Dictionary<LawItem, string>();
        foreach (var (name, text) in Names(Law).Where(entry => entry.Value.Length > 0))
        {
            if (Enum.TryParse<LawItem>(name, out var item))
            {
                law[item] = text;
            }
            else
            {
                wrong.Add(TemplateForm.NotRead($"text {Language}", name));
            }
        }

        return new TemplateText
        {
            Language = Language!, Name = Name?.Trim() ?? "", Summary = Summary?.Trim() ?? "", Body = [.. (Body ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)],
            Parties = Names(Parties), Parameters = Names(Parameters), Clauses = Names(Clauses), Law = law,
        };
    }
}
