using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Network;

namespace Marketplace.Web.Features.Deals;

/// <summary>Holds an hour's deals against the connections between zones, in the order in which they were accepted. Within a zone nothing limits them.</summary>
internal sealed class DealsOnNetwork(TradesOutside outside)
{
    private readonly List<ZoneTrade> _trades = [];

    /// <summary>As much of what both sides can give and take as the network carries.</summary>
    public Energy Carry(Deal deal, DealAct act, Energy possible)
    {
        var (from, to) = (outside.Zones.Of(deal.SellerId, act.PlantCode), outside.Zones.Of(deal.BuyerId, null));
        if (from == to || possible == Energy.Zero)
        {
            return possible;
        }

        var outcome = outside.Admit(deal.Carrier, from, to, possible);
        _trades.Add(new ZoneTrade
        {
            Kind = ZoneTradeKind.Deal,
            Number = deal.Id,
            Carrier = deal.Carrier,
            SellerId = deal.SellerId,
            BuyerId = deal.BuyerId,
            SellerPlant = act.PlantCode!,
            BuyerPlant = "",
            FromZone = from,
            ToZone = to,
            Price = act.Price,
            Allowed = outcome.Allowed,
            Curtailed = outcome.Curtailed,
            Limit = outcome.Limit,
            Shared = outcome.Shared,
            Fee = outside.FeeOf(deal.Carrier, from, to, outcome.Allowed),
        });
        return outcome.Allowed;
    }

    public IReadOnlyList<ZoneTrade> Trades(int loopId, DateTimeOffset hour)
    {
        foreach (var trade in _trades)
        {
            (trade.LoopId, trade.Hour) = (loopId, hour);
        }

        return _trades;
    }
}
