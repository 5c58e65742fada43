using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Deals;
using Marketplace.Web.Features.Loops;
using Marketplace.Web.Features.Network;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Features.Prices;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Accounts;
using Marketplace.Web.Tests.Features.Operations;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Network;

public sealed class ZonePagesTests(AccountsHost host) : IClassFixture<AccountsHost>
{
    private async Task<Browser> SignedInAsync(SmallMarket market, int member)
    {
        var (_, email) = await host.AddPerson(market.LoopId, member);
        var browser = new Browser(host);
        await browser.SignIn(email, People.Password);
        return browser;
    }

    private Task<string> SlugAsync(SmallMarket market) => host.Look(db => db.Loops.Where(loop => loop.Id == market.LoopId).Select(loop => loop.Slug).SingleAsync());

    [Fact]
    public async Task Prices_are_those_of_the_zone_asked_for_or_of_the_readers_own_meters()
    {
        var market = await TwoZones.CreateAsync(host, lineWatts: 500);
        await market.EndAsync();
        await market.AdvanceAsync();
        var north = await host.PriceAsync(market, TwoZones.North, Carrier.Electricity, market.End.AddHours(-1));
        var south = await host.PriceAsync(market, TwoZones.South, Carrier.Electricity, market.End.AddHours(-1));

        async Task<Price?> NowAsync(Actor actor, string? zone = null) =>
            (await host.Send(new PricesNow(market.LoopId, zone), actor)).Carriers.Single(carrier => carrier.Carrier == Carrier.Electricity).Now;
        (await NowAsync(Actor.Visitor)).ShouldBe(south);
        (await NowAsync(Actor.Visitor, TwoZones.North)).ShouldBe(north);
        (await NowAsync(market.ActorOf(SmallMarket.HomeB))).ShouldBe(north);
        (await NowAsync(market.ActorOf(SmallMarket.HomeA))).ShouldBe(south);

        var span = new Interval(market.FirstHour, market.End);
        (await host.Send(new PricesOfPeriod(market.LoopId, span, Grain.Hour, TwoZones.North), Actor.Visitor)).Count.ShouldBe(3 * market.Hours);
        var every = await host.Send(new PricesOfPeriod(market.LoopId, span, Grain.Hour, ZoneChoice.Every), Actor.Visitor);
        every.Count.ShouldBe(6 * market.Hours);
        // Fewer than five members stand in either zone.
        every.ShouldAllBe(row => row.Traded == null || row.Traded == Energy.Zero);
        (await host.Send(new PricesOfPeriod(market.LoopId, span, Grain.Day, TwoZones.North), Actor.Visitor)).Single(row => row.Carrier == Carrier.Electricity).Highest.ShouldBe(north);
        (await host.Send(new OrderDesk(market.LoopId, SmallMarket.HomeB), market.ActorOf(SmallMarket.HomeB))).Lately[Carrier.Electricity].Highest.ShouldBe(north);
        (await host.Send(new Marketplace.Web.Features.Orders.LikelyAcceptance(market.LoopId, Carrier.Electricity, market.End.AddHours(-1)), market.ActorOf(SmallMarket.HomeB))).Prices.ShouldBe([north]);
    }

    [Fact]
    public async Task The_hours_page_says_where_the_price_parted_and_files_name_the_zone()
    {
        var market = await TwoZones.CreateAsync(host, lineWatts: 500);
        await market.EndAsync();
        await market.AdvanceAsync();
        var (slug, hour) = (await SlugAsync(market), HourAddress.Of(market.FirstHour));
        using var visitor = new Browser(host);
        var page = (await visitor.Get($"/loops/{slug}/market/{hour}?zone=north")).Text;
        page.ShouldContain("Congested: price split");
        page.ShouldContain("South quarter to North quarter");
        page.ShouldContain("30.00");
        (await visitor.Get($"/loops/{slug}/market?zone=north")).Text.ShouldContain("North quarter");
        (await visitor.Get($"/loops/{slug}/market.csv")).Text.ShouldContain("traded_kwh,zone");
        (await visitor.Get($"/loops/{slug}/market/{hour}/prices.csv")).Text.ShouldContain(",north");
        var json = (await visitor.Get($"/loops/{slug}/market/{hour}/prices.json")).Text;
        json.ShouldContain("\"zone\":\"north\"");
        json.ShouldContain("\"id\":\"cable\"");

        var whole = (await host.Send(new AuctionOfHour(market.LoopId, market.FirstHour, Zone: TwoZones.North), TwoZones.OperatorOf(market))).ShouldNotBeNull();
        var node = whole.Nodes.Single(node => node.Zone == TwoZones.North && node.Carrier == Carrier.Electricity);
        node.Balance.ShouldBe(new NodeBalance(Energy.Zero, Energy.Zero, Energy.FromWh(490), Energy.Zero, Energy.FromWh(490), Energy.Zero));
        whole.Flows.Links.ShouldContain(link => link.From == "arrived" && link.Energy == Energy.FromWh(490));
        whole.Reasons.Count.ShouldBe(6);
    }

