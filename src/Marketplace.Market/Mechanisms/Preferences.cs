using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>What a member wants its energy to be. The numeric values are stored and must never change.</summary>
public enum Preference
{
    /// <summary>Whatever is cheapest; no certificates.</summary>
    Cheapest = 1,

    /// <summary>From within the loop where there is any.</summary>
    LocalFirst = 2,

    /// <summary>From renewable sources, for a premium.</summary>
    RenewableOnly = 3,
}

/// <summary>What a member bought in an hour and asks of it.</summary>
/// <param name="Member">Who.</param>
/// <param name="Preference">What is asked.</param>
/// <param name="Bought">Energy bought, zero or more.</param>
/// <param name="Premium">Paid on top of the price per kWh that is met, zero or more.</param>
public sealed record PreferenceRequest(string Member, Preference Preference, Energy Bought, Price Premium);

/// <summary>Energy that a seller sold, and where it came from.</summary>
/// <param name="Seller">Who.</param>
/// <param name="IsLocal">Made within the loop.</param>
/// <param name="IsRenewable">From a renewable source.</param>
/// <param name="Sold">Accepted energy, zero or more.</param>
public sealed record OriginSupply(string Seller, bool IsLocal, bool IsRenewable, Energy Sold);

/// <summary>Energy of a seller that is counted as a member's.</summary>
/// <param name="Request">Position of the request.</param>
/// <param name="Supply">Position of the supply.</param>
/// <param name="Energy">More than zero.</param>
/// <param name="Premium">What the member pays the seller for it on top of the price.</param>
public readonly record struct OriginShare(int Request, int Supply, Energy Energy, Money Premium);

/// <summary>How far a request was met.</summary>
/// <param name="Met">Energy with the origin asked for; at most what was bought.</param>
/// <param name="Premium">What is paid for it; nothing for what was not met.</param>
public readonly record struct PreferenceMet(Energy Met, Money Premium);

/// <summary>Which sold energy counts as whose, after clearing: no price, volume or balance depends on it. Each Wh is counted once.</summary>
/// <param name="Shares">By request, then by supply.</param>
/// <param name="Requests">One for each request.</param>
public sealed record PreferenceOutcome(IReadOnlyList<OriginShare> Shares, IReadOnlyList<PreferenceMet> Requests);

/// <summary>Meets preferences by certificates. Renewable energy from elsewhere goes to who asks for renewable, other local energy to who asks for local,
/// each pro rata to what was bought; then local renewable energy to both, pro rata to what they still lack. That meets as much as can be met.
/// Sellers of one kind give pro rata to what they sold. All by largest remainder, the earlier first.</summary>
public static class Preferences
{
    /// <summary>Allocates the origins of one carrier in one hour.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An energy or premium is negative.</exception>
    public static PreferenceOutcome Allocate(IReadOnlyList<PreferenceRequest> requests, IReadOnlyList<OriginSupply> supplies)
    {
        ArgumentNullException.ThrowIfNull(requests);
        ArgumentNullException.ThrowIfNull(supplies);
        foreach (var request in requests)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(request.Bought, Energy.Zero, nameof(requests));
            ArgumentOutOfRangeException.ThrowIfLessThan(request.Premium, Price.Zero, nameof(requests));
        }

        foreach (var supply in supplies)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(supply.Sold, Energy.Zero, nameof(supplies));
        }

        var lacking = requests.Select(r => r.Preference == Preference.Cheapest ? 0 : r.Bought.WattHours).ToArray();
        var shares = new List<(int Request, int Supply, long WattHours)>();
        Share(requests, supplies, lacking, shares, s => s.IsRenewable && !s.IsLocal, Preference.RenewableOnly);
        Share(requests, supplies, lacking, shares, s => s.IsLocal && !s.IsRenewable, Preference.LocalFirst);
        Share(requests, supplies, lacking, shares, s => s.IsLocal && s.IsRenewable, Preference.RenewableOnly, Preference.LocalFirst);
        return Priced(requests, shares);
    }

    private static void Share(
        IReadOnlyList<PreferenceRequest> requests, IReadOnlyList<OriginSupply> supplies, long[] lacking, List<(int, int, long)> shares,
        Func<OriginSupply, bool> kind, params Preference[] asking)
    {
        var wanted = requests.Select((r, i) => asking.Contains(r.Preference) ? lacking[i] : 0).ToArray();
        var offered = supplies.Select(s => kind(s) ? s.Sold.WattHours : 0).ToArray();
        var total = Math.Min(wanted.Sum(), offered.Sum());
        var (taken, given) = (LargestRemainder.Split(total, wanted), LargestRemainder.Split(total, offered));
        for (int r = 0, s = 0; r < taken.Length && s < given.Length;)
        {
            var energy = Math.Min(taken[r], given[s]);
            if (energy > 0)
            {
                shares.Add((r, s, energy));
                (taken[r], given[s], lacking[r]) = (taken[r] - energy, given[s] - energy, lacking[r] - energy);
            }

            (r, s) = taken[r] == 0 ? (r + 1, s) : (r, s + 1);
        }
    }

    /// <summary>The premium of a request is rounded once; its shares get what the running sum has grown by, so that they sum to it exactly.</summary>
    private static PreferenceOutcome Priced(IReadOnlyList<PreferenceRequest> requests, List<(int Request, int Supply, long WattHours)> shares)
    {
        var met = new PreferenceMet[requests.Count];
        var priced = new List<OriginShare>(shares.Count);
        foreach (var (request, supply, wattHours) in shares.OrderBy(s => s.Request).ThenBy(s => s.Supply))
        {
            var energy = met[request].Met + Energy.FromWh(wattHours);
            var premium = requests[request].Premium.Of(energy);
            priced.Add(new OriginShare(request, supply, Energy.FromWh(wattHours), premium - met[request].Premium));
            met[request] = new PreferenceMet(energy, premium);
        }

        return new PreferenceOutcome(priced, met);
    }
}
