using System.Globalization;
using Marketplace.Quantities;
using Marketplace.Web.Pipeline;
using Microsoft.AspNetCore.Components.Authorization;

namespace Marketplace.Web.Shell;

/// <summary>What every page shows of a loop.</summary>
/// <param name="Id">The loop's id in addresses and claims.</param>
/// <param name="Name">Its name for people.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Zone">Its time zone.</param>
public sealed record LoopFace(int Id, string Name, string Currency, TimeZoneInfo Zone)
{
    /// <summary>The loop's way of writing quantities in a culture.</summary>
    public Format Format(CultureInfo culture) => new(Currency, Zone, culture);
}

/// <summary>The market clock of a loop at one moment.</summary>
/// <param name="Now">Market time.</param>
/// <param name="Rate">Market seconds in a real second; 0 when the clock stands.</param>
/// <param name="GateCloses">When, in market time, orders for <paramref name="Delivery"/> end.</param>
/// <param name="Delivery">The next market hour that still takes orders.</param>
public sealed record ClockFace(DateTimeOffset Now, double Rate, DateTimeOffset GateCloses, Interval Delivery);

/// <summary>Where the shell asks about loops. It is asked on every page, so it answers from memory.</summary>
public interface ILoopFaces
{
    /// <summary>The loop, or nothing if there is none of that id.</summary>
    LoopFace? Find(int loopId);

    /// <summary>The loop's market clock, or nothing if it has none yet.</summary>
    ClockFace? Clock(int loopId);
}

/// <summary>The loop whose pages the person is looking at: the one chosen by cookie if they belong to it, else their first.
/// A circuit has no cookie of its own: an interactive part takes its loop as a parameter.</summary>
public sealed class CurrentLoop(AuthenticationStateProvider authentication, IHttpContextAccessor http, IServiceProvider services)
{
    /// <summary>The cookie in which a member of several loops keeps the choice.</summary>
    public const string Cookie = "loop";

    private readonly ILoopFaces? _faces = services.GetService<ILoopFaces>();

    /// <summary>The loop's id, or nothing for a visitor.</summary>
    public int? Id
    {
        get
        {
            var held = Held();
            var wish = int.TryParse(http.HttpContext?.Request.Cookies[Cookie], NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : -1;
            return (held.FirstOrDefault(role => role.LoopId == wish) ?? (held.Count > 0 ? held[0] : null))?.LoopId;
        }
    }

    /// <summary>The loop, or nothing for a visitor.</summary>
    public LoopFace? Face => Id is { } id ? _faces?.Find(id) : null;

    /// <summary>The loop's market clock.</summary>
    public ClockFace? Clock => Id is { } id ? _faces?.Clock(id) : null;

    /// <summary>The way of writing quantities for this loop, or the neutral one.</summary>
    public Format Format => Face?.Format(CultureInfo.CurrentCulture) ?? Format.Neutral;

    /// <summary>The roles the person holds in this loop.</summary>
    public IReadOnlyList<RoleHeld> Roles => Id is { } id ? [.. Held().Where(role => role.LoopId == id)] : [];

    /// <summary>Every loop the person belongs to.</summary>
    public IReadOnlyList<LoopFace> Choices =>
        [.. Held().Select(role => role.LoopId).Distinct().Select(id => _faces?.Find(id)).OfType<LoopFace>()];

    // The state is set before the first component renders, in a request as in a circuit.
    private IReadOnlyList<RoleHeld> Held()
    {
        var state = authentication.GetAuthenticationStateAsync();
        return state.IsCompletedSuccessfully ? Actor.From(state.Result.User).Roles : [];
    }
}
