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
    protected void AnswerNotFound()
    {
        if (Context is { Response.HasStarted: false } context)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
        }
    }
}
