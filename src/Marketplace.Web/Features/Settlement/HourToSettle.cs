using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Network;
using Marketplace.Web.Features.Plants;

namespace Marketplace.Web.Features.Settlement;

/// <summary>Energy that a member or one of its plants traded: taken is above zero, given below.</summary>
/// <param name="Price">Its own price, where trades have prices of their own; else the hour's counts.</param>
/// <param name="Carriage">The fee of the connections that a trade between zones took, for its buyer to pay on top of the price.</param>
public sealed record Traded(
    int MemberId, string PlantCode, Carrier Carrier, MeterDirection Direction, Energy Energy, Price? Price = null, Money Carriage = default);

/// <summary>Energy that meters measured, always zero or more; the direction says which way it went.</summary>
public sealed record Metered(int MemberId, string PlantCode, Carrier Carrier, MeterDirection Direction, Energy Energy, bool Estimated);

/// <summary>Energy that counts as a buyer's because of its wish: above zero for the buyer, below for the seller, and so is what is paid for it.</summary>
public sealed record OriginMoved(int MemberId, string PlantCode, Carrier Carrier, MeterDirection Direction, Energy Energy, Money Premium);

/// <summary>Everything that settles an hour.</summary>
/// <param name="Prices">The auction's price of each carrier, where there is one.</param>
/// <param name="NetworkFees">Fee for a kWh taken, by carrier.</param>
/// <param name="Stores">Plants that are stores: they pay the network fee on what they charge, and only there.</param>
public sealed record HourToSettle(
    int LoopId, DateTimeOffset Hour,
    IReadOnlyList<Traded> Trades,
    IReadOnlyList<Metered> Meters,
    IReadOnlyDictionary<Carrier, Price?> Prices,
    IReadOnlyDictionary<Carrier, OutsidePrices> Outside,
    IReadOnlyDictionary<Carrier, Price> NetworkFees,
    IReadOnlySet<string> Stores)
{
    /// <summary>What certificates moved between members on top of their trades.</summary>
    public IReadOnlyList<OriginMoved> Origins { get; init; } = [];

    /// <summary>The fee in zones where it differs.</summary>
    public IReadOnlyDictionary<(string Zone, Carrier Carrier), Price> ZoneFees { get; init; } = new Dictionary<(string, Carrier), Price>();

    /// <summary>The connections between zones, the trades that they carried and those that they could not; nothing in a loop with one zone.</summary>
    public NetworkToSettle Network { get; init; } = NetworkToSettle.None;

    /// <summary>The auction's price where a member's meters or one of its plants stand.</summary>
    private Price? PriceAt(int member, string plant, Carrier carrier) =>
        Network.Prices.TryGetValue((Network.Zones.Of(member, plant), carrier), out var local) ? local : Prices.GetValueOrDefault(carrier);

    private Price FeeAt(int member, string plant, Carrier carrier) =>
        ZoneFees.TryGetValue((Network.Zones.Of(member, plant), carrier), out var own) ? own : NetworkFees[carrier];

    /// <summary>One position for each member, plant, carrier and direction with any energy, in a fixed order.
    /// What no meter measures was delivered as traded: plants run to schedule.</summary>
    public List<Position> Positions()
    {
        var origins = Origins.ToLookup(origin => (origin.MemberId, origin.PlantCode, origin.Carrier, origin.Direction));
        var trades = Trades.ToLookup(trade => (trade.MemberId, trade.PlantCode, trade.Carrier, trade.Direction));
        var meters = Meters.ToLookup(meter => (meter.MemberId, meter.PlantCode, meter.Carrier, meter.Direction));
        return [.. trades.Select(trade => trade.Key).Union(meters.Select(meter => meter.Key))
            .Order()
            .Select(key =>
            {
                var measured = meters[key].Aggregate(Energy.Zero, (sum, meter) => sum + meter.Energy);
                var metered = !meters.Contains(key) ? null : (Energy?)(key.Direction == MeterDirection.Consumption ? measured : -measured);
                var position = Settle(key.MemberId, key.PlantCode, key.Carrier, key.Direction, [.. trades[key]], metered, meters[key].Any(meter => meter.Estimated));
                position.WishEnergy = origins[key].Aggregate(Energy.Zero, (sum, origin) => sum + origin.Energy);
                position.WishPremium = origins[key].Aggregate(Money.Zero, (sum, origin) => sum + origin.Premium);
                return position;
            })
            .Where(position => position.Traded != Energy.Zero || position.Metered != Energy.Zero)];
    }

    /// <param name="measured">What meters say; without any, what was traded was delivered.</param>
    private Position Settle(
        int member, string plant, Carrier carrier, MeterDirection direction, IReadOnlyList<Traded> trades, Energy? measured, bool estimated)
    {
        var price = PriceAt(member, plant, carrier);
        var carriage = trades.Aggregate(Money.Zero, (sum, trade) => sum + trade.Carriage);
        var outside = Outside[carrier];
        var traded = trades.Aggregate(Energy.Zero, (sum, trade) => sum + trade.Energy);
        var metered = measured ?? traded;
        var amounts = trades.GroupBy(trade => trade.Price ?? price)
            .Select(group => (Price: group.Key, Energy: group.Aggregate(Energy.Zero, (sum, trade) => sum + trade.Energy)))
            .ToList();
        if (amounts.Exists(amount => amount.Price is null && amount.Energy != Energy.Zero))
        {
            throw new Pipeline.BrokenInvariantException("what is traded has a price", $"{carrier.Name()} at {Instants.Iso(Hour)}");
        }

        // Above zero: took more, or gave less, than traded. That is short on either side.
        var difference = metered - traded;
        var imbalancePrice = difference == Energy.Zero ? (Price?)null
            : difference > Energy.Zero ? Imbalance.OfShortfall(price, outside.Import)
            : Imbalance.OfSurplus(price, outside.Import, outside.FeedIn);
        var pays = direction == MeterDirection.Consumption && (plant.Length == 0 || Stores.Contains(plant));
        return new Position
        {
            LoopId = LoopId,
            MemberId = member,
            Hour = Hour,
            Carrier = carrier,
            Direction = direction,
            PlantCode = plant,
            Traded = traded,
            Metered = metered,
            // Several prices are told by the trades; one of them, or their average, would be wrong here.
            Price = amounts switch
            {
                [] => price,
                [var only] when carriage == Money.Zero => only.Price,
                _ => null,
            },
            TradedAmount = amounts.Aggregate(carriage, (sum, amount) => sum + (amount.Price is { } clearing ? clearing.Of(amount.Energy) : Money.Zero)),
            ImbalancePrice = imbalancePrice,
            ImbalanceAmount = imbalancePrice is { } balancing ? balancing.Of(difference) : Money.Zero,
            NetworkFee = pays ? FeeAt(member, plant, carrier).Of(metered) : Money.Zero,
            Estimated = estimated,
        };
    }

    /// <summary>The hour's energy balance of each carrier, as traded and as metered.</summary>
    /// <exception cref="Pipeline.BrokenInvariantException">What was sold and made is not what was bought and used.</exception>
    public List<HourBalance> Balances(IReadOnlyList<Position> positions, IReadOnlySet<string> converters) =>
        [.. Carriers.All.Select(carrier =>
        {
            Energy Sum(Func<Position, bool> where, Func<Position, Energy> what) => positions
                .Where(position => position.Carrier == carrier && where(position))
                .Aggregate(Energy.Zero, (sum, position) => sum + what(position));
            var balance = new HourBalance
            {
                LoopId = LoopId,
                Hour = Hour,
                Carrier = carrier,
                Bought = Sum(position => !converters.Contains(position.PlantCode) && position.Traded > Energy.Zero, position => position.Traded),
                Sold = -Sum(position => !converters.Contains(position.PlantCode) && position.Traded < Energy.Zero, position => position.Traded),
                ConvertedIn = Sum(position => converters.Contains(position.PlantCode) && position.Traded > Energy.Zero, position => position.Traded),
                ConvertedOut = -Sum(position => converters.Contains(position.PlantCode) && position.Traded < Energy.Zero, position => position.Traded),
                Shortfall = Sum(position => position.Metered > position.Traded, position => position.Metered - position.Traded),
                Surplus = Sum(position => position.Metered < position.Traded, position => position.Traded - position.Metered),
                Lost = Network.LostInAuction(carrier),
            };
            return balance.Sold + balance.ConvertedOut == balance.Bought + balance.ConvertedIn + balance.Lost
                ? balance
                : throw new Pipeline.BrokenInvariantException(
                    "energy sold and made equals energy bought and used",
                    $"{carrier.Name()} at {Instants.Iso(Hour)}: {balance.Sold} + {balance.ConvertedOut} against {balance.Bought} + {balance.ConvertedIn} + {balance.Lost}");
        })];

    /// <summary>The journal's transfers, one for each member, carrier and purpose.</summary>
    public List<Transfer> Transfers(IReadOnlyList<Position> positions, JournalAccounts accounts)
    {
        var transfers = new List<Transfer>();
        foreach (var member in positions.GroupBy(position => (position.MemberId, position.Carrier)))
        {
            var (id, carrier) = member.Key;
            var unbilled = accounts[AccountKind.Unbilled, id];
            transfers.AddRange(accounts.Move(Hour, TransferKind.Trade, carrier, unbilled, accounts[AccountKind.Market], member.Sum(position => position.TradedAmount.Micro)));
            transfers.AddRange(accounts.Move(Hour, TransferKind.Imbalance, carrier, unbilled, accounts[AccountKind.Imbalance], member.Sum(position => position.ImbalanceAmount.Micro)));
            transfers.AddRange(accounts.Move(Hour, TransferKind.Preference, carrier, unbilled, accounts[AccountKind.Market], member.Sum(position => position.WishPremium.Micro)));
            transfers.AddRange(accounts.Move(Hour, TransferKind.NetworkFee, carrier, unbilled, accounts[AccountKind.NetworkFees], member.Sum(position => position.NetworkFee.Micro)));

            var energy = accounts[AccountKind.Energy, id];
            transfers.AddRange(accounts.Move(Hour, TransferKind.EnergyTraded, carrier, energy, accounts[AccountKind.Market], member.Sum(position => position.Traded.WattHours)));
            transfers.AddRange(accounts.Move(
                Hour, TransferKind.EnergyImbalance, carrier, energy, accounts[AccountKind.Imbalance],
                member.Sum(position => position.Metered.WattHours - position.Traded.WattHours)));
        }

        transfers.AddRange(Network.Transfers(Hour, Outside, accounts));
        foreach (var carrier in positions.GroupBy(position => position.Carrier))
        {
            // Each position is rounded to a millionth; what is left over in the auction's account belongs to nobody.
            transfers.AddRange(accounts.Move(
                Hour, TransferKind.Rounding, carrier.Key, accounts[AccountKind.Market], accounts[AccountKind.Rounding],
                carrier.Sum(position => position.TradedAmount.Micro + position.WishPremium.Micro) - Network.TakenOutOfMarket(carrier.Key).Micro));
        }

        return transfers;
    }

    /// <summary>After the hour the market's account is empty, in energy to the watt-hour and in money but for roundings: what members paid more than they
    /// earned has gone to the connections' fees and rents.</summary>
    /// <exception cref="Pipeline.BrokenInvariantException">It is not.</exception>
    public void RequireEmptyMarket(IReadOnlyList<Transfer> transfers, JournalAccounts accounts)
    {
        var market = accounts[AccountKind.Market];
        foreach (var carrier in transfers.GroupBy(transfer => (transfer.Carrier, Energy: transfer.Kind is TransferKind.EnergyTraded or TransferKind.EnergyLost)))
        {
            var left = carrier.Sum(transfer => (transfer.DebitAccount == market ? transfer.Amount : 0) - (transfer.CreditAccount == market ? transfer.Amount : 0));
            var rounding = carrier.Where(transfer => transfer.Kind == TransferKind.Rounding).Sum(transfer => transfer.Amount);

            // Each amount of a trade, a premium or a connection is rounded once, by half a millionth at most.
            var most = (2L * (Trades.Count + Origins.Count)) + (4L * (Network.Flows.Count + Network.Trades.Count));
            if (left != 0 || rounding > most)
            {
                throw new Pipeline.BrokenInvariantException(
                    "the market's account is empty after each hour, in money and in energy of each carrier",
                    $"{((Carrier)carrier.Key.Carrier).Name()} at {Instants.Iso(Hour)}: {left} left, {rounding} rounded");
            }
        }
    }
}
