using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>What one side of a bilateral deal says will be delivered in an hour.</summary>
/// <param name="Deal">The deal's id.</param>
/// <param name="Seller">Who gives.</param>
/// <param name="Buyer">Who takes.</param>
/// <param name="Node">Where.</param>
/// <param name="Hour">When.</param>
/// <param name="Quantity">How much, zero or more.</param>
public sealed record Nomination(string Deal, string Seller, string Buyer, string Node, DateTimeOffset Hour, Energy Quantity);

/// <summary>Why a nomination does not count.</summary>
public enum NominationRefusal
{
    /// <summary>Seller and buyer do not say the same.</summary>
    SidesDiffer = 1,

    /// <summary>A quantity is below zero.</summary>
    Negative = 2,

    /// <summary>A deal with oneself.</summary>
    SameParty = 3,

    /// <summary>More is sold than the member can give.</summary>
    BeyondSellingCapacity = 4,

    /// <summary>More is bought than the member can take.</summary>
    BeyondBuyingCapacity = 5,
}

/// <summary>What is left for the pool when a member's deals are taken out: to buy or to sell, never both.</summary>
/// <param name="Buy">What is still needed.</param>
/// <param name="Sell">What is still to be sold.</param>
/// <param name="Refusal">Why the nominations do not count, or null; then nothing was taken out.</param>
/// <param name="MostAllowed">Where a capacity was exceeded: that capacity.</param>
public sealed record Residual(Energy Buy, Energy Sell, NominationRefusal? Refusal = null, Energy? MostAllowed = null);

/// <summary>Bilateral deals taken out of the pool, hour by hour: what they deliver needs no order.</summary>
public static class Nominations
{
    /// <summary>Whether what both sides say counts; null means that it does.</summary>
    public static NominationRefusal? Agree(Nomination bySeller, Nomination byBuyer)
    {
        ArgumentNullException.ThrowIfNull(bySeller);
        ArgumentNullException.ThrowIfNull(byBuyer);
        return bySeller.Quantity.IsNegative || byBuyer.Quantity.IsNegative ? NominationRefusal.Negative
            : string.Equals(bySeller.Seller, bySeller.Buyer, StringComparison.Ordinal) ? NominationRefusal.SameParty
            : bySeller == byBuyer ? null : NominationRefusal.SidesDiffer;
    }

    /// <summary>What a member buys or sells in the pool at one node and hour: expected need less what deals bring, plus what deals take.</summary>
    /// <param name="member">Whose.</param>
    /// <param name="need">Expected consumption less own production: negative for who has too much.</param>
    /// <param name="canGive">Most that the member's plants or connection can give in the hour.</param>
    /// <param name="canTake">Most that the member can take.</param>
    /// <param name="agreed">Nominations on which both sides agree; those of others are passed over.</param>
    public static Residual Of(string member, Energy need, Energy canGive, Energy canTake, IEnumerable<Nomination> agreed)
    {
        ArgumentNullException.ThrowIfNull(agreed);
        var (bought, sold) = (Energy.Zero, Energy.Zero);
        foreach (var nomination in agreed)
        {
            if (nomination.Quantity.IsNegative)
            {
                return Split(need) with { Refusal = NominationRefusal.Negative };
            }

            bought += string.Equals(nomination.Buyer, member, StringComparison.Ordinal) ? nomination.Quantity : Energy.Zero;
            sold += string.Equals(nomination.Seller, member, StringComparison.Ordinal) ? nomination.Quantity : Energy.Zero;
        }

        return sold > canGive ? Split(need) with { Refusal = NominationRefusal.BeyondSellingCapacity, MostAllowed = canGive }
            : bought > canTake ? Split(need) with { Refusal = NominationRefusal.BeyondBuyingCapacity, MostAllowed = canTake }
            : Split(need - bought + sold);
    }

    /// <summary>What is left of an order when deals deliver a part of it: its best steps are served by them first. An order that is served in full stays, with nothing.</summary>
    /// <param name="order">The member's order for all that is needed or offered.</param>
    /// <param name="nominated">Energy of the member's deals on the order's side.</param>
    /// <returns>The order left for the pool, and how much of the deals it did not hold.</returns>
    public static (Order Order, Energy Beyond) Reduce(Order order, Energy nominated)
    {
        ArgumentNullException.ThrowIfNull(order);
        ArgumentOutOfRangeException.ThrowIfLessThan(nominated, Energy.Zero);
        var steps = new OrderStep[order.StepCount];
        for (var s = 0; s < steps.Length; s++)
        {
            var served = Energy.Min(nominated, order.Step(s).Quantity);
            nominated -= served;
            steps[s] = order.Step(s) with { Quantity = order.Step(s).Quantity - served };
        }

        return (order.WithSteps(steps), nominated);
    }

    private static Residual Split(Energy need) =>
        need.IsNegative ? new Residual(Energy.Zero, -need) : new Residual(need, Energy.Zero);
}
