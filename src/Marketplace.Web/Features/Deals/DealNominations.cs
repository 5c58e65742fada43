using System.Globalization;
using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Auctions;
using Marketplace.Web.Features.Plants;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Deals;

/// <summary>
/// What accepted deals deliver in an hour, taken out of the pool. Deals accepted earlier come first. The seller's side: what its plant
/// bids by itself, or by a standing offer, is reduced; own offers for the hour stay as they were placed, and leave the deal the rest of
/// the plant's capacity. The buyer's side: what the loop's default terms or a standing order buy is reduced; an own order for the hour
/// stays, and leaves the deal the rest of the connection. Beyond what is left on either side a deal is curtailed, with the reason.
/// </summary>
public sealed class DealNominations(MarketplaceDb db)
{
    /// <summary>The book without what deals deliver, and what they do.</summary>
    public async Task<ComposedBook> TakeOutAsync(Loop loop, DateTimeOffset hour, ComposedBook book, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(loop);
        ArgumentNullException.ThrowIfNull(book);
        var accepted = await AcceptedAsync(db, loop, hour, cancellationToken);
        if (accepted.Count == 0)
        {
            return book;
        }

        var sides = await SidesAsync(loop.Id, hour, book, [.. accepted.Select(row => row.Deal)], cancellationToken);
        var nominated = new List<DealHour>();
        var network = new DealsOnNetwork(book.Outside);
        foreach (var (act, deal) in accepted)
        {
            var seller = sides.Seller(deal.SellerId, act.PlantCode!, deal.Carrier);
            var buyer = sides.Buyer(deal.BuyerId, deal.Carrier);
            var possible = Energy.Min(act.Quantity, Energy.Min(seller.Left, buyer.Left));
            var delivered = network.Carry(deal, act, possible);
            // Both sides said the same when the terms were accepted: one nomination speaks for both.
            var nomination = new Nomination(
                deal.Id.ToString(CultureInfo.InvariantCulture), Name(deal.SellerId), Name(deal.BuyerId), deal.Carrier.Name(), hour, delivered);
            if (Nominations.Agree(nomination, nomination) is { } refusal)
            {
                throw new Pipeline.BrokenInvariantException("a deal has two parties and no energy below zero", $"deal {deal.Id}: {refusal}");
            }

            seller.Take(delivered);
            buyer.Take(delivered);
            nominated.Add(new DealHour
            {
                LoopId = loop.Id, Hour = hour, DealId = deal.Id, SellerId = deal.SellerId, BuyerId = deal.BuyerId, Carrier = deal.Carrier, PlantCode = act.PlantCode!,
                Agreed = act.Quantity, Delivered = delivered, Price = act.Price, Canonical = [],
                Curtailed = delivered == act.Quantity ? DealCurtailment.None
                    : delivered < possible ? DealCurtailment.NetworkCannotCarry
                    : delivered == seller.LeftBefore(delivered) ? DealCurtailment.SellerCannotGive : DealCurtailment.BuyerCannotTake,
            });
        }

        var reduced = book.Orders.ToArray();
        foreach (var side in sides.All)
        {
            side.Reduce(reduced);
        }

        return book with { Orders = [.. reduced.Where(entry => entry.Quantity > Energy.Zero)], Deals = nominated, ZoneTrades = network.Trades(loop.Id, hour) };
    }

    /// <summary>The accepted deals that deliver in an hour, those accepted earlier first.</summary>
    internal static async Task<IReadOnlyList<(DealAct Act, Deal Deal)>> AcceptedAsync(MarketplaceDb db, Loop loop, DateTimeOffset hour, CancellationToken cancellationToken) =>
        [.. (await db.DealActs.AsNoTracking()
                .Where(act => act.LoopId == loop.Id && act.Kind == DealActKind.Accepted && act.EndsAt > hour && act.StartsAt <= hour)
                .Join(db.Deals.AsNoTracking(), act => new { act.LoopId, Id = act.DealId }, deal => new { deal.LoopId, deal.Id }, (act, deal) => new { act, deal })
                .OrderBy(row => row.act.MarketAt).ThenBy(row => row.act.DealId)
                .ToListAsync(cancellationToken))
            .Where(row => DealTerms.Of(row.act).Holds(loop.Calendar, hour))
            .Select(row => (row.act, row.deal))];

    private async Task<Sides> SidesAsync(int loopId, DateTimeOffset hour, ComposedBook book, IReadOnlyList<Deal> deals, CancellationToken cancellationToken)
    {
        var (sellers, buyers) = (deals.Select(deal => deal.SellerId).Distinct().ToList(), deals.Select(deal => deal.BuyerId).Distinct().ToList());
        var plants = (await db.Plants.AsNoTracking()
                .Where(plant => plant.LoopId == loopId && sellers.Contains(plant.OwnerId))
                .Select(plant => new { plant.OwnerId, plant.Code, plant.Definition })
                .ToListAsync(cancellationToken))
            .ToDictionary(plant => plant.Code, plant => (plant.OwnerId, PlantDefinition.Read(plant.Definition)));
        var meters = (await db.Meters.AsNoTracking()
                .Where(meter => meter.LoopId == loopId && buyers.Contains(meter.MemberId) && meter.Direction == MeterDirection.Consumption && meter.PlantCode == null
                    && (meter.InServiceUntil == null || meter.InServiceUntil > hour))
                .Select(meter => new { meter.MemberId, meter.Carrier, meter.CapacityWatts })
                .ToListAsync(cancellationToken))
            .ToLookup(meter => (meter.MemberId, meter.Carrier), meter => meter.CapacityWatts);
        return new Sides(book, plants, meters);
    }

