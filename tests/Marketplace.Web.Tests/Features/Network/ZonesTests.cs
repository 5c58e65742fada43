using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Network;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Operations;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Network;

public sealed class ZonesTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    [Fact]
    public async Task A_full_line_splits_the_price_and_its_fee_and_rent_have_accounts_of_their_own()
    {
        var market = await TwoZones.CreateAsync(host, lineWatts: 500);
        await market.EndAsync();
        (await market.AdvanceAsync()).ShouldBe(3 * market.Hours);

        var flows = await host.FlowsAsync(market, "cable");
        flows.Count.ShouldBe(market.Hours);
        foreach (var (i, flow) in flows.Index())
        {
            // Home B wants 1,100 Wh and more at import price + 10 ct; 500 Wh enter the line, 490 arrive: home B, served in part, sets the north's price.
            (flow.Sent, flow.Arrived, flow.IsFull).ShouldBe((Energy.FromWh(500), Energy.FromWh(490), true));
            var north = Price.FromMicroPerKWh(300_000 + (i * 10_000));
            (await host.PriceAsync(market, TwoZones.North, Carrier.Electricity, flow.Hour)).ShouldBe(north);
            var south = await host.PriceAsync(market, TwoZones.South, Carrier.Electricity, flow.Hour);
            south.ShouldBeLessThan(north);
            flow.FeeAmount.ShouldBe(Money.FromMicro(2_500));
            flow.Rent.ShouldBe(north.Of(Energy.FromWh(490)) - south.Of(Energy.FromWh(500)) - Money.FromMicro(2_500));
            var position = await host.Look(db => db.Positions.SingleAsync(position => position.LoopId == market.LoopId && position.Hour == flow.Hour
                && position.MemberId == SmallMarket.HomeB && position.Carrier == Carrier.Electricity));
            (position.Traded, position.Price, position.TradedAmount).ShouldBe((Energy.FromWh(490), north, north.Of(Energy.FromWh(490))));
            // What it took beyond costs what energy costs where it stands.
            position.ImbalancePrice.ShouldBe(north);
        }

        // The fee of each hour is booked once, and the rent; what was lost is in the losses' account.
        (await host.BalanceAsync(market, AccountKind.LineFees, TransferKind.LineFee)).ShouldBe(2_500 * market.Hours);
        (await host.BalanceAsync(market, AccountKind.CongestionRent, TransferKind.CongestionRent)).ShouldBe(flows.Sum(flow => flow.Rent.Micro)
            + (await host.FlowsAsync(market, "pipe")).Sum(flow => flow.Rent.Micro));
        (await host.BalanceAsync(market, AccountKind.Losses, TransferKind.EnergyLost)).ShouldBe(-10 * market.Hours);
        (await host.Look(db => db.Balances.Where(balance => balance.LoopId == market.LoopId && balance.Carrier == Carrier.Electricity).ToListAsync()))
            .ShouldAllBe(balance => balance.Lost == Energy.FromWh(10));
        (await host.Send(new IssueBills(market.LoopId, new Interval(market.FirstHour, market.End), market.End))).Outcome.ShouldBe(BillingOutcome.Issued);
    }

    [Fact]
    public async Task The_fee_and_the_loss_of_a_line_that_is_not_full_are_all_that_prices_differ_by()
    {
        var market = await TwoZones.CreateAsync(host, lineWatts: 5_000);
        await market.EndAsync();
        await market.AdvanceAsync();

        foreach (var flow in await host.FlowsAsync(market, "cable"))
        {
            flow.IsFull.ShouldBeFalse();
            var (north, south) = (
                await host.PriceAsync(market, TwoZones.North, Carrier.Electricity, flow.Hour), await host.PriceAsync(market, TwoZones.South, Carrier.Electricity, flow.Hour));
            // 0.98 kWh arrive of each that is bought in the south for its price and the fee.
            Math.Abs((north.MicroPerKWh * 98 / 100) - south.MicroPerKWh - 5_000).ShouldBeLessThanOrEqualTo(1);
            flow.FeeAmount.ShouldBe(Price.FromMicroPerKWh(5_000).Of(flow.Sent));
            // A watt-hour of rounding, at most.
            Math.Abs(flow.Rent.Micro).ShouldBeLessThanOrEqualTo(north.MicroPerKWh / 1_000 + 2);
        }

        var booked = await host.Look(db => db.Transfers.Where(transfer => transfer.LoopId == market.LoopId && transfer.Kind == TransferKind.LineFee).ToListAsync());
        booked.Count.ShouldBe(market.Hours);
        booked.Sum(transfer => transfer.Amount).ShouldBe((await host.FlowsAsync(market, "cable")).Sum(flow => flow.FeeAmount.Micro));
    }

    [Fact]
    public async Task A_book_of_two_zones_names_zones_and_passes_the_check_of_a_stranger()
    {
        var market = await TwoZones.CreateAsync(host, lineWatts: 500);
        await market.EndAsync();
        await market.AdvanceAsync(2);

        var book = OrderBookJson.Read((await host.Look(db => db.Books.FirstAsync(book => book.LoopId == market.LoopId))).Json);
        book.Nodes.ShouldBe(["south/heat", "south/cold", "south/electricity", "north/heat", "north/cold", "north/electricity"]);
        book.Connections.Select(connection => (connection.Id, connection.From, connection.To, connection.Capacity.WattHours, connection.LossMillionths, connection.Fee.MicroPerKWh))
            .ShouldBe([("line/cable", "south/electricity", "north/electricity", 500, 20_000, 5_000), ("line/pipe", "south/heat", "north/heat", 10_000, 0, 0)]);
        book.Converters.ShouldContain(converter => converter.Id == "pump" && converter.Flows.ContainsKey("south/heat"));
        var result = ClearingResultJson.Read((await host.Look(db => db.Results.FirstAsync(result => result.LoopId == market.LoopId))).Json, book);
        Clearing.Check(book, result).Holds.ShouldBeTrue();
    }

    [Fact]
    public async Task One_zone_written_down_changes_no_byte()
    {
        async Task<List<byte[]>> RunAsync(bool named)
        {
            var market = await SmallMarket.CreateAsync(host, hours: 3, clockAt: MarketplaceHost.Start.AddHours(-7));
            await market.DeliverAsync();
            if (named)
            {
                await host.Send(new AddZone(market.LoopId, "all", "All of it", market.FirstHour), TwoZones.OperatorOf(market));
                await host.Send(new PlaceInZone(market.LoopId, 0, "pump", "all", market.FirstHour), TwoZones.OperatorOf(market));
            }

            await market.EndAsync();
            await market.AdvanceAsync();
            return await host.Look(async db => (List<byte[]>)
            [
                .. await db.Books.Where(book => book.LoopId == market.LoopId).OrderBy(book => book.Hour).Select(book => book.Json).ToListAsync(),
                .. await db.Results.Where(result => result.LoopId == market.LoopId).OrderBy(result => result.Hour).Select(result => result.Json).ToListAsync(),
            ]);
        }

        var (without, with) = (await RunAsync(false), await RunAsync(true));
        with.Count.ShouldBe(6);
        with.Zip(without).ShouldAllBe(pair => pair.First.SequenceEqual(pair.Second));
        System.Text.Encoding.UTF8.GetString(with[0]).ShouldContain("\"nodes\":[\"heat\",\"cold\",\"electricity\"]");
    }

    [Fact]
    public async Task Capacities_hold_from_their_hour_on_and_earlier_hours_keep_theirs()
    {
        var market = await TwoZones.CreateAsync(host, lineWatts: 500);
        await TwoZones.SetAsync(host, market, "cable", Carrier.Electricity, 0, 20_000, 5_000, market.FirstHour.AddHours(2));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(
            new SetLine(market.LoopId, "cable", TwoZones.South, TwoZones.North, Carrier.Electricity, 9, 0, Price.Zero, market.FirstHour, "Mine"), market.ActorOf(SmallMarket.HomeA)));
        (await Should.ThrowAsync<RefusedException>(() => TwoZones.SetAsync(host, market, "cable", Carrier.Cold, 9, 0, 0, market.FirstHour))).Problems[0].Field.ShouldBe(nameof(SetLine.Code));
        (await Should.ThrowAsync<RefusedException>(() => TwoZones.SetAsync(host, market, "cable", Carrier.Electricity, 9, 0, 0, market.FirstHour.AddHours(-9)))).Problems[0].Field.ShouldBe(nameof(SetLine.ValidFrom));
        (await Should.ThrowAsync<RefusedException>(() => host.Send(new AddZone(market.LoopId, TwoZones.North, "Again", market.FirstHour), TwoZones.OperatorOf(market)))).Problems[0].Field.ShouldBe(nameof(AddZone.Code));
        (await Should.ThrowAsync<RefusedException>(() => host.Send(new PlaceInZone(market.LoopId, SmallMarket.HomeA, "", "west", market.FirstHour), TwoZones.OperatorOf(market)))).Problems[0].Field.ShouldBe(nameof(PlaceInZone.Zone));
        await market.EndAsync();
        await market.AdvanceAsync();

        (await host.FlowsAsync(market, "cable")).Select(flow => flow.Sent.WattHours).ShouldBe([500, 500, 0, 0, 0, 0]);
        (await host.Look(db => db.OperatorActions.CountAsync(act => act.LoopId == market.LoopId && act.Action == nameof(SetLine)))).ShouldBe(3);
    }
}
