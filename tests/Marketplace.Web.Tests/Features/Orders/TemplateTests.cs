using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Auctions;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Operations;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Orders;

public sealed class TemplateTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    private static readonly DateOnly Day = new(2026, 3, 5);

    private static SaveTemplate Template(SmallMarket market, IEnumerable<int>? hours = null, long wattHours = 1_000, long limit = 150_000) => new(
        market.LoopId, SmallMarket.HomeA, null, "Every day", Carrier.Electricity, OrderSide.Buy, null,
        [.. (hours ?? Enumerable.Range(0, 24)).Select(hour => new TemplateHour(hour, Energy.FromWh(wattHours + hour), Price.FromMicroPerKWh(limit)))]);

    [Fact]
    public async Task Applied_to_a_day_it_orders_every_open_hour_and_names_the_others()
    {
        var market = await SmallMarket.CreateAsync(host, clockAt: MarketplaceHost.Start);
        var actor = market.ActorOf(SmallMarket.HomeA);
        var id = await host.Send(Template(market), actor);
        var apply = new ApplyTemplate(market.LoopId, SmallMarket.HomeA, id, Guid.NewGuid(), Day, Day);

        var report = await host.Send(apply, actor);

        report.Hours.Count.ShouldBe(24);
        report.Placed.ShouldBe(4);
        report.Hours.Where(hour => hour.Taken.Outcome == IntakeOutcome.Placed).Select(hour => hour.Hour.Start)
            .ShouldBe(Enumerable.Range(2, 4).Select(hour => market.FirstHour.AddHours(hour)));
        report.Hours.Single(hour => hour.Hour.Start == market.FirstHour).Taken.Problem.ShouldNotBeNull().Message.ShouldContain("gate for 01:00 on 5 Mar 2026 closed at 00:00");
        report.Hours[^1].Taken.Problem.ShouldNotBeNull().Message.ShouldContain("has ended");
        // The quantity is that of the hour on the loop's clocks: 02:00 UTC is 03:00 in Berlin.
        report.Hours.Single(hour => hour.Hour.Start == market.FirstHour.AddHours(2)).Quantity.ShouldBe(Energy.FromWh(1_003));

        (await host.Send(apply, actor)).AlreadyThere.ShouldBe(4);
        (await host.Send(apply with { SubmissionId = Guid.NewGuid() }, actor)).AlreadyThere.ShouldBe(4);
        (await host.Look(db => db.Orders.CountAsync(order => order.LoopId == market.LoopId))).ShouldBe(4);
    }

    [Theory]
    [InlineData(2026, 3, 29, 23, 0)]
    [InlineData(2026, 10, 25, 25, 2)]
    [InlineData(2026, 11, 5, 24, 1)]
    public void A_day_has_the_hours_it_has(int year, int month, int day, int hours, int atTwo)
    {
        var calendar = new LoopCalendar(TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin"));
        var template = new TemplateView(1, "t", Carrier.Heat, OrderSide.Buy, null,
            [.. Enumerable.Range(0, 24).Select(hour => new TemplateHour(hour, Energy.FromWh(hour + 1), Price.Zero))], false);

        var orders = ApplyTemplate.HoursOf(template, calendar, new DateOnly(year, month, day), new DateOnly(year, month, day)).ToList();

        orders.Count.ShouldBe(hours);
        orders.Count(order => order.Terms.HourOfDay == 2).ShouldBe(atTwo);
        orders.ShouldAllBe(order => calendar.ToLocal(order.Start).Hour == order.Terms.HourOfDay);
    }

    [Fact]
    public async Task A_standing_order_follows_it_and_leaves_other_hours_to_the_default_terms()
    {
        var market = await SmallMarket.CreateAsync(host, clockAt: MarketplaceHost.Start);
        await market.DeliverAsync();
        var actor = market.ActorOf(SmallMarket.HomeA);
        // 02:00 and 03:00 UTC are 03:00 and 04:00 in Berlin: the template names the first only.
        var id = await host.Send(Template(market, [3]), actor);
        await host.Send(new FollowTemplate(market.LoopId, SmallMarket.HomeA, id), actor);

        (await EntryOf(market, 2)).ShouldBe((OrderSource.Standing, 1_003, 150_000));
        (await EntryOf(market, 3)).Source.ShouldBe(OrderSource.Default);

        await host.Send(Template(market, [3, 4], wattHours: 500) with { TemplateId = id, Name = "Renamed" }, actor);
        (await EntryOf(market, 3)).ShouldBe((OrderSource.Standing, 504, 150_000));
        (await Should.ThrowAsync<RefusedException>(() => host.Send(new DeleteTemplate(market.LoopId, SmallMarket.HomeA, id), actor))).Message.ShouldContain("standing order follows");

        await host.Send(new EndStandingOrder(market.LoopId, SmallMarket.HomeA, Carrier.Electricity), actor);
        await host.Send(new DeleteTemplate(market.LoopId, SmallMarket.HomeA, id), actor);
        (await host.Send(new TemplatesOf(market.LoopId, SmallMarket.HomeA), actor)).ShouldBeEmpty();
        (await EntryOf(market, 2)).Source.ShouldBe(OrderSource.Default);
    }

    [Fact]
    public async Task A_plant_offers_by_a_template_in_place_of_its_own_bid()
    {
        var market = await SmallMarket.CreateAsync(host, clockAt: MarketplaceHost.Start);
        await market.DeliverAsync();
        var solar = market.ActorOf(SmallMarket.SolarOwner, Role.Producer);
        var template = Template(market, [3]) with { MemberId = SmallMarket.SolarOwner, Side = OrderSide.Sell, PlantCode = "pv" };
        (await Should.ThrowAsync<RefusedException>(() => host.Send(template with { Hours = [new TemplateHour(3, Energy.FromWh(10_001), Price.Zero)] }, solar))).Message.ShouldContain("at most 10 kWh");

        await host.Send(new FollowTemplate(market.LoopId, SmallMarket.SolarOwner, await host.Send(template, solar)), solar);

        var offers = (await BookOf(market, 2)).Where(order => order.PlantCode == "pv").ToList();
        offers.ShouldHaveSingleItem().Source.ShouldBe(OrderSource.Standing);
        (await BookOf(market, 3)).ShouldAllBe(order => order.PlantCode != "pv" || order.Source == OrderSource.Plant);
    }

    [Fact]
    public async Task Nobody_sees_or_uses_anothers_template()
    {
        var market = await SmallMarket.CreateAsync(host, clockAt: MarketplaceHost.Start);
        var id = await host.Send(Template(market), market.ActorOf(SmallMarket.HomeA));
        var other = market.ActorOf(SmallMarket.HomeB);

        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new TemplatesOf(market.LoopId, SmallMarket.HomeA), other));
        await Should.ThrowAsync<RefusedException>(() => host.Send(new ApplyTemplate(market.LoopId, SmallMarket.HomeB, id, Guid.NewGuid(), Day, Day), other));
        await Should.ThrowAsync<RefusedException>(() => host.Send(new DeleteTemplate(market.LoopId, SmallMarket.HomeB, id), other));
    }

    private async Task<IReadOnlyList<BookEntry>> BookOf(SmallMarket market, int hour)
    {
        await using var scope = host.Services.CreateAsyncScope();
        var loop = await host.Look(db => db.Loops.SingleAsync(loop => loop.Id == market.LoopId));
        return (await scope.ServiceProvider.GetRequiredService<BookEntries>().ComposeAsync(loop, market.FirstHour.AddHours(hour), CancellationToken.None)).Orders;
    }

    private async Task<(OrderSource Source, long WattHours, long Limit)> EntryOf(SmallMarket market, int hour)
    {
        var entry = (await BookOf(market, hour)).Single(order => order.MemberId == SmallMarket.HomeA && order.Carrier == Carrier.Electricity);
        return (entry.Source, entry.Quantity.WattHours, entry.Limit.MicroPerKWh);
    }
}
