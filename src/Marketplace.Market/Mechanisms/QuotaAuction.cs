using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>How quotas that change hands are priced. The numeric values are stored and must never change.</summary>
public enum QuotaPricing
{
    /// <summary>Each pair trades at the middle of its bid and its offer.</summary>
    Pairwise = 1,

    /// <summary>All trade at the middle of the lowest bid and the highest offer that trade.</summary>
    Uniform = 2,
}

/// <summary>A bid for, or an offer of, quota in one period.</summary>
/// <param name="Party">Who; a party bids or offers, not both.</param>
/// <param name="Side">Buy or sell.</param>
/// <param name="Energy">How much, zero or more.</param>
/// <param name="Limit">At most, or at least, so many millionths of a token per kWh; zero or more.</param>
public sealed record QuotaOrder(string Party, Side Side, Energy Energy, Price Limit);

/// <summary>What a party bought or sold in all.</summary>
/// <param name="Party">Who.</param>
/// <param name="Energy">Bought; negative: sold.</param>
/// <param name="Tokens">To pay; negative: to receive. All parties together: zero.</param>
public sealed record QuotaNet(string Party, Energy Energy, Money Tokens);

/// <summary>The outcome of a quota auction.</summary>
/// <param name="Trades">Pairs by position of bid and offer, in the order in which they were matched.</param>
/// <param name="Price">The one price, or null if each pair has its own or nothing trades.</param>
/// <param name="Nets">One for each party, in the order of its first order.</param>
public sealed record QuotaResult(IReadOnlyList<Trade> Trades, Price? Price, IReadOnlyList<QuotaNet> Nets);

/// <summary>Double auction of charging quotas: best bid with best offer as long as the bid is not below the offer, earlier orders first among equals.</summary>
public static class QuotaAuction
{
    /// <summary>Clears the orders of a period; position is priority in time.</summary>
    /// <exception cref="OrderBookException">An order is out of range, or a party stands on both sides.</exception>
    public static QuotaResult Clear(IReadOnlyList<QuotaOrder> orders, QuotaPricing pricing)
    {
        Check(orders);
        var bids = new Queue<int>(Ranked(orders, Side.Buy));
        var offers = new Queue<int>(Ranked(orders, Side.Sell));
        var left = orders.Select(o => o.Energy.WattHours).ToArray();
        var pairs = new List<(int Bid, int Offer, long WattHours)>();
        while (bids.TryPeek(out var bid) && offers.TryPeek(out var offer) && orders[bid].Limit >= orders[offer].Limit)
        {
            var energy = Math.Min(left[bid], left[offer]);
            (left[bid], left[offer]) = (left[bid] - energy, left[offer] - energy);
            pairs.Add((bid, offer, energy));
            if (left[bid] == 0)
            {
                bids.Dequeue();
            }

            if (left[offer] == 0)
            {
                offers.Dequeue();
            }
        }

        Price? uniform = pricing == QuotaPricing.Uniform && pairs.Count > 0 ? Middle(orders[pairs[^1].Bid], orders[pairs[^1].Offer]) : null;
        var trades = pairs.ConvertAll(p => new Trade(p.Bid, p.Offer, Energy.FromWh(p.WattHours), uniform ?? Middle(orders[p.Bid], orders[p.Offer])));
        return new QuotaResult(trades, uniform, Nets(orders, trades));
    }

    /// <summary>What must be laid down for an order before it counts: the most a bid can cost; for an offer the penalty if what is sold is used all the same.
    /// Rounded up.</summary>
    /// <param name="order">The order.</param>
    /// <param name="penaltyRate">Penalty per kWh of over-use, zero or more.</param>
    public static Money Deposit(QuotaOrder order, Price penaltyRate)
    {
        ArgumentNullException.ThrowIfNull(order);
        var price = order.Side == Side.Buy ? order.Limit : penaltyRate;
        return Money.FromMicro((long)((((Int128)price.MicroPerKWh * order.Energy.WattHours) + 999) / 1000));
    }

    private static void Check(IReadOnlyList<QuotaOrder> orders)
    {
        ArgumentNullException.ThrowIfNull(orders);
        var sides = new Dictionary<string, Side>(StringComparer.Ordinal);
        Int128 sum = 0;
        foreach (var order in orders)
        {
            Order.Require(order.Side is Side.Buy or Side.Sell, $"'{order.Party}': side is neither buy nor sell");
            Order.RequireStep(order.Party, order.Energy, order.Limit);
            Order.Require(order.Limit >= Price.Zero, $"'{order.Party}': limit is negative");
            sum += (Int128)order.Energy.WattHours * order.Limit.MicroPerKWh;
            Order.Require(sum <= (Int128)long.MaxValue * 1000, $"'{order.Party}': with it the value of the orders overflows");
            Order.Require(sides.TryAdd(order.Party, order.Side) || sides[order.Party] == order.Side, $"'{order.Party}': it bids and offers");
        }
    }

    private static IEnumerable<int> Ranked(IReadOnlyList<QuotaOrder> orders, Side side) =>
        Enumerable.Range(0, orders.Count).Where(i => orders[i].Side == side && orders[i].Energy > Energy.Zero)
            .OrderBy(i => side == Side.Buy ? -orders[i].Limit.MicroPerKWh : orders[i].Limit.MicroPerKWh);

