using Marketplace.Web.Features.Loops;
using Marketplace.Web.Shell;
using Microsoft.AspNetCore.Components;

namespace Marketplace.Web.Features.Transparency;

/// <summary>A public page about a loop's ledger.</summary>
public abstract class LedgerPageBase : PublicLoopPage
{
    protected LedgerAddress At => new(Slug);

    /// <summary>How quantities are written here.</summary>
    [CascadingParameter]
    protected Format Format { get; set; } = Format.Neutral;

    [CascadingParameter]
    private HttpContext? Context { get; set; }

    /// <summary>Programs that ask for something that is not there get the status for it, people the words.</summary>
    protected void AnswerNotFound() => AnswerNotFound(Context);

    /// <summary>The status is set only as the answer leaves: set earlier, the framework would put its own page in place of the words.</summary>
    internal static void AnswerNotFound(HttpContext? context) => context?.Response.OnStarting(static state =>
    {
        ((HttpResponse)state).StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }, context.Response);
}
