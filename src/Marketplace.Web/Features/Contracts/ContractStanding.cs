using Marketplace.Data;
using Marketplace.Quantities;

namespace Marketplace.Web.Features.Contracts;

/// <summary>How a contract stands.</summary>
public enum ContractState
{
    /// <summary>Only its author sees it.</summary>
    Draft,

    /// <summary>Terms wait for signatures.</summary>
    Offered,

    /// <summary>Other terms wait for signatures.</summary>
    Countered,

    /// <summary>Signed by all; its first period has not begun.</summary>
    Accepted,
    Running,
    Ended,
    Declined,
    Withdrawn,

    /// <summary>Its first day came before all had signed.</summary>
    Expired,
}

/// <summary>How a contract stands after its acts. Nothing has to happen for an offer to expire or a contract to end.</summary>
/// <param name="Open">The terms that wait for signatures, or the draft; none where nothing waits.</param>
/// <param name="SignedBy">Who has signed them.</param>
/// <param name="Binding">The terms that bind, with the end as it is now; none where nothing ever did.</param>
/// <param name="Notice">The notice that was given.</param>
/// <param name="Disputed">A dispute that is not over.</param>
public sealed record ContractStanding(
    ContractState State, ContractAct? Open, IReadOnlySet<int> SignedBy, ContractAct? Binding, ContractAct? Notice, ContractAct? Disputed)
{
    public static ContractStanding Of(IReadOnlyList<ContractAct> acts, IReadOnlyCollection<int> parties, LoopCalendar calendar, DateTimeOffset marketNow)
    {
        ArgumentNullException.ThrowIfNull(acts);
        ArgumentNullException.ThrowIfNull(parties);
        ArgumentNullException.ThrowIfNull(calendar);
        ContractAct? open = null, binding = null, notice = null, disputed = null, closed = null;
        var signed = new HashSet<int>();
        foreach (var act in acts)
        {
            switch (act.Kind)
            {
                case ContractActKind.Drafted:
                    (open, closed, signed) = (act, null, []);
                    break;
                case ContractActKind.Offered or ContractActKind.Countered or ContractActKind.Renegotiated:
                    (open, closed, signed) = (act, null, [act.MemberId]);
                    break;
                case ContractActKind.Accepted:
                    signed.Add(act.MemberId);
                    if (open is not null && signed.IsSupersetOf(parties))
                    {
                        (binding, open, notice, signed) = (open, null, null, []);
                    }

                    break;
                case ContractActKind.Declined or ContractActKind.Withdrawn:
                    (open, closed, signed) = (null, act, []);
                    break;
                case ContractActKind.Cancelled:
                    // Terms that were proposed before the notice must not undo it.
                    (binding, notice, open, signed) = (act, act, null, []);
                    break;
                case ContractActKind.Renewed:
                    binding = act;
                    break;
                case ContractActKind.Disputed:
                    disputed = act;
                    break;
                case ContractActKind.Resolved:
                    disputed = null;
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(acts), act.Kind, "Not an act");
            }
        }

        var expired = open is { Kind: not ContractActKind.Drafted } && marketNow >= calendar.StartOf(open.StartsOn);
        var state = binding is not null
            ? marketNow >= calendar.StartOf(binding.EndsOn) ? ContractState.Ended
                : marketNow >= calendar.StartOf(acts.First(act => act.Version == FirstBinding(acts, parties)).StartsOn) ? ContractState.Running : ContractState.Accepted
            : open is null ? closed?.Kind == ContractActKind.Withdrawn ? ContractState.Withdrawn : ContractState.Declined
            : open.Kind == ContractActKind.Drafted ? ContractState.Draft
            : expired ? ContractState.Expired
            : open.Kind == ContractActKind.Countered ? ContractState.Countered : ContractState.Offered;
        return new ContractStanding(state, expired ? null : open, signed, binding, notice, disputed);
    }

    /// <summary>Whether the contract waits for this party's signature.</summary>
    public bool WaitsFor(int memberId) => Open is { Kind: not ContractActKind.Drafted } && !SignedBy.Contains(memberId);

    /// <summary>Whether it binds, now or from its first day.</summary>
    public bool Binds => State is ContractState.Accepted or ContractState.Running;

    private static int FirstBinding(IReadOnlyList<ContractAct> acts, IReadOnlyCollection<int> parties) =>
        acts.Where(act => act.Kind == ContractActKind.Accepted).GroupBy(act => act.Version)
            .Where(version => version.Select(act => act.MemberId).Append(acts.First(act => act.Version == version.Key).MemberId).ToHashSet().IsSupersetOf(parties))
            .Min(version => version.Key);
}
