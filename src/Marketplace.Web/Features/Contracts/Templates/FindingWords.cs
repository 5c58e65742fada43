using System.Globalization;
using Marketplace.Contracts;
using Microsoft.Extensions.Localization;

namespace Marketplace.Web.Features.Contracts.Templates;

/// <summary>Findings in the reader's language.</summary>
internal static class FindingWords
{
    public static string Of(IStringLocalizer texts, Finding finding)
    {
        var words = finding.Rule.StartsWith("law-", StringComparison.Ordinal) ? texts["Rule.law", texts["Law." + finding.Rule["law-".Length..]].Value] : texts["Rule." + finding.Rule, finding.Detail];
        return $"{finding.Where}: {(words.ResourceNotFound ? string.Format(CultureInfo.InvariantCulture, finding.Words, finding.Detail) : words.Value)}";
    }
}
