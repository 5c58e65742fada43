using Marketplace.Billing;
using Marketplace.Data;
using Marketplace.Market;
using Marketplace.Quantities;
using Marketplace.Web.Features.Bills;
using Marketplace.Web.Features.Wishes;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Operations;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Settlement;

public sealed class HourWishesTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    private static readonly Price Premium = Price.FromMicroPerKWh(20_000);

    [Fact]
    public async Task What_was_asked_for_is_what_the_bill_shows_and_nobody_trades_otherwise()
    {
        var plain = await SmallMarket.CreateAsync(host, clockAt: MarketplaceHost.Start.AddHours(-3));
        var market = await SmallMarket.CreateAsync(host, clockAt: MarketplaceHost.Start.AddHours(-3));
        await host.Send(
            new SetPreference(market.LoopId, SmallMarket.HomeA, Carrier.Electricity, Preference.RenewableOnly, Premium), market.ActorOf(SmallMarket.HomeA));
        foreach (var one in new[] { plain, market })
        {
            await one.DeliverAsync();
            await one.EndAsync();
            await one.AdvanceAsync();
            (await host.Send(new IssueBills(one.LoopId, new Interval(one.FirstHour, one.End), one.End))).Outcome.ShouldBe(BillingOutcome.Issued);
        }

        // Trades and prices are those of a market in which nobody asked for anything.
        async Task<List<(int, DateTimeOffset, Carrier, Energy, Price?, Money)>> TradedAsync(SmallMarket one) => [.. (await host.Look(db => db.Positions
            .Where(position => position.LoopId == one.LoopId).OrderBy(position => position.Hour).ThenBy(position => position.MemberId)
            .ThenBy(position => position.Carrier).ThenBy(position => position.Direction).ThenBy(position => position.PlantCode).ToListAsync()))
            .Select(position => (position.MemberId, position.Hour, position.Carrier, position.Traded, position.Price, position.TradedAmount))];
        (await TradedAsync(market)).ShouldBe(await TradedAsync(plain));

        var met = await host.Look(db => db.WishesMet.Where(met => met.LoopId == market.LoopId).ToListAsync());
        met.ShouldNotBeEmpty();
        met.ShouldAllBe(row => row.MemberId == SmallMarket.HomeA && row.Met <= row.Wanted && row.Amount == Premium.Of(row.Met));
        var wished = met.Sum(row => row.Met.WattHours);
        wished.ShouldBeGreaterThan(0);

        var lines = await host.Look(db => db.BillLines.Where(line => line.LoopId == market.LoopId && line.Kind == (short)BillLineKind.Preference).ToListAsync());
        lines.Count.ShouldBe(2);
        lines.ShouldContain(line => line.Quantity == wished && line.Amount.Micro > 0);
        lines.ShouldContain(line => line.PlantCode == "pv" && line.Quantity == -wished && line.Amount.Micro < 0);
        lines.Sum(line => line.Amount.Micro).ShouldBe(0);
        (await host.Look(db => db.BillLines.AnyAsync(line => line.LoopId == plain.LoopId && line.Kind == (short)BillLineKind.Preference))).ShouldBeFalse();
    }

    [Fact]
    public async Task A_member_asks_for_itself_alone_and_pays_nothing_for_the_cheapest()
    {
        var market = await SmallMarket.CreateAsync(host, clockAt: MarketplaceHost.Start);
        var wish = new SetPreference(market.LoopId, SmallMarket.HomeA, Carrier.Heat, Preference.LocalFirst, Premium);

        await Should.ThrowAsync<NotPermittedException>(() => host.Send(wish, market.ActorOf(SmallMarket.HomeB)));
        var refused = await Should.ThrowAsync<RefusedException>(() => host.Send(wish with { Wish = Preference.Cheapest }, market.ActorOf(SmallMarket.HomeA)));
        refused.Problems.ShouldHaveSingleItem().Field.ShouldBe(nameof(SetPreference.Premium));

        (await host.Send(wish, market.ActorOf(SmallMarket.HomeA))).ShouldBe(market.FirstHour.AddHours(2));
        await host.Send(wish with { Premium = Price.Zero }, market.ActorOf(SmallMarket.HomeA));
        var view = await host.Send(new ShowPreferences(market.LoopId, SmallMarket.HomeA), market.ActorOf(SmallMarket.HomeA));
        var heat = view.Wishes.Single(row => row.Carrier == Carrier.Heat);
        (heat.Wish, heat.Premium).ShouldBe((Preference.LocalFirst, Price.Zero));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new ShowPreferences(market.LoopId, SmallMarket.HomeA), market.ActorOf(SmallMarket.HomeB)));
    }
}
