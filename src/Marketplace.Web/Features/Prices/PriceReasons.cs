using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Replica;
using Marketplace.Web.Features.Network;

namespace Marketplace.Web.Features.Prices;

/// <summary>What kind of market party stands behind an order or runs a converter: as much as the public may know of it.</summary>
public enum Party
{
    Member,
    DefaultTerms,
    Pv,
    HeatPump,
    Chiller,
    Boiler,
    WasteHeat,
    Store,
    Grid,
    BalancingPlant,
    Connection,
}

/// <summary>What pages need of a plant.</summary>
public sealed record PlantFacts(string Name, int OwnerId, PlantKind Kind)
{
    public Party Party => Kind switch
    {
        PlantKind.Pv => Party.Pv,
        PlantKind.HeatPump => Party.HeatPump,
        PlantKind.Chiller => Party.Chiller,
        PlantKind.Boiler => Party.Boiler,
        PlantKind.WasteHeat => Party.WasteHeat,
        PlantKind.Store => Party.Store,
        PlantKind.GridSupplier => Party.Grid,
        PlantKind.BalancingPlant => Party.BalancingPlant,
        _ => throw new ArgumentOutOfRangeException(nameof(Kind), Kind, "Not a kind of plant"),
    };
}

/// <summary>Why a carrier's price is what it is, as far as the reader may know it.</summary>
/// <param name="PerTrade">Whether each trade had a price of its own, so that <paramref name="Price"/> is their average.</param>
/// <param name="Zone">Empty where the carrier has one node for the whole loop.</param>
/// <param name="SetBy">Who sets the price or holds it; alike parties together, but for those who see the whole book.</param>
public sealed record PriceReason(
    Carrier Carrier, bool PerTrade, Price? Price, Price? Low, Price? High, IReadOnlyList<SetterView> SetBy,
    MoveView MoreDemand, MoveView MoreSupply, IReadOnlyList<IdleView> Idle, string Zone = "");

/// <param name="Party">None where the rule alone decides.</param>
/// <param name="Count">How many alike orders or plants.</param>
/// <param name="Volume">Accepted energy of orders; none where it is not shown.</param>
/// <param name="Margin">What a further kWh of a full plant's capacity would have gained.</param>
/// <param name="From">What a converter takes.</param>
/// <param name="To">What a converter gives.</param>
/// <param name="Name">The plant or the order, for those who see the whole book.</param>
public sealed record SetterView(
    PriceCause Cause, Party? Party, OrderSide? Side, int Count, Energy? Volume, Energy? Most, Price Margin,
    IReadOnlyList<Carrier> From, IReadOnlyList<Carrier> To, string? Name);

/// <summary>What more demand or supply would have changed.</summary>
/// <param name="Room">How much would not have moved the price; none where that would show a single member's order.</param>
/// <param name="HasNext">Whether an order stands beyond the price.</param>
/// <param name="Next">Its limit; none where that would show a single member's order.</param>
public sealed record MoveView(Energy? Room, bool HasNext, Price? Next);

/// <summary>Converters that stood still, the one nearest to running first.</summary>
/// <param name="IsHeld">Whether it could not run at any price, because one of its carriers is traded by itself.</param>
public sealed record IdleView(Party Party, int Count, Price Missing, bool IsHeld, IReadOnlyList<Carrier> From, IReadOnlyList<Carrier> To, string? Name);

/// <summary>Turns the explanation of a clearing into what a reader may see. Where fewer than five members stand behind a figure, the
/// public sees what kind of order it was, not the figure. The grid and the balancing plant trade at published tariffs.</summary>
internal static class PriceReasons
{
    /// <summary>How many single orders or plants those who see the whole book are shown.</summary>
    private const int MostShown = 20;

    public static IReadOnlyList<PriceReason> Of(AuctionRecord auction, IReadOnlyDictionary<string, PlantFacts> plants, bool whole) =>
        auction.Explanation is not { } explanation
            ? []
            : [.. explanation.Nodes
                .Select(node => new Reading(auction, plants, node.Node, whole).Explain(node))];

    public static Party PartyOf(BookedOrder order, IReadOnlyDictionary<string, PlantFacts> plants) =>
        order.PlantCode is { } code && plants.TryGetValue(code, out var plant) ? plant.Party
        : order.Source == OrderSource.Default ? Party.DefaultTerms
        : Party.Member;

    private static bool IsTariff(Party party) => party is Party.Grid or Party.BalancingPlant;

    private sealed class Reading(AuctionRecord auction, IReadOnlyDictionary<string, PlantFacts> plants, string at, bool whole)
    {
        private readonly (string Zone, Carrier Carrier) _node = NodeName.Parse(at);

