using System.Globalization;
using System.Text;
using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Plants;
using Marketplace.Web.Features.Settlement;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Network;

/// <summary>What is owed for the part of a trade that the network could not carry.</summary>
public sealed record Owed(ZoneTrade Trade, Money ToBuyer, Money ToSeller);

/// <summary>
/// The network's part in settling an hour. What the auction sent over a connection was bought at one node's price and sold at another's: the
/// difference is the connection's fee and, where it is full, its rent. The rent pays for what is lost on the way of other trades, and for
/// what of them could not be carried.
/// </summary>
/// <param name="Prices">The auction's prices by zone and carrier; a carrier with one price for the loop is not in it.</param>
public sealed record NetworkToSettle(
    HourZones Zones, IReadOnlyDictionary<(string Zone, Carrier Carrier), Price?> Prices, IReadOnlyDictionary<Carrier, Price?> LoopPrices,
    IReadOnlyList<LineFlow> Flows, IReadOnlyList<ZoneTrade> Trades)
{
    private readonly Dictionary<(ZoneTradeKind, long), Money> _fees = Trades.ToDictionary(trade => (trade.Kind, trade.Number), trade => trade.Fee);

    /// <summary>A loop with one zone.</summary>
    public static NetworkToSettle None { get; } = new(
        HourZones.One, new Dictionary<(string, Carrier), Price?>(), new Dictionary<Carrier, Price?>(), [], []);

    /// <summary>Who may be owed something.</summary>
    public IEnumerable<int> Members => Trades.SelectMany(trade => new[] { trade.BuyerId, trade.SellerId });

    /// <summary>The accounts that it needs.</summary>
    public IReadOnlyList<AccountKind> Accounts => Zones.AreSeveral ? [AccountKind.LineFees, AccountKind.CongestionRent] : [];

    /// <summary>What the buyer of a trade between zones pays for the connections.</summary>
    public Money FeeOf(ZoneTradeKind kind, long number) => _fees.GetValueOrDefault((kind, number));

    /// <summary>What the auction sent less what arrived.</summary>
    public Energy LostInAuction(Carrier carrier) => Sum(carrier, flow => flow.Sent - flow.Arrived);

    /// <summary>Fees and rent, which members have paid into the market's account.</summary>
    public Money TakenOutOfMarket(Carrier carrier) => FeesOf(carrier) + RentOf(carrier);

    public static async Task<NetworkToSettle> ReadAsync(MarketplaceDb db, int loopId, DateTimeOffset hour, CancellationToken cancellationToken)
    {
        var zones = await HourZones.AtAsync(db, loopId, hour, cancellationToken);
        if (!zones.AreSeveral)
        {
            return None;
        }

        var prices = await db.Prices.AsNoTracking().Where(price => price.LoopId == loopId && price.Hour == hour).ToListAsync(cancellationToken);
        return new NetworkToSettle(
            zones,
            prices.Where(price => price.Zone.Length > 0).ToDictionary(price => (price.Zone, price.Carrier), price => price.Price),
            prices.Where(price => price.Zone.Length == 0).ToDictionary(price => price.Carrier, price => price.Price),
            await db.LineFlows.AsNoTracking().Where(flow => flow.LoopId == loopId && flow.Hour == hour).OrderBy(flow => flow.Code).ToListAsync(cancellationToken),
            await db.ZoneTrades.AsNoTracking().Where(trade => trade.LoopId == loopId && trade.Hour == hour)
                .OrderBy(trade => trade.Kind).ThenBy(trade => trade.Number).ToListAsync(cancellationToken));
    }

    /// <summary>What is owed for curtailed trades: to the buyer what the hour costs more than agreed, to the seller what it earns less. An agreed price
    /// beyond what a kWh costs or earns elsewhere counts as that, so that nobody gains by agreeing on what cannot be carried.</summary>
    public IReadOnlyList<Owed> Compensations(IReadOnlyDictionary<Carrier, OutsidePrices> outside)
    {
        ArgumentNullException.ThrowIfNull(outside);
        return [.. Trades.Where(trade => trade.Curtailed > Energy.Zero).Select(trade =>
        {
            var (import, feedIn) = (outside[trade.Carrier].Import, outside[trade.Carrier].FeedIn);
            var shortfall = Imbalance.OfShortfall(PriceIn(trade.ToZone, trade.Carrier), import);
            var surplus = Imbalance.OfSurplus(PriceIn(trade.FromZone, trade.Carrier), import, feedIn);
            var agreed = Price.Max(surplus, Price.Min(shortfall, trade.Price));
            var (toBuyer, toSeller) = NetworkCheck.Compensation(trade.Curtailed, agreed, shortfall, surplus);
            return new Owed(trade, toBuyer, toSeller);
        })];
    }

    /// <summary>The same by member, for bills and pages.</summary>
    public IReadOnlyList<CurtailedMember> Curtailed(int loopId, DateTimeOffset hour, IReadOnlyDictionary<Carrier, OutsidePrices> outside) =>
        [.. Compensations(outside)
            .SelectMany(owed => new[] { (Member: owed.Trade.BuyerId, Amount: owed.ToBuyer), (Member: owed.Trade.SellerId, Amount: owed.ToSeller) }
                .GroupBy(side => side.Member)
                .Select(side => new CurtailedMember
                {
                    LoopId = loopId, Hour = hour, MemberId = side.Key, Kind = owed.Trade.Kind, Number = owed.Trade.Number, Carrier = owed.Trade.Carrier,
                    Energy = owed.Trade.Curtailed, Amount = -side.Aggregate(Money.Zero, (sum, one) => sum + one.Amount),
                }))];

    internal List<Transfer> Transfers(DateTimeOffset hour, IReadOnlyDictionary<Carrier, OutsidePrices> outside, JournalAccounts accounts)
    {
        var transfers = new List<Transfer>();
        if (!Zones.AreSeveral)
        {
            return transfers;
        }

        var (market, imbalance, rent) = (accounts[AccountKind.Market], accounts[AccountKind.Imbalance], accounts[AccountKind.CongestionRent]);
        foreach (var carrier in Carriers.All)
        {
            var lostByTrades = LostByTrades(carrier);
            transfers.AddRange(accounts.Move(hour, TransferKind.LineFee, carrier, market, accounts[AccountKind.LineFees], FeesOf(carrier).Micro));
            transfers.AddRange(accounts.Move(hour, TransferKind.CongestionRent, carrier, market, rent, RentOf(carrier).Micro));
            transfers.AddRange(accounts.Move(hour, TransferKind.LineLoss, carrier, rent, imbalance, outside[carrier].Import.Of(lostByTrades).Micro));
            transfers.AddRange(accounts.Move(hour, TransferKind.EnergyLost, carrier, accounts[AccountKind.Losses], market, LostInAuction(carrier).WattHours));
            transfers.AddRange(accounts.Move(hour, TransferKind.EnergyLost, carrier, accounts[AccountKind.Losses], imbalance, lostByTrades.WattHours));
        }

        foreach (var owed in Compensations(outside))
        {
            var trade = owed.Trade;
            transfers.AddRange(accounts.Move(hour, TransferKind.Curtailment, trade.Carrier, rent, accounts[AccountKind.Unbilled, trade.BuyerId], owed.ToBuyer.Micro, trade.Reference));
            transfers.AddRange(accounts.Move(hour, TransferKind.Curtailment, trade.Carrier, rent, accounts[AccountKind.Unbilled, trade.SellerId], owed.ToSeller.Micro, trade.Reference));
        }

        return transfers;
    }

    /// <summary>What the hour moved for the network, as text; none in a loop with one zone.</summary>
    public string? Canonical(IReadOnlyDictionary<Carrier, OutsidePrices> outside)
    {
        if (!Zones.AreSeveral)
        {
            return null;
        }

        var lines = new StringBuilder();
        foreach (var carrier in Carriers.All)
        {
            lines.Append(CultureInfo.InvariantCulture,
                $"{carrier.Name()} {FeesOf(carrier).Micro} {RentOf(carrier).Micro} {LostInAuction(carrier).WattHours} {LostByTrades(carrier).WattHours}\n");
        }

        foreach (var owed in Compensations(outside))
        {
            lines.Append(CultureInfo.InvariantCulture,
                $"{owed.Trade.Reference} {owed.Trade.Carrier.Name()} {owed.Trade.Curtailed.WattHours} {owed.ToBuyer.Micro} {owed.ToSeller.Micro}\n");
        }

        return lines.ToString();
    }

    private Price? PriceIn(string zone, Carrier carrier) => Prices.TryGetValue((zone, carrier), out var local) ? local : LoopPrices.GetValueOrDefault(carrier);

    private Energy LostByTrades(Carrier carrier) => Sum(carrier, flow => flow.SentByTrades - flow.ArrivedByTrades);

    private Energy Sum(Carrier carrier, Func<LineFlow, Energy> what) =>
        Flows.Where(flow => flow.Carrier == carrier).Aggregate(Energy.Zero, (sum, flow) => sum + what(flow));

    private Money FeesOf(Carrier carrier) =>
        Trades.Where(trade => trade.Carrier == carrier).Aggregate(
            Flows.Where(flow => flow.Carrier == carrier).Aggregate(Money.Zero, (sum, flow) => sum + flow.FeeAmount), (sum, trade) => sum + trade.Fee);

    private Money RentOf(Carrier carrier) => Flows.Where(flow => flow.Carrier == carrier).Aggregate(Money.Zero, (sum, flow) => sum + flow.Rent);
}
