using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>Clears a book node by node as its mechanisms say: the coupled nodes together with the converters and connections all of whose
/// nodes are coupled, every other node by itself. A converter or connection at a node that is cleared by itself stands still.</summary>
public static class Clearing
{
    /// <summary>Clears a book. The same book gives the same result.</summary>
    /// <param name="book">The book.</param>
    /// <param name="solver">Proposes a vertex in floating point; exact arithmetic decides.</param>
    /// <exception cref="OrderBookException">A price that the book implies is too large.</exception>
    public static ClearingResult Run(OrderBook book, ILinearProgram solver)
    {
        ArgumentNullException.ThrowIfNull(book);
        ArgumentNullException.ThrowIfNull(solver);
        if (book.IsCoupled)
        {
            return CoupledAuction.Clear(book, solver);
        }

        var (prices, accepted) = (new NodePrice[book.Nodes.Count], new long[book.Orders.Count]);
        var (converters, connections) = (new Energy[book.Converters.Count], new Energy[book.Connections.Count]);
        var part = CoupledPart.Of(book);
        var coupled = CoupledAuction.Clear(part.Book, solver);
        CoupledPart.Copy(coupled.Prices, prices, part.Nodes);
        part.Copy(coupled.Accepted, accepted);
        CoupledPart.Copy(coupled.Converters, converters, part.Converters);
        CoupledPart.Copy(coupled.Connections, connections, part.Connections);

        var trades = new List<Trade>();
        var steps = NodeStep.ByNode(book);
        for (var n = 0; n < prices.Length; n++)
        {
            if (book.MechanismOf(n) == Mechanism.Uniform)
            {
                (prices[n], var taken) = UniformPrice.Clear(steps[n], book.Nodes[n], solver);
                for (var k = 0; k < taken.Length; k++)
                {
                    accepted[steps[n][k].Order] += taken[k];
                }
            }
            else if (book.MechanismOf(n).HasTrades())
            {
                var here = Trades(book, n, steps[n], solver);
                prices[n] = TradesCheck.PriceOf(book.Nodes[n], here);
                foreach (var trade in here)
                {
                    Add(accepted, trade.Buy, trade.Energy);
                    Add(accepted, trade.Sell, trade.Energy);
                }

                trades.AddRange(here);
            }
        }

        return MechanismCheck.Certify(book, prices, [.. accepted.Select(Energy.FromWh)], converters, connections, trades);
    }

    /// <summary>Checks a result against its book without trusting who made it, and without clearing: each node by the rules of its mechanism.</summary>
    public static CheckReport Check(OrderBook book, ClearingResult result)
    {
        ArgumentNullException.ThrowIfNull(book);
        ArgumentNullException.ThrowIfNull(result);
        return MechanismCheck.Check(book, result);
    }

    private static List<Trade> Trades(OrderBook book, int node, List<NodeStep> steps, ILinearProgram solver) => book.MechanismOf(node) switch
    {
        Mechanism.CommunityFirst => CommunityFirst.Clear(steps, book.Nodes[node], order => book.Orders[order].Origin, solver),
        Mechanism.PayAsBid => ContinuousBook.Trade(steps, order => book.Orders[order].Party),
        Mechanism.FallingOffers => FallingOffers.Clear(
            steps, book, book.Orders.FirstOrDefault(o => o.IsStanding && string.Equals(o.Node, book.Nodes[node], StringComparison.Ordinal))),
        Mechanism.Coupled or Mechanism.Uniform => [],
        _ => throw new ArgumentOutOfRangeException(nameof(book)),
    };

    private static void Add(long[] accepted, int order, Energy energy)
    {
        if (order != Trade.Pool)
        {
            accepted[order] += energy.WattHours;
        }
    }
}