        public PriceReason Explain(NodeExplanation node)
        {
            if (!auction.HasOnePrice(at))
            {
                return new PriceReason(_node.Carrier, true, node.Price, node.Low, node.High, [], new(null, false, null), new(null, false, null), [], _node.Zone);
            }

            return new PriceReason(
                _node.Carrier, false, node.Price, node.Low, node.High, Setters(node), Move(node.Price, node.WithMoreDemand), Move(node.Price, node.WithMoreSupply), Idle(node), _node.Zone);
        }

        private IReadOnlyList<SetterView> Setters(NodeExplanation node)
        {
            var single = node.SetBy.Select(Single).ToList();
            if (whole)
            {
                return [.. single.Select(setter => setter.View).Take(MostShown)];
            }

            return [.. single
                .GroupBy(setter => (setter.View.Cause, setter.View.Party, setter.View.Side, From: Key(setter.View.From), To: Key(setter.View.To), Line: LineName(setter.View)))
                .Select(group =>
                {
                    var first = group.First().View;
                    var shown = first.Cause == PriceCause.MarginalOrder
                        && ((first.Party is { } party && IsTariff(party)) || group.Select(setter => setter.Member).Distinct().Count() >= PricesOfPeriod.SmallestGroup);
                    return first with
                    {
                        Count = group.Count(),
                        Volume = shown ? Sum(group.Select(setter => setter.View.Volume)) : null,
                        Most = shown ? Sum(group.Select(setter => setter.View.Most)) : null,
                        Margin = group.Max(setter => setter.View.Margin),
                        Name = LineName(first),
                    };
                })];
        }

        private (SetterView View, int Member) Single(PriceSetter setter)
        {
            if (setter.Id is not { } id)
            {
                return (new SetterView(setter.Cause, null, null, 1, null, null, setter.Margin, [], [], null), 0);
            }

            if (auction.OrderOf(id) is { } order)
            {
                var name = order.PlantCode is { } code && plants.TryGetValue(code, out var plant) ? plant.Name : id;
                return (new SetterView(setter.Cause, PartyOf(order, plants), order.Side, 1, setter.Volume, setter.Most, default, [], [], name), order.MemberId);
            }

            var (party, from, to, owner, unit) = Unit(id);
            return (new SetterView(setter.Cause, party, null, 1, setter.Volume, setter.Most, setter.Margin, from, to, unit), owner);
        }

        private MoveView Move(Price? price, PriceMove move) => new(
            price is { } at && (move.Room == Energy.Zero || MayShow(at)) ? move.Room : null,
            move.Next is not null,
            move.Next is { } next && MayShow(next) ? next : null);

        /// <summary>Whether what stands at a limit may be shown: tariffs, or the orders of at least five members.</summary>
        private bool MayShow(Price limit)
        {
            var there = auction.Orders.Where(order => order.Node == at && order.Limit == limit).ToList();
            return whole
                || there.All(order => IsTariff(PartyOf(order, plants)))
                || there.Where(order => !IsTariff(PartyOf(order, plants))).Select(order => order.MemberId).Distinct().Count() >= PricesOfPeriod.SmallestGroup;
        }

        private IReadOnlyList<IdleView> Idle(NodeExplanation node)
        {
            var single = node.Idle.Select(idle =>
            {
                var (party, from, to, _, name) = Unit(idle.Id);
                return new IdleView(party, 1, idle.Missing, idle.IsHeld, from, to, name);
            });
            return whole
                ? [.. single.Take(MostShown)]
                : [.. single.GroupBy(idle => (idle.Party, idle.IsHeld, From: Key(idle.From), To: Key(idle.To), Line: idle.Party == Party.Connection ? idle.Name : null))
                    .Select(group => group.First() with { Count = group.Count(), Missing = group.Min(idle => idle.Missing), Name = group.Key.Line })
                    .OrderBy(idle => idle.Missing)];
        }

        private (Party Party, IReadOnlyList<Carrier> From, IReadOnlyList<Carrier> To, int Owner, string Name) Unit(string id)
        {
            var flows = auction.Book.Converters.FirstOrDefault(converter => converter.Id == id)?.FlowsByCarrier() ?? new Dictionary<Carrier, long>();
            IReadOnlyList<Carrier> Where(Func<long, bool> holds) => [.. Carriers.All.Where(known => holds(flows.GetValueOrDefault(known)))];
            return plants.TryGetValue(id, out var plant)
                ? (plant.Party, Where(flow => flow < 0), Where(flow => flow > 0), plant.OwnerId, plant.Name)
                : (Party.Connection, [], [], 0, NodeName.LineOf(id) ?? id);
        }

        // What a connection is called is no secret.
        private static string? LineName(SetterView setter) => setter.Party == Party.Connection ? setter.Name : null;

        private static string Key(IReadOnlyList<Carrier> carriers) => string.Join('+', carriers);

        private static Energy? Sum(IEnumerable<Energy?> energies) => energies.Aggregate(Energy.Zero, (sum, energy) => sum + (energy ?? Energy.Zero));
    }
}
