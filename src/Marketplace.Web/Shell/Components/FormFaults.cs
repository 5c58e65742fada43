using Marketplace.Web.Pipeline;
using Microsoft.AspNetCore.Components.Forms;

namespace Marketplace.Web.Shell.Components;

/// <summary>Puts a refusal beside the fields it concerns. A form's handler makes one from its EditContext:
/// <c>OnSubmit="Save"</c>, then <c>if (!new FormFaults(context).Show(attempt.Problems)) { … }</c>.</summary>
public sealed class FormFaults(EditContext context)
{
    private readonly ValidationMessageStore _messages = new(context);

    /// <summary>Shows the problems, those of unknown fields above the form. True if there was any.</summary>
    public bool Show(IReadOnlyList<Problem> problems)
    {
        foreach (var problem in problems)
        {
            // A request's field may be a path ("Order.LimitPrice"); forms name the last part.
            var field = problem.Field[(problem.Field.LastIndexOf('.') + 1)..];
            var known = context.Model.GetType().GetProperty(field) is not null;
            _messages.Add(known ? context.Field(field) : new FieldIdentifier(context.Model, ""), problem.Message);
        }

        context.NotifyValidationStateChanged();
        return problems.Count > 0;
    }
}