    [Fact]
    public async Task Both_parties_read_why_their_deal_was_curtailed_and_what_they_get()
    {
        var market = await TwoZones.CreateAsync(host, lineWatts: 300);
        var day = new LoopCalendar(TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin")).DayOf(market.FirstHour);
        var deal = await host.Send(
            new ProposeDeal(
                market.LoopId, SmallMarket.HomeB, Guid.NewGuid(), SmallMarket.SolarOwner, Carrier.Electricity, OrderSide.Buy,
                new DealWish(Energy.FromWh(500), Price.FromMicroPerKWh(120_000), day, day, 0, 24)),
            market.ActorOf(SmallMarket.HomeB));
        await host.Send(new AcceptDeal(market.LoopId, SmallMarket.SolarOwner, deal, 1, "pv"), market.ActorOf(SmallMarket.SolarOwner));
        await market.EndAsync();
        await market.AdvanceAsync();
        (await host.Send(new IssueBills(market.LoopId, new Interval(market.FirstHour, market.End), market.End))).Outcome.ShouldBe(BillingOutcome.Issued);
        var slug = await SlugAsync(market);

        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new OwnCurtailments(market.LoopId, SmallMarket.HomeB, market.FirstHour), market.ActorOf(SmallMarket.HomeA)));
        foreach (var party in new[] { SmallMarket.HomeB, SmallMarket.SolarOwner })
        {
            var own = (await host.Send(new OwnCurtailments(market.LoopId, party, market.FirstHour), market.ActorOf(party))).ShouldHaveSingleItem();
            (own.DealId, own.Curtailed, own.Limit, own.Buys).ShouldBe((deal, Energy.FromWh(206), "cable", party == SmallMarket.HomeB));
            own.Compensation!.Value.ShouldBeGreaterThan(Money.Zero);
            using var browser = await SignedInAsync(market, party);
            var page = (await browser.Get($"/loops/{slug}/market/{HourAddress.Of(market.FirstHour)}")).Text;
            page.ShouldContain("What the network could not carry");
            page.ShouldContain("Connection cable was full");
            (await browser.Get($"/loops/{slug}/deals/{deal}")).Text.ShouldContain("The connections between the two zones were full");

            // The bill takes the compensation up, to the millionth, and the hour behind its line says what the cable cost the buyer.
            var bill = await host.Look(db => db.Bills.FirstAsync(bill => bill.LoopId == market.LoopId && bill.MemberId == party));
            var line = await host.Look(db => db.BillLines.SingleAsync(line => line.LoopId == market.LoopId && line.BillId == bill.Id && line.Kind == (short)Billing.BillLineKind.Curtailment));
            (-line.Amount).Micro.ShouldBe(await host.BalanceAsync(market, AccountKind.Unbilled, TransferKind.Curtailment, party));
            (await browser.Get($"/loops/{slug}/bills/{bill.Number}/lines/{line.Line}")).Text.ShouldContain("could not carry");
        }

        var energy = await host.Look(db => db.BillLines.FirstAsync(line => line.LoopId == market.LoopId && line.Kind == (short)Billing.BillLineKind.Energy && line.Carrier == (short)Carrier.Electricity
            && db.Bills.Any(bill => bill.LoopId == market.LoopId && bill.Id == line.BillId && bill.MemberId == SmallMarket.HomeB)));
        var number = await host.Look(db => db.Bills.Where(bill => bill.LoopId == market.LoopId && bill.Id == energy.BillId).Select(bill => bill.Number).SingleAsync());
        var billed = await host.Send(new ShowBilledHour(market.LoopId, number, energy.Line, market.FirstHour), market.ActorOf(SmallMarket.HomeB));
        billed.Carriage.ShouldBe(Money.FromMicro(1_500));
        billed.Auction!.Zone.ShouldBe(TwoZones.North);
    }

    [Fact]
    public async Task An_operator_sees_zones_connections_and_who_stands_where()
    {
        var market = await TwoZones.CreateAsync(host, lineWatts: 500);
        var slug = await SlugAsync(market);
        using var keeper = await SignedInAsync(market, TwoZones.Operator);
        var page = (await keeper.Get($"/loops/{slug}/operations/network")).Text;
        page.ShouldContain("South quarter to North quarter");
        page.ShouldContain("As built");
        var view = await host.Send(new ShowNetwork(market.LoopId), TwoZones.OperatorOf(market));
        view.Things.Single(thing => thing.MemberId == SmallMarket.HomeB).Zone.ShouldBe(TwoZones.North);
        view.Things.Single(thing => thing.PlantCode == "pump").Zone.ShouldBe(TwoZones.South);
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new ShowNetwork(market.LoopId), market.ActorOf(SmallMarket.HomeA)));
        using var home = await SignedInAsync(market, SmallMarket.HomeA);
        (await home.Get($"/loops/{slug}/operations/network")).Text.ShouldNotContain("As built");
    }
}
