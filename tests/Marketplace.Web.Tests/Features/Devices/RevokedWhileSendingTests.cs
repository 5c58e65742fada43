using System.Text;
using Marketplace.Data;
using Marketplace.Metering;
using Marketplace.Web.Features.Devices;
using Marketplace.Web.Tests.Features.Metering;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Marketplace.Web.Tests.Features.Devices;

public sealed class RevokedWhileSendingTests : MeteringLoop
{
    private const int Batches = 20;
    private const int RevokedAfter = 8;

    [Fact]
    public async Task A_device_whose_key_is_revoked_while_it_sends_is_heard_until_then_and_refused_after_with_the_reason_and_the_ledger_shows_when()
    {
        using var device = new TestDevice("km-1");
        await Host.Send(new RegisterDevice(LoopId, device.Code, "", device.Pem, null));
        await Host.Send(new CommissionDevice(LoopId, device.Code, "ann-heat", Hour));
        var heard = new SemaphoreSlim(0);

        var sending = Task.Run(async () =>
        {
            var outcomes = new List<BatchOutcome>();
            for (var hour = 0; hour < Batches; hour++)
            {
                outcomes.AddRange(await Host.Send(new ReceiveSignedBatches(LoopId, [device.Sign(hour + 1, TestDevice.Heat(Hour.AddHours(hour), 1_000 + hour))])));
                heard.Release();
            }

            return outcomes;
        });
        for (var i = 0; i < RevokedAfter; i++)
        {
            await heard.WaitAsync();
        }

        await Host.Send(new RevokeDeviceKey(LoopId, device.Code, 1, "the meter was opened"));
        var outcomes = await sending;

        // Heard, then refused: the revocation falls between two batches and none that follows it gets in.
        var stored = outcomes.TakeWhile(outcome => outcome.State == BatchState.Stored).Count();
        stored.ShouldBeInRange(RevokedAfter, Batches - 1);
        outcomes.Skip(stored).ShouldAllBe(outcome => outcome.State == BatchState.Refused && outcome.Rule == "key-revoked" && outcome.Reason == "Key 1 of this device is revoked.");
        (await Stored()).Count.ShouldBe(stored);

        var act = await Host.Look(db => db.DeviceActs.SingleAsync(act => act.LoopId == LoopId && act.Kind == DeviceActKind.KeyRevoked));
        Encoding.UTF8.GetString(act.Canonical).ShouldContain("\nact keyRevoked\n");
        Encoding.UTF8.GetString(act.Canonical).ShouldEndWith("reason the meter was opened\n");
        (await Host.Look(db => db.DeviceBatches.Where(batch => batch.LoopId == LoopId).MaxAsync(batch => batch.BatchId))).ShouldBeLessThan(act.BatchId);
        (await Host.Look(db => db.Devices.SingleAsync(row => row.LoopId == LoopId))).LastRefusal.ShouldBe("Key 1 of this device is revoked.");
    }
}
