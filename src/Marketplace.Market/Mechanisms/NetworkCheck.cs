using Marketplace.Quantities;

namespace Marketplace.Market;

/// <summary>A trade that no auction has checked against the network: pay-as-bid, falling offers, bilateral.</summary>
/// <param name="Id">Unique.</param>
/// <param name="Sequence">When it was made: trades with equal numbers were made at once.</param>
/// <param name="From">Zone of the seller.</param>
/// <param name="To">Zone of the buyer.</param>
/// <param name="Energy">Zero or more.</param>
/// <param name="Price">What was agreed.</param>
public sealed record NetworkTrade(string Id, long Sequence, string From, string To, Energy Energy, Price Price);

/// <summary>What a part of the network can carry in the hour. Trades the other way do not relieve it.</summary>
/// <param name="Id">Unique.</param>
/// <param name="From">Zone that energy leaves, or null: any other than <paramref name="To"/>.</param>
/// <param name="To">Zone that energy enters, or null: any other than <paramref name="From"/>.</param>
/// <param name="Capacity">Zero or more.</param>
public sealed record NetworkLimit(string Id, string? From, string? To, Energy Capacity)
{
    /// <summary>Where given, only trades from the first zone of one of these pairs to its second use it: a connection on the way between zones that it does not join itself.</summary>
    public IReadOnlySet<(string From, string To)>? Pairs { get; init; }

    /// <summary>Whether a trade uses it. A trade within a zone uses none.</summary>
    public bool Carries(NetworkTrade trade)
    {
        ArgumentNullException.ThrowIfNull(trade);
        return (Pairs is null || Pairs.Contains((trade.From, trade.To)))
            && !string.Equals(trade.From, trade.To, StringComparison.Ordinal)
            && (From is null || string.Equals(From, trade.From, StringComparison.Ordinal))
            && (To is null || string.Equals(To, trade.To, StringComparison.Ordinal));
    }
}

/// <summary>What becomes of a trade.</summary>
/// <param name="Trade">The trade.</param>
/// <param name="Allowed">What is delivered.</param>
/// <param name="Curtailed">What is not.</param>
/// <param name="Limit">The limit that was full, where something is curtailed: the first in the list.</param>
/// <param name="Shared">Whether others made at once shared what that limit had left; else all of it went to earlier trades.</param>
/// <param name="ToBuyer">Compensation of the buyer.</param>
/// <param name="ToSeller">Compensation of the seller.</param>
public sealed record NetworkOutcome(NetworkTrade Trade, Energy Allowed, Energy Curtailed, string? Limit, bool Shared, Money ToBuyer, Money ToSeller);

/// <summary>Holds trades against the network before they bind: earlier trades keep what they have, the latest are curtailed first; trades made at once
/// share what is left pro rata. Who is curtailed is compensated for what the hour costs more, or earns less, elsewhere.</summary>
public static class NetworkCheck
{
    /// <summary>Checks the trades of an hour.</summary>
    /// <param name="trades">In any order; among trades made at once the list's order takes the last Wh.</param>
    /// <param name="limits">What the network can carry.</param>
    /// <param name="shortfall">What a kWh costs a buyer who does not get it: the price of a shortfall.</param>
    /// <param name="surplus">What a kWh earns a seller who cannot deliver it: the price of a surplus.</param>
    /// <exception cref="ArgumentOutOfRangeException">An energy or capacity is negative.</exception>
    public static IReadOnlyList<NetworkOutcome> Check(IReadOnlyList<NetworkTrade> trades, IReadOnlyList<NetworkLimit> limits, Price shortfall, Price surplus)
    {
        ArgumentNullException.ThrowIfNull(trades);
        ArgumentNullException.ThrowIfNull(limits);
        foreach (var trade in trades)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(trade.Energy, Energy.Zero, nameof(trades));
        }

        foreach (var limit in limits)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(limit.Capacity, Energy.Zero, nameof(limits));
        }

        var used = trades.Select(t => Enumerable.Range(0, limits.Count).Where(l => limits[l].Carries(t)).ToArray()).ToArray();
        var room = limits.Select(l => l.Capacity.WattHours).ToArray();
        var outcomes = new NetworkOutcome[trades.Count];
        foreach (var together in Enumerable.Range(0, trades.Count).GroupBy(t => trades[t].Sequence).OrderBy(g => g.Key))
        {
            int[] group = [.. together];
            long[] before = [.. room];
            var allowed = Allow(trades, used, group, room);
            for (var i = 0; i < group.Length; i++)
            {
                outcomes[group[i]] = Outcome(trades[group[i]], allowed[i], used[group[i]], limits, room, before, shortfall, surplus);
            }
        }

        return outcomes;
    }

    /// <summary>What is owed for a part of a trade that is not delivered.</summary>
    /// <param name="curtailed">That part.</param>
    /// <param name="agreed">What the trade costs a kWh.</param>
    /// <param name="shortfall">What a kWh costs the buyer elsewhere.</param>
    /// <param name="surplus">What a kWh earns the seller elsewhere.</param>
    public static (Money ToBuyer, Money ToSeller) Compensation(Energy curtailed, Price agreed, Price shortfall, Price surplus) =>
        (Price.Max(Price.Zero, shortfall - agreed).Of(curtailed), Price.Max(Price.Zero, agreed - surplus).Of(curtailed));

    /// <summary>Each trade gets the smallest of its shares in the limits that it uses, then, in the order of the list, what they still carry:
    /// nothing is curtailed where no limit is full.</summary>
    private static long[] Allow(IReadOnlyList<NetworkTrade> trades, int[][] used, int[] group, long[] room)
    {
        var allowed = group.Select(t => trades[t].Energy.WattHours).ToArray();
        for (var l = 0; l < room.Length; l++)
        {
            var sharing = Enumerable.Range(0, group.Length).Where(i => used[group[i]].Contains(l)).ToArray();
            long[] wanted = [.. sharing.Select(i => trades[group[i]].Energy.WattHours)];
            if (wanted.Sum() > room[l])
            {
                var parts = LargestRemainder.Split(room[l], wanted);
                for (var i = 0; i < parts.Length; i++)
                {
                    allowed[sharing[i]] = Math.Min(allowed[sharing[i]], parts[i]);
                }
            }
        }

        for (var i = 0; i < group.Length; i++)
        {
            Take(used[group[i]], room, allowed[i]);
        }

        for (var i = 0; i < group.Length; i++)
        {
            var more = used[group[i]].Aggregate(trades[group[i]].Energy.WattHours - allowed[i], (most, l) => Math.Min(most, room[l]));
            allowed[i] += more;
            Take(used[group[i]], room, more);
        }

        return allowed;
    }

    private static void Take(int[] limits, long[] room, long energy)
    {
        foreach (var l in limits)
        {
            room[l] -= energy;
        }
    }

    private static NetworkOutcome Outcome(
        NetworkTrade trade, long allowed, int[] used, IReadOnlyList<NetworkLimit> limits, long[] room, long[] before, Price shortfall, Price surplus)
    {
        var curtailed = Energy.FromWh(trade.Energy.WattHours - allowed);
        if (curtailed == Energy.Zero)
        {
            return new NetworkOutcome(trade, trade.Energy, Energy.Zero, null, Shared: false, Money.Zero, Money.Zero);
        }

        var full = used.First(l => room[l] == 0);
        var (toBuyer, toSeller) = Compensation(curtailed, trade.Price, shortfall, surplus);
        return new NetworkOutcome(trade, Energy.FromWh(allowed), curtailed, limits[full].Id, Shared: before[full] > 0, toBuyer, toSeller);
    }
}
