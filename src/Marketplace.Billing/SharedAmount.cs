using System.Globalization;
using Marketplace.Quantities;

namespace Marketplace.Billing;

/// <summary>By what a shared amount is divided. The numeric values are stored and must never change.</summary>
public enum SharingKey
{
    /// <summary>The same for everybody.</summary>
    Equal = 1,

    /// <summary>By what each took of the carrier; where nobody took any, the same for everybody.</summary>
    Consumption = 2,
}

/// <summary>What the community bears, or hands back, together: the current of the common pumps, a surplus of the year.</summary>
/// <param name="Number">Which one, within the loop.</param>
/// <param name="Name">As it stands on bills.</param>
/// <param name="Amount">In whole cents; below zero it is handed back.</param>
/// <param name="Key">How it is divided.</param>
/// <param name="Carrier">What it is divided by, where that is consumption; on the bill it is taxed as this carrier is.</param>
public sealed record SharedAmount(int Number, string Name, Money Amount, SharingKey Key, Carrier? Carrier)
{
    /// <summary>The parts of all, in whole cents, by largest remainder: together they are the amount.</summary>
    /// <param name="taken">Who shares it, and what each took of each carrier.</param>
    /// <exception cref="InvalidOperationException">The amount has parts of a cent.</exception>
    public IReadOnlyList<StatedCharge> Split(IReadOnlyList<(int Member, IReadOnlyDictionary<Carrier, Energy> Energy)> taken)
    {
        ArgumentNullException.ThrowIfNull(taken);
        if (Amount.ToWholeCents() != Amount)
        {
            throw new InvalidOperationException("A shared amount is in whole cents");
        }

        if (taken.Count == 0)
        {
            return [];
        }

        var sharers = taken.OrderBy(sharer => sharer.Member).ToList();
        var weights = sharers.Select(sharer => Key == SharingKey.Equal ? 1
            : Math.Max(0, Carrier is { } carrier ? sharer.Energy.GetValueOrDefault(carrier).WattHours : sharer.Energy.Values.Sum(energy => energy.WattHours))).ToArray();
        var byConsumption = Key == SharingKey.Consumption && weights.Any(weight => weight > 0);
        if (!byConsumption)
        {
            Array.Fill(weights, 1);
        }

        var total = weights.Sum();
        var sign = Amount.IsNegative ? -1 : 1;
        var parts = LargestRemainder.Split(Math.Abs(Amount.Cents), weights);
        return
        [
            .. sharers.Select((sharer, i) => new StatedCharge(
                sharer.Member, BillLineKind.CommunityShare, Name, Money.FromCents(sign * parts[i]),
                byConsumption
                    ? string.Create(CultureInfo.InvariantCulture, $"{Amount.Amount:0.00} × {weights[i]} Wh ÷ {total} Wh, divided in whole cents by largest remainder")
                    : string.Create(CultureInfo.InvariantCulture, $"{Amount.Amount:0.00} ÷ {sharers.Count} members, divided in whole cents by largest remainder"))
            {
                Carrier = Carrier,
                Quantity = Rounding.DivideAwayFromZero((Int128)weights[i] * 1_000_000, total),
                Inputs = [new("sharedCents", Amount.Cents), new("weight", weights[i]), new("weights", total), new("sharedNumber", Number)],
            }),
        ];
    }
}
