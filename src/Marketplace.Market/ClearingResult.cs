using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>The price of one node and the interval in which it could have lain. An open end is null;
/// a node without a price was not traded and its interval is open at both ends.</summary>
/// <param name="Node">The node's name.</param>
/// <param name="Price">The price, or null where nothing sets one.</param>
/// <param name="Low">Lowest optimal price of this node alone.</param>
/// <param name="High">Highest optimal price of this node alone.</param>
/// <param name="Support">At a node without a price: a value at which no converter or connection that touches it would gain
/// by running, which proves that nothing should. It is not a market price.</param>
public sealed record NodePrice(string Node, Price? Price, Price? Low, Price? High, Price? Support = null);

/// <summary>What a converter or connection took (negative) or gave (positive) at a node, in whole Wh:
/// what it takes is rounded up, what it gives is rounded down.</summary>
/// <param name="Unit">Id of the converter or connection.</param>
/// <param name="Node">The node's name.</param>
/// <param name="Energy">Signed: negative out of the node, positive into it.</param>
public sealed record UnitFlow(string Unit, string Node, Energy Energy);

/// <summary>What the clearing's own check found, as stored with the result.</summary>
/// <param name="Balanced">Bought and taken equals sold and given at each node.</param>
/// <param name="WithinLimits">Nothing exceeds a quantity or capacity, nobody pays more or receives less than the own limit.</param>
/// <param name="Complementary">In the money means accepted, out of the money means not, but for the stated Wh of rounding.</param>
/// <param name="DualityGap">Value of the dual at these prices less the welfare.</param>
/// <param name="DualityGapBound">How large the gap may be by whole Wh and whole prices alone.</param>
public sealed record ClearingChecks(bool Balanced, bool WithinLimits, bool Complementary, Money DualityGap, Money DualityGapBound)
{
    /// <summary>Whether everything holds.</summary>
    public bool Hold => Balanced && WithinLimits && Complementary && DualityGap <= DualityGapBound && -DualityGap <= DualityGapBound;
}

/// <summary>The outcome of one clearing. Lists stand in the order of the book's.</summary>
public sealed class ClearingResult
{
    /// <summary>Beyond this a price would no longer multiply exactly with a quantity.</summary>
    internal const long LargestPrice = 1_000_000_000_000_000;

    /// <summary>Creates a result; whether it is right is for <see cref="ClearingCheck"/> to say.</summary>
    /// <exception cref="OrderBookException">A list does not have the length of the book's, or a value is larger than any book allows.</exception>
    public ClearingResult(
        OrderBook book,
        Money welfare,
        IReadOnlyList<NodePrice> prices,
        IReadOnlyList<Energy> accepted,
        IReadOnlyList<Energy> converters,
        IReadOnlyList<Energy> connections,
        ClearingChecks checks,
        IReadOnlyList<Trade>? trades = null,
        IReadOnlyList<Money?>? welfareGivenUp = null)
    {
        ArgumentNullException.ThrowIfNull(book);
        ArgumentNullException.ThrowIfNull(prices);
        ArgumentNullException.ThrowIfNull(accepted);
        ArgumentNullException.ThrowIfNull(converters);
        ArgumentNullException.ThrowIfNull(connections);
        Order.Require(prices.Count == book.Nodes.Count, "prices: not one for each node");
        Order.Require(accepted.Count == book.Orders.Count, "accepted: not one for each order");
        Order.Require(converters.Count == book.Converters.Count, "converters: not one for each converter");
        Order.Require(connections.Count == book.Connections.Count, "connections: not one for each connection");
        CheckSize("accepted", accepted);
        CheckSize("converters", converters);
        CheckSize("connections", connections);
        foreach (var price in prices)
        {
            var stated = (price.Price ?? price.Support)?.MicroPerKWh ?? 0;
            Order.Require(stated is >= -LargestPrice and <= LargestPrice, $"prices: that of '{price.Node}' overflows");
        }

        Order.Require(welfareGivenUp is null || welfareGivenUp.Count == book.Nodes.Count, "welfareGivenUp: not one for each node");
        (Welfare, Prices, Accepted, Converters, Connections, Checks) = (welfare, prices, accepted, converters, connections, checks);
        (Trades, WelfareGivenUp) = (trades ?? [], welfareGivenUp ?? new Money?[book.Nodes.Count]);
        CheckTrades(book);
        (Flows, Losses) = UnitFlows.Of(book, converters, connections);
    }

    private void CheckTrades(OrderBook book)
    {
        for (var t = 0; t < Trades.Count; t++)
        {
            var (buy, sell, energy, price, _) = Trades[t];
            string Which() => $"trades[{t.ToString(System.Globalization.CultureInfo.InvariantCulture)}]";
            if (buy < Trade.Pool || buy >= book.Orders.Count || sell < Trade.Pool || sell >= book.Orders.Count || (buy == Trade.Pool && sell == Trade.Pool))
            {
                throw new OrderBookException($"{Which()}: its orders are not in the book");
            }

            if (energy.WattHours is < -Limits.QuantityWh or > Limits.QuantityWh || price.MicroPerKWh is < -LargestPrice or > LargestPrice)
            {
                throw new OrderBookException($"{Which()}: its energy or price overflows");
            }
        }
    }

    private static void CheckSize(string list, IReadOnlyList<Energy> energies)
    {
        for (var i = 0; i < energies.Count; i++)
        {
            if (energies[i].WattHours is < -Limits.QuantityWh or > Limits.QuantityWh)
            {
                throw new OrderBookException($"{list}: {energies[i]} at position {i.ToString(System.Globalization.CultureInfo.InvariantCulture)} overflows");
            }
        }
    }

    /// <summary>Accepted buy value less accepted sell value, running cost and fees; summed exactly, divided once.</summary>
    public Money Welfare { get; }

    /// <summary>One for each node.</summary>
    public IReadOnlyList<NodePrice> Prices { get; }

    /// <summary>Accepted energy of each order.</summary>
    public IReadOnlyList<Energy> Accepted { get; }

    /// <summary>Activity of each converter in Wh of its unit.</summary>
    public IReadOnlyList<Energy> Converters { get; }

    /// <summary>What enters each connection.</summary>
    public IReadOnlyList<Energy> Connections { get; }

    /// <summary>What converters and connections took and gave at each node, those that ran only.</summary>
    public IReadOnlyList<UnitFlow> Flows { get; }

    /// <summary>Energy lost to rounding at each node by converters and connections, in millionths of a Wh: their exact flow less the whole one.
    /// The loss of a connection by its loss factor is not in it.</summary>
    public IReadOnlyList<long> Losses { get; }

    /// <summary>Where prices differ by trade: the trades, by node and in the order in which they came about. Empty for other mechanisms.
    /// At such nodes the price is the average of the trades by energy, its interval reaches from the lowest to the highest.</summary>
    public IReadOnlyList<Trade> Trades { get; }

    /// <summary>For each node where prices differ by trade: what one price for the node alone would have gained in welfare. Null at other nodes.</summary>
    public IReadOnlyList<Money?> WelfareGivenUp { get; }

    /// <summary>What the clearing's own check found.</summary>
    public ClearingChecks Checks { get; }
}