    private static string Name(int memberId) => memberId.ToString(CultureInfo.InvariantCulture);

    private sealed class Sides(
        ComposedBook book, Dictionary<string, (int OwnerId, Replica.Plant Plant)> plants, ILookup<(int MemberId, Carrier Carrier), long?> meters)
    {
        private readonly Dictionary<(OrderSide Side, int MemberId, string PlantCode, Carrier Carrier), DealSide> _sides = [];

        public IEnumerable<DealSide> All => _sides.Values;

        public DealSide Seller(int memberId, string plantCode, Carrier carrier) => Of((OrderSide.Sell, memberId, plantCode, carrier), () =>
        {
            if (!plants.TryGetValue(plantCode, out var owned) || owned.OwnerId != memberId || !owned.Plant.DealsIn(carrier))
            {
                return new DealSide(Energy.Zero, []);
            }

            var entries = Entries(entry => entry.Side == OrderSide.Sell && entry.Carrier == carrier && entry.PlantCode == plantCode);
            var bids = entries.Where(entry => entry.Entry.Source == OrderSource.Plant).ToList();
            var capacity = Energy.FromWh(owned.Plant.CapacityWatts);
            return bids.Count == entries.Count
                ? new DealSide(Energy.Min(capacity, Sum(bids)), bids)
                : new DealSide(capacity - Energy.Min(capacity, Sum(entries.Where(IsOwn))), [.. entries.Where(entry => !IsOwn(entry))]);
        });

        public DealSide Buyer(int memberId, Carrier carrier) => Of((OrderSide.Buy, memberId, "", carrier), () =>
        {
            var connections = meters[(memberId, carrier)].ToList();
            if (connections.Count == 0)
            {
                return new DealSide(Energy.Zero, []);
            }

            // Of several meters, one without a limit leaves them all without.
            var capacity = connections.TrueForAll(watts => watts is not null) ? Energy.FromWh(connections.Sum() ?? 0) : Orders.OrderBounds.LargestQuantity;
            var entries = Entries(entry => entry.Side == OrderSide.Buy && entry.Carrier == carrier && entry.MemberId == memberId && entry.PlantCode is null);
            var others = entries.Where(entry => !IsOwn(entry)).ToList();
            return entries.Exists(IsOwn) || others.Exists(entry => !entry.Entry.FollowsForecast)
                ? new DealSide(capacity - Energy.Min(capacity, Sum(entries.Where(IsOwn))), others)
                : new DealSide(Energy.Min(capacity, Sum(others)), others);
        });

        private DealSide Of((OrderSide, int, string, Carrier) key, Func<DealSide> make)
        {
            if (!_sides.TryGetValue(key, out var side))
            {
                _sides[key] = side = make();
            }

            return side;
        }

        private List<(int Index, BookEntry Entry)> Entries(Func<BookEntry, bool> which) =>
            [.. book.Orders.Index().Where(entry => which(entry.Item)).Select(entry => (entry.Index, entry.Item))];

        private static bool IsOwn((int Index, BookEntry Entry) entry) => entry.Entry.Source == OrderSource.Own;

        private static Energy Sum(IEnumerable<(int Index, BookEntry Entry)> entries) =>
            entries.Aggregate(Energy.Zero, (sum, entry) => sum + entry.Entry.Quantity);
    }

    /// <summary>What a plant can still give, or a member still take, by deals in the hour.</summary>
    /// <param name="left">At first.</param>
    /// <param name="orders">The orders that deals take the place of, with their places in the book.</param>
    private sealed class DealSide(Energy left, IReadOnlyList<(int Index, BookEntry Entry)> orders)
    {
        private Energy _taken = Energy.Zero;

        public Energy Left => left - _taken;

        public Energy LeftBefore(Energy taken) => Left + taken;

        public void Take(Energy energy) => _taken += energy;

        /// <summary>Takes what deals deliver out of the orders, the best of them first: the cheapest offer, the dearest purchase.</summary>
        public void Reduce(BookEntry[] book)
        {
            var nominated = _taken;
            foreach (var (index, entry) in orders.OrderBy(order => order.Entry.Side == OrderSide.Sell ? order.Entry.Limit.MicroPerKWh : -order.Entry.Limit.MicroPerKWh).ThenBy(order => order.Index))
            {
                var order = new Order(
                    index.ToString(CultureInfo.InvariantCulture), entry.Carrier.Name(), entry.Side == OrderSide.Sell ? Side.Sell : Side.Buy, entry.Quantity, entry.Limit);
                (var rest, nominated) = Nominations.Reduce(order, nominated);
                book[index] = entry with { Quantity = rest.Quantity };
            }
        }
    }
}