    private static Price Middle(QuotaOrder bid, QuotaOrder offer) =>
        Price.FromMicroPerKWh(Rounding.DivideAwayFromZero((Int128)bid.Limit.MicroPerKWh + offer.Limit.MicroPerKWh, 2));

    private static List<QuotaNet> Nets(IReadOnlyList<QuotaOrder> orders, List<Trade> trades)
    {
        var nets = new Dictionary<string, QuotaNet>(StringComparer.Ordinal);
        foreach (var order in orders)
        {
            nets.TryAdd(order.Party, new QuotaNet(order.Party, Energy.Zero, Money.Zero));
        }

        foreach (var (buy, sell, energy, price, _) in trades)
        {
            // A pair's amount is rounded once, so that what one pays is what the other gets.
            var amount = price.Of(energy);
            var (buyer, seller) = (nets[orders[buy].Party], nets[orders[sell].Party]);
            nets[buyer.Party] = buyer with { Energy = buyer.Energy + energy, Tokens = buyer.Tokens + amount };
            nets[seller.Party] = seller with { Energy = seller.Energy - energy, Tokens = seller.Tokens - amount };
        }

        return [.. nets.Values];
    }
}

/// <summary>Checks a quota auction by laying the bids, best first, beside the offers: who stands across from whom trades, as far as the bid is not below the offer.</summary>
public static class QuotaCheck
{
    /// <summary>What is wrong, or nothing.</summary>
    public static IReadOnlyList<Finding> Check(IReadOnlyList<QuotaOrder> orders, QuotaPricing pricing, QuotaResult result)
    {
        ArgumentNullException.ThrowIfNull(orders);
        ArgumentNullException.ThrowIfNull(result);
        var expected = new List<(int Bid, int Offer, Int128 Energy)>();
        var offers = Spans(orders, Side.Sell);
        foreach (var bid in Spans(orders, Side.Buy))
        {
            expected.AddRange(offers
                .Select(offer => (bid.Order, offer.Order, Int128.Min(bid.End, offer.End) - Int128.Max(bid.Start, offer.Start)))
                .Where(pair => pair.Item3 > 0 && orders[pair.Item1].Limit >= orders[pair.Item2].Limit));
        }

        var findings = new List<Finding>();
        if (!expected.SequenceEqual(result.Trades.Select(t => (t.Buy, t.Sell, (Int128)t.Energy.WattHours))))
        {
            findings.Add(new Finding("trades", "result", "the pairs are not those of best bid with best offer"));
            return findings;
        }

        Int128 Twice(int bid, int offer) => (Int128)orders[bid].Limit.MicroPerKWh + orders[offer].Limit.MicroPerKWh;
        for (var t = 0; t < expected.Count; t++)
        {
            // The last pair has the lowest bid and the highest offer. Limits are not negative, so that halves round up.
            var (bid, offer, _) = pricing == QuotaPricing.Uniform ? expected[^1] : expected[t];
            if (((Int128)result.Trades[t].Price.MicroPerKWh * 2) - Twice(bid, offer) is var over && over != 0 && over != 1)
            {
                findings.Add(new Finding("price", $"trade {JsonReading.Invariant(t + 1)}", $"{result.Trades[t].Price} is not the middle"));
            }
        }

        if (result.Price != (pricing == QuotaPricing.Uniform && expected.Count > 0 ? result.Trades[0].Price : null))
        {
            findings.Add(new Finding("price", "result", "the price stated is not that of the trades"));
        }

        foreach (var net in result.Nets)
        {
            bool Bids(int order) => orders[order].Party == net.Party;
            var (energy, tokens) = result.Trades.Aggregate((Energy: Energy.Zero, Tokens: Money.Zero), (sum, t) =>
                Bids(t.Buy) ? (sum.Energy + t.Energy, sum.Tokens + t.Price.Of(t.Energy)) : Bids(t.Sell) ? (sum.Energy - t.Energy, sum.Tokens - t.Price.Of(t.Energy)) : sum);
            if (energy != net.Energy || tokens != net.Tokens)
            {
                findings.Add(new Finding("balance", $"'{net.Party}'", $"net {net.Energy} for {net.Tokens}, by the trades {energy} for {tokens}"));
            }
        }

        if (!orders.Select(o => o.Party).Distinct(StringComparer.Ordinal).SequenceEqual(result.Nets.Select(n => n.Party)))
        {
            findings.Add(new Finding("balance", "result", "the nets are not one for each party"));
        }

        return findings;
    }

    private static List<(int Order, Int128 Start, Int128 End)> Spans(IReadOnlyList<QuotaOrder> orders, Side side)
    {
        var ranked = Enumerable.Range(0, orders.Count).Where(i => orders[i].Side == side).ToArray();
        Array.Sort(ranked, (a, b) =>
            orders[a].Limit == orders[b].Limit ? a.CompareTo(b)
            : side == Side.Buy ? orders[b].Limit.CompareTo(orders[a].Limit) : orders[a].Limit.CompareTo(orders[b].Limit));
        var spans = new List<(int, Int128, Int128)>();
        Int128 at = 0;
        foreach (var order in ranked)
        {
            spans.Add((order, at, at + orders[order].Energy.WattHours));
            at += orders[order].Energy.WattHours;
        }

        return spans;
    }
}
