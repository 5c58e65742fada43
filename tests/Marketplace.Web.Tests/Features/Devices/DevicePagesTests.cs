using System.Net;
using Marketplace.Data;
using Marketplace.Quantities;
using Marketplace.Web.Features.Devices;
using Marketplace.Web.Tests.Features.Accounts;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Devices;

public sealed class DevicePagesTests(AccountsHost host) : IClassFixture<AccountsHost>
{
    private async Task<(int LoopId, string Path, Browser Operator, Browser Member)> OpenAsync()
    {
        var slug = "pages-" + Guid.NewGuid().ToString("N")[..8];
        var loopId = await host.AddLoop(slug);
        await host.Put(db => db.Meters.Add(new Meter { LoopId = loopId, Id = 1, MemberId = 2, Code = "a-heat", Carrier = Carrier.Heat, Direction = MeterDirection.Consumption, InServiceFrom = MarketplaceHost.Start }));
        return (loopId, "/loops/" + slug, await SignedIn(1), await SignedIn(2));

        async Task<Browser> SignedIn(int member)
        {
            var browser = new Browser(host);
            await browser.SignIn((await host.AddPerson(loopId, member)).Email, People.Password);
            return browser;
        }
    }

    [Fact]
    public async Task An_operator_registers_a_device_by_a_plain_form_and_revokes_its_key()
    {
        var (loopId, path, keeper, member) = await OpenAsync();
        using var device = new TestDevice("km-1");
        var devices = await keeper.Get(path + "/operations/devices");
        var made = await keeper.Post(devices, "register", ("Code", "km-1"), ("Model", "Maker 603"), ("Until", "2026-04-01"), ("Key", device.Pem));
        made.Status.ShouldBe(HttpStatusCode.Redirect);

        var sheet = await keeper.Get(path + "/operations/devices/km-1");
        sheet.Text.ShouldContain("Maker 603");
        (await keeper.Post(sheet, "commission", ("Meter", "a-heat"), ("At", "2026-03-05T01:00"))).Status.ShouldBe(HttpStatusCode.Redirect);
        (await keeper.Post(await keeper.Get(path + "/operations/devices/km-1"), "revoke-1", ("Reason", "lost"))).Status.ShouldBe(HttpStatusCode.Redirect);
        (await keeper.Get(path + "/operations/devices/km-1")).Text.ShouldContain("Revoked");
        (await keeper.Post(await keeper.Get(path + "/operations/devices/km-1"), "apikey")).Text.ShouldContain("mkt_");
        (await keeper.Get(path + "/operations/devices")).Text.ShouldContain("Ends soon");

        (await member.Get(path + "/operations/devices")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await member.Get(path + "/operations/devices/km-1")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await host.Look(db => db.DeviceActs.CountAsync(act => act.LoopId == loopId))).ShouldBe(4);
        keeper.Dispose();
        member.Dispose();
    }

    [Fact]
    public async Task A_member_asks_for_a_test_and_sees_device_and_counter()
    {
        var (loopId, path, keeper, member) = await OpenAsync();
        await host.Send(new RegisterDevice(loopId, "km-2", "Maker 602", null, null));
        await host.Send(new CommissionDevice(loopId, "km-2", "a-heat", MarketplaceHost.Start));

        var care = await member.Get(path + "/meters/a-heat/care");
        care.Text.ShouldContain("Maker 602");
        (await member.Post(care, "test", ("Reason", "counts at night"))).Status.ShouldBe(HttpStatusCode.Redirect);
        (await member.Get(path + "/meters/a-heat/care")).Text.ShouldContain("Under way");
        (await keeper.Get(path + "/operations/devices")).Text.ShouldContain("counts at night");
        (await keeper.Get(path + "/operations/readings")).Text.ShouldContain("Readings by file");
        (await member.Get(path + "/operations/readings")).Status.ShouldBe(HttpStatusCode.NotFound);
        keeper.Dispose();
        member.Dispose();
    }
}
