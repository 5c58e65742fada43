using Marketplace.Data;
using Marketplace.Quantities;

namespace Marketplace.Web.Features.Deals;

/// <summary>How a deal stands.</summary>
public enum DealState
{
    Proposed,
    Countered,
    Accepted,

    /// <summary>Its first hour has begun.</summary>
    Running,
    Ended,
    Withdrawn,
    Declined,

    /// <summary>Nobody answered in time.</summary>
    Expired,
}

/// <summary>Knows how a deal stands from its last act and the market clock: nothing has to happen for a proposal to expire or a deal to end.</summary>
public static class DealStates
{
    public static DealState Of(DealAct last, LoopCalendar calendar, DateTimeOffset marketNow)
    {
        ArgumentNullException.ThrowIfNull(last);
        return last.Kind switch
        {
            DealActKind.Proposed => marketNow >= last.ExpiresAt ? DealState.Expired : DealState.Proposed,
            DealActKind.Countered => marketNow >= last.ExpiresAt ? DealState.Expired : DealState.Countered,
            DealActKind.Accepted => marketNow >= last.EndsAt ? DealState.Ended
                : marketNow >= DealTerms.Of(last).Hours(calendar).First() ? DealState.Running : DealState.Accepted,
            DealActKind.Declined => DealState.Declined,
            DealActKind.Withdrawn => DealState.Withdrawn,
            _ => throw new ArgumentOutOfRangeException(nameof(last), last.Kind, "Not an act"),
        };
    }

    /// <summary>Whether somebody still has to answer.</summary>
    public static bool IsOpen(this DealState state) => state is DealState.Proposed or DealState.Countered;

    /// <summary>Whether it binds and delivers, now or later.</summary>
    public static bool IsBinding(this DealState state) => state is DealState.Accepted or DealState.Running;
}
