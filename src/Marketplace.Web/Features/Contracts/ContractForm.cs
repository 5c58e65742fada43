using System.Globalization;
using Marketplace.Contracts;
using Marketplace.Web.Pipeline;
using Microsoft.Extensions.Localization;

namespace Marketplace.Web.Features.Contracts;

/// <summary>A template as it is being filled in: everything as typed.</summary>
public sealed class ContractForm
{
    // Beyond these a day is a typing mistake.
    private const int FirstYear = 2000;
    private const int LastYear = 2200;

    public Guid SubmissionId { get; set; }

    /// <summary>The number of the act that the person saw last.</summary>
    public int Seen { get; set; }

    public Dictionary<string, string?> Values { get; set; } = [];

    public Dictionary<string, string?> Roles { get; set; } = [];

    public string? StartsOn { get; set; }

    public string? EndsOn { get; set; }

    public string? Note { get; set; }

    /// <summary>The form with what a contract or the defaults hold.</summary>
    public static ContractForm Of(Template template, IReadOnlyDictionary<string, string> values, DateOnly startsOn, DateOnly endsOn)
    {
        ArgumentNullException.ThrowIfNull(template);
        ArgumentNullException.ThrowIfNull(values);
        return new ContractForm
        {
            SubmissionId = Guid.NewGuid(),
            Values = template.Parameters.ToDictionary(parameter => parameter.Code, parameter => (string?)Typed(parameter, values.GetValueOrDefault(parameter.Code, ""))),
            StartsOn = Day(startsOn), EndsOn = Day(endsOn.AddDays(-1)),
        };
    }

    /// <summary>What was typed, in the smallest units; what cannot be read is named at its field.</summary>
    public ContractTerms? Read(Template template, List<Problem> problems, IStringLocalizer texts)
    {
        ArgumentNullException.ThrowIfNull(template);
        ArgumentNullException.ThrowIfNull(problems);
        ArgumentNullException.ThrowIfNull(texts);
        var values = new Dictionary<string, string>();
        foreach (var parameter in template.Parameters)
        {
            var typed = Values.GetValueOrDefault(parameter.Code)?.Trim() ?? "";
            if (parameter.Type != ParameterType.Number)
            {
                values[parameter.Code] = typed;
            }
            else if (ContractNumbers.Read(parameter.Unit, typed) is { } number)
            {
                values[parameter.Code] = number.ToString(CultureInfo.InvariantCulture);
            }
            else
            {
                problems.Add(new Problem(parameter.Code, texts["Wrong.Number"]));
            }
        }

        DateOnly Read(string? text, string field)
        {
            if (!DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) || day.Year is < FirstYear or > LastYear)
            {
                problems.Add(new Problem(field, texts["Wrong.Day"]));
            }

            return day;
        }

        // People name the last day itself; terms the day after it.
        var (starts, last) = (Read(StartsOn, nameof(StartsOn)), Read(EndsOn, nameof(EndsOn)));
        return problems.Count > 0 ? null : new ContractTerms(values, starts, last.AddDays(1));
    }

    private static string Typed(Parameter parameter, string value) =>
        parameter.Type == ParameterType.Number && long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? ContractNumbers.Typed(parameter.Unit, number) : value;

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
