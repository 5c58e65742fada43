using Marketplace.Quantities;

namespace Marketplace.Web.Features.Bills;

/// <summary>One bar of <see cref="AmountBars"/>: what an interval cost or earned, by carrier.</summary>
/// <param name="Label">The interval in full, read aloud.</param>
/// <param name="Tick">What stands under the bar; empty under most.</param>
/// <param name="Parts">Amounts by carrier, as they are shown, and whether any hour of them rests on an estimate.</param>
/// <param name="Href">Where more of it is.</param>
public sealed record AmountBar(string Label, string Tick, IReadOnlyList<(Carrier Carrier, Money Amount, bool Estimated)> Parts, string? Href = null)
{
    public bool Estimated => Parts.Any(part => part.Estimated);

    /// <summary>All carriers together.</summary>
    public Money Total => Parts.Aggregate(Money.Zero, (sum, part) => sum + part.Amount);
}
