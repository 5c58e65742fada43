using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>Offers open at a ceiling and fall in equal steps to their limits; buyers take the cheapest they can pay in the order in which they
/// came; after the last round offers expire and the operator's standing offer serves who is left. For loops cut off from the grid.</summary>
internal static class FallingOffers
{
    /// <summary>An offer that stands, with the price it has come down to.</summary>
    private sealed record Offer(NodeStep Step, string? Party)
    {
        public long Left { get; set; } = Step.Quantity;

        public long Price { get; set; }
    }

    /// <summary>Where offers begin: at the limit of the standing offer, at most at the cap.</summary>
    public static long Ceiling(Order? standing, Price? cap)
    {
        var most = cap?.MicroPerKWh ?? long.MaxValue;
        return standing is null ? most : Math.Min(standing.Limit.MicroPerKWh, most);
    }

    /// <summary>The price of an offer in a round: whole millionths, what does not divide stays with the seller until the last round, which is the limit.
    /// An offer that wants more than the ceiling stands at its limit.</summary>
    public static long PriceIn(int round, int rounds, long ceiling, long limit) =>
        limit >= ceiling ? limit : (long)(ceiling - (((Int128)ceiling - limit) * round / rounds));

    /// <summary>The trades of a node in the order in which they come about.</summary>
    public static List<Trade> Clear(IReadOnlyList<NodeStep> steps, OrderBook book, Order? standing)
    {
        var ceiling = Ceiling(standing, book.Cap);
        var buyers = new List<Offer>();
        var (offers, last) = (new List<Offer>(), new List<Offer>());
        foreach (var step in steps)
        {
            var order = book.Orders[step.Order];
            (step.Side == Side.Buy ? buyers : order.IsStanding ? last : offers).Add(new Offer(step, order.Party));
        }

        var trades = new List<Trade>();
        for (var round = 0; round <= book.Rounds; round++)
        {
            offers.ForEach(o => o.Price = PriceIn(round, book.Rounds, ceiling, o.Step.Limit));
            Serve(buyers, offers, round, trades);
        }

        last.ForEach(o => o.Price = o.Step.Limit);
        Serve(buyers, last, book.Rounds + 1, trades);
        return trades;
    }

    private static void Serve(List<Offer> buyers, List<Offer> offers, int round, List<Trade> trades)
    {
        var standing = new LinkedList<Offer>(offers.OrderBy(o => o.Price));
        foreach (var buyer in buyers)
        {
            for (var node = standing.First; node is not null && buyer.Left > 0 && node.Value.Price <= buyer.Step.Limit;)
            {
                var (offer, next) = (node.Value, node.Next);
                if (offer.Party is null || !string.Equals(offer.Party, buyer.Party, StringComparison.Ordinal))
                {
                    var energy = Math.Min(buyer.Left, offer.Left);
                    trades.Add(new Trade(buyer.Step.Order, offer.Step.Order, Energy.FromWh(energy), Price.FromMicroPerKWh(offer.Price), round));
                    buyer.Left -= energy;
                    offer.Left -= energy;
                    if (offer.Left == 0)
                    {
                        standing.Remove(node);
                    }
                }

                node = next;
            }
        }

        buyers.RemoveAll(b => b.Left == 0);
        offers.RemoveAll(o => o.Left == 0);
    }
}
