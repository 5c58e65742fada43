using Marketplace.Market.Coupled;
using Marketplace.Market.Exact;
using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>One auction for heat, cold and electricity together: maximum welfare under the balance of each node, one price
/// a node, whole watt-hours. The rules where prices or volumes are not unique, and the bound of the rounding, stand in docs/clearing.md.</summary>
public static class CoupledAuction
{
    /// <summary>Clears a book. The same book gives the same result, whatever the solver's own choices among equal optima.</summary>
    /// <param name="book">The book.</param>
    /// <param name="solver">Proposes a vertex in floating point; exact arithmetic decides.</param>
    /// <exception cref="OrderBookException">A price that the book implies is too large.</exception>
    public static ClearingResult Clear(OrderBook book, ILinearProgram solver)
    {
        ArgumentNullException.ThrowIfNull(book);
        ArgumentNullException.ThrowIfNull(solver);
        var ladders = new Ladders(book);
        var (buys, sells) = (ladders.Buys, ladders.Sells);
        var units = UnitGroup.Of(book);
        var vertex = VertexSearch.Find(buys, sells, units, solver);
        var prices = Prices(book, new PriceSet(buys, sells, units, vertex));

        var rooms = new NodeRoom[book.Nodes.Count];
        for (var n = 0; n < rooms.Length; n++)
        {
            rooms[n] = new NodeRoom(buys[n], sells[n], prices[n].Price?.MicroPerKWh);
        }

        var duals = Array.ConvertAll(prices, p => (p.Price ?? p.Support)?.MicroPerKWh ?? 0);
        var (parts, net) = WholeActivities.Of(units, rooms, vertex.Activities, duals);
        var (bought, sold) = (new long[rooms.Length], new long[rooms.Length]);
        for (var n = 0; n < rooms.Length; n++)
        {
            (bought[n], sold[n]) = rooms[n].Volumes(net[n]);
        }

        var accepted = ladders.Distribute(book.Orders.Count, bought, sold);
        var (converters, connections) = UnitGroup.ByMember(book, units, parts);
        return ClearingCheck.Certify(book, prices, accepted, converters, connections);
    }

    private static NodePrice[] Prices(OrderBook book, PriceSet set)
    {
        var intervals = new (Rational? Low, Rational? High)[book.Nodes.Count];
        for (var n = 0; n < intervals.Length; n++)
        {
            intervals[n] = set.Interval(n);
        }

        var bounded = Bounded(book, set);
        var prices = new NodePrice[intervals.Length];
        for (var n = 0; n < prices.Length; n++)
        {
            var (low, high) = intervals[n];
            Rational? price = null;
            if (low is not null || high is not null)
            {
                price = Choose(low == high ? intervals[n] : set.Interval(n));
                if (bounded is not null)
                {
                    price = Clamp(price.Value, bounded.Interval(n));
                    bounded.Fix(n, price.Value);
                }

                set.Fix(n, price.Value);
            }

            prices[n] = new NodePrice(book.Nodes[n], Whole(book, n, price), Whole(book, n, low), Whole(book, n, high));
        }

        // A node without a price may still be touched by idle units: show that they rightly are, now that all prices are known.
        for (var n = 0; n < prices.Length; n++)
        {
            if (prices[n].Price is null)
            {
                var support = Choose((bounded ?? set).Interval(n));
                (bounded ?? set).Fix(n, support);
                prices[n] = prices[n] with { Support = support.IsZero ? null : Whole(book, n, support) };
            }
        }

        return prices;
    }

    /// <summary>The middle, or the finite end.</summary>
    private static Rational Choose((Rational? Low, Rational? High) interval) => interval switch
    {
        ({ } low, { } high) => (low + high) / 2,
        ({ } low, null) => low,
        (null, { } high) => high,
        _ => Rational.Zero,
    };

    /// <summary>The optimal prices between floor and cap, if the book has such bounds and there are any.</summary>
    private static PriceSet? Bounded(OrderBook book, PriceSet set)
    {
        if (book.Cap is null && book.Floor is null)
        {
            return null;
        }

        var bounded = set.Copy();
        for (var n = 0; n < book.Nodes.Count; n++)
        {
            bounded.Confine(n, book.Floor?.MicroPerKWh, book.Cap?.MicroPerKWh);
        }

        return bounded.IsEmpty() ? null : bounded;
    }

    private static Rational Clamp(Rational price, (Rational? Low, Rational? High) interval) =>
        price < interval.Low ? interval.Low!.Value : price > interval.High ? interval.High!.Value : price;

    private static Price? Whole(OrderBook book, int node, Rational? price)
    {
        if (price is not { } exact)
        {
            return null;
        }

        Order.Require(exact <= ClearingResult.LargestPrice && exact >= -ClearingResult.LargestPrice, $"node '{book.Nodes[node]}': the price that the book implies overflows");
        return Price.FromMicroPerKWh(exact.Round());
    }
}
