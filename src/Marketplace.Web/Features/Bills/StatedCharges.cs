using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Quantities;

namespace Marketplace.Web.Features.Bills;

/// <summary>
/// The door through which lines come onto bills that the settled hours do not make: what a clause of a contract came to, a compensation, a part of
/// what the community bears. Register an implementation for each source. Billing posts what is stated to the journal when the document is issued and
/// takes it back with its credit note; a source posts nothing itself. Asked again for the same period, a source states the same, unless what it is
/// stated from was corrected: then the documents that differ are revised.
/// </summary>
public interface IStatedCharges
{
    /// <summary>The lines of a period.</summary>
    Task<IReadOnlyList<StatedCharge>> OfAsync(StatedScope scope, CancellationToken cancellationToken);

    /// <summary>Whose documents have to wait, because something that belongs on them cannot be worked out yet, and why.</summary>
    Task<IReadOnlyList<WaitingCharge>> WaitingAsync(Loop loop, Interval period, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<WaitingCharge>>([]);
}

/// <param name="Words">What is missing, for the operator.</param>
public sealed record WaitingCharge(int Member, string Words);

/// <summary>For what lines are asked.</summary>
/// <param name="Members">Only these members; everybody where none are named. What is shared with others is still divided among all.</param>
/// <param name="Tariffs">The tariffs of the period, each with its part of it.</param>
/// <param name="Positions">The sums of the settled hours of those members.</param>
public sealed record StatedScope(
    Loop Loop, Interval Period, IReadOnlyCollection<int>? Members, IReadOnlyList<(Tariff Tariff, Interval During)> Tariffs, IReadOnlyList<PositionSum> Positions)
{
    /// <summary>Whether lines of this member are asked for.</summary>
    public bool Asks(int member) => Members is null || Members.Contains(member);
}
