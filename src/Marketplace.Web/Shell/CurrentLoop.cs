using System.Globalization;
using Marketplace.Web.Pipeline;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;

namespace Marketplace.Web.Shell;

/// <summary>The loop whose pages the person is looking at: the one in the address, <c>/loops/{slug}/…</c>, else the first
/// they belong to. In a circuit it follows the address of the page as well.</summary>
public sealed class CurrentLoop(AuthenticationStateProvider authentication, NavigationManager navigation, LoopFaces faces)
{
    /// <summary>The loop, or nothing for a visitor outside any.</summary>
    public LoopFace? Face => InAddress() ?? (Held() is [var first, ..] ? faces.Find(first.LoopId) : null);

    /// <summary>The loop's market clock.</summary>
    public ClockFace? Clock => Face is { } face ? faces.Clock(face.Id) : null;

    /// <summary>The way of writing quantities for this loop, or the neutral one.</summary>
    public Format Format => Face?.Format(CultureInfo.CurrentCulture) ?? Format.Neutral;

    /// <summary>The roles the person holds in this loop.</summary>
    public IReadOnlyList<RoleHeld> Roles => Face is { } face ? [.. Held().Where(role => role.LoopId == face.Id)] : [];

    /// <summary>Every loop the person belongs to.</summary>
    public IReadOnlyList<LoopFace> Choices => [.. Held().Select(role => role.LoopId).Distinct().Select(faces.Find).OfType<LoopFace>()];

    private LoopFace? InAddress() =>
        navigation.ToBaseRelativePath(navigation.Uri).Split('?', '#')[0].Split('/') is ["loops", { Length: > 0 } slug, ..] ? faces.Find(Uri.UnescapeDataString(slug)) : null;

    // The state is set before the first component renders, in a request as in a circuit.
    private IReadOnlyList<RoleHeld> Held()
    {
        var state = authentication.GetAuthenticationStateAsync();
        return state.IsCompletedSuccessfully ? Actor.From(state.Result.User).Roles : [];
    }
}
