using System.Globalization;
using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;

namespace Marketplace.Web.Features.Network;

/// <summary>The trades of an hour that no auction held against the network, in the order in which they were made: each is admitted as far as the
/// connections still carry it, and what is admitted stays.</summary>
public sealed class TradesOutside(HourZones zones)
{
    private readonly Dictionary<Carrier, (TradeNetwork Network, List<NetworkTrade> Trades)> _carriers = [];
    private long _next;

    public HourZones Zones { get; } = zones;

    /// <summary>Takes up a trade that binds already.</summary>
    public void Keep(Carrier carrier, string from, string to, Energy energy) => Of(carrier).Trades.Add(Trade(from, to, energy, _next++));

    /// <summary>What the network carries of a further trade.</summary>
    public NetworkOutcome Admit(Carrier carrier, string from, string to, Energy energy) => AdmitAll(carrier, [(from, to, energy, 0)])[0];

    /// <summary>What the network carries of further trades: of those with the same round, pro rata; else of the earlier round first.</summary>
    public IReadOnlyList<NetworkOutcome> AdmitAll(Carrier carrier, IReadOnlyList<(string From, string To, Energy Energy, int Round)> trades)
    {
        ArgumentNullException.ThrowIfNull(trades);
        var (network, kept) = Of(carrier);
        var first = _next;
        var more = trades.Select(trade => Trade(trade.From, trade.To, trade.Energy, first + trade.Round)).ToList();
        // What is owed for a part not carried is known when the hour is settled.
        var outcomes = NetworkCheck.Check([.. kept, .. more], network.Limits, Price.Zero, Price.Zero).Skip(kept.Count).ToList();
        kept.AddRange(more.Zip(outcomes, (trade, outcome) => trade with { Energy = outcome.Allowed }));
        _next = more.Count == 0 ? _next : more.Max(trade => trade.Sequence) + 1;
        return outcomes;
    }

    /// <summary>What all of them take of the hour's connections.</summary>
    public IReadOnlyDictionary<string, (Energy Sent, Energy Arrived)> Use()
    {
        var use = new Dictionary<string, (Energy Sent, Energy Arrived)>(StringComparer.Ordinal);
        foreach (var (network, trades) in _carriers.Values)
        {
            foreach (var pair in trades.GroupBy(trade => (trade.From, trade.To)))
            {
                foreach (var (line, sent, arrived) in network.Carry(pair.Key.From, pair.Key.To, Energy.FromWh(pair.Sum(trade => trade.Energy.WattHours))))
                {
                    var (entered, left) = use.GetValueOrDefault(line.Code);
                    use[line.Code] = (entered + sent, left + arrived);
                }
            }
        }

        return use;
    }

    /// <summary>The fee of the connections on the way of a delivery.</summary>
    public Money FeeOf(Carrier carrier, string from, string to, Energy delivered) =>
        Of(carrier).Network.Carry(from, to, delivered).Aggregate(Money.Zero, (sum, leg) => sum + leg.Line.Fee.Of(leg.Sent));

    private (TradeNetwork Network, List<NetworkTrade> Trades) Of(Carrier carrier)
    {
        if (!_carriers.TryGetValue(carrier, out var known))
        {
            _carriers[carrier] = known = (new TradeNetwork(Zones, carrier), []);
        }

        return known;
    }

    private static NetworkTrade Trade(string from, string to, Energy energy, long sequence) =>
        new(sequence.ToString(CultureInfo.InvariantCulture), sequence, from, to, energy, Price.Zero);
}
