using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>Energy that changes hands at a price of its own.</summary>
/// <param name="Buy">Position of the buyer's order in the book, or <see cref="Pool"/>.</param>
/// <param name="Sell">Position of the seller's order in the book, or <see cref="Pool"/>.</param>
/// <param name="Energy">More than zero.</param>
/// <param name="Price">What the buyer pays and the seller gets per kWh.</param>
/// <param name="Round">When, where a mechanism has rounds: the stage (1 or 2) of community first, the round (0 to the last, then one more
/// for the standing offer) of falling offers; else 0.</param>
public readonly record struct Trade(int Buy, int Sell, Energy Energy, Price Price, int Round = 0)
{
    /// <summary>Stands for all orders of the other side together.</summary>
    public const int Pool = -1;
}
