using FluentValidation.Results;
using Marketplace.Web.Pipeline;

namespace Marketplace.Web.Features.Governance.Changes;

/// <summary>Says what the operator's own act would have been refused for.</summary>
internal static class ChangeRefusals
{
    /// <param name="prefix">What stands before the names of fields there.</param>
    public static void Throw(ValidationResult result, string prefix)
    {
        if (!result.IsValid)
        {
            throw new RefusedException([.. result.Errors.Select(error =>
                new Problem(error.PropertyName.StartsWith(prefix, StringComparison.Ordinal) ? error.PropertyName[prefix.Length..] : error.PropertyName, error.ErrorMessage))]);
        }
    }
}
