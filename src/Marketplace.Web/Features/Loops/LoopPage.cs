using Marketplace.Web.Pipeline;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components;

namespace Marketplace.Web.Features.Loops;

/// <summary>A page of one loop for its members: <c>@page "/loops/{Slug}/…"</c> and <c>@inherits LoopPage</c>. The loop is
/// there before the page's own life begins; for those who do not belong to it the page does not exist.</summary>
[Authorize]
public abstract class LoopPage : ComponentBase
{
    [Inject]
    protected Requests Requests { get; set; } = default!;

    [Parameter]
    public string Slug { get; set; } = "";

    protected LoopView Loop { get; private set; } = default!;

    /// <summary>Who in the loop may open the page; each request checks again for itself.</summary>
    protected virtual bool IsFor(LoopView loop) => loop.Members.Count > 0;

    public override async Task SetParametersAsync(ParameterView parameters)
    {
        parameters.SetParameterProperties(this);
        if (Loop?.Slug != Slug)
        {
            var loop = await Requests.Send(new FindLoop(Slug));
            Loop = IsFor(loop) ? loop : throw new NotPermittedException(GetType().Name);
        }

        await base.SetParametersAsync(ParameterView.Empty);
    }
}

/// <summary>A page of one loop for its operators.</summary>
public abstract class OperatorPage : LoopPage
{
    protected override bool IsFor(LoopView loop) => loop.Operates;
}

/// <summary>A page of one loop that needs no sign-in.</summary>
[AllowAnonymous]
public abstract class PublicLoopPage : ComponentBase
{
    [Inject]
    protected Requests Requests { get; set; } = default!;

    [Parameter]
    public string Slug { get; set; } = "";

    protected LoopView Loop { get; private set; } = default!;

    public override async Task SetParametersAsync(ParameterView parameters)
    {
        parameters.SetParameterProperties(this);
        if (Loop?.Slug != Slug)
        {
            Loop = await Requests.Send(new FindPublicLoop(Slug));
        }

        await base.SetParametersAsync(ParameterView.Empty);
    }
}
