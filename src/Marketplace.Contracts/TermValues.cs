using System.Globalization;
using Marketplace.Quantities;

namespace Marketplace.Contracts;

/// <summary>What a contract filled in, by parameter: numbers in digits, carriers and plants by their names.</summary>
public sealed class TermValues(IReadOnlyDictionary<string, string> values)
{
    /// <summary>As filled in.</summary>
    public IReadOnlyDictionary<string, string> Texts { get; } = values;

    /// <summary>What stands in a template's form to begin with.</summary>
    public static TermValues DefaultsOf(Template template)
    {
        ArgumentNullException.ThrowIfNull(template);
        return new TermValues(template.Parameters.ToDictionary(parameter => parameter.Code, parameter => parameter.Type == ParameterType.Plant ? "" : parameter.Default));
    }

    /// <summary>The number of a term.</summary>
    /// <exception cref="ArgumentException">The parameter is not filled in with a number; <see cref="TemplateCheck.OfValues"/> finds it before.</exception>
    public long Number(Term term) =>
        term.Parameter is not { } code ? term.Number
        : TryNumber(code, out var number) ? number
        : throw new ArgumentException($"The parameter '{code}' is no number");

    /// <summary>Whether the parameter is filled in with a whole number.</summary>
    public bool TryNumber(string code, out long number)
    {
        number = 0;
        return Texts.TryGetValue(code, out var text) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
    }

    /// <summary>What a name or <c>@parameter</c> stands for; empty where nothing is filled in.</summary>
    public string Name(string nameOrParameter)
    {
        ArgumentNullException.ThrowIfNull(nameOrParameter);
        return nameOrParameter.StartsWith('@') ? Texts.GetValueOrDefault(nameOrParameter[1..], "") : nameOrParameter;
    }

    /// <summary>The carrier that a clause names; none where it names none.</summary>
    public Carrier? Carrier(string nameOrParameter) => Carriers.TryParse(Name(nameOrParameter), out var carrier) ? carrier : null;
}
