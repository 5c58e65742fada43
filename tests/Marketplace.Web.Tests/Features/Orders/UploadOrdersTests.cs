using System.Globalization;
using System.Text;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Orders;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Tests.Features.Operations;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Orders;

public sealed class UploadOrdersTests(MarketplaceHost host) : IClassFixture<MarketplaceHost>
{
    private const string Header = "hour_utc,carrier,side,quantity_kwh,limit_ct_per_kwh\n";

    private async Task<UploadView> SendAsync(SmallMarket market, string text)
    {
        var actor = market.ActorOf(SmallMarket.HomeA);
        var id = await host.Send(new UploadOrders(market.LoopId, SmallMarket.HomeA, "orders.csv", Encoding.UTF8.GetBytes(text)), actor);
        while (await host.Send(new GoThroughUpload(market.LoopId, id)))
        {
        }

        return await host.Send(new ShowUpload(market.LoopId, SmallMarket.HomeA, id, 100), actor);
    }

    [Fact]
    public async Task Good_rows_are_placed_and_bad_ones_named()
    {
        var market = await SmallMarket.CreateAsync(host, clockAt: MarketplaceHost.Start);
        var text = Header + "2026-03-05T03:00,electricity,buy,1.5,15\n2026-03-05T01:00,electricity,buy,1,15\n2026-03-05T03:00,cold,buy,1,15\n2026-03-05T04:00,heat,buy,much,15\n2026-03-05T04:00,heat,buy,2,9\n";

        var view = await SendAsync(market, text);

        (view.Upload.Rows, view.Upload.Placed, view.Upload.Refused).ShouldBe((5, 2, 3));
        view.Refusals.Select(refusal => (refusal.Line, refusal.Field)).ShouldBe([(3, "hour"), (4, "carrier"), (5, "quantity_kwh")]);
        view.Refusals[0].Reason.ShouldContain("closed at 01:00 on 5 Mar 2026");
        view.Header.ShouldBe(Header.TrimEnd());

        var again = await SendAsync(market, text);
        (again.Upload.Placed, again.Upload.AlreadyThere, again.Upload.Refused).ShouldBe((0, 2, 3));
        (await host.Look(db => db.Orders.CountAsync(order => order.LoopId == market.LoopId))).ShouldBe(2);
        (await host.Look(db => db.OrderUploads.CountAsync(upload => upload.LoopId == market.LoopId && upload.Content != null))).ShouldBe(0);
    }

    [Fact]
    public async Task A_file_that_cannot_be_read_places_nothing_and_says_why()
    {
        var market = await SmallMarket.CreateAsync(host, clockAt: MarketplaceHost.Start);
        (await SendAsync(market, "name;age\nAnna;7\n")).Upload.Failure.ShouldNotBeNull().ShouldContain("Missing: hour_utc or hour_local");
    }

    [Fact]
    public async Task What_a_restart_left_behind_is_gone_through()
    {
        var market = await SmallMarket.CreateAsync(host, clockAt: MarketplaceHost.Start);
        var actor = market.ActorOf(SmallMarket.HomeA);
        var id = await host.Send(new UploadOrders(market.LoopId, SmallMarket.HomeA, "orders.csv", Encoding.UTF8.GetBytes(Header + "2026-03-05T03:00,electricity,buy,1.5,15\n")), actor);

        await host.Services.GetRequiredService<UploadWorker>().GoThroughAsync(market.LoopId, id, CancellationToken.None);

        (await host.Send(new ShowUpload(market.LoopId, SmallMarket.HomeA, id, 10), actor)).Upload.Placed.ShouldBe(1);
    }

    [Fact]
    public async Task Thousands_of_rows_go_in_parts_and_each_once()
    {
        var market = await SmallMarket.CreateAsync(host, hours: 48, clockAt: MarketplaceHost.Start);
        var text = new StringBuilder(Header);
        for (var i = 0; i < 6_000; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{MarketplaceHost.Start.AddHours(3 + (i % 40)):yyyy-MM-dd'T'HH:mm},electricity,buy,0.{1 + (i % 9)},{5 + (i % 10)}\n");
        }

        var view = await SendAsync(market, text.ToString());

        (view.Upload.Rows, view.Upload.RowsDone, view.Upload.Placed, view.Upload.Refused).ShouldBe((6_000, 6_000, 6_000, 0));
        (await host.Look(db => db.Orders.CountAsync(order => order.LoopId == market.LoopId))).ShouldBe(6_000);
    }

    [Fact]
    public async Task Nobody_sends_or_sees_anothers_file()
    {
        var market = await SmallMarket.CreateAsync(host, clockAt: MarketplaceHost.Start);
        var view = await SendAsync(market, Header + "2026-03-05T03:00,electricity,buy,1.5,15\n");
        var other = market.ActorOf(SmallMarket.HomeB);

        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new UploadOrders(market.LoopId, SmallMarket.HomeA, "x", [1]), other));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new ShowUpload(market.LoopId, SmallMarket.HomeB, view.Upload.Id, 10), other));
        await Should.ThrowAsync<NotPermittedException>(() => host.Send(new GoThroughUpload(market.LoopId, view.Upload.Id), other));
    }
}
