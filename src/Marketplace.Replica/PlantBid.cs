using Marketplace.Quantities;

namespace Marketplace.Replica;

/// <summary>Which way an order of a plant or member goes.</summary>
public enum BidSide
{
    /// <summary>Takes energy, at most at the limit.</summary>
    Buy = 1,

    /// <summary>Gives energy, at least at the limit.</summary>
    Sell = 2,
}

/// <summary>One order for one hour, as the replica's members and plants place it.</summary>
/// <param name="Carrier">What is traded.</param>
/// <param name="Side">Buy or sell.</param>
/// <param name="Quantity">Whole Wh, above zero.</param>
/// <param name="Limit">Limit price per kWh.</param>
public sealed record PlantOrder(Carrier Carrier, BidSide Side, Energy Quantity, Price Limit);

/// <summary>A plant that turns carriers into each other within the hour.</summary>
/// <param name="Capacity">The most it can run in the hour, in Wh of its unit, which is electricity taken.</param>
/// <param name="FlowMillionths">Wh given (above zero) or taken (below zero) per Wh of the unit, in millionths; electricity is −1,000,000.</param>
/// <param name="RunningCost">Cost per kWh of the unit.</param>
public sealed record PlantConverter(Energy Capacity, IReadOnlyDictionary<Carrier, long> FlowMillionths, Price RunningCost);

/// <summary>What a plant brings to one hour's auction: orders, a converter, or nothing.</summary>
public sealed record PlantBid(IReadOnlyList<PlantOrder> Orders, PlantConverter? Converter)
{
    /// <summary>Nothing this hour.</summary>
    public static PlantBid None { get; } = new([], null);

    /// <summary>Orders alone; those of no quantity are left out.</summary>
    public static PlantBid Of(params PlantOrder[] orders)
    {
        var placed = Array.FindAll(orders, order => order.Quantity > Energy.Zero);
        return placed.Length == 0 ? None : new PlantBid(placed, null);
    }
}

/// <summary>What a plant knows when it bids for an hour.</summary>
/// <param name="Conditions">Weather and prices as forecast for the hour.</param>
public sealed record BidInputs(Conditions Conditions)
{
    /// <summary>What the owner is expected to use in electricity; waste heat follows it.</summary>
    public Energy OwnerElectricity { get; init; }

    /// <summary>What a store will hold at the start of the hour, by the trades already made.</summary>
    public StoreState Store { get; init; }

    /// <summary>Average price of each carrier over the last hours that cleared; a carrier without a price is absent.</summary>
    public IReadOnlyDictionary<Carrier, Price> RecentAverages { get; init; } = new Dictionary<Carrier, Price>();

    /// <summary>The loop's configured feed-in price; the grid pays the lower of it and the import price.</summary>
    public Price FeedIn { get; init; }
}
