using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Network;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Operations;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Tests.Features.Network;

/// <summary>The small market with home B in a zone of its own: all plants and everybody else stand in the south. What reaches the north comes over
/// one line for electricity and one pipe for heat.</summary>
internal static class TwoZones
{
    public const string South = "south";
    public const string North = "north";
    public const int Operator = 6;

    public static async Task<SmallMarket> CreateAsync(
        MarketplaceHost host, long lineWatts, int lossMillionths = 20_000, long feeMicro = 5_000, long pipeWatts = 10_000)
    {
        var market = await SmallMarket.CreateAsync(host, clockAt: MarketplaceHost.Start.AddHours(-7));
        await market.DeliverAsync();
        await host.Send(new AddZone(market.LoopId, South, "South quarter", market.FirstHour), OperatorOf(market));
        await host.Send(new AddZone(market.LoopId, North, "North quarter", market.FirstHour), OperatorOf(market));
        await host.Send(new PlaceInZone(market.LoopId, SmallMarket.HomeB, "", North, market.FirstHour), OperatorOf(market));
        await SetAsync(host, market, "cable", Carrier.Electricity, lineWatts, lossMillionths, feeMicro, market.FirstHour);
        await SetAsync(host, market, "pipe", Carrier.Heat, pipeWatts, 0, 0, market.FirstHour);
        return market;
    }

    public static Task<int> SetAsync(
        MarketplaceHost host, SmallMarket market, string code, Carrier carrier, long watts, int lossMillionths, long feeMicro, DateTimeOffset from) => host.Send(
        new SetLine(market.LoopId, code, South, North, carrier, watts, lossMillionths, Price.FromMicroPerKWh(feeMicro), from, "As built"), OperatorOf(market));

    public static Actor OperatorOf(SmallMarket market) => market.ActorOf(Operator, Role.Operator);

    public static Task<List<LineFlow>> FlowsAsync(this MarketplaceHost host, SmallMarket market, string code) => host.Look(db => db.LineFlows
        .Where(flow => flow.LoopId == market.LoopId && flow.Code == code).OrderBy(flow => flow.Hour).ToListAsync());

    public static async Task<Price> PriceAsync(this MarketplaceHost host, SmallMarket market, string zone, Carrier carrier, DateTimeOffset hour) =>
        (await host.Look(db => db.Prices.SingleAsync(price => price.LoopId == market.LoopId && price.Hour == hour && price.Zone == zone && price.Carrier == carrier))).Price!.Value;

    /// <summary>What the loop's own account of this kind has got by transfers of this kind, less what it gave.</summary>
    public static Task<long> BalanceAsync(this MarketplaceHost host, SmallMarket market, AccountKind account, TransferKind kind, int member = 0) =>
        host.Look(db => db.Database.SqlQuery<long>($"""
            SELECT coalesce(sum(CASE WHEN a.id = t.credit_account THEN t.amount ELSE -t.amount END), 0)::bigint AS "Value"
            FROM market.transfers t JOIN market.accounts a ON a.loop_id = t.loop_id AND a.kind = {(short)account} AND a.member_id = {member} AND a.id IN (t.debit_account, t.credit_account)
            WHERE t.loop_id = {market.LoopId} AND t.kind = {(short)kind}
            """).SingleAsync());
}
